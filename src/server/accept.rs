//! Accepts connections, as many as there may be.
//!
//! A connection beyond the bound is closed at once: a client can go elsewhere, and whatever is held for it (a descriptor
//! above all) is what others need. When accepting fails, as it does without descriptors, the loop waits before it tries
//! again, and the log says so at most once a minute.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::connections::Connections;
use super::protocol::{Handler, Protocols};
use crate::priority;

/// How long to wait after a failure that is not that of one connection.
const PAUSE: Duration = Duration::from_millis(100);

/// How often failures are logged.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Accepts until it is told to close; the port is closed when this ends.
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
                // Dropped, that is closed, where there is no place for it.
                let Some(registration) = connections.enter() else {
                    continue;
                };
                let (protocols, handler) = (Arc::clone(&protocols), handler.clone());
                priority::spawn(
                    async move { protocols.serve(stream, registration, handler).await },
                );
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

/// The client went away before its connection was accepted; the next one may be well.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

/// Failures that were not logged yet.
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
