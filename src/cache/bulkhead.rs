//! How many requests may wait for one connector at the same time.
//!
//! A request of a client holds one of the gateway's places for as long as it waits. A department that does not answer
//! must not come to hold them all, so the requests that wait for it are bounded: one more is refused at once, and the rest
//! of its answer goes on. Requests are counted, and not calls, because places are what is scarce: one with thirty calls
//! holds only one. Calls themselves have a queue in front of their source ([`gate`](crate::source::gate)).
//!
//! Requests whose calls run or are queued, and requests that only wait for another one's call, are counted apart. Many
//! clients that read one page that is not cached cost its department a single call, and a department that answers has soon
//! served them all; so there may be more of them ([`JOINS_FOR_EACH_CALL`]). But they hold places as well, and when a popular
//! page's department does not answer, they are the ones that come: without a bound they would take every place.
//!
//! A call that goes on after its client has left still counts, or clients that leave at once could pile up calls without
//! end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::refusals;
use super::upstream::{Upstream, UpstreamState};
use crate::source::{SourceError, SourceErrorKind};

/// For each request that may wait for a call of its own, so many more may wait for other requests' calls. With the default
/// of `in_flight`, a connector holds three quarters of the gateway's places at the most.
const JOINS_FOR_EACH_CALL: usize = 2;

/// What a request waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// A call of its own, that runs or is queued.
    Call,
    /// A call that another request has begun.
    Join,
}

/// The requests that wait for one connector.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    calls: AtomicUsize,
    joins: AtomicUsize,
}

impl Waiting {
    /// Requests that wait for this, or have begun a call that has not ended.
    pub(super) fn now(&self, wait: Wait) -> usize {
        self.counter(wait).load(Ordering::Relaxed)
    }

    fn counter(&self, wait: Wait) -> &AtomicUsize {
        match wait {
            Wait::Call => &self.calls,
            Wait::Join => &self.joins,
        }
    }

    /// Counts one more request, unless there are as many as this.
    fn enter(&self, wait: Wait, most: usize) -> bool {
        let admitted = self.counter(wait).fetch_add(1, Ordering::Relaxed) < most;
        if !admitted {
            self.leave(wait);
        }
        admitted
    }

    fn leave(&self, wait: Wait) {
        self.counter(wait).fetch_sub(1, Ordering::Relaxed);
    }
}

/// One request at one connector: it counts as long as anything holds this.
#[derive(Debug)]
pub(super) struct Admission {
    state: Arc<UpstreamState>,
    wait: Wait,
}

impl Admission {
    fn new(upstream: &Upstream, wait: Wait) -> Result<Admission, SourceError> {
        let state = Arc::clone(upstream.state());
        let most = match wait {
            Wait::Call => upstream.in_flight(),
            Wait::Join => upstream.in_flight().saturating_mul(JOINS_FOR_EACH_CALL),
        };
        if !state.waiting().enter(wait, most) {
            state.refused();
            let detail = "as many requests as allowed wait for it";
            refusals::note(&state, detail);
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

    /// Counts the request at a connector, unless it is counted there already for the same.
    ///
    /// # Errors
    /// [`SourceErrorKind::Busy`] when as many as allowed are.
    pub(super) fn admit(
        &self,
        upstream: &Upstream,
        wait: Wait,
    ) -> Result<Arc<Admission>, SourceError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|admission| admission.strong_count() > 0);
        let mut known = held.iter().filter_map(Weak::upgrade);
        let same = |known: &Arc<Admission>| {
            known.wait == wait && Arc::ptr_eq(&known.state, upstream.state())
        };
        if let Some(known) = known.find(same) {
            return Ok(known);
        }
        let admission = Arc::new(Admission::new(upstream, wait)?);
        held.push(Arc::downgrade(&admission));
        Ok(admission)
    }
}
