//! Clients that request much and disconnect at once.

use crate::Aim;
use crate::attack::{Attack, Class};

/// The attack.
pub(super) const ATTACK: Attack = Attack::new(
    Class::Client,
    "leaving clients",
    "connections that ask for many rows, and close before the answer",
    |aim| Box::pin(run(aim)),
);

async fn run(aim: Aim) {
    let client = async |aim: Aim, number: u64| {
        let mut round = 0;
        while aim.goes_on(round) {
            // Below the cost limit.
            let works: String = (0..4)
                .map(|alias| {
                    let first = 60 + (number * 7 + round + alias * 10) % 41;
                    format!("a{alias}: works(first: {first}) {{ nodes {{ id title district {{ name }} }} }} ")
                })
                .collect();
            let query = format!("{{ districts {{ {works}}} }}");
            let mut wire = aim.connect().await?;
            let request = wire.request(&crate::wire::operation(&query));
            wire.send(&request).await?;
            tokio::task::yield_now().await;
            round += 1;
        }
        Ok(())
    };
    aim.crowd(client).await;
}
