//! How many requests may wait for one connector at the same time.
//!
//! A request of a client holds one of the gateway's places for as long as it waits. A department that does not answer
//! must not come to hold them all, so the requests that wait for it are bounded: one more is refused at once, and the rest
//! of its answer goes on. Requests are counted, and not calls, because places are what is scarce: a request that takes part
//! in another one's call holds a place without a call, and one with thirty calls holds only one. Calls themselves have a
//! queue in front of their source ([`gate`](crate::source::gate)).
//!
//! A call that goes on after its client has left still counts, or clients that leave at once could pile up calls without
//! end.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::upstream::{Upstream, UpstreamState};
use crate::source::{SourceError, SourceErrorKind};

/// One request at one connector: it counts as long as anything holds this.
#[derive(Debug)]
pub(super) struct Admission(Arc<UpstreamState>);

impl Admission {
    fn new(upstream: &Upstream) -> Result<Admission, SourceError> {
        let state = Arc::clone(upstream.state());
        if !state.admit(upstream.in_flight()) {
            state.refused();
            let detail = "as many requests as allowed wait for it";
            return Err(SourceError::new(SourceErrorKind::Busy, detail));
        }
        Ok(Admission(state))
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.0.leave();
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

    /// Counts the request at a connector, unless it is counted there already.
    ///
    /// # Errors
    /// [`SourceErrorKind::Busy`] when as many as allowed are.
    pub(super) fn admit(&self, upstream: &Upstream) -> Result<Arc<Admission>, SourceError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|admission| admission.strong_count() > 0);
        let mut known = held.iter().filter_map(Weak::upgrade);
        if let Some(known) = known.find(|known| Arc::ptr_eq(&known.0, upstream.state())) {
            return Ok(known);
        }
        let admission = Arc::new(Admission::new(upstream)?);
        held.push(Arc::downgrade(&admission));
        Ok(admission)
    }
}
