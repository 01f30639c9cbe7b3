//! Finds or begins the watched query of a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use super::super::refusal::Refusal;
use super::super::{ClientContext, GraphqlRequest};
use super::arguments::LiveArguments;
use super::generation::{Prepared, QueryGeneration};
use super::query::WatchedQuery;
use super::registry::{Watch, WatchKey, Watches};

/// A watched query that a client has joined, and how the client gets its answers.
pub(super) struct Joined {
    pub(super) watch: Arc<Watch>,
    pub(super) arguments: LiveArguments,
}

/// Watches a query, which this generation executes. `apart`: it is known that clients may not share it.
pub(super) async fn join(
    watches: &Watches,
    generation: Arc<dyn QueryGeneration>,
    request: &Arc<GraphqlRequest>,
    client: &ClientContext,
    apart: bool,
) -> Result<Joined, Refusal> {
    let prepared = generation.prepare(request, client).await?;
    let Prepared {
        compiled,
        arguments,
        key,
        is_cached,
        may_share,
    } = prepared;
    let is_shared = may_share && !apart;
    let terms = Arc::clone(generation.terms());
    let least = terms.settings.throttle;
    let throttle = arguments.throttle.map_or(least, |asked| asked.max(least));
    let watch_key = WatchKey {
        // An answer with errors depends on it.
        response: key.with_variant(request.on_error as u8),
        throttle: throttle.as_millis(),
        generation: Arc::as_ptr(&generation).cast::<()>() as usize,
    };
    let most = terms.settings.operations;
    let query = || WatchedQuery {
        generation,
        terms,
        compiled,
        request: Arc::clone(request),
        client: client.clone(),
        response: is_cached.then_some(key),
        throttle,
        is_shared,
        has_patches: AtomicBool::new(false),
        asked: Notify::new(),
    };
    let watch = watches.join(is_shared.then_some(watch_key), most, query)?;
    if arguments.patch {
        watch.query.has_patches.store(true, Ordering::Relaxed);
    }
    Ok(Joined { watch, arguments })
}
