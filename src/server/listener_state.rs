//! What a listener shares with each of its connections: a clock, a phase, and the count of unsent bytes.

use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize};
use std::time::{Duration, Instant};

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

/// The state of a listener that its connections read and count in.
pub(super) struct ListenerState {
    phase: AtomicU8,
    started: Instant,
    /// Milliseconds from `started` to the sweep's last round: the clock of all connections of this listener.
    now: AtomicU64,
    /// Bytes of responses that clients have not taken.
    response_bytes: AtomicUsize,
}

impl ListenerState {
    pub(super) fn new() -> ListenerState {
        ListenerState {
            phase: AtomicU8::new(Phase::Serving as u8),
            started: Instant::now(),
            now: AtomicU64::new(0),
            response_bytes: AtomicUsize::new(0),
        }
    }

    /// Whether the server is in this phase or beyond.
    pub(super) fn is_past(&self, phase: Phase) -> bool {
        self.phase.load(Relaxed) >= phase as u8
    }

    pub(super) fn enter_phase(&self, phase: Phase) {
        self.phase.store(phase as u8, SeqCst);
    }

    /// The time of the sweep's last round.
    pub(super) fn now(&self) -> u64 {
        self.now.load(Relaxed)
    }

    /// Sets the clock; returns the time. Called at the start of each round of the sweep.
    pub(super) fn tick(&self) -> u64 {
        let now = millis(self.started.elapsed());
        self.now.store(now, Relaxed);
        now
    }

    /// Bytes of responses that clients have not taken.
    pub(super) fn response_bytes(&self) -> usize {
        self.response_bytes.load(Relaxed)
    }

    /// Counts the bytes of a response; returns the count before.
    pub(super) fn count_response(&self, bytes: usize) -> usize {
        self.response_bytes.fetch_add(bytes, Relaxed)
    }

    /// Ends the count of a response's bytes.
    pub(super) fn release_response(&self, bytes: usize) {
        self.response_bytes.fetch_sub(bytes, Relaxed);
    }
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
