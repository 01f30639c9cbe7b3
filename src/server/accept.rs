//! Accepts connections up to a limit.
//!
//! A connection beyond the limit is closed at once: the client can try another server, and the descriptor that it would
//! hold is what other connections need. When `accept` fails, for example because the process has no descriptors left, the
//! loop pauses before it tries again and logs the failure at most once a minute.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::connections::Connections;
use super::protocol::{Handler, Protocols, serve_upgraded};
use crate::priority;

/// How long to wait after a failure that does not concern a single connection.
const PAUSE: Duration = Duration::from_millis(100);

/// How often failures are logged.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Accepts connections until `close` becomes true. The port is closed when this returns.
pub(super) async fn accept<S: Handler>(
    listener: TcpListener,
    connections: Arc<Connections>,
    protocols: Arc<Protocols>,
    handler: S,
    mut close: watch::Receiver<bool>,
) {
    let mut failures = AcceptFailures::default();
    loop {
        let accepted = tokio::select! {
            biased;
            _ = close.wait_for(|close| *close) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                // Over the limit: dropping the stream closes the connection.
                let Some(registration) = connections.enter() else {
                    continue;
                };
                let (protocols, handler) = (Arc::clone(&protocols), handler.clone());
                priority::spawn(async move {
                    let served = protocols.serve(stream, &registration, handler).await;
                    if let Some(upgrade) = served {
                        // A task of its own: it needs no room for the future of HTTP.
                        priority::spawn(serve_upgraded(registration, upgrade));
                    }
                });
            }
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                connections.accept_failed();
                failures.log(&error);
                tokio::select! {
                    _ = close.wait_for(|close| *close) => return,
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        }
    }
}

/// Whether the client closed its connection before it was accepted. Other connections are not affected.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

/// Counts failures to accept, and logs them at most once per [`LOG_INTERVAL`].
#[derive(Default)]
struct AcceptFailures {
    count: u64,
    logged: Option<Instant>,
}

impl AcceptFailures {
    fn log(&mut self, error: &io::Error) {
        self.count += 1;
        if self.logged.is_none_or(|at| at.elapsed() >= LOG_INTERVAL) {
            tracing::error!(
                error = error.to_string(),
                count = self.count,
                "connections cannot be accepted"
            );
            *self = AcceptFailures {
                count: 0,
                logged: Some(Instant::now()),
            };
        }
    }
}
