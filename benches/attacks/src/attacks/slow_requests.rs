//! Heads and bodies that arrive byte by byte.

use std::time::Duration;

use crate::Aim;
use crate::attack::{Attack, Class};

/// The time between two bytes.
const PAUSE: Duration = Duration::from_millis(500);

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    // Half of them send bodies: more than the permits for requests.
    connections: 2_200,
    ..Attack::new(
        Class::Client,
        "slow requests",
        "heads and bodies of which a byte comes each half second; more of them than there are slots",
        |aim| Box::pin(run(aim)),
    )
};

async fn run(aim: Aim) {
    let client = async |aim: Aim, number: u64| {
        let mut round = 0;
        while aim.goes_on(round) {
            let mut wire = aim.connect().await?;
            let mut request = wire.head(1_000, "");
            let rest = request.split_off(if number.is_multiple_of(2) {
                40
            } else {
                request.len()
            });
            wire.send(&request).await?;
            for byte in rest.iter().chain(std::iter::repeat(&b' ')) {
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => (),
                    () = aim.until_end() => break,
                }
                wire.send(&[*byte]).await?;
            }
            round += 1;
        }
        Ok(())
    };
    aim.crowd(client).await;
}
