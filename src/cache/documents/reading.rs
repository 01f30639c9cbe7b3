//! Reads: from the cache, from a call that is under way, or by a call.

use std::sync::Arc;

use super::super::entry::Document;
use super::super::flight::Joined;
use super::super::key::{DocumentKeyParts, Key, Subject};
use super::super::upstream::{Endpoint, UpstreamState};
use super::calling::{Landed, Rules};
use super::verdict::{Judgement, judged};
use super::{CacheState, Call, Documents, Fetched, Inner, Policy, Verdict};
use crate::connector::{Request, SchemaLifetime, Scope};
use crate::source::{CallOptions, SourceError, SourceErrorKind};

/// What a read that may be stored was looked up by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// The flight's.
    pub(super) key: Key,
    /// Under which its result, or the first part of it, is found once it has been kept.
    pub(super) probe: Key,
    pub(super) epoch: u64,
    pub(super) rules: Rules,
}

impl Documents {
    /// Fetches a document. `accept` says whether it is a success and may be stored. It is asked only about answers that
    /// came from the upstream by this call, and only where that matters: their lifetime allows to store them, or they
    /// answer a mutation.
    ///
    /// # Errors
    /// There is no answer. An answer with a failing status is an answer.
    pub async fn fetch<A, V>(&self, call: Call<'_>, accept: A) -> Result<Fetched, SourceError>
    where
        A: Fn(&Document) -> V + Clone + Send + 'static,
        V: Into<Verdict>,
    {
        let judge = move |document: &Document| match accept(document).into() {
            Verdict::Keep => Judgement::Whole(None),
            Verdict::KeepFor(shorter) => Judgement::Whole(Some(shorter)),
            Verdict::Use => Judgement::Unkept,
            Verdict::Failed => Judgement::Failed,
            Verdict::Unchanged => Judgement::Unchanged,
        };
        let (lifetime, subject) = match call.policy {
            Policy::Mutation => return Box::pin(self.mutate(call, judge)).await,
            Policy::Uncached => {
                let Call {
                    endpoint,
                    request,
                    options,
                    ..
                } = &call;
                let _admission = call.admissions.admit(endpoint.upstream())?;
                return Box::pin(self.direct(endpoint, request, options, None, judge)).await;
            }
            Policy::Read { lifetime, subject } => (lifetime, subject),
        };
        let known = known_beforehand(lifetime, subject.as_ref());
        if known == Some(false) || (known.is_none() && !call.endpoint.may_be_storable()) {
            let read = Some(Rules {
                lifetime,
                has_subject: subject.is_some(),
            });
            let Call {
                endpoint,
                request,
                options,
                ..
            } = &call;
            let _admission = call.admissions.admit(endpoint.upstream())?;
            return Box::pin(self.direct(endpoint, request, options, read, judge)).await;
        }
        let parts = DocumentKeyParts {
            endpoint: &call.endpoint.key,
            request: &call.request,
            subject: subject.as_ref(),
        };
        let key = Key::from(parts.key());
        let state = call.endpoint.upstream().state();
        let epoch = call.endpoint.epoch().now();
        if let Some(hit) = self.shared.find(&key, epoch, lifetime) {
            self.shared.served(state, CacheState::Hit);
            return Ok(hit);
        }
        let plan = Plan {
            key,
            probe: key,
            epoch,
            rules: Rules {
                lifetime,
                has_subject: subject.is_some(),
            },
        };
        Box::pin(self.miss(call, plan, judge)).await
    }

    /// Takes part in a flight or starts one.
    pub(super) async fn miss<J>(
        &self,
        call: Call<'_>,
        plan: Plan,
        judge: J,
    ) -> Result<Fetched, SourceError>
    where
        J: Fn(&Document) -> Judgement + Clone + Send + 'static,
    {
        let inner = &self.shared;
        let Call {
            endpoint,
            request,
            options,
            policy: _,
            admissions,
        } = call;
        let admission = admissions.admit(endpoint.upstream())?;
        let request = Arc::new(request);
        let state = endpoint.upstream().state();
        let lifetime = plan.rules.lifetime;
        let deadline = tokio::time::Instant::now() + options.timeout;
        let landing = async {
            let mut plan = plan;
            loop {
                let there = || {
                    let found = inner.find(&plan.probe, plan.epoch, lifetime)?;
                    Some(Ok(Landed {
                        document: found.document,
                        shareable: true,
                    }))
                };
                let flight = || {
                    let (inner, endpoint) = (Arc::clone(inner), Arc::clone(endpoint));
                    let (request, options) = (Arc::clone(&request), options.clone());
                    let judge = judge.clone();
                    let admission = Arc::clone(&admission);
                    async move {
                        let _admission = admission;
                        inner.fly(&endpoint, &request, &options, plan, judge).await
                    }
                };
                let flights = &inner.flights;
                match flights.join_since(plan.key, plan.epoch, there, flight) {
                    Ok(Joined::There(landed)) => return Ok((CacheState::Hit, landed)),
                    Ok(Joined::Seat(seat)) => {
                        let state = match seat.first {
                            true => CacheState::Miss,
                            false => CacheState::Shared,
                        };
                        return seat.land().await.map(|landed| (state, landed));
                    }
                    Err(crowded) => crowded.wait().await,
                }
                plan.epoch = endpoint.epoch().now();
            }
        };
        let (outcome, landed) = match tokio::time::timeout_at(deadline, landing).await {
            Ok(Ok((outcome, landed))) => (outcome, landed?),
            Ok(Err(lost)) => {
                return Err(SourceError::new(
                    SourceErrorKind::Internal,
                    lost.to_string(),
                ));
            }
            Err(_) => return Err(timeout(endpoint, &options)),
        };
        if outcome == CacheState::Shared && !landed.shareable {
            let rules = Some(plan.rules);
            return self
                .direct(endpoint, &request, &options, rules, judge)
                .await;
        }
        inner.served(state, outcome);
        let now = self.now();
        Ok(Fetched::new(landed.document, outcome, now, lifetime))
    }

    /// A call past all caches; with `rules`, the answer still says how long it may be used, and teaches the endpoint.
    async fn direct<J>(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        options: &CallOptions,
        rules: Option<Rules>,
        judge: J,
    ) -> Result<Fetched, SourceError>
    where
        J: Fn(&Document) -> Judgement + Send + 'static,
    {
        let state = endpoint.upstream().state();
        let inner = &self.shared;
        inner.served(state, CacheState::Bypass);
        let epoch = endpoint.epoch().now();
        let document = inner.call(endpoint, request, options, epoch, rules).await?;
        let (document, _) = judged(document, judge).await;
        Ok(Fetched::new(
            Arc::new(document),
            CacheState::Bypass,
            inner.clock.now(),
            rules.and_then(|rules| rules.lifetime),
        ))
    }
}

impl Inner {
    pub(super) fn served(&self, upstream: &UpstreamState, state: CacheState) {
        upstream.served(state);
        self.lookups.count(state);
    }

    pub(super) fn find(
        &self,
        key: &Key,
        epoch: u64,
        lifetime: Option<SchemaLifetime>,
    ) -> Option<Fetched> {
        let document = self.store.get(key)?;
        if document.epoch != epoch {
            return None;
        }
        let found = Fetched::new(document, CacheState::Hit, self.clock.now(), lifetime);
        found.fresh_for.is_some().then(|| found.under(*key))
    }
}

/// Whether the schema alone says that a read may be cached (`Some(true)`) or may not (`Some(false)`).
pub(super) fn known_beforehand(
    lifetime: Option<SchemaLifetime>,
    subject: Option<&Subject>,
) -> Option<bool> {
    let lifetime = lifetime?;
    if lifetime.max_age.is_zero() {
        return Some(false);
    }
    match (lifetime.scope, subject) {
        (Some(Scope::Private), None) => Some(false),
        (None, None) => None,
        _ => Some(true),
    }
}

fn timeout(endpoint: &Endpoint, options: &CallOptions) -> SourceError {
    SourceError::new(
        SourceErrorKind::Timeout,
        format!(
            "{}: no answer within {:?}",
            endpoint.upstream().name(),
            options.timeout
        ),
    )
}
