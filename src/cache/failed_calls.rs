//! Log lines about failed calls: one for the first failure of a kind at an endpoint, and then one a minute with the number
//! of further ones. The level `debug` has a line for each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::repeated::{RepeatedLine, Uncounted, note};
use crate::errors::ErrorKind;

/// The coordinate of an endpoint, and a kind of failure.
type LineKey = (Arc<str>, ErrorKind);

/// The failed calls of one connector.
#[derive(Debug)]
pub(super) struct FailedCalls {
    connector: Arc<str>,
    /// There are few: one for each coordinate and kind.
    lines: Mutex<HashMap<LineKey, Arc<FailureLine>>>,
}

/// What a line says about a failed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CallFailure {
    /// The status of the response, if there is one.
    pub(super) status: Option<u16>,
    /// The reason, for operators.
    pub(super) why: Box<str>,
    /// The client is at fault, whatever the kind is.
    pub(super) of_client: bool,
}

#[derive(Debug)]
struct FailureLine {
    connector: Arc<str>,
    coordinate: Arc<str>,
    kind: ErrorKind,
    uncounted: Uncounted<CallFailure>,
}

impl FailedCalls {
    pub(super) fn new(connector: &str) -> FailedCalls {
        FailedCalls {
            connector: connector.into(),
            lines: Mutex::default(),
        }
    }

    /// Logs a failed call, or counts it for a later line.
    pub(super) fn note(&self, coordinate: &Arc<str>, kind: ErrorKind, failure: &CallFailure) {
        let line = {
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            let line = lines.entry((Arc::clone(coordinate), kind));
            Arc::clone(line.or_insert_with(|| {
                Arc::new(FailureLine {
                    connector: Arc::clone(&self.connector),
                    coordinate: Arc::clone(coordinate),
                    kind,
                    uncounted: Uncounted::default(),
                })
            }))
        };
        if !note(&line, failure) {
            self.note_each(coordinate, kind, failure);
        }
    }

    /// Logs a call at the level `debug` only.
    pub(super) fn note_each(&self, coordinate: &str, kind: ErrorKind, failure: &CallFailure) {
        tracing::debug!(
            connector = &*self.connector,
            coordinate,
            status = failure.status,
            kind = kind.as_str(),
            error = &*failure.why,
            "an upstream call failed"
        );
    }
}

impl RepeatedLine for FailureLine {
    const INTERVAL: Duration = Duration::from_secs(60);
    type Detail = CallFailure;

    fn uncounted(&self) -> &Uncounted<CallFailure> {
        &self.uncounted
    }

    fn write(&self, count: u64, failure: &CallFailure) {
        tracing::warn!(
            connector = &*self.connector,
            coordinate = &*self.coordinate,
            status = failure.status,
            kind = self.kind.as_str(),
            count,
            error = &*failure.why,
            "an upstream call failed"
        );
    }
}
