//! The one way from the executor to an upstream: a rendered request becomes a document, from the cache, from another
//! request's call that is just under way, or from the upstream.
//!
//! - What a read may use is never older than the last mutation that this gateway sent to the connector and that has
//!   ended by then: documents and flights carry the connector's epoch, and a mutation moves it on when it ends, and when
//!   its client stops waiting for it. Only one that was provably refused does not (see [`proves_refusal`]), and one that
//!   says which fields it changes moves on the epochs of these. Until a mutation has ended, reads are answered as if they
//!   came before it.
//! - Mutations may come as often as they like: the calls for one document that they cause are bounded by
//!   [`flight::MOST`](super::flight::MOST) at a time.
//! - Nothing is stored before the caller has said that it may be (see [`Verdict`]), and nothing that is stored for one
//!   subject is given to another: the subject is in the key.
//! - What may not be cached is not shared. Where the schema gives a lifetime that is known beforehand; where only the
//!   upstream's headers can, concurrent readers wait for the first answer, and call themselves if it may not be shared.
//!   An endpoint whose answers gave no lifetime lately is not waited for.
//! - Whoever waits for an upstream counts towards what its connector may hold up ([`bulkhead`](super::bulkhead)).
//! - A mutation runs as a task of its own: a client that leaves in the middle must not leave the department with half a
//!   request, nor the caches with what was read before it took effect.

mod entities;
mod fetched;
mod verdict;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

pub use self::entities::{Entities, EntitiesCall, EntitySelection, Representation};
pub use self::fetched::{CacheState, Fetched};
pub use self::verdict::Verdict;
use self::verdict::proves_refusal;
use super::bulkhead::Admissions;
use super::clock::{Clock, SystemClock, Timestamp};
use super::entry::Document;
use super::flight::{Flights, Joined};
use super::freshness::{self, Exchange};
use super::key::{DocumentKeyParts, Key, Subject};
use super::long::off_worker;
use super::meter::LookupMeter;
use super::store::{Store, StoreSize};
use super::upstream::{Endpoint, Snapshot, Upstream, UpstreamState};
use crate::connector::{Request, SchemaLifetime, Scope};
use crate::observe::scope;
use crate::source::{CallOptions, Source, SourceError, SourceErrorKind};

/// One call.
#[derive(Debug)]
pub struct Call<'a> {
    /// How it is fetched.
    pub endpoint: &'a Arc<Endpoint>,
    /// What is sent.
    pub request: Request,
    /// Within which bounds.
    pub options: CallOptions,
    /// What caches may do.
    pub policy: Policy,
    /// The connectors that the request waits for for which this call is made.
    pub admissions: &'a Admissions,
}

/// What caches may do with a call.
#[derive(Debug, Clone, Copy)]
pub enum Policy {
    /// A call that changes something: sent as it is, and what was read before is not used after.
    Mutation,
    /// A read that must see the upstream as it is now, such as a lookup under a mutation.
    Uncached,
    /// A read.
    Read {
        /// The lifetime that the schema gives; `None`: the upstream's headers decide.
        lifetime: Option<SchemaLifetime>,
        /// Whose credentials or headers the request carries. Without one, private answers are not stored.
        subject: Option<Subject>,
    },
}

/// What a flight brings.
#[derive(Debug, Clone)]
struct Landed {
    document: Arc<Document>,
    /// Others than the first may have it.
    shareable: bool,
}

type Outcome = Result<Landed, SourceError>;

/// All documents and entities of this process.
#[derive(Debug)]
pub struct Documents {
    shared: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store<Arc<Document>>,
    flights: Arc<Flights<Key, Outcome>>,
    clock: Arc<dyn Clock>,
    lookups: LookupMeter,
    entity_lookups: LookupMeter,
    upstreams: Mutex<HashMap<String, Arc<UpstreamState>>>,
}

impl Documents {
    /// An empty cache of at most about `max_bytes`.
    pub fn new(max_bytes: u64) -> Documents {
        Documents::with_clock(max_bytes, Arc::new(SystemClock))
    }

    /// The same by another clock.
    pub fn with_clock(max_bytes: u64, clock: Arc<dyn Clock>) -> Documents {
        Documents {
            shared: Arc::new(Inner {
                store: Store::new("documents", max_bytes),
                flights: Flights::new(),
                clock,
                lookups: LookupMeter::new("document"),
                entity_lookups: LookupMeter::new("entity"),
                upstreams: Mutex::default(),
            }),
        }
    }

    /// A connector with its driver. A connector of the same name keeps its epoch and figures, so that a new
    /// configuration can take over while the old one still answers.
    pub fn upstream(&self, name: &str, driver: Arc<dyn Source>) -> Arc<Upstream> {
        self.bounded_upstream(name, driver, usize::MAX)
    }

    /// The same, for which at most `in_flight` requests wait at the same time: the calls of one more are refused.
    pub fn bounded_upstream(
        &self,
        name: &str,
        driver: Arc<dyn Source>,
        in_flight: usize,
    ) -> Arc<Upstream> {
        let mut upstreams = self
            .shared
            .upstreams
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let state = upstreams
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(UpstreamState::new(name)));
        let state = Arc::clone(state);
        Upstream::new(name, driver, state, in_flight)
    }

    /// The figures of every connector that was ever called for, by name.
    pub fn figures(&self) -> Vec<(String, Snapshot)> {
        let upstreams = self
            .shared
            .upstreams
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut figures: Vec<_> = upstreams
            .iter()
            .map(|(name, state)| (name.clone(), state.figures().snapshot()))
            .collect();
        figures.sort_by(|a, b| a.0.cmp(&b.0));
        figures
    }

    /// Weighs a kept document anew: its reader has noted more about it.
    pub fn weigh_again(&self, fetched: &Fetched) {
        if let Some(key) = &fetched.key {
            let is_this = |kept: &Arc<Document>| Arc::ptr_eq(kept, &fetched.document);
            self.shared.store.weigh_again(key, is_this);
        }
    }

    /// Removes a kept document: its reader has found that it cannot be used.
    pub fn forget(&self, fetched: &Fetched) {
        let Some(key) = &fetched.key else { return };
        let is_this = |kept: Arc<Document>| Arc::ptr_eq(&kept, &fetched.document);
        if self.shared.store.get(key).is_some_and(is_this) {
            self.shared.store.remove(key);
        }
    }

    /// How much is stored.
    pub fn size(&self) -> StoreSize {
        self.shared.store.size()
    }

    /// Forgets everything that is stored.
    pub fn clear(&self) {
        self.shared.store.clear();
    }

    /// The clock that ages are told by.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

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
    async fn miss<J>(&self, call: Call<'_>, plan: Plan, judge: J) -> Result<Fetched, SourceError>
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

    async fn mutate<J>(&self, call: Call<'_>, judge: J) -> Result<Fetched, SourceError>
    where
        J: Fn(&Document) -> Judgement + Send + 'static,
    {
        let admission = call.admissions.admit(call.endpoint.upstream())?;
        let state = call.endpoint.upstream().state();
        self.shared.served(state, CacheState::Bypass);
        let mut under_way = Mutating::new(call.endpoint);
        let mut awaited = Mutating::new(call.endpoint);
        let (inner, endpoint) = (Arc::clone(&self.shared), Arc::clone(call.endpoint));
        let (request, options) = (call.request, call.options);
        let task = async move {
            let _admission = admission;
            let epoch = endpoint.epoch().now();
            let called = inner.call(&endpoint, &request, &options, epoch, None).await;
            let unchanged = |document: &Document| match judge(document) {
                Judgement::Unchanged => true,
                Judgement::Failed => proves_refusal(document.status),
                _ => false,
            };
            if called.as_ref().is_ok_and(unchanged) {
                under_way.changes_nothing();
            }
            drop(under_way);
            called
        };
        let ended = scope::spawn(task).await;
        // The task has moved the epoch on, where it had to.
        awaited.changes_nothing();
        let document = match ended {
            Ok(result) => result?,
            Err(lost) => {
                let detail = format!("the mutation's task ended: {lost}");
                return Err(SourceError::new(SourceErrorKind::Internal, detail));
            }
        };
        let (document, state) = (Arc::new(document), CacheState::Bypass);
        Ok(Fetched::new(document, state, self.now(), None))
    }
}

/// Moves the epoch on when a mutation ends, or when its client stops waiting for it, unless it is known by then that
/// nothing was changed.
struct Mutating {
    state: Arc<UpstreamState>,
    /// What it may change; everything where nothing is named.
    fields: Arc<[String]>,
    may_change: bool,
}

impl Mutating {
    fn new(endpoint: &Endpoint) -> Mutating {
        Mutating {
            state: Arc::clone(endpoint.upstream().state()),
            fields: Arc::clone(endpoint.changes()),
            may_change: true,
        }
    }

    fn changes_nothing(&mut self) {
        self.may_change = false;
    }
}

impl Drop for Mutating {
    fn drop(&mut self) {
        if self.may_change {
            self.state.advance(&self.fields);
        }
    }
}

/// What becomes of an answer of the upstream, once its lifetime allows that it is kept.
#[derive(Debug)]
enum Judgement {
    /// It is no success, and is not kept.
    Failed,
    /// It answers a mutation that has changed nothing.
    Unchanged,
    /// It is for those who wait for it, and is not kept.
    Unkept,
    /// It is kept as it is, at most for so long.
    Whole(Option<Duration>),
    /// These texts of it are kept, each by itself.
    Parts(Vec<(Key, Bytes)>),
}

/// Has a document judged whose lifetime allows that it is kept. It has no lifetime any more if it is not to be kept.
async fn judged<J>(mut document: Document, judge: J) -> (Document, Judgement)
where
    J: Fn(&Document) -> Judgement,
{
    if document.lifetime.is_none() {
        return (document, Judgement::Unkept);
    }
    let whole = &document;
    let judgement = off_worker(whole.body.len(), move || judge(whole)).await;
    match judgement {
        Judgement::Failed | Judgement::Unchanged | Judgement::Unkept => document.lifetime = None,
        Judgement::Whole(Some(shorter)) => document.live_at_most(shorter),
        Judgement::Whole(None) | Judgement::Parts(_) => {}
    }
    (document, judgement)
}

/// What decides an answer's lifetime besides its own headers.
#[derive(Debug, Clone, Copy)]
struct Rules {
    lifetime: Option<SchemaLifetime>,
    has_subject: bool,
}

/// What a read that may be stored was looked up by.
#[derive(Debug, Clone, Copy)]
struct Plan {
    /// The flight's.
    key: Key,
    /// Under which its result, or the first part of it, is found once it has been kept.
    probe: Key,
    epoch: u64,
    rules: Rules,
}

impl Inner {
    fn served(&self, upstream: &UpstreamState, state: CacheState) {
        upstream.served(state);
        self.lookups.count(state);
    }

    fn find(&self, key: &Key, epoch: u64, lifetime: Option<SchemaLifetime>) -> Option<Fetched> {
        let document = self.store.get(key)?;
        if document.epoch != epoch {
            return None;
        }
        let found = Fetched::new(document, CacheState::Hit, self.clock.now(), lifetime);
        found.fresh_for.is_some().then(|| found.under(*key))
    }

    /// A flight: calls, judges, stores.
    async fn fly<J>(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        options: &CallOptions,
        plan: Plan,
        judge: J,
    ) -> Outcome
    where
        J: Fn(&Document) -> Judgement + Send + 'static,
    {
        let rules = Some(plan.rules);
        let document = self
            .call(endpoint, request, options, plan.epoch, rules)
            .await?;
        let may_be_kept = document.lifetime.is_some();
        let (document, judgement) = judged(document, judge).await;
        if document.lifetime.is_none() {
            return Ok(Landed {
                document: Arc::new(document),
                // What is not kept of a read that the schema makes everybody's is for all who wait; but not an answer
                // that itself forbids it (`Vary: *`).
                shareable: may_be_kept,
            });
        }
        let is_current = endpoint.epoch().now() == plan.epoch;
        let document = match judgement {
            Judgement::Parts(parts) => {
                for (key, body) in parts.into_iter().filter(|_| is_current) {
                    self.store.insert(key, Arc::new(document.part(body)));
                }
                Arc::new(document)
            }
            _ => {
                let document = Arc::new(document.compact());
                if is_current {
                    self.store.insert(plan.key, Arc::clone(&document));
                }
                document
            }
        };
        Ok(Landed {
            document,
            shareable: true,
        })
    }

    /// Calls the upstream and makes a document of the answer.
    async fn call(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        options: &CallOptions,
        epoch: u64,
        rules: Option<Rules>,
    ) -> Result<Document, SourceError> {
        let upstream = endpoint.upstream();
        let requested_at = self.clock.now();
        let started = std::time::Instant::now();
        let result = upstream.driver().call(request, options).await;
        let (received_at, took) = (self.clock.now(), started.elapsed());
        let answer = match result {
            Ok(answer) => answer,
            Err(error) => {
                upstream.state().failed(received_at, took, error.kind);
                return Err(error);
            }
        };
        upstream
            .state()
            .answered(received_at, took, answer.body.len());
        let Some(rules) = rules else {
            return Ok(Document::new(answer, endpoint.kept(), received_at, epoch));
        };
        let exchange = Exchange {
            status: answer.status,
            headers: &answer.headers,
            requested_at,
            received_at,
            has_subject: rules.has_subject,
        };
        let lifetime = freshness::lifetime(&exchange, rules.lifetime);
        let age = match &lifetime {
            Ok((_, age)) => *age,
            Err(_) if answer.headers.contains_key(http::header::AGE) => {
                freshness::age_when_received(&exchange)
            }
            // It is used now or never.
            Err(_) => Duration::ZERO,
        };
        if rules.lifetime.is_none() {
            endpoint.learn(lifetime.is_ok());
        }
        let mut document = Document::new(answer, endpoint.kept(), received_at, epoch);
        document.age_when_received = age;
        document.lifetime = lifetime.ok().map(|(lifetime, _)| lifetime);
        Ok(document)
    }
}

/// Whether the schema alone says that a read may be cached (`Some(true)`) or may not (`Some(false)`).
fn known_beforehand(lifetime: Option<SchemaLifetime>, subject: Option<&Subject>) -> Option<bool> {
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

#[cfg(test)]
mod tests;
