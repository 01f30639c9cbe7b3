//! How long an answer may be used that is made of several documents, and what ends its use early.
//!
//! An answer is as fresh as its least fresh part, as old as its oldest, private as soon as one part is; and it is of no
//! more use when a mutation changes what it was read from.

use std::time::Duration;

use smallvec::SmallVec;

use super::clock::Timestamp;
use super::documents::Fetched;
use super::upstream::{Endpoint, Epoch};
use crate::connector::Scope;

/// How long what depends on nothing is kept without being made again.
const CONSTANT: Duration = Duration::from_secs(24 * 60 * 60);

/// What is known about an answer's parts so far.
#[derive(Debug, Clone, Default)]
pub struct Provenance {
    /// `None` while nothing has given a lifetime.
    fresh_until: Option<Timestamp>,
    oldest: Option<Timestamp>,
    private: bool,
    forbidden: bool,
    /// It depends on nothing that was fetched.
    constant: bool,
    parts: SmallVec<[Part; 4]>,
}

/// What was read, and its epoch then.
#[derive(Debug, Clone)]
struct Part {
    epoch: Epoch,
    then: u64,
}

impl Provenance {
    /// Of an answer without parts.
    pub fn new() -> Provenance {
        Provenance::default()
    }

    /// Of an answer that depends on nothing but the generation and what its key holds: introspection, for instance. It is
    /// of use for as long as there is room.
    pub fn constant() -> Provenance {
        Provenance {
            constant: true,
            ..Provenance::default()
        }
    }

    /// Adds a document that was fetched so, as it was at `now`.
    pub fn add(&mut self, endpoint: &Endpoint, fetched: &Fetched, now: Timestamp) {
        match fetched.fresh_for {
            Some(left) => self.limit(now.plus(left)),
            None => self.forbidden = true,
        }
        let born = now.minus(fetched.age);
        self.oldest = Some(self.oldest.map_or(born, |before| before.min(born)));
        self.private |= fetched.document.is_private();
        self.add_part(endpoint.epoch(), fetched.document.epoch);
    }

    fn add_part(&mut self, epoch: &Epoch, then: u64) {
        match self.parts.iter_mut().find(|part| part.epoch.is(epoch)) {
            Some(part) => part.then = part.then.min(then),
            None => self.parts.push(Part {
                epoch: epoch.clone(),
                then,
            }),
        }
    }

    /// Adds what the schema says about a field: fresh for so long from `now`, for whom.
    pub fn restrict(&mut self, max_age: Duration, scope: Option<Scope>, now: Timestamp) {
        if max_age.is_zero() {
            self.forbidden = true;
        }
        self.limit(now.plus(max_age));
        self.private |= scope == Some(Scope::Private);
    }

    /// The answer is for this request only: it has errors, or a part that may not be kept.
    pub fn forbid(&mut self) {
        self.forbidden = true;
    }

    /// Adds all of another one.
    pub fn merge(&mut self, other: &Provenance) {
        if let Some(until) = other.fresh_until {
            self.limit(until);
        }
        self.oldest = match (self.oldest, other.oldest) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.private |= other.private;
        self.forbidden |= other.forbidden;
        self.constant &= other.constant;
        for part in &other.parts {
            self.add_part(&part.epoch, part.then);
        }
    }

    /// Whether it can be fresh at any time; one that cannot needs no clock to tell that it is not.
    pub fn may_be_fresh(&self) -> bool {
        !self.forbidden && (self.constant || self.fresh_until.is_some())
    }

    /// How much longer the answer may be used; `None`: for this request only.
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

    /// The age of the oldest part; `None` where nothing was fetched.
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        self.oldest.map(|oldest| now.since(oldest))
    }

    /// For one subject only.
    pub fn is_private(&self) -> bool {
        self.private
    }

    /// No mutation has changed since what it was read from.
    pub fn is_current(&self) -> bool {
        self.parts.iter().all(|part| part.epoch.now() == part.then)
    }

    fn limit(&mut self, until: Timestamp) {
        self.fresh_until = Some(self.fresh_until.map_or(until, |before| before.min(until)));
    }
}
