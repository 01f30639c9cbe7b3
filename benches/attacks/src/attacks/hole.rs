//! An upstream that accepts calls and never responds, called a hundred times a second.

use std::time::Duration;

use crate::Aim;
use crate::attack::{Attack, Class};

/// The interval of a connection's requests; all connections together send a hundred requests a second.
const EVERY: Duration = Duration::from_secs(12);

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    connections: 1_200,
    ..Attack::new(
        Class::Upstream,
        "black hole",
        "an upstream that never responds, called 100 times a second by as many clients as that needs",
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
