//! How long a response that is made of several documents may be used, and for which clients.
//!
//! A response is as fresh as its least fresh document, as old as its oldest one, and private if one document is
//! private. It may no longer be used when a mutation changes what it was read from.

use std::time::Duration;

use smallvec::SmallVec;

use super::clock::Timestamp;
use super::documents::Fetched;
use super::endpoint::Endpoint;
use super::epoch::{Counter, Epoch};
use crate::connector::Scope;

/// The lifetime of a response that depends on no document.
const CONSTANT: Duration = Duration::from_secs(24 * 60 * 60);

/// What is known about the documents of a response so far.
#[derive(Debug, Clone, Default)]
pub struct Provenance {
    /// `None` while nothing has given a lifetime.
    fresh_until: Option<Timestamp>,
    /// The same in a client's own cache; `None` if that is no less.
    private_fresh_until: Option<Timestamp>,
    must_revalidate: bool,
    oldest: Option<Timestamp>,
    private: bool,
    forbidden: bool,
    /// It has a document that is for one request or one user only.
    unshared: bool,
    /// It depends on no document.
    constant: bool,
    parts: SmallVec<[EndpointRead; 4]>,
}

/// An endpoint that was read, and its epoch at that time.
#[derive(Debug, Clone)]
struct EndpointRead {
    epoch: Epoch,
    then: u64,
}

impl Provenance {
    /// Of a response without documents so far.
    pub fn new() -> Provenance {
        Provenance::default()
    }

    /// Of a response that depends on nothing but its key, such as introspection.
    pub fn constant() -> Provenance {
        Provenance {
            constant: true,
            ..Provenance::default()
        }
    }

    /// Adds a document.
    pub fn add(&mut self, endpoint: &Endpoint, fetched: &Fetched) {
        match fetched.fresh_until {
            Some(until) => self.limit(until),
            None => self.forbidden = true,
        }
        let born = fetched.born;
        self.oldest = Some(self.oldest.map_or(born, |before| before.min(born)));
        if let Some(until) = fetched.private_fresh_until {
            self.limit_private(until);
        }
        self.must_revalidate |= fetched.document.must_revalidate();
        self.private |= fetched.document.is_private();
        self.unshared |= !fetched.may_be_shared;
        self.add_part(endpoint.epoch(), fetched.document.epoch);
    }

    fn add_part(&mut self, epoch: &Epoch, then: u64) {
        match self.parts.iter_mut().find(|part| part.epoch.is(epoch)) {
            Some(part) => part.then = part.then.min(then),
            None => self.parts.push(EndpointRead {
                epoch: epoch.clone(),
                then,
            }),
        }
    }

    /// Adds the lifetime that the schema gives to a field, from `now` on.
    pub fn restrict(&mut self, max_age: Duration, scope: Option<Scope>, now: Timestamp) {
        if max_age.is_zero() {
            self.forbidden = true;
        }
        self.limit(now.plus(max_age));
        self.private |= scope == Some(Scope::Private);
    }

    /// Forbids to store the response: it has errors, or a document that may not be stored.
    pub fn forbid(&mut self) {
        self.forbidden = true;
    }

    /// Adds another provenance.
    pub fn merge(&mut self, other: &Provenance) {
        if let Some(until) = other.fresh_until {
            self.limit(until);
        }
        if let Some(until) = other.private_fresh_until {
            self.limit_private(until);
        }
        self.must_revalidate |= other.must_revalidate;
        self.oldest = match (self.oldest, other.oldest) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.private |= other.private;
        self.forbidden |= other.forbidden;
        self.unshared |= other.unshared;
        self.constant &= other.constant;
        for part in &other.parts {
            self.add_part(&part.epoch, part.then);
        }
    }

    /// Whether it can be fresh at any time, so that the clock need be read.
    pub fn may_be_fresh(&self) -> bool {
        !self.forbidden && (self.constant || self.fresh_until.is_some())
    }

    /// How much longer the response may be used; `None`: only for this request.
    pub fn fresh_for(&self, now: Timestamp) -> Option<Duration> {
        if self.forbidden {
            return None;
        }
        if self.constant && self.fresh_until.is_none() {
            return Some(CONSTANT);
        }
        let left = self.fresh_until?.since(now);
        (!left.is_zero()).then_some(left)
    }

    /// How much longer a client may use it in its own cache, of a response that is fresh for `fresh_for`.
    pub fn private_fresh_for(&self, now: Timestamp, fresh_for: Duration) -> Duration {
        let left = self.private_fresh_until.map(|until| until.since(now));
        left.map_or(fresh_for, |left| left.min(fresh_for))
    }

    /// Whether caches may not use it when it is stale.
    pub fn must_revalidate(&self) -> bool {
        self.must_revalidate
    }

    /// The age of the oldest document; `None` if there is none.
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        self.oldest.map(|oldest| now.since(oldest))
    }

    /// Whether it may answer other requests that wait for the same.
    pub fn may_be_shared(&self) -> bool {
        !self.unshared
    }

    /// Whether it may be used for one subject only.
    pub fn is_private(&self) -> bool {
        self.private
    }

    /// Whether no mutation has ended since at the endpoints that it was read from.
    pub fn is_current(&self) -> bool {
        self.parts.iter().all(|part| part.epoch.now() == part.then)
    }

    /// The counters of these endpoints.
    pub(super) fn counters(&self) -> Vec<Counter> {
        let counters = self.parts.iter().map(|part| part.epoch.counters());
        counters.flatten().collect()
    }

    fn limit_private(&mut self, until: Timestamp) {
        let before = self.private_fresh_until;
        self.private_fresh_until = Some(before.map_or(until, |before| before.min(until)));
    }

    fn limit(&mut self, until: Timestamp) {
        self.fresh_until = Some(self.fresh_until.map_or(until, |before| before.min(until)));
    }
}
