//! The sweep: one task that looks at every connection of a listener several times a second and compares a few numbers
//! with the limits.
//!
//! So neither a connection nor a request needs a timer of its own, and the cost is that of the open connections, not of
//! the requests. The sweep ends
//! - connections whose next request does not start (`idle_timeout`) or does not arrive completely
//!   (`request_read_timeout`),
//! - responses whose client reads slower than `min_rate` over `stall_timeout`: it resets the HTTP/2 stream, or closes the
//!   HTTP/1 connection.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::connection::{Connection, END, FINISH, NEVER};
use super::connections::Connections;

/// How long a connection without an active request may take to close, in milliseconds: the client takes the last bytes,
/// answers the ping that follows GOAWAY, and closes its side.
const CLOSING: u64 = 1_000;

impl Connections {
    /// The time between two rounds of the sweep: an eighth of the shortest limit, between 5 and 250 ms.
    fn interval(&self) -> Duration {
        let limits = &self.limits;
        let shortest = limits.head.min(limits.idle).min(limits.stall);
        Duration::from_millis((shortest / 8).clamp(5, 250))
    }

    /// Runs the sweep until the task is dropped.
    pub(super) async fn sweep_forever(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(self.interval());
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.sweep();
        }
    }

    fn sweep(&self) {
        let now = self.listener.tick();
        let open = self.open();
        // When nine tenths of the connections are in use, idle clients get a tenth of the time.
        let crowded = open.by_key.len() >= self.limits.connections.div_ceil(10) * 9;
        let share = if crowded { 10 } else { 1 };
        for connection in open.by_key.values() {
            if connection.open.load(Relaxed) == 0 {
                self.without_request(connection, now, share);
            } else {
                self.with_responses(connection, now);
            }
        }
        // `f64` is exact up to 2^52.
        self.metrics.open.set(open.by_key.len() as f64);
        self.metrics.held.set(self.listener.response_bytes() as f64);
    }

    /// Enforces the limits of a connection without an active request.
    fn without_request(&self, connection: &Connection, now: u64, share: u64) {
        let passed = |since: u64, limit: u64| now.saturating_sub(since) > limit;
        let head_since = connection.head_since.load(Relaxed);
        let finishing_since = connection.finishing_since.load(Relaxed);
        let idle_since = connection.idle_since.load(Relaxed);
        let idle = match connection.served.load(Relaxed) {
            true => self.limits.idle,
            // An HTTP/2 client may send other frames before its first request, which is due as early as in HTTP/1.
            false => self.limits.idle.min(self.limits.head),
        };
        if head_since != NEVER {
            if passed(head_since, self.limits.head / share) {
                self.metrics.slow_head.increment(1);
                connection.order(END);
            }
        } else if finishing_since != NEVER {
            // No request is left, but the client does not close its side or does not take the last bytes. It has as long
            // for these bytes as for a response, unless the connection was idle for longer before.
            let last_bytes = self.limits.stall.min(idle / share);
            if passed(finishing_since, CLOSING.min(self.limits.stall))
                && passed(idle_since, last_bytes)
            {
                connection.order(END);
            }
        } else if passed(idle_since, idle / share) {
            self.metrics.idle.increment(1);
            connection.order(FINISH);
        }
    }

    /// Enforces the rate at which a client takes its responses.
    fn with_responses(&self, connection: &Connection, now: u64) {
        for response in connection.pending().iter_mut() {
            let taken = response.taken(connection);
            if response.waits() || taken.saturating_sub(response.taken_mark) >= self.limits.least {
                response.taken_mark = taken;
                response.mark_at = now;
            } else if now.saturating_sub(response.mark_at) > self.limits.stall {
                if !response.ended {
                    self.metrics.slow_response.increment(1);
                }
                response.end(connection);
                // If the stream is still there after another `stall`, `end` closes the connection.
                response.mark_at = now;
            }
        }
    }
}
