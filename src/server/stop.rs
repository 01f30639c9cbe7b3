//! Graceful shutdown: stops without losing a request.
//!
//! 1. The readiness check returns 503, and clients are asked to use another server: HTTP/1 by `Connection: close` in the
//!    next response, HTTP/2 by GOAWAY. The port stays open for `shutdown_delay`, until load balancers have noticed;
//!    requests that arrive in this time get a response.
//! 2. The port is closed, and so are connections without a request. Subscriptions and live queries end, so that their clients
//!    subscribe elsewhere.
//! 3. Active requests finish within `shutdown_grace`.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::timeout;

use super::listener_state::Phase;
use super::start::Server;

/// How long connections may take to end after the order [`END`](super::connection::END).
const LAST: Duration = Duration::from_secs(1);

impl Server {
    /// Stops; the port is closed after the `shutdown_delay` of the settings.
    pub async fn stop(self) {
        let delay = self.delay;
        self.stop_after(delay).await;
    }

    /// Stops; the port is closed after `delay`.
    pub async fn stop_after(mut self, delay: Duration) {
        self.state.stopping.store(true, Relaxed);
        self.enter(Phase::Leaving);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        self.close.send_replace(true);
        while self.accepting.join_next().await.is_some() {}
        self.enter(Phase::Closing);
        self.state.streams.stop();
        if timeout(self.grace, self.until_empty()).await.is_err() {
            for connections in &self.listeners {
                connections.end_all();
            }
            // A connection that does not end even then ends with the process.
            let _ = timeout(LAST, self.until_empty()).await;
        }
        self.upkeep.shutdown().await;
    }

    fn enter(&self, phase: Phase) {
        for connections in &self.listeners {
            connections.enter_phase(phase);
        }
    }

    async fn until_empty(&self) {
        for connections in &self.listeners {
            connections.until_empty().await;
        }
    }
}
