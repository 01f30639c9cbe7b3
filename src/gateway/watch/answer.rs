//! An answer of a watched query, and the payloads that clients get of it.
//!
//! Two answers are the same if their `data` and their `errors` have the same bytes. `extensions` are not compared: they say how
//! an answer came about, and an answer with other warnings alone is no news.
//!
//! A client without patches gets the response map as it is: the same bytes for all. A client with patches gets
//!
//! - first `{"data": …, "errors": …, "extensions": …, "revision": 1}`,
//! - then `{"patch": […], "revision": 2, "errors": …, "extensions": …}`: `patch` is a JSON Patch (RFC 6902) that makes the next
//!   `data` of the `data` before, and `revision` counts the payloads of this client. `errors` and `extensions` are whole.
//!
//! The patch from one answer to the next is computed once. A client that did not get the answer before gets a patch that
//! replaces everything: `[{"op": "replace", "path": "", "value": …}]`.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use tokio::sync::OnceCell;

use super::super::{Payload, ResponseParts};
use super::patch;
use super::room::Held;
use crate::cache::long::off_worker;

/// Identifies the `data` and the `errors` of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint([u8; 32]);

/// An answer of a watched query.
pub(super) struct Answer {
    /// The number of answers before it.
    pub(super) version: u64,
    /// The whole response map.
    pub(super) payload: Payload,
    pub(super) fingerprint: Fingerprint,
    pub(super) has_errors: bool,
    parts: ResponseParts,
    /// The `data` of the answer before, if a watcher gets patches.
    before: Option<Bytes>,
    /// The patch from that to this one.
    patch: OnceCell<Bytes>,
    /// What clients with patches get first.
    first: OnceLock<Payload>,
    _held: Held,
}

impl Answer {
    /// The answer after `before`, with the bytes that it holds.
    pub(super) fn after(
        before: Option<&Answer>,
        has_patches: bool,
        new: NewAnswer,
        held: Held,
    ) -> Answer {
        let NewAnswer {
            payload,
            parts,
            fingerprint,
            has_errors,
        } = new;
        Answer {
            version: before.map_or(0, |before| before.version + 1),
            payload,
            fingerprint,
            has_errors,
            parts,
            before: before
                .filter(|_| has_patches)
                .map(|before| before.parts.data.clone()),
            patch: OnceCell::new(),
            first: OnceLock::new(),
            _held: held,
        }
    }

    /// The first payload of a client with patches.
    pub(super) fn first_of_patches(&self) -> Payload {
        let first = self.first.get_or_init(|| {
            let body = &self.payload.body;
            let open = body.strip_suffix(b"}").unwrap_or(body);
            payload([open, b",\"revision\":1}"].concat())
        });
        first.clone()
    }

    /// The payload of this revision for a client with patches, whose last payload was of an answer of this version.
    pub(super) async fn next_of_patches(&self, last: Option<u64>, revision: u64) -> Payload {
        let is_next = last.is_some_and(|last| last + 1 == self.version);
        let patch = match &self.before {
            Some(before) if is_next => {
                let (before, data) = (before.clone(), self.parts.data.clone());
                let compute = || async {
                    let length = before.len() + data.len();
                    off_worker(length, || patch::patch(&before, &data)).await
                };
                self.patch.get_or_init(compute).await.clone()
            }
            _ => patch::replace(&self.parts.data),
        };
        let mut body = Vec::with_capacity(patch.len() + 64);
        body.extend_from_slice(b"{\"patch\":");
        body.extend_from_slice(&patch);
        body.extend_from_slice(format!(",\"revision\":{revision}").as_bytes());
        let parts = &self.parts;
        for (name, part) in [("errors", &parts.errors), ("extensions", &parts.extensions)] {
            if let Some(part) = part {
                body.extend_from_slice(format!(",\"{name}\":").as_bytes());
                body.extend_from_slice(part);
            }
        }
        body.push(b'}');
        payload(body)
    }
}

/// A payload that others may follow.
fn payload(body: Vec<u8>) -> Payload {
    Payload {
        is_last: false,
        ..Payload::only(body.into())
    }
}

/// An answer that was just made.
pub(super) struct NewAnswer {
    payload: Payload,
    parts: ResponseParts,
    pub(super) fingerprint: Fingerprint,
    has_errors: bool,
}

impl NewAnswer {
    pub(super) fn new(payload: Payload, has_errors: bool) -> NewAnswer {
        let parts = ResponseParts::of(&payload.body);
        let mut hash = blake3::Hasher::new();
        hash.update(&(parts.data.len() as u64).to_le_bytes());
        hash.update(&parts.data);
        hash.update(parts.errors.as_deref().unwrap_or_default());
        NewAnswer {
            payload: Payload {
                is_last: false,
                // What is computed of it for one of them is there for all. The memo of a cached response is another one, since
                // the cache counts the bytes of that.
                memo: Some(Arc::default()),
                body: payload.body,
            },
            parts,
            fingerprint: Fingerprint(*hash.finalize().as_bytes()),
            has_errors,
        }
    }

    /// The bytes that it holds, with what may be computed of it.
    pub(super) fn bytes(&self) -> usize {
        3 * self.payload.body.len()
    }
}
