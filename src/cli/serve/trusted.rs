//! Compiles the trusted documents of manifests after a start and a reload, and logs which of them do not fit the schema. (Named
//! operations are compiled before, and reported where they are loaded.)
//!
//! The gateway serves meanwhile. The first documents are compiled as for a request, so that the first request for one of them
//! need not wait; the cache of plans holds about a thousand. The others are only checked, one after the other, at the lower
//! priority.

use std::sync::{Arc, Weak};

use crate::gateway::Gateway;
use crate::observe::scope;
use crate::operation::Rejection;
use crate::persisted::TrustedDocument;
use crate::priority;

/// Documents that are compiled for the cache of plans.
const COMPILED: usize = 256;

/// The most lines of the log about documents that do not fit.
const LINES: u64 = 20;

/// Starts the check of a generation's documents. It ends when the generation is replaced.
pub(super) fn check(gateway: &Arc<Gateway>) {
    if gateway.trusted_documents().iter().len() > 0 {
        scope::spawn_detached(compile(Arc::downgrade(gateway)));
    }
}

async fn compile(of: Weak<Gateway>) {
    let Some(gateway) = of.upgrade() else { return };
    let documents = Arc::clone(gateway.trusted_documents());
    let of_manifests = || documents.iter().filter(|document| !document.is_named);
    for document in of_manifests().take(COMPILED) {
        gateway.compile_trusted(document).await;
    }
    drop(gateway);
    priority::lower().await;
    let mut unfit = 0;
    for document in of_manifests() {
        let Some(gateway) = of.upgrade() else { return };
        if let Err(rejection) = gateway.compiler().check(&document.text) {
            unfit += 1;
            if unfit <= LINES {
                log(document, &rejection);
            }
        }
        drop(gateway);
        tokio::task::yield_now().await;
    }
    if unfit > LINES {
        let count = unfit;
        tracing::warn!(
            count,
            "trusted documents do not fit the schema, of which the first have lines of their own"
        );
    }
}

fn log(document: &TrustedDocument, rejection: &Rejection) {
    let error = rejection.to_string();
    // The first of several errors.
    let error = error.lines().next().unwrap_or_default();
    let (file, id) = (&*document.file, &*document.id);
    tracing::warn!(
        file,
        id,
        error,
        "a trusted document does not fit the schema: its requests are refused"
    );
}
