//! Reads: from the cache, from a running flight, or by a call.

use std::sync::Arc;

use futures_util::future::{BoxFuture, join};

use super::super::cache_state::CacheState;
use super::super::connector::SharedConnectorState;
use super::super::endpoint::Endpoint;
use super::super::entries::Answer;
use super::super::entry::Document;
use super::super::flight::{FlightTerms, Lost, NotJoined};
use super::super::key::{DocumentKeyParts, Key, Subject};
use super::super::waiting::Wait;
use super::calling::Called;
use super::lookup::{DocumentLookup, FlightResult, Rules};
use super::verdict::{Judgement, judged};
use super::{Documents, Fetched, Inner, Policy, UpstreamCall, Verdict};
use crate::connector::{Request, SchemaLifetime, Scope};
use crate::source::{CallOptions, SourceError, SourceErrorKind};

/// What a lookup has found.
#[derive(Debug)]
pub enum LookedUp {
    /// A document that may be used.
    AtHand(Fetched),
    /// None: the read has to wait.
    NotAtHand(PendingRead),
}

/// A read whose document is not at hand.
#[derive(Debug)]
pub struct PendingRead(Way);

#[derive(Debug)]
enum Way {
    /// No other read may have its document.
    Direct(Rules),
    /// It may be on its way for another read.
    Joined(DocumentLookup),
}

/// The judge of a document, by what a caller says of it.
fn judge_by<A, V>(accept: A) -> impl Fn(&Document) -> Judgement + Clone + Send + 'static
where
    A: Fn(&Document) -> V + Clone + Send + Sync + 'static,
    V: Into<Verdict>,
{
    move |document: &Document| match accept(document).into() {
        Verdict::Store => Judgement::Whole(None),
        Verdict::StoreFor(shorter) => Judgement::Whole(Some(shorter)),
        Verdict::UseOnce => Judgement::UseOnce,
        Verdict::Failed => Judgement::Failed,
        Verdict::Unchanged => Judgement::Unchanged,
    }
}

impl Documents {
    /// Fetches a document. `accept` says whether it is a success and may be stored. It is called only for documents
    /// that this call received from the upstream, and only if they have a lifetime or belong to a mutation.
    ///
    /// # Errors
    /// There is no response. A response with a failing status is no error.
    pub async fn fetch<A, V>(
        &self,
        call: UpstreamCall<'_>,
        accept: A,
    ) -> Result<Fetched, SourceError>
    where
        A: Fn(&Document) -> V + Clone + Send + Sync + 'static,
        V: Into<Verdict>,
    {
        let read = match call.policy {
            Policy::Mutation => return Box::pin(self.mutate(call, judge_by(accept))).await,
            Policy::Uncached => return Box::pin(self.direct(&call, None, judge_by(accept))).await,
            Policy::Read { lifetime, subject } => {
                self.look_up(call.endpoint, &call.request, lifetime, subject)
            }
        };
        match read {
            LookedUp::AtHand(hit) => Ok(hit),
            LookedUp::NotAtHand(read) => self.fetch_read(call, read, accept).await,
        }
    }

    /// Looks a read up in the cache. If its document is at hand, as most often, no call need be prepared.
    pub fn look_up(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        lifetime: Option<SchemaLifetime>,
        subject: Option<Subject>,
    ) -> LookedUp {
        let rules = Rules {
            lifetime,
            has_subject: subject.is_some(),
            has_credentials: subject.is_some_and(|subject| subject.has_credentials()),
        };
        let may_be_kept = match may_be_cached(lifetime, subject.as_ref()) {
            Some(may_be_kept) => may_be_kept,
            None => endpoint.may_be_storable(|| self.now()),
        };
        if !may_be_kept && !endpoint.may_be_shared(lifetime) {
            return LookedUp::NotAtHand(PendingRead(Way::Direct(rules)));
        }
        let parts = DocumentKeyParts {
            endpoint: &endpoint.key,
            request,
            subject: subject.as_ref(),
        };
        let key = Key::from(parts.key());
        let epoch = endpoint.epoch().now();
        let mark = self.shared.flights.mark();
        let looked = match may_be_kept {
            true => self.shared.find_now(&key, epoch, lifetime),
            false => None,
        };
        if let Some(Some(hit)) = looked {
            let state = endpoint.connector().state();
            self.shared.served(state, CacheState::Hit);
            return LookedUp::AtHand(hit);
        }
        LookedUp::NotAtHand(PendingRead(Way::Joined(DocumentLookup {
            key,
            lookup_key: key,
            epoch,
            rules,
            looked: looked.map(|_| mark),
            may_be_kept,
        })))
    }

    /// Fetches a document that is not at hand, as [`Documents::look_up`] says. `accept` as for [`Documents::fetch`]. A boxed
    /// future, so that what waits for it holds the call only once.
    ///
    /// # Errors
    /// There is no response.
    pub fn fetch_read<'c, A, V>(
        &'c self,
        call: UpstreamCall<'c>,
        read: PendingRead,
        accept: A,
    ) -> BoxFuture<'c, Result<Fetched, SourceError>>
    where
        A: Fn(&Document) -> V + Clone + Send + Sync + 'static,
        V: Into<Verdict>,
    {
        let judge = judge_by(accept);
        match read.0 {
            Way::Direct(rules) => {
                Box::pin(async move { self.direct(&call, Some(rules), judge).await })
            }
            Way::Joined(lookup) => Box::pin(self.miss(call, lookup, judge)),
        }
    }

    /// Joins a flight or starts one.
    pub(super) async fn miss<J>(
        &self,
        call: UpstreamCall<'_>,
        lookup: DocumentLookup,
        judge: J,
    ) -> Result<Fetched, SourceError>
    where
        J: Fn(&Document) -> Judgement + Clone + Send + 'static,
    {
        let deadline = tokio::time::Instant::now() + call.options.timeout;
        let joined = tokio::time::timeout_at(deadline, self.join_flight(&call, lookup, &judge));
        let joined = joined.await;
        let joined = joined.map_err(|_| timeout(call.endpoint, &call.options))??;
        let usable =
            joined.filter(|(outcome, result)| *outcome != CacheState::Shared || result.shareable);
        let Some((outcome, result)) = usable else {
            return Box::pin(self.direct(&call, Some(lookup.rules), judge)).await;
        };
        self.shared
            .served(call.endpoint.connector().state(), outcome);
        let now = self.now();
        let lifetime = lookup.rules.lifetime;
        let fetched = Fetched::new(result.document, outcome, now, lifetime);
        let fetched = fetched.shared_if(result.shareable);
        Ok(fetched.reported_by(result.report))
    }

    /// Waits for the result of a flight that it joins or starts, unless the document is stored by then. See
    /// [`flight`](super::super::flight). `None` if it must make a call of its own: the document may not be kept, and as
    /// many calls for it as allowed are running, which it may not join.
    async fn join_flight<J>(
        &self,
        call: &UpstreamCall<'_>,
        mut lookup: DocumentLookup,
        judge: &J,
    ) -> Result<Option<(CacheState, FlightResult)>, SourceError>
    where
        J: Fn(&Document) -> Judgement + Clone + Send + 'static,
    {
        let (inner, endpoint) = (&self.shared, call.endpoint);
        let admit = |wait| call.admissions.admit(endpoint.connector(), wait);
        let (not_before, state) = match lookup.may_be_kept {
            true => (None, CacheState::Miss),
            false => (endpoint.sharing.rules().not_before(), CacheState::Bypass),
        };
        let mut terms = FlightTerms {
            epoch: lookup.epoch,
            not_before,
            // A document that may be kept is stored even if no request waits for it any more.
            is_stored: lookup.may_be_kept,
            looked: lookup.looked,
        };
        loop {
            let flight = || {
                let admission = admit(Wait::Call)?;
                let (inner, endpoint) = (Arc::clone(inner), Arc::clone(endpoint));
                let (request, options) = (call.request.clone(), call.options.clone());
                let judge = judge.clone();
                // Boxed here: it would be moved several times.
                Ok(Box::pin(async move {
                    let _admission = admission;
                    inner
                        .run_flight(&endpoint, &request, &options, lookup, judge)
                        .await
                }))
            };
            let flights = &inner.flights;
            match flights.join_since(lookup.key, terms, flight) {
                Ok(waiter) if waiter.first => {
                    let result = waiter.wait().await.map_err(lost)?;
                    return Ok(Some((state, result?)));
                }
                Ok(waiter) => {
                    let _admission = admit(Wait::Join)?;
                    let result = waiter.wait().await.map_err(lost)?;
                    return Ok(Some((CacheState::Shared, result?)));
                }
                Err(NotJoined::Look(mark)) => {
                    terms.looked = Some(mark);
                    if let Some(stored) = inner.find(endpoint, &lookup).await {
                        return Ok(Some((CacheState::Hit, stored)));
                    }
                }
                Err(NotJoined::Crowded(_)) if !lookup.may_be_kept => return Ok(None),
                Err(NotJoined::Crowded(crowded)) => {
                    let _admission = admit(Wait::Join)?;
                    crowded.wait().await;
                }
                Err(NotJoined::NotStarted(refused)) => return Err(refused),
            }
            lookup.epoch = endpoint.epoch().now();
            terms.epoch = lookup.epoch;
        }
    }

    /// Calls the upstream without caches. With `rules`, the document still gets a lifetime, for the response cache, and
    /// the endpoint learns whether its documents have one.
    async fn direct<J>(
        &self,
        call: &UpstreamCall<'_>,
        rules: Option<Rules>,
        judge: J,
    ) -> Result<Fetched, SourceError>
    where
        J: Fn(&Document) -> Judgement + Send + 'static,
    {
        let (endpoint, inner) = (call.endpoint, &self.shared);
        let _admission = call.admissions.admit(endpoint.connector(), Wait::Call)?;
        inner.served(endpoint.connector().state(), CacheState::Bypass);
        let epoch = endpoint.epoch().now();
        let (request, options) = (&call.request, &call.options);
        let called = inner.call(endpoint, request, options, epoch, rules);
        let Called {
            mut document,
            report,
            may_be_shared,
        } = called.await?;
        let mut now = document.received_at;
        // Judging takes time; without a lifetime it is not needed.
        if document.lifetime.is_some() {
            (document, _) = Box::pin(judged(document, judge)).await;
            now = inner.clock.now();
        }
        let fetched = Fetched::new(
            Arc::new(document),
            CacheState::Bypass,
            now,
            rules.and_then(|rules| rules.lifetime),
        );
        Ok(fetched.shared_if(may_be_shared).reported_by(Some(report)))
    }
}

impl Inner {
    pub(super) fn served(&self, connector: &SharedConnectorState, state: CacheState) {
        connector.served(state);
        self.lookups.count(state);
    }

    /// Whether there is a document that may be used; `None` if the backend waits. It is asked by `miss`, unless the same call
    /// is running already.
    fn find_now(
        &self,
        key: &Key,
        epoch: u64,
        lifetime: Option<SchemaLifetime>,
    ) -> Option<Option<Fetched>> {
        let Answer::Now(document) = self.entries.get(key) else {
            return None;
        };
        let Some(document) = document else {
            return Some(None);
        };
        let usable = self.usable(document, key, epoch, lifetime);
        if usable.is_none() {
            self.lookups.stale();
            self.entries.is_stale(key);
        }
        Some(usable)
    }

    /// The same, after a wait if necessary.
    async fn find(&self, endpoint: &Endpoint, lookup: &DocumentLookup) -> Option<FlightResult> {
        let (key, lifetime) = (&lookup.lookup_key, lookup.rules.lifetime);
        let (document, epoch) = match self.entries.get(key) {
            Answer::Now(document) => (document, lookup.epoch),
            answer => {
                let document = self.current(endpoint, answer).await.flatten();
                (document, endpoint.epoch().now())
            }
        };
        let fetched = self.usable(document?, key, epoch, lifetime)?;
        Some(FlightResult {
            document: fetched.document,
            report: None,
            shareable: true,
        })
    }

    /// Waits for an answer, and for the epoch with which its documents are compared. A mutation that moves the epoch
    /// meanwhile ends after the read began.
    pub(super) async fn current<T>(&self, endpoint: &Endpoint, answer: Answer<T>) -> Option<T> {
        let counters = endpoint.epoch().counters().to_vec();
        let (answer, epoch) = join(answer.wait(), self.epochs.refresh(counters).wait()).await;
        epoch.and(answer)
    }

    pub(super) fn usable(
        &self,
        document: Arc<Document>,
        key: &Key,
        epoch: u64,
        lifetime: Option<SchemaLifetime>,
    ) -> Option<Fetched> {
        if document.epoch != epoch {
            return None;
        }
        let fetched = Fetched::new(document, CacheState::Hit, self.clock.now(), lifetime);
        fetched.fresh_until.is_some().then(|| fetched.under(*key))
    }
}

/// Whether the schema alone decides that a read may be cached (`Some(true)`) or not (`Some(false)`).
pub(super) fn may_be_cached(
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

/// The error if the task of a flight ended without a result.
fn lost(lost: Lost) -> SourceError {
    SourceError::new(SourceErrorKind::Internal, lost.to_string())
}

fn timeout(endpoint: &Endpoint, options: &CallOptions) -> SourceError {
    SourceError::new(
        SourceErrorKind::Timeout,
        format!(
            "{}: no response within {:?}",
            endpoint.connector().name(),
            options.timeout
        ),
    )
}
