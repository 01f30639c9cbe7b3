//! Makes one call: through the caches to the upstream, page by page for a paginated field.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use tracing::{Instrument, Span};

use super::context::{ConnectorRuntime, RequestContext, Runtime};
use super::observed::Observed;
use super::page_loop::{PageRange, PageRest};
use super::prepare::PreparedCall;
use super::{accept, observed};
use crate::cache;
use crate::cache::long::off_worker;
use crate::cache::{Document, Endpoint, Fetched, LookedUp, PendingRead, Policy, Subject, Verdict};
use crate::connector::{ClientErrors, Connect, Request, SubgraphKind, UploadOption};
use crate::errors::ErrorKind;
use crate::mapping::Variables;
use crate::plan::{Fetch, FetchCall, Plan};
use crate::response::bounds::Bounds;
use crate::response::outcome::{CallOutcome, JudgedDocument};
use crate::response::targets::{Consumers, Targets};
use crate::response::upstream_document::{
    entity_texts, follows_from_document, judging, known_to_have_succeeded, succeeded,
};
use crate::source::{SourceError, graphql};

/// A call that has ended.
#[derive(Debug)]
pub(crate) struct Called<'a> {
    /// Its result.
    pub(crate) outcome: CallOutcome,
    /// Where a list goes on, of which this are the pages so far.
    pub(super) rest: Option<Box<PageRest<'a>>>,
    /// Entities that were cached, each with its consumers; `outcome` is about the others.
    pub(crate) cached: Vec<(Consumers, Fetched)>,
    /// The requests, whether they were sent or answered by a cache; empty unless calls are recorded.
    pub(crate) sent: Vec<Request>,
}

impl Called<'_> {
    /// The bytes of all documents.
    pub(crate) fn bytes(&self) -> usize {
        let pages = match &self.outcome {
            CallOutcome::Documents { pages, .. } => pages.as_slice(),
            _ => &[],
        };
        let pages = pages.iter().map(|page| &page.fetched);
        let cached = self.cached.iter().map(|(_, entity)| entity);
        let all = pages.chain(cached);
        all.map(|fetched| fetched.document.body.len()).sum()
    }
}

/// How caches take part in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CacheUse {
    /// Caches may answer, and may store the document.
    Read,
    /// The upstream answers, and nothing is stored.
    Uncached,
    /// As `Uncached`; what was read before is not used afterwards.
    Mutation,
}

/// What a call belongs to.
#[derive(Clone, Copy)]
pub(crate) struct CallScope<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) request: &'a RequestContext,
    pub(crate) plan: &'a Plan,
    pub(crate) fetch: &'a Fetch,
    pub(crate) cache_use: CacheUse,
    pub(crate) bounds: Bounds<'a>,
}

/// Makes a call; of a list with pages, for these.
pub(super) async fn call<'a>(
    scope: CallScope<'a>,
    prepared: &mut PreparedCall,
    range: PageRange<'a>,
) -> Called<'a> {
    let caller = Caller::new(scope);
    let connect = caller.connect;
    if let Some(event) = &scope.request.event
        && scope.fetch.path.is_empty()
    {
        return Called::of(caller.of_event(event, &prepared.variables));
    }
    let paginated = connect.and_then(|connect| {
        let template = connect.template.as_ref()?;
        Some((connect.options.get()?, template))
    });
    let (mut cached, mut rest) = (Vec::new(), None);
    let outcome = match (paginated, prepared.request.take()) {
        (Some((pagination, template)), _) => {
            let template = template.as_ref();
            // Boxed: the future of a call is as large as the largest future that it may wait for.
            let pages = caller.pages(pagination, template, &prepared.variables, range);
            let (outcome, goes_on) = Box::pin(pages).await;
            rest = goes_on;
            outcome
        }
        (None, None) => CallOutcome::MappingOnly,
        (None, Some(rendered)) if prepared.entities.is_some() => {
            Box::pin(caller.entities(rendered, prepared, &mut cached)).await
        }
        (None, Some(rendered)) => match caller.one(rendered, &prepared.variables).await {
            Ok(judged) => CallOutcome::Documents {
                pages: vec![judged],
                cut_off: None,
                limit: None,
                part: None,
            },
            Err(outcome) => outcome,
        },
    };
    let sent = caller.sent.into_inner();
    Called {
        outcome,
        rest,
        cached,
        sent: sent.unwrap_or_else(PoisonError::into_inner),
    }
}

pub(super) struct Caller<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) request: &'a RequestContext,
    plan: &'a Plan,
    pub(super) fetch: &'a Fetch,
    pub(super) connect: Option<&'a Arc<Connect>>,
    cache_use: CacheUse,
    pub(super) bounds: Bounds<'a>,
    /// The requests, if calls are recorded.
    sent: Mutex<Vec<Request>>,
}

impl<'a> Caller<'a> {
    pub(super) fn new(scope: CallScope<'a>) -> Self {
        let CallScope {
            runtime,
            request,
            plan,
            fetch,
            cache_use,
            bounds,
        } = scope;
        let connect = match &fetch.call {
            FetchCall::Connect { connect, .. } => runtime.graph.connect(fetch.subgraph, *connect),
            _ => None,
        };
        Caller {
            runtime,
            request,
            plan,
            fetch,
            connect,
            cache_use,
            bounds,
            sent: Mutex::default(),
        }
    }

    /// Records a request, if calls are recorded.
    fn record_request(&self, request: &Request) {
        if self.request.record {
            let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            sent.push(request.clone());
        }
    }

    fn connector(&self) -> &ConnectorRuntime {
        &self.runtime.connectors[self.fetch.subgraph.0 as usize]
    }

    fn endpoint(&self) -> &Arc<Endpoint> {
        let index = match &self.fetch.call {
            FetchCall::Connect { connect, .. } => *connect,
            _ => 0,
        };
        &self.connector().endpoints[index]
    }

    /// The call as the caches take it.
    fn cache_call(&self, request: Request, span: &Span) -> cache::UpstreamCall<'_> {
        let service = self.connector();
        let mut options = service.options.clone();
        options.traceparent = observed::traceparent(span, self.request);
        options.tracestate = observed::tracestate(self.request);
        options.is_read = self.cache_use != CacheUse::Mutation;
        if let Some(uploads) = &self.request.uploads
            && self
                .connect
                .is_some_and(|connect| connect.options.get::<UploadOption>().is_some())
        {
            let files = &self.runtime.files;
            options.timeout = options.timeout.max(files.settings.upload_timeout);
            options.uploads = Some((Arc::clone(uploads), Arc::clone(files)));
        }
        options.ignores_content = self.connect.is_some_and(|connect| !connect.reads.document);
        let policy = match self.cache_use {
            CacheUse::Mutation => Policy::Mutation,
            CacheUse::Uncached => Policy::Uncached,
            CacheUse::Read => Policy::Read {
                lifetime: self.fetch.lifetime,
                subject: self.subject(),
            },
        };
        cache::UpstreamCall {
            endpoint: self.endpoint(),
            request,
            options,
            policy,
            admissions: &self.request.admissions,
        }
    }

    /// Calls for the entities that are not cached. Moves the cached ones, with their consumers, from the targets to
    /// `cached`, so that the targets match the entities of the response by position.
    async fn entities(
        &self,
        request: Request,
        prepared: &mut PreparedCall,
        cached: &mut Vec<(Consumers, Fetched)>,
    ) -> CallOutcome {
        let (Some(requested), Targets::ByPosition(targets)) =
            (&prepared.entities, &mut prepared.targets)
        else {
            return CallOutcome::AllCached;
        };
        let Some(batch) = requested.batch(self.plan, self.fetch) else {
            return CallOutcome::AllCached;
        };
        let entities = cache::EntitiesCall {
            selections: &requested.selections,
            representations: &requested.representations,
            parts: entity_texts,
        };
        let head = request.clone();
        let observed = Observed::begin(self.runtime, self.fetch, self.bounds.deadline);
        let call = self.cache_call(request, &observed.span);
        let of = |indexes: &[usize]| graphql::with_body(&head, requested.body(batch, indexes));
        let entities = self.runtime.documents.entities(call, entities, of);
        let entities = entities.instrument(observed.span.clone()).await;
        let span = observed.end(entities.called.as_ref());
        let documents = entities.cached.iter().flatten();
        let documents = documents.chain(
            entities
                .called
                .iter()
                .filter_map(|called| called.as_ref().ok()),
        );
        let bytes = documents.map(|fetched| fetched.document.body.len()).sum();
        if let Err(exceeded) = self.bounds.account.charge(bytes) {
            return CallOutcome::Exceeded(exceeded);
        }
        let mut missing = Vec::with_capacity(targets.len());
        let mut others = Vec::with_capacity(targets.len());
        let all = std::mem::take(targets).into_iter().zip(entities.cached);
        for (index, (position, entity)) in all.enumerate() {
            match entity {
                Some(entity) => cached.push((position.consumers, entity)),
                None => {
                    missing.push(index);
                    others.push(position);
                }
            }
        }
        *targets = others;
        if self.request.record && !missing.is_empty() {
            self.record_request(&of(&missing));
        }
        match entities.called {
            None => CallOutcome::AllCached,
            Some(Ok(fetched)) => CallOutcome::Documents {
                pages: vec![JudgedDocument {
                    with_credentials: self.with_credentials(&fetched),
                    fetched,
                    succeeded: true,
                    span,
                }],
                cut_off: None,
                limit: None,
                part: None,
            },
            Some(Err(error)) => CallOutcome::Failed(error),
        }
    }

    pub(super) async fn one(
        &self,
        request: Request,
        variables: &Arc<Variables>,
    ) -> Result<JudgedDocument, CallOutcome> {
        self.record_request(&request);
        // `isSuccess` may read more than the document (`$args`, for instance), so that a cached document, which was a
        // success for the request that stored it, may be a failure for this one. Then ask the upstream.
        let depends = self.connect.is_some_and(|connect| {
            let mut judging = judging(connect);
            judging.any(|mapping| !follows_from_document(mapping))
        });
        let again = depends.then(|| request.clone());
        let judged = self.fetched(request, variables).await?;
        match again {
            Some(request) if judged.fetched.is_cached() && !judged.succeeded => {
                self.runtime.documents.forget(&judged.fetched);
                Box::pin(self.fetched(request, variables)).await
            }
            _ => Ok(judged),
        }
    }

    /// Makes one call through the caches, and judges the document.
    pub(super) async fn fetched(
        &self,
        request: Request,
        variables: &Arc<Variables>,
    ) -> Result<JudgedDocument, CallOutcome> {
        let observed = Observed::begin(self.runtime, self.fetch, self.bounds.deadline);
        let fetched = match self.looked_up(&request) {
            Some(LookedUp::AtHand(hit)) => Ok(hit),
            pending => {
                let pending = match pending {
                    Some(LookedUp::NotAtHand(read)) => Some(read),
                    _ => None,
                };
                let called = self.called(request, variables, pending, &observed.span);
                called.instrument(observed.span.clone()).await
            }
        };
        let most = self.runtime.limits.operation_bytes;
        let span = observed.end(Some(&fetched));
        let fetched = fetched.map_err(CallOutcome::Failed)?;
        let document = &fetched.document;
        let charged = self.bounds.account.charge(document.body.len());
        charged.map_err(CallOutcome::Exceeded)?;
        let succeeded = match self.connect {
            Some(connect) if !known_to_have_succeeded(connect, document) => {
                let judge = || succeeded(connect, document, variables, most);
                match judging(connect).next() {
                    Some(_) => off_worker(document.body.len(), judge).await,
                    None => judge(),
                }
            }
            _ => true,
        };
        Ok(JudgedDocument {
            with_credentials: self.with_credentials(&fetched),
            fetched,
            succeeded,
            span,
        })
    }

    /// What the cache has for a read; `None` if caches take no part.
    fn looked_up(&self, request: &Request) -> Option<LookedUp> {
        if self.cache_use != CacheUse::Read {
            return None;
        }
        let (lifetime, subject) = (self.fetch.lifetime, self.subject());
        let documents = &self.runtime.documents;
        Some(documents.look_up(self.endpoint(), request, lifetime, subject))
    }

    /// The response of the upstream, of its own call or of another one that is running.
    fn called(
        &self,
        request: Request,
        variables: &Arc<Variables>,
        pending: Option<PendingRead>,
        span: &Span,
    ) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        let most = self.runtime.limits.operation_bytes;
        let call = self.cache_call(request, span);
        match self.connect {
            Some(connect) => {
                let (connect, variables) = (Arc::clone(connect), Arc::clone(variables));
                self.fetch_by(call, pending, move |document: &Document| {
                    accept::of_connect(&connect, document, &variables, most)
                })
            }
            None => {
                let projection = Arc::clone(&self.fetch.projection);
                let refusals = self.refusals(variables);
                self.fetch_by(call, pending, move |document: &Document| {
                    accept::of_service(&projection, document, refusals.as_ref(), most)
                })
            }
        }
    }

    fn fetch_by<'c>(
        &'c self,
        call: cache::UpstreamCall<'c>,
        pending: Option<PendingRead>,
        accept: impl Fn(&Document) -> Verdict + Clone + Send + Sync + 'static,
    ) -> BoxFuture<'c, Result<Fetched, SourceError>> {
        let documents = &self.runtime.documents;
        match pending {
            Some(read) => documents.fetch_read(call, read, accept),
            None => Box::pin(documents.fetch(call, accept)),
        }
    }

    /// Whether a call that was denied had credentials of the client: then these are at fault.
    fn with_credentials(&self, fetched: &Fetched) -> bool {
        let denied = fetched.document.outcome.failure() == Some(ErrorKind::Denied);
        denied
            && self
                .subject()
                .is_some_and(|subject| subject.has_credentials())
    }

    /// How the errors of a GraphQL service's mutation say that it was refused.
    fn refusals(&self, variables: &Arc<Variables>) -> Option<(ClientErrors, Arc<Variables>)> {
        let is_mutation = self.cache_use == CacheUse::Mutation;
        match &self.runtime.graph.subgraph(self.fetch.subgraph).kind {
            SubgraphKind::Service(service) if is_mutation => {
                let client_errors = service.client_errors.clone()?;
                Some((client_errors, Arc::clone(variables)))
            }
            _ => None,
        }
    }

    /// Whom private data belongs to: until sign-in exists, the client headers that the mapping reads identify the
    /// client.
    pub(super) fn subject(&self) -> Option<Subject> {
        let reads = match self.connect {
            Some(connect) => &connect.reads,
            None => match &self.runtime.graph.subgraph(self.fetch.subgraph).kind {
                SubgraphKind::Service(service) => &service.reads,
                _ => return None,
            },
        };
        if reads.all_client_headers {
            let mut names: Vec<&str> = self
                .request
                .headers
                .keys()
                .map(http::HeaderName::as_str)
                .collect();
            names.sort_unstable();
            return Subject::from_headers(&names, &self.request.headers);
        }
        Subject::from_headers(&reads.client_headers, &self.request.headers)
    }
}
