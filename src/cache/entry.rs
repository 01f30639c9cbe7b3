//! A document as it is stored.
//!
//! A document has everything that a mapping can read (its text and its envelope) and everything that a cache must know.
//! The rules of caching are in [`freshness`](super::freshness).

use std::any::Any;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;

use super::clock::Timestamp;
use super::entries::{ARC, Stored};
use super::freshness::Lifetime;
use super::retry_after;
use crate::connector::Scope;
use crate::source::{Envelope, Outcome, StoredHeaders, UpstreamResponse};

/// One upstream response, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Whether the upstream calls it a success.
    pub outcome: Outcome,
    /// What its mapping reads beside the text.
    pub envelope: Envelope,
    /// A JSON text.
    pub body: Bytes,
    /// How many bytes of content were received for it.
    pub received: usize,
    /// When the response was complete.
    pub received_at: Timestamp,
    /// Its age at that time, by its headers.
    pub age_when_received: Duration,
    /// For how long and for which clients it may be used. `None`: only the request that fetched it may use it.
    pub lifetime: Option<Lifetime>,
    /// After how many seconds a busy upstream accepts requests again. Such a document is not stored.
    pub retry_after: Option<u32>,
    /// The endpoint's epoch when the call began.
    pub epoch: u64,
    /// What the executor has computed from it.
    pub memo: MemoSlot,
}

/// A slot for the memo on a document: what has been computed from it, for the next request that uses it. Only what
/// follows from the document alone may be in the memo. All memos of a process have one type.
#[derive(Clone, Default)]
pub struct MemoSlot(OnceLock<Arc<dyn Memo>>);

/// What has been computed from a document.
pub trait Memo: Any + Send + Sync {
    /// About the bytes of memory that it holds.
    fn weight(&self) -> usize;
}

impl MemoSlot {
    /// The memo, which is created empty by the first call; `None` if it has another type.
    pub fn of<T: Memo + Default>(&self) -> Option<&T> {
        let memo: &dyn Any = &**self.0.get_or_init(|| Arc::new(T::default()));
        memo.downcast_ref()
    }

    fn weight(&self) -> usize {
        self.0.get().map_or(0, |memo| memo.weight())
    }
}

impl std::fmt::Debug for MemoSlot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoSlot")
    }
}

/// All memos are equal: they follow from the rest of the document.
impl PartialEq for MemoSlot {
    fn eq(&self, _: &MemoSlot) -> bool {
        true
    }
}

impl Eq for MemoSlot {}

/// A body of this length is longer than the buffer of a connection, so it has memory of its own.
const LONG: usize = 1024 * 1024;

/// A body to store: a copy of a short one. It may be a view into a larger buffer, which the cache would keep alive without
/// counting it. A long body has memory of its own, and a copy would hold it twice.
pub(super) fn compact(body: &Bytes) -> Bytes {
    match body.len() < LONG {
        true => Bytes::copy_from_slice(body),
        false => body.clone(),
    }
}

impl Document {
    /// A document of a response that was received just now. The caller sets lifetime and age.
    pub fn new(
        answer: UpstreamResponse,
        stored_headers: &StoredHeaders,
        received_at: Timestamp,
        epoch: u64,
    ) -> Document {
        Document {
            retry_after: retry_after::seconds(answer.retry_after, received_at),
            outcome: answer.outcome,
            envelope: answer.envelope.only(stored_headers),
            body: answer.document,
            received: answer.received,
            received_at,
            age_when_received: Duration::ZERO,
            lifetime: None,
            epoch,
            memo: MemoSlot::default(),
        }
    }

    /// When its age (RFC 9111, section 4.2.3) was zero. If the clock was set back, it has just been received.
    pub fn born(&self, now: Timestamp) -> Timestamp {
        self.received_at.min(now).minus(self.age_when_received)
    }

    /// Until when it is fresh; `None` if it is not.
    pub fn fresh_until(&self, now: Timestamp) -> Option<Timestamp> {
        let lifetime = self.lifetime.as_ref()?;
        let until = self.born(now).plus(lifetime.fresh_for);
        (now < until).then_some(until)
    }

    /// Until when it is fresh in a client's own cache; `None` if that is as long as in this one.
    pub fn private_fresh_until(&self, now: Timestamp) -> Option<Timestamp> {
        let lifetime = self.lifetime.as_ref()?;
        Some(self.born(now).plus(lifetime.private_fresh_for?))
    }

    /// Whether it may not be used when it is stale.
    pub fn must_revalidate(&self) -> bool {
        self.lifetime
            .as_ref()
            .is_some_and(|lifetime| lifetime.must_revalidate)
    }

    /// Limits its lifetime, counted from when it was received.
    pub(super) fn live_at_most(&mut self, longest: Duration) {
        let age = self.age_when_received;
        if let Some(lifetime) = &mut self.lifetime {
            lifetime.fresh_for = lifetime.fresh_for.min(age + longest);
        }
    }

    /// Whether it may be used for one subject only.
    pub fn is_private(&self) -> bool {
        self.lifetime
            .as_ref()
            .is_some_and(|lifetime| lifetime.scope == Scope::Private)
    }

    /// A document for a part of this one: another text, with the same times, lifetime and envelope.
    #[must_use]
    pub fn part(&self, body: Bytes) -> Document {
        Document {
            received: body.len(),
            body,
            memo: MemoSlot::default(),
            ..self.clone()
        }
    }

    /// The bytes of memory that it holds, with its memo.
    pub fn weight(&self) -> usize {
        self.part_weight(self.body.len()) + self.memo.weight()
    }

    /// The same of a part of it that has so many bytes.
    pub(super) fn part_weight(&self, body: usize) -> usize {
        ARC + size_of::<Document>() + body + self.envelope.weight()
    }

    /// Copies a short body.
    #[must_use]
    pub(super) fn compact(mut self) -> Document {
        self.body = compact(&self.body);
        self
    }
}

impl Stored for Arc<Document> {
    fn weight(&self) -> usize {
        Document::weight(self)
    }

    fn useful_for(&self) -> Duration {
        let Some(lifetime) = &self.lifetime else {
            return Duration::ZERO;
        };
        let stale = if lifetime.must_revalidate {
            Duration::ZERO
        } else {
            lifetime.stale_while_revalidate.max(lifetime.stale_if_error)
        };
        (lifetime.fresh_for + stale).saturating_sub(self.age_when_received)
    }

    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(self, other)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn document() -> Document {
        let answer = UpstreamResponse::new(Bytes::from_static(b"[1.10]\n"));
        let mut document = Document::new(answer, &StoredHeaders::NONE, Timestamp(10_000), 3);
        document.lifetime = Some(Lifetime::for_seconds(60));
        document.age_when_received = Duration::from_secs(10);
        document
    }

    #[test]
    fn ages() {
        let document = document();
        assert_eq!(document.born(Timestamp(15_000)), Timestamp(0));
        let until = Some(Timestamp(60_000));
        assert_eq!(document.fresh_until(Timestamp(15_000)), until);
        assert_eq!(document.fresh_until(Timestamp(59_999)), until);
        assert_eq!(document.fresh_until(Timestamp(60_000)), None);
        // A clock that was set back by 6 of 20 seconds: its age is what it was when it was received.
        let document = Document {
            received_at: Timestamp(20_000),
            ..document
        };
        assert_eq!(document.born(Timestamp(14_000)), Timestamp(4_000));
        let until = document.fresh_until(Timestamp(14_000));
        assert_eq!(until, Some(Timestamp(64_000)));
    }
}
