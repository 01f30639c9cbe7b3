//! The caller's verdict on a document: whether it is a success, and whether it may be stored.

use std::time::Duration;

use super::super::entry::Document;
use super::super::key::Key;
use super::super::long::off_worker;
use crate::document::ValueSpan;

/// What may be done with a document, by its content. Its lifetime is decided elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Store it: it is a success that can be read to its end.
    Store,
    /// Store it for at most so long.
    StoreFor(Duration),
    /// Use it for the requests that wait for it, and for no later one: it cannot be read, or yields nothing.
    UseOnce,
    /// It is no success.
    Failed,
    /// It is the document of a mutation that says that nothing was changed.
    Unchanged,
}

impl From<bool> for Verdict {
    /// For a caller that only distinguishes successes and failures.
    fn from(succeeded: bool) -> Verdict {
        match succeeded {
            true => Verdict::Store,
            false => Verdict::Failed,
        }
    }
}

/// What is done with a document that has a lifetime.
#[derive(Debug)]
pub(super) enum Judgement {
    /// It is no success, and is not stored.
    Failed,
    /// It is the document of a mutation that has changed nothing.
    Unchanged,
    /// It is used by its waiters, and not stored.
    UseOnce,
    /// It is stored as a whole, if given for at most so long.
    Whole(Option<Duration>),
    /// These parts of it are stored, each under its own key.
    Parts(Vec<(Key, ValueSpan)>),
}

/// Judges a document, if it has a lifetime. Removes the lifetime if the document is not to be stored.
pub(super) async fn judged<J>(mut document: Document, judge: J) -> (Document, Judgement)
where
    J: Fn(&Document) -> Judgement,
{
    if document.lifetime.is_none() {
        return (document, Judgement::UseOnce);
    }
    let whole = &document;
    let judgement = off_worker(whole.body.len(), move || judge(whole)).await;
    match judgement {
        Judgement::Failed | Judgement::Unchanged | Judgement::UseOnce => document.lifetime = None,
        Judgement::Whole(Some(shorter)) => document.live_at_most(shorter),
        Judgement::Whole(None) | Judgement::Parts(_) => {}
    }
    (document, judgement)
}
