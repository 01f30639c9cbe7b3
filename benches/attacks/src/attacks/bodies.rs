//! Bodies that are not requests: a thousand operations in a list, a compressed gigabyte, and endless JSON.

use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::Aim;
use crate::attack::{Attack, Class, Finding};

/// The size of the decompressed body.
const UNFOLDED: usize = 200_000_000;
/// The size of the pieces in which it is compressed.
static PIECE: [u8; 100_000] = [b' '; 100_000];

/// The attack.
pub(super) const ATTACK: Attack = Attack {
    judge: |seen| {
        let [taken, refused] = ["taken", "refused"].map(|name| seen.count(name));
        vec![Finding::new(
            taken == 0 && refused > 0,
            format!(
                "{taken} of {} such bodies were taken for requests",
                taken + refused
            ),
        )]
    },
    ..Attack::new(
        Class::Client,
        "wrong bodies",
        "lists of 10,000 operations, 200 MB compressed to 200 KB, bodies of 10 MB",
        |aim| Box::pin(run(aim)),
    )
};

async fn run(aim: Aim) {
    let list = vec!["{\"query\":\"{districts{name}}\"}"; 10_000].join(",");
    let bodies: Arc<[(&str, Vec<u8>)]> = Arc::new([
        ("", format!("[{list}]").into_bytes()),
        ("content-encoding: gzip\r\n", bomb()),
        ("", vec![b' '; 10_000_000]),
    ]);
    let client = move |aim: Aim, number: u64| {
        let bodies = Arc::clone(&bodies);
        async move {
            let mut round = 0;
            while aim.goes_on(round) {
                let (more, body) = &bodies[(number + round) as usize % bodies.len()];
                let mut wire = aim.connect().await?;
                let head = wire.head(body.len(), more);
                wire.send(&head).await?;
                // The gateway may refuse it before all bytes are sent; then a reset may discard the response.
                let sent = wire.send(body).await;
                let status = match sent {
                    Ok(()) => wire.answer().await.map_or(0, |answer| answer.status),
                    Err(_) => 0,
                };
                aim.count(if status == 200 { "taken" } else { "refused" });
                round += 1;
            }
            Ok(())
        }
    };
    aim.crowd(client).await;
}

fn bomb() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..UNFOLDED / PIECE.len() {
        // Writing to a vector cannot fail.
        let _ = encoder.write_all(&PIECE);
    }
    encoder.finish().unwrap_or_default()
}
