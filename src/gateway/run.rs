//! [`Gateway`]: executes requests.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;

use super::build::Previous;
use super::compile::{Compiled, CompiledOperation, Compiling};
use super::configured::{ConfiguredConnector, Setup, SetupProblem};
use super::cost::CostControl;
use super::execution::OperationExecution;
use super::in_flight::Joining;
use super::introspection::Introspection;
use super::known_requests::{KnownRequests, RequestKeys};
use super::native::ConnectorInfo;
use super::persisted::PersistedControl;
use super::refusal::Refusal;
use super::respond::{response_key, served_response};
use super::shared::Shared;
use super::subscriptions::{HookSettings, hooks};
use super::watch::{LiveArguments, watch};
use super::{ClientContext, ErrorBehavior, GraphqlRequest, GraphqlResponse, build, labels, native};
use crate::budget::{Account, Budget};
use crate::cache::plans::Plans;
use crate::cache::{Admissions, Backend, Documents, Generation, MemoryBackend};
use crate::config::{Audience, Percentage, Settings};
use crate::execute::{RequestContext, Runtime};
use crate::graph::Composed;
use crate::graph::identification::names::is_own;
use crate::named::NamedOperations;
use crate::operation::{CoercedVariables, Compiler, with_directives};
use crate::persisted::TrustedDocuments;
use crate::plan::ConditionValues;
use crate::source::Wires;
use crate::source::native::NativeSchema;

/// Serves GraphQL requests over the composed graph.
pub struct Gateway {
    composed: Composed,
    pub(super) runtime: Arc<Runtime>,
    pub(super) compiling: Arc<Compiling>,
    pub(super) cost: Arc<CostControl>,
    pub(super) introspection: Arc<Introspection>,
    pub(super) plans: Plans<Compiled, Refusal>,
    pub(super) known: KnownRequests,
    pub(super) persisted: PersistedControl,
    pub(super) shared: Shared,
    /// The connectors that operators see.
    pub(super) connectors: Vec<ConnectorInfo>,
    /// The percentage of requests for which each named override label is on.
    label_settings: BTreeMap<String, Percentage>,
    /// The schema of the gateway's own connector, as operators query it.
    for_operators: Arc<dyn NativeSchema>,
    /// Who sees the gateway's own fields.
    own_fields: Audience,
    pub(super) operations: Arc<NamedOperations>,
    /// The connectors whose upstreams may send events.
    pub(super) hooks: HashMap<String, HookSettings>,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("connectors", &self.runtime.connectors.len())
            .finish_non_exhaustive()
    }
}

/// The hash of the public schema, and of the keys that globally unique ids are made from.
fn schema_of(composed: &Composed) -> Generation {
    let own = composed.subgraphs.iter().find(|subgraph| is_own(subgraph));
    let keys = own.map(|subgraph| subgraph.schema.to_string());
    let keys = keys.unwrap_or_default();
    Generation::new(&[composed.api_sdl.as_bytes(), keys.as_bytes()])
}

impl Gateway {
    /// Composes the connectors and builds the gateway. Makes no upstream call.
    ///
    /// # Errors
    /// The connectors do not compose, or a setting is invalid.
    pub fn new(
        connectors: Vec<ConfiguredConnector>,
        settings: &Settings,
    ) -> Result<Gateway, SetupProblem> {
        Gateway::with_wires(connectors, settings, Wires::default())
    }

    /// The same, with these wire protocols to upstreams.
    ///
    /// # Errors
    /// The connectors do not compose, or a setting is invalid.
    pub fn with_wires(
        connectors: Vec<ConfiguredConnector>,
        settings: &Settings,
        wires: Wires,
    ) -> Result<Gateway, SetupProblem> {
        Gateway::with_backend(connectors, settings, wires, &MemoryBackend)
    }

    /// The same, with caches that store in this backend.
    ///
    /// # Errors
    /// The connectors do not compose, or a setting is invalid.
    pub fn with_backend(
        connectors: Vec<ConfiguredConnector>,
        settings: &Settings,
        wires: Wires,
        backend: &dyn Backend,
    ) -> Result<Gateway, SetupProblem> {
        let setup = Setup {
            connectors,
            set_aside: Vec::new(),
            settings,
        };
        Gateway::generation(setup, Shared::new(settings, wires, backend), None)
    }

    /// The first generation of a gateway.
    ///
    /// # Errors
    /// The connectors do not compose, or a setting is invalid.
    pub fn first(setup: Setup<'_>) -> Result<Gateway, SetupProblem> {
        let shared = Shared::new(setup.settings, Wires::default(), &MemoryBackend);
        Gateway::generation(setup, shared, None)
    }

    /// The next generation. It shares the caches with this one, and the connections of the connectors that are the same in
    /// both. This one can still execute requests.
    ///
    /// # Errors
    /// The connectors do not compose, or a setting is invalid.
    pub fn successor(&self, setup: Setup<'_>) -> Result<Gateway, SetupProblem> {
        let shared = self.shared.next(setup.settings);
        let previous = Previous {
            runtime: &self.runtime,
            fingerprints: &self.compiling.fingerprints,
        };
        Gateway::generation(setup, shared, Some(&previous))
    }

    fn generation(
        setup: Setup<'_>,
        shared: Shared,
        previous: Option<&Previous<'_>>,
    ) -> Result<Gateway, SetupProblem> {
        let settings = setup.settings;
        let varying: Vec<String> = setup
            .connectors
            .iter()
            .filter(|connector| connector.settings.common.latency_varies)
            .map(|connector| connector.subgraph.name.clone())
            .collect();
        let hooks = hooks(&setup.connectors);
        let mut parts = build::build(setup, &shared, previous)?;
        parts.composed.set_api(with_directives(&parts.composed.api));
        let api = Arc::new(parts.composed.api.clone());
        let compiler = Compiler::new(Arc::clone(&api), Arc::clone(&parts.runtime.graph), settings)
            .with_varying_latency(&varying);
        let names = parts.runtime.connectors.iter();
        let compiling = Compiling {
            compiler,
            names: names.map(|connector| Arc::clone(&connector.name)).collect(),
            api: schema_of(&parts.composed),
            meters: Arc::clone(&shared.operations),
            fingerprints: parts.fingerprints,
        };
        Ok(Gateway {
            introspection: Arc::new(Introspection::new(api)),
            plans: Plans::new(settings.cache.plans.0 as u64),
            known: KnownRequests::new(),
            persisted: PersistedControl::new(&settings.persisted),
            label_settings: settings.override_labels.clone(),
            for_operators: parts.for_operators,
            own_fields: settings.general.own_fields,
            connectors: parts.infos,
            cost: Arc::new(CostControl::new(
                &settings.cost,
                settings.limits.concurrent_requests,
            )),
            composed: parts.composed,
            runtime: Arc::new(parts.runtime),
            compiling: Arc::new(compiling),
            operations: Arc::default(),
            hooks,
            shared,
        })
    }

    /// The same generation with these trusted documents, before it serves. Without them, as for `sangam explain`, it executes
    /// every operation, whatever `persisted.only` says.
    pub fn trusting(mut self, documents: Arc<TrustedDocuments>) -> Gateway {
        self.persisted.trust(documents);
        self
    }

    /// The trusted documents.
    pub fn trusted_documents(&self) -> &Arc<TrustedDocuments> {
        &self.persisted.documents
    }

    /// The public schema as SDL.
    pub fn api_sdl(&self) -> &str {
        &self.composed.api_sdl
    }

    /// The composed graph.
    pub fn composed(&self) -> &Composed {
        &self.composed
    }

    /// Compiles operations as this gateway does.
    pub fn compiler(&self) -> &Compiler {
        &self.compiling.compiler
    }

    /// The document caches and call statistics of the connectors.
    pub fn documents(&self) -> &Documents {
        &self.runtime.documents
    }

    /// The state of the connectors for operators, as the JSON text of a GraphQL response.
    pub async fn details(&self) -> Bytes {
        native::details(&*self.for_operators).await
    }

    /// The names and states of the connectors, as a JSON list; `None` if clients may not see them.
    pub async fn states(&self) -> Option<Bytes> {
        match self.own_fields {
            Audience::Public => Some(native::states(&*self.for_operators).await),
            Audience::Operators => None,
        }
    }

    /// The number of operations that are compiled.
    pub fn compiled_operations(&self) -> usize {
        self.plans.iter().count()
    }

    /// The number of live queries that are watched, and that of the clients that watch them.
    pub fn watched(&self) -> (usize, usize) {
        let (queries, watchers, _) = self.shared.watches.load();
        (queries, watchers)
    }

    /// The memory that running operations hold.
    pub fn budget(&self) -> &Budget {
        &self.runtime.budget
    }

    /// Executes one request. Never fails: errors are in the response.
    pub async fn execute(
        &self,
        request: GraphqlRequest,
        client: &ClientContext,
    ) -> GraphqlResponse {
        match self.compiled(&request).await {
            Ok(compiled) => self.execute_compiled(&compiled, &request, client).await,
            Err(refusal) => refusal.not_compiled(&request),
        }
    }

    /// Executes one request, whose operation is compiled.
    pub(super) async fn execute_compiled(
        &self,
        compiled: &Arc<Compiled>,
        request: &GraphqlRequest,
        client: &ClientContext,
    ) -> GraphqlResponse {
        match &**compiled {
            Compiled::Refused(refusal) => refusal.not_compiled(request),
            Compiled::Ready(ready) => match self.answer(compiled, ready, request, client).await {
                Ok(response) => response,
                Err(refusal) => refusal.response(&ready.observed),
            },
        }
    }

    async fn answer(
        &self,
        compiled: &Arc<Compiled>,
        ready: &CompiledOperation,
        request: &GraphqlRequest,
        client: &ClientContext,
    ) -> Result<GraphqlResponse, Refusal> {
        ready.uses.fetch_add(1, Ordering::Relaxed);
        if ready.is_untrusted.load(Ordering::Relaxed) {
            self.persisted.executes_untrusted(ready);
        }
        let operation = &ready.operation;
        if operation.definition.is_mutation() && !client.mutations_allowed {
            return Err(Refusal::mutation_not_allowed());
        }
        if let Some(argument) = &operation.confidential
            && !client.mutations_allowed
        {
            return Err(Refusal::confidential(argument));
        }
        let coerced = self
            .compiling
            .compiler
            .coerce(operation, request.variables.as_ref())?;
        if client.deliveries.live
            && operation.definition.is_query()
            && LiveArguments::of(request, ready, &coerced)?.is_some()
            // Boxed: the future is large, and most requests are not live.
            && let Some(watched) = Box::pin(watch(&self.shared.watches, request, client)).await
        {
            return watched;
        }
        if operation.definition.is_subscription() {
            // Boxed because it is rare.
            return Box::pin(self.subscribe(compiled, ready, request, client, coerced)).await;
        }
        let conditions = self.decide(ready, &coerced, client);
        // A response that reports its cost, or whose requests depend on the clock, is not cached, and not taken from the
        // cache.
        let report = self.cost.is_reported(request, client);
        let uncached = report || operation.reads_instant;
        let key = (operation.definition.is_query() && !uncached)
            .then(|| response_key(ready, &coerced, client, &conditions));
        let may_defer = operation.plan.output.deferred.is_some();
        let incremental = client.deliveries.incremental.filter(|_| may_defer);
        // A response without errors is the same for each error behavior, and only these are cached. What is being executed
        // may have errors.
        let shared = key.filter(|_| !operation.introspects && incremental.is_none());
        let shared = shared.map(|key| key.with_variant(request.on_error as u8));
        let keys = key.map(|response| RequestKeys {
            response,
            execution: shared,
        });
        if let Some(keys) = keys
            && let Some(served) = self.shared.responses.get(&keys.response).await
        {
            self.remember(request, compiled, ready, (keys, &conditions));
            return Ok(served_response(served, ready));
        }
        let in_flight = &self.shared.in_flight;
        let terms = match shared.map(|key| in_flight.join(&key, &self.runtime, &operation.plan)) {
            // As from the cache, it costs nothing.
            Some(Joining::Joined(waiter)) => {
                let outcome = in_flight.outcome(waiter, &self.runtime, &operation.plan);
                if let Some(outcome) = outcome.await {
                    if let Some(keys) = keys {
                        self.remember(request, compiled, ready, (keys, &conditions));
                    }
                    return Ok(outcome?.into_response(ready));
                }
                None
            }
            Some(Joining::MayBegin(terms)) => Some(terms),
            Some(Joining::Alone) | None => None,
        };
        let batch = client.batch_cost.as_deref();
        let admitted = self.cost.admit(operation, &coerced, report, batch)?;
        let (introspection, _account) = self.introspected(ready, &coerced).await?;
        if let Some(uploads) = &client.uploads {
            let uses = operation.variable_uses(&coerced.values);
            let of = |variable: &str| uses.get(variable).copied().unwrap_or(0);
            uploads.plan(of).map_err(Refusal::upload)?;
        }
        let mut context = self.context(ready, coerced, client, conditions, introspection);
        context.counting = admitted.counting;
        context.is_long = admitted.is_long;
        context.on_error = request.on_error;
        let execution = OperationExecution {
            runtime: Arc::clone(&self.runtime),
            cost: Arc::clone(&self.cost),
            responses: Arc::clone(&self.shared.responses),
            compiled: Arc::clone(compiled),
            context,
            key,
            uncached,
        };
        // Boxed: the future of an execution is large, and most requests are served from the cache.
        if let Some(format) = incremental {
            return Box::pin(execution.run_incremental(format)).await;
        }
        let executed = match shared.zip(terms) {
            Some((key, terms)) => Box::pin(in_flight.begin(key, terms, execution)).await?,
            None => Box::pin(execution.run()).await?,
        };
        Ok(executed.into_response(ready))
    }

    /// The values of `__schema` and `__type` as JSON, and the account that they are charged to.
    pub(super) async fn introspected(
        &self,
        ready: &CompiledOperation,
        coerced: &CoercedVariables,
    ) -> Result<(Vec<(String, Vec<u8>)>, Option<Account>), Refusal> {
        if !ready.operation.introspects {
            return Ok((Vec::new(), None));
        }
        // Boxed: the future is large, and most requests have no introspection.
        let written = Box::pin(self.introspect(ready, coerced)).await?;
        Ok((written.values, Some(written.account)))
    }

    /// Decides the conditions of a plan for one request.
    pub(super) fn decide(
        &self,
        ready: &CompiledOperation,
        coerced: &CoercedVariables,
        client: &ClientContext,
    ) -> ConditionValues {
        let label = |label: &str| labels::is_on(label, &self.label_settings, client.draw);
        let conditions = &ready.operation.plan.conditions;
        conditions.decide(&coerced.values, label)
    }

    pub(super) fn context(
        &self,
        ready: &CompiledOperation,
        coerced: CoercedVariables,
        client: &ClientContext,
        conditions: ConditionValues,
        introspection: Vec<(String, Vec<u8>)>,
    ) -> RequestContext {
        RequestContext {
            conditions,
            variables: coerced.values,
            headers: Arc::clone(&client.headers),
            uploads: client.uploads.clone(),
            instant: Some(client.instant.unwrap_or_else(Timestamp::now)),
            trace: client.trace,
            trace_state: client.trace_state.clone(),
            introspection,
            sizes: *ready.sizes.lock().unwrap_or_else(PoisonError::into_inner),
            counting: None,
            is_long: false,
            record: false,
            admissions: Admissions::new(),
            on_error: ErrorBehavior::default(),
            event: None,
        }
    }
}
