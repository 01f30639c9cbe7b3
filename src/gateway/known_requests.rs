//! Requests whose responses are in the cache, or come from an execution that they share, by the bytes that clients send.
//!
//! Pages and apps send the same bytes again and again. Reading them, looking up the operation, coercing the variables and
//! computing the key of the response always has the same result, as long as the generation serves. So that result is kept,
//! and the rest of such a request is one lookup of the response, without a future and without an allocation for the request.
//!
//! A table of fixed size has a slot for each hash. Whatever is not in its slot takes the usual way, so a lookup never waits,
//! and a request that loses its slot is only slower. An entry holds the compiled operation weakly: the cache of compiled
//! operations decides what stays.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwapOption;

use super::compile::Compiled;
use crate::cache::ResponseKey;

/// The number of requests that are known at most.
const SLOTS: usize = 1024;

/// The length in bytes of the longest request that is kept.
const LONGEST: usize = 4 * 1024;

/// The known requests of a generation.
pub(super) struct KnownRequests {
    slots: Box<[ArcSwapOption<KnownRequest>]>,
    hasher: ahash::RandomState,
}

/// The keys of what a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RequestKeys {
    /// Of its response in the cache.
    pub(super) response: ResponseKey,
    /// Of the execution that it may share.
    pub(super) execution: Option<ResponseKey>,
}

/// A request, and what it asks for.
struct KnownRequest {
    sent: Box<[u8]>,
    compiled: Weak<Compiled>,
    keys: RequestKeys,
    /// Whether it was looked up since another request has wanted the slot.
    is_used: AtomicBool,
}

impl KnownRequests {
    pub(super) fn new() -> KnownRequests {
        KnownRequests {
            slots: (0..SLOTS).map(|_| ArcSwapOption::empty()).collect(),
            hasher: ahash::RandomState::new(),
        }
    }

    fn slot(&self, sent: &[u8]) -> &ArcSwapOption<KnownRequest> {
        // The remainder is below the number of slots.
        &self.slots[self.hasher.hash_one(sent) as usize % SLOTS]
    }

    /// The operation of a request, and its keys.
    pub(super) fn get(&self, sent: &[u8]) -> Option<(Arc<Compiled>, RequestKeys)> {
        let known = self.slot(sent).load();
        let known = known.as_ref().filter(|known| *known.sent == *sent)?;
        // Only the first of many threads writes.
        if !known.is_used.load(Ordering::Relaxed) {
            known.is_used.store(true, Ordering::Relaxed);
        }
        Some((known.compiled.upgrade()?, known.keys))
    }

    /// Keeps what a request asks for, unless it is long or its slot has another request that is used.
    pub(super) fn put(&self, sent: &[u8], compiled: &Arc<Compiled>, keys: RequestKeys) {
        if sent.len() > LONGEST {
            return;
        }
        let slot = self.slot(sent);
        if let Some(other) = slot.load().as_ref().filter(|other| *other.sent != *sent)
            && other.is_used.swap(false, Ordering::Relaxed)
        {
            return;
        }
        slot.store(Some(Arc::new(KnownRequest {
            sent: sent.into(),
            compiled: Arc::downgrade(compiled),
            keys,
            is_used: AtomicBool::new(true),
        })));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use http::HeaderMap;

    use super::super::refusal::Refusal;
    use super::*;
    use crate::cache::{Generation, HeadersRead, OperationKey, ResponseKeyParts};

    fn keys(text: &str) -> RequestKeys {
        let parts = ResponseKeyParts {
            generation: &Generation::new(&[]),
            operation: &OperationKey::new(text, None),
            variables: b"",
            headers: HeadersRead::Named(&[]),
            client: &HeaderMap::new(),
            conditions: &[],
            media_type: "json",
        };
        RequestKeys {
            response: parts.key(),
            execution: None,
        }
    }

    /// Two requests of the same slot.
    fn rivals(known: &KnownRequests) -> (Vec<u8>, Vec<u8>) {
        let first = b"0".to_vec();
        let slot: *const _ = known.slot(&first);
        let mut others = (1..1_000_000).map(|number: u32| number.to_string().into_bytes());
        let other = others.find(|other| std::ptr::eq(known.slot(other), slot));
        (first, other.expect("some number has the slot"))
    }

    #[test]
    fn a_request_that_is_used_keeps_its_slot() {
        let known = KnownRequests::new();
        let (first, second) = rivals(&known);
        let compiled = Arc::new(Compiled::Refused(Refusal::internal("")));
        let keys = (keys("{ a }"), keys("{ b }"));
        let found = |sent: &[u8]| known.get(sent).map(|(_, keys)| keys);

        known.put(&first, &compiled, keys.0);
        known.put(&second, &compiled, keys.1);
        assert_eq!(found(&first), Some(keys.0), "it was used when it came");
        known.put(&second, &compiled, keys.1);
        assert_eq!(found(&first), Some(keys.0), "and it has been used since");
        known.put(&second, &compiled, keys.1);
        known.put(&second, &compiled, keys.1);
        assert_eq!(found(&first), None, "it was not used between two attempts");
        assert_eq!(found(&second), Some(keys.1));
    }

    #[test]
    fn an_operation_that_is_not_kept_is_not_known() {
        let known = KnownRequests::new();
        let compiled = Arc::new(Compiled::Refused(Refusal::internal("")));
        known.put(b"a", &compiled, keys("{ a }"));
        assert!(known.get(b"a").is_some());
        drop(compiled);
        assert!(known.get(b"a").is_none());
    }
}
