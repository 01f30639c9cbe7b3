//! A department that takes calls and never answers, asked a hundred times a second.

use std::time::Duration;

use crate::Aim;
use crate::attack::Attack;
use crate::attack::Class;

/// A connection asks again after so long; all of them are a hundred requests a second.
const EVERY: Duration = Duration::from_secs(12);

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    connections: 1_200,
    ..Attack::new(
        Class::Department,
        "black hole",
        "a department that never answers, asked 100 times a second by as many clients as that needs",
        |aim| Box::pin(run(aim)),
    )
};

async fn run(aim: Aim) {
    let client = async |aim: Aim, number: u64| {
        let mut wire = aim.connect().await?;
        let mut round = 0;
        tokio::select! {
            () = tokio::time::sleep(EVERY.mul_f64((number % 600) as f64 / 1_200.0)) => (),
            () = aim.until_end() => (),
        }
        while aim.goes_on(round) {
            let query = format!("query {{ hole(run: \"{number} {round}\") {{ id }} }}");
            let body = crate::wire::operation(&query);
            wire.ask(&body).await?;
            aim.count("answered");
            tokio::time::sleep(EVERY / 12).await;
            round += 1;
        }
        Ok(())
    };
    aim.crowd(client).await;
}
