//! Persisted operations: what the settings say of them, the trusted documents, and the refusals.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use metrics::Counter;

use super::compile::CompiledOperation;
use super::refusal::Refusal;
use crate::config::{Persisted, TrustMode};
use crate::errors::{ErrorKind, code};
use crate::observe::metrics::PERSISTED_DOCUMENTS;
use crate::persisted::TrustedDocuments;

/// The longest part of an operation's name that is logged.
const NAME_BYTES: usize = 64;

/// What the settings say about persisted operations, and the trusted documents.
pub(super) struct PersistedControl {
    pub(super) automatic: bool,
    mode: TrustMode,
    /// The mode, once the documents are known.
    configured: TrustMode,
    pub(super) documents: Arc<TrustedDocuments>,
    pub(super) counters: Counters,
}

/// Requests by the result of a reference, and those for operations that are not trusted.
pub(super) struct Counters {
    pub(super) trusted: Counter,
    pub(super) automatic: Counter,
    pub(super) registered: Counter,
    not_found: Counter,
    not_supported: Counter,
    mismatch: Counter,
    pub(super) malformed: Counter,
    untrusted: Counter,
    refused: Counter,
}

impl Counters {
    fn new() -> Counters {
        let of = |result| metrics::counter!(PERSISTED_DOCUMENTS, "result" => result);
        Counters {
            trusted: of("trusted"),
            automatic: of("automatic"),
            registered: of("registered"),
            not_found: of("not_found"),
            not_supported: of("not_supported"),
            mismatch: of("mismatch"),
            malformed: of("malformed"),
            untrusted: of("untrusted"),
            refused: of("refused"),
        }
    }
}

impl fmt::Debug for PersistedControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersistedControl")
            .field("automatic", &self.automatic)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

impl PersistedControl {
    /// Without trusted documents: everything is executed.
    pub(super) fn new(settings: &Persisted) -> PersistedControl {
        PersistedControl {
            automatic: settings.automatic,
            mode: TrustMode::Off,
            configured: settings.only,
            documents: Arc::default(),
            counters: Counters::new(),
        }
    }

    /// Trusts these documents, from now on in the mode of the settings.
    pub(super) fn trust(&mut self, documents: Arc<TrustedDocuments>) {
        self.documents = documents;
        self.mode = self.configured;
    }

    /// Whether a text is a trusted document, or need not be one.
    pub(super) fn is_trusted(&self, text: &str) -> bool {
        self.mode == TrustMode::Off || self.documents.has_text(text)
    }

    /// Why a text is not compiled; `None` if it may be.
    pub(super) fn refused(&self, is_trusted: bool) -> Option<Refusal> {
        if is_trusted || self.mode != TrustMode::Enforce {
            return None;
        }
        self.counters.refused.increment(1);
        let message =
            "The operation is no trusted document of this gateway, which executes no others";
        Some(Refusal::new(
            code::QUERY_NOT_IN_SAFELIST,
            ErrorKind::Denied,
            message,
        ))
    }

    /// Counts the execution of an operation that is no trusted document. The first one is logged.
    pub(super) fn executes_untrusted(&self, ready: &CompiledOperation) {
        self.counters.untrusted.increment(1);
        if ready.is_logged.swap(true, Ordering::Relaxed) {
            return;
        }
        let name = ready.operation.definition.name.as_ref();
        let name = name.map_or("", |name| name.as_str());
        // Names are ASCII, so the cut is at a character boundary.
        let operation = name.get(..NAME_BYTES).unwrap_or(name);
        tracing::warn!(
            operation,
            hash = &*ready.observed.hash,
            "an operation that is no trusted document is executed, as persisted.only is log"
        );
    }

    pub(super) fn not_found(&self) -> Refusal {
        self.counters.not_found.increment(1);
        Refusal::not_persisted(code::PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")
    }

    /// The answer to a hash that is not known. Where only trusted documents are executed, a client must not take it for a
    /// reason to send texts from then on.
    pub(super) fn not_registered(&self) -> Refusal {
        if self.automatic || self.mode == TrustMode::Enforce {
            return self.not_found();
        }
        self.counters.not_supported.increment(1);
        let message = "PersistedQueryNotSupported";
        Refusal::not_persisted(code::PERSISTED_QUERY_NOT_SUPPORTED, message)
    }

    pub(super) fn mismatch(&self, message: &str) -> Refusal {
        self.counters.mismatch.increment(1);
        Refusal::malformed(code::PERSISTED_QUERY_MISMATCH, message)
    }
}
