//! A client that asks without end, and reads nothing: what waits for it is bounded, it is disconnected, and others are served.

use tokio::io::AsyncWriteExt;

use super::raw::{Raw, until, within};
use super::vanishing::{ready, subscribe};
use super::*;

#[tokio::test]
async fn of_operations_over_a_web_socket() {
    let mut settings = settings();
    settings.limits.stall_timeout = Duration::from_millis(300);
    settings.streaming.connection_streams = 10;
    let running = start(&settings);
    let state = Arc::clone(&running.server.state);
    let (mut flooding, _) = ready(&running).await.into_stream();
    let mut most = 0;
    within(async {
        for id in 0..1_000_000 {
            // Each response has 50 KB.
            let message = subscribe(&id.to_string(), "{long}");
            if flooding.write_all(&message).await.is_err() {
                return;
            }
            most = most.max(state.streams.queued());
        }
        panic!("the client is not disconnected");
    })
    .await;
    // A response of each operation, and what refuses others (`streaming.queue_bytes`).
    assert!(most < 2_000_000, "{most} bytes wait");
    until(|| state.connections.count() == 0).await;
    assert_eq!((state.streams.queued(), state.streams.count()), (0, 0));
    let mut other = Raw::connect(&running.server).await;
    other.ask("{a}").await;
    assert_eq!(other.reply().await.status, 200);
}
