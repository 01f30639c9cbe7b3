//! How many requests may wait for one connector at the same time.
//!
//! The gateway admits a limited number of client requests, and a request holds its permit while it waits. Requests
//! for an upstream that does not respond must not use up all permits, so the requests that wait for one connector
//! are bounded: the calls of one more request are refused at once, and its other fields are still executed. Requests
//! are counted, not calls, because permits are what is scarce: a request with thirty calls holds one. Calls have a
//! queue in front of their source ([`gate`](crate::source::gate)).
//!
//! Requests with a call of their own, running or queued, and requests that only wait for another request's call are
//! counted separately. Many clients that read one document that is not cached cost the upstream a single call, and all
//! of them are served when it responds; so more of them are allowed (the setting `waiters`). But they hold permits
//! as well: if the upstream of a popular document does not respond, they would use up all permits without a bound.
//!
//! A call that continues after its client has disconnected still counts: otherwise clients that disconnect at once
//! could start calls without limit.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::connector::{CachedConnector, SharedConnectorState};
use super::waiting::Wait;
use crate::source::{SourceError, SourceErrorKind};

/// One request at one connector. It is counted until this is dropped.
#[derive(Debug)]
pub struct Admission {
    state: Arc<SharedConnectorState>,
    wait: Wait,
}

impl Admission {
    fn new(connector: &CachedConnector, wait: Wait) -> Result<Admission, SourceError> {
        let state = Arc::clone(connector.state());
        if !state
            .waiting()
            .enter(wait, connector.waiting_limits().of(wait))
        {
            state.refused();
            let detail = "as many requests as allowed wait for it";
            state.refusals().note(detail);
            return Err(SourceError::new(SourceErrorKind::Busy, detail));
        }
        Ok(Admission { state, wait })
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.state.waiting().leave(self.wait);
    }
}

/// The connectors that one request waits for.
#[derive(Debug, Default)]
pub struct Admissions(Mutex<Vec<Weak<Admission>>>);

impl Admissions {
    /// For one request.
    pub const fn new() -> Admissions {
        Admissions(Mutex::new(Vec::new()))
    }

    /// Counts the request at a connector as one that waits for another request; `None` if as many as allowed do.
    pub fn join(&self, connector: &CachedConnector) -> Option<Arc<Admission>> {
        self.admit(connector, Wait::Join).ok()
    }

    /// Counts the request at a connector, unless it is counted there already for the same kind of wait.
    ///
    /// # Errors
    /// [`SourceErrorKind::Busy`] if as many requests as allowed are counted.
    pub(super) fn admit(
        &self,
        connector: &CachedConnector,
        wait: Wait,
    ) -> Result<Arc<Admission>, SourceError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|admission| admission.strong_count() > 0);
        let mut admissions = held.iter().filter_map(Weak::upgrade);
        let same = |admission: &Arc<Admission>| {
            admission.wait == wait && Arc::ptr_eq(&admission.state, connector.state())
        };
        if let Some(admission) = admissions.find(same) {
            return Ok(admission);
        }
        let admission = Arc::new(Admission::new(connector, wait)?);
        held.push(Arc::downgrade(&admission));
        Ok(admission)
    }
}
