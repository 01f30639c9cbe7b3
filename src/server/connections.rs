//! All connections of one listener, and their limits: the number of connections here, times in [`super::sweep`], memory in
//! [`super::response_memory`].

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::{Counter, Gauge};
use tokio::sync::Notify;

use super::connection::{Connection, END, FINISH};
use super::listener_state::{ListenerState, Phase, millis};
use crate::config::Limits;
use crate::observe::metrics as names;

/// The limits of a listener; times are in milliseconds.
pub(super) struct ListenerLimits {
    pub(super) connections: usize,
    pub(super) response_bytes: usize,
    /// A longer response may not use the last quarter of the memory: short ones find room beside any number of long ones.
    pub(super) small_response_bytes: usize,
    /// A connection with more requests in work has many.
    few_requests: u32,
    pub(super) head: u64,
    pub(super) idle: u64,
    pub(super) stall: u64,
    /// Bytes that a client must take within `stall`.
    pub(super) least: u64,
}

/// The connections of one listener.
pub(super) struct Connections {
    pub(super) limits: ListenerLimits,
    pub(super) listener: Arc<ListenerState>,
    open: Mutex<Open>,
    emptied: Notify,
    pub(super) metrics: ConnectionMetrics,
}

#[derive(Default)]
pub(super) struct Open {
    next: u64,
    pub(super) by_key: HashMap<u64, Arc<Connection>>,
}

/// Metrics, looked up once.
pub(super) struct ConnectionMetrics {
    pub(super) open: Gauge,
    pub(super) held: Gauge,
    accepted: Counter,
    refused: Counter,
    failed: Counter,
    pub(super) idle: Counter,
    pub(super) slow_head: Counter,
    pub(super) slow_response: Counter,
    pub(super) abandoned: Counter,
    pub(super) no_room: Counter,
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
            slow_response: ended("answer"),
            abandoned: ended("room"),
            no_room: ended("no_room"),
        }
    }
}

/// A connection, with all connections of its listener.
pub(super) struct ServedConnection {
    pub(super) connection: Arc<Connection>,
    pub(super) all: Arc<Connections>,
}

/// A connection's membership in [`Connections`]; dropping it removes the connection.
pub(super) struct Registration {
    key: u64,
    pub(super) served: Arc<ServedConnection>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let all = &self.served.all;
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
            listener: Arc::new(ListenerState::new()),
            open: Mutex::default(),
            emptied: Notify::new(),
            metrics: ConnectionMetrics::new(listener),
        })
    }

    pub(super) fn open(&self) -> MutexGuard<'_, Open> {
        // No code panics while it holds this lock; even if some did, the map would be valid.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers an accepted connection; `None` when the limit is reached.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Registration> {
        let mut open = self.open();
        if open.by_key.len() >= self.limits.connections {
            self.metrics.refused.increment(1);
            return None;
        }
        self.metrics.accepted.increment(1);
        let connection = Arc::new(Connection::new(Arc::clone(&self.listener)));
        let key = open.next;
        open.next += 1;
        open.by_key.insert(key, Arc::clone(&connection));
        let served = Arc::new(ServedConnection {
            connection,
            all: Arc::clone(self),
        });
        Some(Registration { key, served })
    }

    /// Counts a failure to accept.
    pub(super) fn accept_failed(&self) {
        self.metrics.failed.increment(1);
    }

    /// Enters a phase and gives connections the orders that follow from it.
    pub(super) fn enter_phase(&self, phase: Phase) {
        self.listener.enter_phase(phase);
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

    /// Open connections.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.open().by_key.len()
    }

    /// Whether a connection with this number of requests in work has many.
    pub(super) fn are_many(&self, requests: u32) -> bool {
        requests > self.limits.few_requests
    }
}
