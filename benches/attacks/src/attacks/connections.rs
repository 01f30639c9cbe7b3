//! More connections than allowed, without requests.

use crate::Aim;
use crate::attack::{Attack, Class, Finding};

/// Descriptors that are not client connections: listeners, files, upstream calls.
const OTHERS: usize = 100;
/// The limit that is set.
const ALLOWED: usize = 100;

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    connections: 2_000,
    few: 400,
    limits: "connections = 100",
    honest_stay: true,
    judge: |seen| {
        let (held, most) = (seen.descriptors, ALLOWED + OTHERS);
        vec![Finding::new(
            held <= most,
            format!("{held} descriptors were open, at most {most}"),
        )]
    },
    ..Attack::new(
        Class::Client,
        "too many connections",
        "2,000 connections where 100 are allowed",
        |aim| Box::pin(run(aim)),
    )
};

async fn run(aim: Aim) {
    let client = async |aim: Aim, number: u64| {
        let mut round = 0;
        while aim.goes_on(round) {
            let mut wire = aim.connect().await?;
            if number.is_multiple_of(2) {
                // Has sent one request, and waits with the second one.
                wire.ask("{}").await?;
            }
            tokio::select! {
                closed = wire.until_closed() => closed?,
                () = aim.until_end() => (),
            }
            round += 1;
            // A real client would not reconnect sooner either.
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        }
        Ok(())
    };
    aim.crowd(client).await;
}
