//! Clients that send the head of a request and no body.

use crate::Aim;
use crate::attack::{Attack, Class};

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    // More than the permits for requests.
    connections: 1_100,
    ..Attack::new(
        Class::Client,
        "heads without bodies",
        "the head of a request, and nothing more; more of them than there are slots",
        |aim| Box::pin(run(aim)),
    )
};

async fn run(aim: Aim) {
    let client = async |aim: Aim, _: u64| {
        let mut round = 0;
        while aim.goes_on(round) {
            let mut wire = aim.connect().await?;
            let head = wire.head(1_000, "");
            wire.send(&head).await?;
            tokio::select! {
                closed = wire.until_closed() => closed?,
                () = aim.until_end() => (),
            }
            round += 1;
        }
        Ok(())
    };
    aim.crowd(client).await;
}
