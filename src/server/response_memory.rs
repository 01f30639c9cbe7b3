//! The memory of responses that clients have not taken.
//!
//! When it exceeds the limit, the server abandons the response that would take longest to send at its client's rate so
//! far. Example: of two responses of 1 MB, one read at 10 KB/s and one at 1 MB/s, the first is abandoned. It would hold
//! memory longest, and a client that reads at a normal rate never loses a response.

use std::sync::atomic::Ordering::Relaxed;

use super::connection::{Connection, PendingResponse};
use super::connections::Connections;

impl Connections {
    /// Counts the bytes of a response, and abandons slower ones if needed. `false` when there is still no room.
    pub(super) fn reserve(&self, bytes: usize) -> bool {
        let bound = self.limits.response_bytes;
        let bound = match bytes <= self.limits.small_response_bytes {
            true => bound,
            false => (bound / 4 * 3).max(bytes),
        };
        let before = self.listener.count_response(bytes);
        if before + bytes <= bound || self.make_room(0, bound) {
            return true;
        }
        self.metrics.no_room.increment(1);
        self.listener.release_response(bytes);
        false
    }

    /// Whether there is room for another response; abandons slow ones if needed. Checked before a request is executed, so
    /// that no work is done for a response that cannot be held.
    pub(super) fn has_room(&self) -> bool {
        self.listener.response_bytes() < self.limits.response_bytes
            || self.make_room(1, self.limits.response_bytes)
    }

    /// Abandons responses, the slowest first, until the bound holds with `bytes` more. `false` when too few are slow.
    fn make_room(&self, bytes: usize, bound: usize) -> bool {
        // Under the lock: two callers at once would abandon twice as much as needed.
        let open = self.open();
        while self.listener.response_bytes().saturating_add(bytes) > bound {
            // A client that has had less time than this cannot be judged yet.
            let young = self.listener.now().saturating_sub(self.limits.stall / 10);
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
            let mut responses = connection.pending();
            let response = responses.iter_mut().find(|response| {
                !response.ended
                    && !response.waits()
                    && response.since < young
                    && self.time_left(response, connection) >= longest
            });
            // `None` when its client has taken it in the meantime.
            if let Some(response) = response {
                response.end(connection);
                self.metrics.abandoned.increment(1);
            }
        }
        true
    }

    /// The time that the slowest response of a connection still needs, at its client's rate so far.
    fn slowest(&self, connection: &Connection, young: u64) -> Option<f64> {
        let responses = connection.pending();
        let old = responses
            .iter()
            .filter(|response| !response.ended && !response.waits() && response.since < young);
        old.map(|response| self.time_left(response, connection))
            .max_by(f64::total_cmp)
    }

    fn time_left(&self, response: &PendingResponse, connection: &Connection) -> f64 {
        let taken = response.taken(connection);
        let rest = (response.held(taken) as f64).max(1.0);
        let (before, since) = response.rate_since();
        let taken = taken.saturating_sub(before) as f64;
        let waited = self.listener.now().saturating_sub(since) as f64;
        rest * waited / taken.max(1.0)
    }
}
