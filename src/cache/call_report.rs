//! The outcome of a call with a response, as operators see it.
//!
//! A response says by itself whether it is a success, but its connect may disagree (`isSuccess`), and it may turn out
//! that it cannot be read. So a call is counted when its document has been read. Several requests may read one document
//! (a flight): the first judgement counts. If their clients leave before, what the response says counts.
//!
//! That an object does not exist, that a request is invalid, and what is the client's fault otherwise (`@clientErrors`, its own
//! credentials) is counted by kind, and is no failure of the upstream.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::clock::Timestamp;
use super::connector::SharedConnectorState;
use super::failed_calls::CallFailure;
use crate::errors::ErrorKind;
use crate::source::Outcome;

/// A call with a response, whose outcome is counted once.
pub struct CallReport {
    state: Arc<SharedConnectorState>,
    coordinate: Arc<str>,
    outcome: Outcome,
    status: Option<u16>,
    received_at: Timestamp,
    judged: AtomicBool,
}

impl CallReport {
    pub(super) fn new(
        state: &Arc<SharedConnectorState>,
        coordinate: &Arc<str>,
        (outcome, status): (Outcome, Option<u16>),
        received_at: Timestamp,
    ) -> Arc<CallReport> {
        Arc::new(CallReport {
            state: Arc::clone(state),
            coordinate: Arc::clone(coordinate),
            outcome,
            status,
            received_at,
            judged: AtomicBool::new(false),
        })
    }

    /// The response is a success that has been read.
    pub fn succeeded(&self) {
        if !self.judged.swap(true, Ordering::Relaxed) {
            self.state.succeeded(self.received_at);
        }
    }

    /// The response is no success, or cannot be read. `of_client`: the client is at fault, whatever the kind is. `why` is for
    /// operators, and holds no data of the response.
    pub fn failed(&self, kind: ErrorKind, of_client: bool, why: &str) {
        if self.judged.swap(true, Ordering::Relaxed) {
            return;
        }
        let failure = CallFailure {
            status: self.status,
            why: why.into(),
            of_client,
        };
        self.state
            .failed(self.received_at, &self.coordinate, kind, &failure);
    }
}

impl Drop for CallReport {
    fn drop(&mut self) {
        match self.outcome.failure() {
            None => self.succeeded(),
            Some(kind) => self.failed(kind, false, "the upstream reports a failure"),
        }
    }
}

impl fmt::Debug for CallReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallReport({})", self.coordinate)
    }
}
