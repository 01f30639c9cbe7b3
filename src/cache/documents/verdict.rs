//! What the caller says of an answer: a success or not, to be kept or not.

use std::time::Duration;

use bytes::Bytes;

use super::super::entry::Document;
use super::super::key::Key;
use super::super::long::off_worker;

/// What becomes of an answer, by what it says. Whether its lifetime allows that it is kept is decided elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A success that was read to its end.
    Store,
    /// The same, but for so long at most.
    StoreFor(Duration),
    /// A success for the requests that wait for it, and for no later one: it cannot be read, or it says nothing.
    UseOnce,
    /// No success.
    Failed,
    /// A success or not, it answers a mutation and says that nothing was changed.
    Unchanged,
}

impl From<bool> for Verdict {
    /// For a caller that knows only successes and failures.
    fn from(succeeded: bool) -> Verdict {
        match succeeded {
            true => Verdict::Store,
            false => Verdict::Failed,
        }
    }
}

/// What becomes of an answer of the upstream, once its lifetime allows that it is kept.
#[derive(Debug)]
pub(super) enum Judgement {
    /// It is no success, and is not kept.
    Failed,
    /// It answers a mutation that has changed nothing.
    Unchanged,
    /// It is for those who wait for it, and is not kept.
    UseOnce,
    /// It is kept as it is, at most for so long.
    Whole(Option<Duration>),
    /// These texts of it are kept, each by itself.
    Parts(Vec<(Key, Bytes)>),
}

/// Has a document judged whose lifetime allows that it is kept. It has no lifetime any more if it is not to be kept.
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

/// Whether a mutation whose answer has this status, and is no success, has provably changed nothing: the upstream says
/// that the request is at fault (4xx). `408` says that it was not received in time, and proxies send it, as they do
/// `499`, for requests that may have been received by then.
pub(super) fn proves_refusal(status: u16) -> bool {
    (400..500).contains(&status) && !matches!(status, 408 | 499)
}
