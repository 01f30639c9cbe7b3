//! All connections of one listener: their number, the memory of their responses, and the sweep that enforces timeouts.
//!
//! **The sweep.** One task looks at every connection several times a second and compares a few numbers with the limits.
//! So neither a connection nor a request needs a timer of its own, and the cost is that of the open connections, not of
//! the requests. The sweep ends
//! - connections whose next request does not start (`idle_timeout`) or does not arrive completely
//!   (`request_read_timeout`),
//! - responses whose client reads slower than `min_rate` over `stall_timeout`: it resets the HTTP/2 stream, or closes the
//!   HTTP/1 connection.
//!
//! **Memory.** The bytes of responses that clients have not taken are counted. When they exceed the limit, the server
//! abandons the response that would take longest to send at its client's rate so far. Example: of two responses of 1 MB,
//! one read at 10 KB/s and one at 1 MB/s, the first is abandoned. It would hold memory longest, and a client that reads
//! at a normal rate never loses a response.

use std::collections::HashMap;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use metrics::{Counter, Gauge};
use tokio::sync::Notify;

use super::connection::{Connection, END, FINISH, NEVER, PendingResponse};
use crate::config::Limits;
use crate::observe::metrics as names;

/// How long a connection without an active request may take to close, in milliseconds: the client takes the last bytes,
/// answers the ping that follows GOAWAY, and closes its side.
const CLOSING: u64 = 1_000;

/// The phases of a server's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Phase {
    /// The server responds to requests.
    Serving,
    /// The server still responds, and asks clients to use another server.
    Leaving,
    /// The port is closed; active requests finish.
    Closing,
}

/// The limits of a listener; times are in milliseconds.
struct ListenerLimits {
    connections: usize,
    response_bytes: usize,
    /// A longer response may not use the last quarter of the memory: short ones find room beside any number of long ones.
    small_response_bytes: usize,
    /// A connection with more requests in work has many.
    few_requests: u32,
    head: u64,
    idle: u64,
    stall: u64,
    /// Bytes that a client must take within `stall`.
    least: u64,
}

/// The connections of one listener.
pub(super) struct Connections {
    limits: ListenerLimits,
    open: Mutex<Open>,
    /// Bytes of responses that clients have not taken.
    response_bytes: AtomicUsize,
    phase: AtomicU8,
    started: Instant,
    /// Milliseconds from `started` to the sweep's last round: the clock of all connections of this listener.
    now: AtomicU64,
    emptied: Notify,
    metrics: ConnectionMetrics,
}

#[derive(Default)]
struct Open {
    next: u64,
    by_key: HashMap<u64, Arc<Connection>>,
}

/// Metrics, looked up once.
struct ConnectionMetrics {
    open: Gauge,
    held: Gauge,
    accepted: Counter,
    refused: Counter,
    failed: Counter,
    idle: Counter,
    slow_head: Counter,
    slow_answer: Counter,
    room: Counter,
    no_room: Counter,
}

impl ConnectionMetrics {
    fn new(listener: &'static str) -> ConnectionMetrics {
        let outcome = |outcome| metrics::counter!(names::CONNECTIONS, "listener" => listener, "outcome" => outcome);
        let ended = |reason| metrics::counter!(names::CLIENTS_ENDED, "listener" => listener, "reason" => reason);
        ConnectionMetrics {
            open: metrics::gauge!(names::CONNECTIONS_OPEN, "listener" => listener),
            held: metrics::gauge!(names::ANSWERS_HELD, "listener" => listener),
            accepted: outcome("accepted"),
            refused: outcome("refused"),
            failed: outcome("failed"),
            idle: ended("idle"),
            slow_head: ended("head"),
            slow_answer: ended("answer"),
            room: ended("room"),
            no_room: ended("no_room"),
        }
    }
}

/// A connection's membership in [`Connections`]; dropping it removes the connection.
pub(super) struct Registration {
    key: u64,
    pub(super) connection: Arc<Connection>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let all = &self.connection.all;
        let mut open = all.open();
        open.by_key.remove(&self.key);
        if open.by_key.is_empty() {
            all.emptied.notify_waiters();
        }
    }
}

impl Connections {
    /// No connections yet, and room for `connections` of them.
    pub(super) fn new(
        listener: &'static str,
        connections: usize,
        limits: &Limits,
    ) -> Arc<Connections> {
        let stall = millis(limits.stall_timeout);
        let rate = u64::try_from(limits.min_rate.0).unwrap_or(u64::MAX);
        Arc::new(Connections {
            limits: ListenerLimits {
                connections,
                response_bytes: limits.answers_bytes.0.max(limits.answer_bytes.0),
                small_response_bytes: limits.small_answer_bytes.0,
                few_requests: limits.http2_few_streams,
                head: millis(limits.request_read_timeout),
                idle: millis(limits.idle_timeout),
                stall,
                least: rate.saturating_mul(stall) / 1000,
            },
            open: Mutex::default(),
            response_bytes: AtomicUsize::new(0),
            phase: AtomicU8::new(Phase::Serving as u8),
            started: Instant::now(),
            now: AtomicU64::new(0),
            emptied: Notify::new(),
            metrics: ConnectionMetrics::new(listener),
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // No code panics while it holds this lock; even if some did, the map would be valid.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time of the sweep's last round.
    pub(super) fn now(&self) -> u64 {
        self.now.load(Relaxed)
    }

    /// Registers an accepted connection; `None` when the limit is reached.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Registration> {
        let mut open = self.open();
        if open.by_key.len() >= self.limits.connections {
            self.metrics.refused.increment(1);
            return None;
        }
        self.metrics.accepted.increment(1);
        let connection = Arc::new(Connection::new(Arc::clone(self)));
        let key = open.next;
        open.next += 1;
        open.by_key.insert(key, Arc::clone(&connection));
        Some(Registration { key, connection })
    }

    /// Counts a failure to accept.
    pub(super) fn accept_failed(&self) {
        self.metrics.failed.increment(1);
    }

    /// Whether the server is in this phase or beyond.
    pub(super) fn is_past(&self, phase: Phase) -> bool {
        self.phase.load(Relaxed) >= phase as u8
    }

    /// Enters a phase and gives connections the orders that follow from it.
    pub(super) fn enter_phase(&self, phase: Phase) {
        self.phase.store(phase as u8, SeqCst);
        for connection in self.open().by_key.values() {
            // An HTTP/1 client reads `Connection: close` in its next response; closing here could lose a request that
            // it has just sent. HTTP/2 can send GOAWAY at any time. A new client gets a response to its first request.
            let informed = connection.http2.load(Relaxed) && connection.served.load(Relaxed);
            if phase == Phase::Closing || informed {
                connection.order(FINISH);
            }
        }
    }

    /// Waits until no connection is left.
    pub(super) async fn until_empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.open().by_key.is_empty() {
                return;
            }
            emptied.await;
        }
    }

    /// Ends every connection.
    pub(super) fn end_all(&self) {
        for connection in self.open().by_key.values() {
            connection.order(END);
        }
    }

    /// Bytes of responses that clients have not taken.
    #[cfg(test)]
    pub(super) fn response_bytes_held(&self) -> usize {
        self.response_bytes.load(Relaxed)
    }

    /// Open connections.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.open().by_key.len()
    }

    /// Whether a connection with this number of requests in work has many.
    pub(super) fn are_many(&self, requests: u32) -> bool {
        requests > self.limits.few_requests
    }

    /// Counts the bytes of a response, and abandons slower ones if needed. `false` when there is still no room.
    pub(super) fn reserve(&self, bytes: usize) -> bool {
        let bound = self.limits.response_bytes;
        let bound = match bytes <= self.limits.small_response_bytes {
            true => bound,
            false => (bound / 4 * 3).max(bytes),
        };
        let before = self.response_bytes.fetch_add(bytes, Relaxed);
        if before + bytes <= bound || self.make_room(0, bound) {
            return true;
        }
        self.metrics.no_room.increment(1);
        self.release(bytes);
        false
    }

    /// Ends the count of a response's bytes.
    pub(super) fn release(&self, bytes: usize) {
        self.response_bytes.fetch_sub(bytes, Relaxed);
    }

    /// Whether there is room for another response; abandons slow ones if needed. Checked before a request is executed, so
    /// that no work is done for a response that cannot be held.
    pub(super) fn has_room(&self) -> bool {
        self.response_bytes.load(Relaxed) < self.limits.response_bytes
            || self.make_room(1, self.limits.response_bytes)
    }

    /// Abandons responses, the slowest first, until the bound holds with `bytes` more. `false` when too few are slow.
    fn make_room(&self, bytes: usize, bound: usize) -> bool {
        // Under the lock: two callers at once would abandon twice as much as needed.
        let open = self.open();
        while self.response_bytes.load(Relaxed).saturating_add(bytes) > bound {
            // A client that has had less time than this cannot be judged yet.
            let young = self.now().saturating_sub(self.limits.stall / 10);
            let busy = open
                .by_key
                .values()
                .filter(|one| one.open.load(Relaxed) > 0);
            let slowest = busy
                .filter_map(|one| Some((self.slowest(one, young)?, one)))
                .max_by(|(left, _), (right, _)| left.total_cmp(right));
            let Some((longest, connection)) = slowest else {
                return false;
            };
            let mut answers = connection.pending();
            let response = answers.iter_mut().find(|response| {
                !response.ended
                    && response.since < young
                    && self.time_left(response, connection) >= longest
            });
            // `None` when its client has taken it in the meantime.
            if let Some(response) = response {
                response.end(connection);
                self.metrics.room.increment(1);
            }
        }
        true
    }

    /// The time that the slowest response of a connection still needs, at its client's rate so far.
    fn slowest(&self, connection: &Connection, young: u64) -> Option<f64> {
        let answers = connection.pending();
        let old = answers
            .iter()
            .filter(|response| !response.ended && response.since < young);
        old.map(|response| self.time_left(response, connection))
            .max_by(f64::total_cmp)
    }

    fn time_left(&self, response: &PendingResponse, connection: &Connection) -> f64 {
        let taken = response.taken(connection) as f64;
        let waited = self.now().saturating_sub(response.since) as f64;
        let rest = (response.bytes as f64 - taken).max(1.0);
        rest * waited / taken.max(1.0)
    }

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
        let now = millis(self.started.elapsed());
        self.now.store(now, Relaxed);
        let open = self.open();
        // When nine tenths of the connections are in use, idle clients get a tenth of the time.
        let crowded = open.by_key.len() >= self.limits.connections.div_ceil(10) * 9;
        let share = if crowded { 10 } else { 1 };
        for connection in open.by_key.values() {
            if connection.open.load(Relaxed) == 0 {
                self.without_request(connection, now, share);
            } else {
                self.with_answers(connection, now);
            }
        }
        // `f64` is exact up to 2^52.
        self.metrics.open.set(open.by_key.len() as f64);
        self.metrics
            .held
            .set(self.response_bytes.load(Relaxed) as f64);
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
    fn with_answers(&self, connection: &Connection, now: u64) {
        for response in connection.pending().iter_mut() {
            let taken = response.taken(connection);
            if taken.saturating_sub(response.taken_mark) >= self.limits.least {
                response.taken_mark = taken;
                response.mark_at = now;
            } else if now.saturating_sub(response.mark_at) > self.limits.stall {
                if !response.ended {
                    self.metrics.slow_answer.increment(1);
                }
                response.end(connection);
                // If the stream is still there after another `stall`, `end` closes the connection.
                response.mark_at = now;
            }
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
