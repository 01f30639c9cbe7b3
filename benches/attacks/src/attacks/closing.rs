//! An upstream that closes each connection 4 ms after a response: calls use a connection that was closed just before.

use std::time::Duration;

use crate::Aim;
use crate::attack::{Attack, Class, Finding};

/// About the time after which the upstream closes.
const NEARLY: Duration = Duration::from_millis(4);

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    connections: 8,
    judge: |seen| {
        let [lost, asked] = ["unreachable", "answered"].map(|name| seen.count(name));
        vec![Finding::new(
            lost == 0 && asked > 0,
            format!("{lost} of {asked} calls were lost"),
        )]
    },
    ..Attack::new(
        Class::Upstream,
        "closing upstream",
        "connections that close 4 ms after each answer",
        |aim| Box::pin(run(aim)),
    )
};

async fn run(aim: Aim) {
    let client = async |aim: Aim, number: u64| {
        let mut wire = aim.connect().await?;
        let mut round = 0;
        while aim.goes_on(round) || round < 16 {
            let query = format!("query {{ closing(run: \"{number} {round}\") {{ id }} }}");
            let answer = wire.ask(&crate::wire::operation(&query)).await?;
            aim.count("answered");
            if String::from_utf8_lossy(&answer.body).contains("UNREACHABLE") {
                aim.count("unreachable");
            }
            tokio::time::sleep(NEARLY).await;
            round += 1;
        }
        Ok(())
    };
    aim.crowd(client).await;
}
