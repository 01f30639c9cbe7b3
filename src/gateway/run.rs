//! The gateway as the server sees it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::PoisonError;

use apollo_compiler::Name;
use apollo_compiler::Schema;
use apollo_compiler::executable::Operation;
use apollo_compiler::introspection;
use apollo_compiler::schema::Implementers;
use apollo_compiler::validation::Valid;
use bytes::Bytes;

use super::ClientContext;
use super::GraphqlRequest;
use super::GraphqlResponse;
use super::Outcome;
use super::ResponseCachePolicy;
use super::build;
use super::build::Member;
use super::build::SetupProblem;
use super::compile::Compiled;
use super::compile::Compiler;
use super::compile::Ready;
use super::labels;
use super::native;
use super::refusal::Refusal;
use super::variables;
use super::variables::Coerced;
use crate::budget::Budget;
use crate::cache::Admissions;
use crate::cache::Documents;
use crate::cache::Generation;
use crate::cache::HeadersRead;
use crate::cache::ResponseKeyParts;
use crate::cache::plans::Plans;
use crate::cache::responses::Responses;
use crate::cache::responses::Served;
use crate::config::Percentage;
use crate::config::Settings;
use crate::execute;
use crate::execute::CallRecord;
use crate::execute::Executed;
use crate::execute::RequestContext;
use crate::execute::Runtime;
use crate::graph::Composed;
use crate::observe::metrics::PLAN_SECONDS;
use crate::plan;
use crate::source::native::NativeSchema;

/// Serves GraphQL requests over the composed graph.
pub struct Gateway {
    api: Arc<Valid<Schema>>,
    implementers: apollo_compiler::collections::HashMap<Name, Implementers>,
    composed: Composed,
    runtime: Runtime,
    compiler: Compiler,
    plans: Plans<Compiled>,
    responses: Responses,
    generation: Generation,
    /// How often each named override label holds.
    label_settings: BTreeMap<String, Percentage>,
    /// The gateway's own connector, as operators see it.
    for_operators: Arc<dyn NativeSchema>,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("services", &self.runtime.services.len())
            .finish_non_exhaustive()
    }
}

/// What `explain` shows.
#[derive(Debug)]
pub struct Explained {
    /// The plan as text.
    pub plan: String,
    /// The plan as JSON.
    pub plan_json: serde_json::Value,
    /// The calls that were made, with `run`.
    pub calls: Vec<CallRecord>,
    /// The answer, with `run`.
    pub answer: Option<Bytes>,
}

/// About what one compiled operation takes, for turning a number of operations into bytes.
const BYTES_PER_PLAN: u64 = 64 * 1024;

impl Gateway {
    /// Composes the members and sets everything up. Calls nobody.
    ///
    /// # Errors
    /// The connectors do not fit together, or a setting cannot be used.
    pub fn new(members: Vec<Member>, settings: &Settings) -> Result<Gateway, SetupProblem> {
        let documents = Arc::new(Documents::new(settings.cache.documents.0 as u64));
        let parts = build::build(members, settings, &documents)?;
        let api = Arc::new(parts.composed.api.clone());
        let compiler = Compiler {
            api: Arc::clone(&api),
            graph: Arc::clone(&parts.runtime.graph),
            document_limits: parts.document_limits,
            plan_steps: parts.plan_steps,
            numbers: parts.runtime.limits.numbers,
            introspection: settings.general.introspection,
        };
        Ok(Gateway {
            implementers: api.implementers_map(),
            generation: Generation::new(&[parts.composed.api_sdl.as_bytes()]),
            plans: Plans::new(settings.cache.plans as u64 * BYTES_PER_PLAN),
            responses: Responses::new(settings.cache.responses.0 as u64),
            label_settings: settings.override_labels.clone(),
            for_operators: parts.for_operators,
            composed: parts.composed,
            runtime: parts.runtime,
            compiler,
            api,
        })
    }

    /// The public schema as SDL.
    pub fn api_sdl(&self) -> &str {
        &self.composed.api_sdl
    }

    /// What was composed.
    pub fn composed(&self) -> &Composed {
        &self.composed
    }

    /// The caches and figures of the connectors.
    pub fn documents(&self) -> &Documents {
        &self.runtime.documents
    }

    /// How the connectors are, for operators: the JSON text of an answer.
    pub async fn details(&self) -> Bytes {
        native::details(&*self.for_operators).await
    }

    /// What operations hold that are under way.
    pub fn budget(&self) -> &Budget {
        &self.runtime.budget
    }

    /// Answers one request. Never fails: what goes wrong is in the answer.
    pub async fn execute(
        &self,
        request: GraphqlRequest,
        client: &ClientContext,
    ) -> GraphqlResponse {
        match self.answer(&request, client).await {
            Ok(response) => response,
            Err(refusal) => refusal.response(),
        }
    }

    async fn answer(
        &self,
        request: &GraphqlRequest,
        client: &ClientContext,
    ) -> Result<GraphqlResponse, Refusal> {
        let compiled = self.compiled(request).await?;
        let ready = match &*compiled {
            Compiled::Ready(ready) => ready,
            Compiled::Refused(refusal) => return Err(refusal.clone()),
        };
        let operation = ready.operation().ok_or_else(lost)?;
        if operation.is_mutation() && !client.mutations_allowed {
            return Err(Refusal::mutation_not_allowed());
        }
        let coerced = self.coerced(ready, operation, request)?;
        let outcomes = labels::outcomes(&ready.plan.labels, &self.label_settings, client.draw);
        let key = operation
            .is_query()
            .then(|| self.response_key(ready, &coerced, client, &outcomes));
        if let Some(key) = &key
            && let Some(served) = self.responses.get(key)
        {
            return Ok(served_response(served, ready));
        }
        let context = self.context(ready, coerced, client, &outcomes)?;
        // Boxed: an execution is large, and most requests, whose answers are kept, would carry it about for nothing.
        let executed = Box::pin(execute::execute(&self.runtime, &ready.plan, &context)).await;
        *ready.sizes.lock().unwrap_or_else(PoisonError::into_inner) = executed.sizes;
        if let Some(key) = key
            && !executed.failed
        {
            let vary = Arc::clone(&ready.headers);
            self.responses.put(
                key,
                executed.body.clone(),
                vary,
                executed.provenance.clone(),
            );
        }
        Ok(self.executed_response(executed, ready))
    }

    /// The plan of an operation, and with `run`, what executing it does.
    ///
    /// # Errors
    /// The refusal's answer, as clients would see it.
    pub async fn explain(
        &self,
        request: &GraphqlRequest,
        client: &ClientContext,
        run: bool,
    ) -> Result<Explained, Bytes> {
        let explained = async {
            let compiled = self.compiled(request).await?;
            let ready = match &*compiled {
                Compiled::Ready(ready) => ready,
                Compiled::Refused(refusal) => return Err(refusal.clone()),
            };
            let plan = plan::explain(&ready.plan, &self.runtime.graph);
            let plan_json = plan::explain_json(&ready.plan, &self.runtime.graph);
            if !run {
                return Ok(Explained {
                    plan,
                    plan_json,
                    calls: Vec::new(),
                    answer: None,
                });
            }
            let operation = ready.operation().ok_or_else(lost)?;
            let coerced = self.coerced(ready, operation, request)?;
            let outcomes = labels::outcomes(&ready.plan.labels, &self.label_settings, client.draw);
            let mut context = self.context(ready, coerced, client, &outcomes)?;
            context.record = true;
            let executed = execute::execute(&self.runtime, &ready.plan, &context).await;
            Ok(Explained {
                plan,
                plan_json,
                calls: executed.calls,
                answer: Some(executed.body),
            })
        };
        explained
            .await
            .map_err(|refusal: Refusal| refusal.response().body)
    }

    async fn compiled(&self, request: &GraphqlRequest) -> Result<Arc<Compiled>, Refusal> {
        let Some(text) = &request.query else {
            return Err(Refusal::new(
                "BAD_REQUEST",
                "INVALID",
                "The request has no query",
            ));
        };
        let name = request.operation_name.as_deref();
        let compiler = self.compiler.clone();
        let compile = move |text: &str, name: Option<&str>| {
            let begun = std::time::Instant::now();
            let compiled = compiler.compile(text, name);
            metrics::histogram!(PLAN_SECONDS).record(begun.elapsed().as_secs_f64());
            compiled
        };
        self.plans
            .get_or_compile(text, name, compile)
            .await
            .map_err(|_| lost())
    }

    fn coerced(
        &self,
        ready: &Ready,
        operation: &Operation,
        request: &GraphqlRequest,
    ) -> Result<Coerced, Refusal> {
        variables::coerce(
            &self.api,
            &ready.document.sources,
            operation,
            &ready.plan,
            request.variables.as_ref(),
            self.runtime.limits.numbers,
        )
    }

    fn response_key(
        &self,
        ready: &Ready,
        coerced: &Coerced,
        client: &ClientContext,
        outcomes: &[bool],
    ) -> crate::cache::ResponseKey {
        // Most operations that a page asks again and again depend on nothing but themselves.
        let bare = coerced.text.is_empty() && outcomes.is_empty() && !ready.all_headers;
        if bare && ready.headers.is_empty() {
            let key = || self.response_key_of(ready, coerced, client, outcomes);
            return *ready.bare_key.get_or_init(key);
        }
        self.response_key_of(ready, coerced, client, outcomes)
    }

    fn response_key_of(
        &self,
        ready: &Ready,
        coerced: &Coerced,
        client: &ClientContext,
        outcomes: &[bool],
    ) -> crate::cache::ResponseKey {
        let headers = if ready.all_headers {
            HeadersRead::All
        } else {
            HeadersRead::Named(&ready.headers)
        };
        ResponseKeyParts {
            generation: &self.generation,
            operation: &ready.key,
            variables: &coerced.text,
            headers,
            client: &client.headers,
            claims: &[],
            guards: outcomes,
            media_type: "json",
        }
        .key()
    }

    fn context(
        &self,
        ready: &Ready,
        coerced: Coerced,
        client: &ClientContext,
        outcomes: &[bool],
    ) -> Result<RequestContext, Refusal> {
        let introspection = if ready.introspects {
            self.introspect(ready, &coerced)?
        } else {
            Vec::new()
        };
        let labels = ready.plan.labels.iter().zip(outcomes);
        let labels = labels.filter(|(_, outcome)| **outcome);
        Ok(RequestContext {
            labels: labels.map(|(label, _)| Arc::clone(label)).collect(),
            variables: coerced.values,
            headers: Arc::clone(&client.headers),
            trace: client.trace,
            trace_state: client.trace_state.clone(),
            introspection,
            sizes: *ready.sizes.lock().unwrap_or_else(PoisonError::into_inner),
            record: false,
            uncached: false,
            admissions: Admissions::new(),
        })
    }

    /// The values of `__schema` and `__type`, by response name.
    fn introspect(
        &self,
        ready: &Ready,
        coerced: &Coerced,
    ) -> Result<Vec<(String, Vec<u8>)>, Refusal> {
        let operation = ready.operation().ok_or_else(lost)?;
        let response = introspection::partial_execute(
            &self.api,
            &self.implementers,
            &ready.document,
            operation,
            &coerced.map,
        );
        let response = response.map_err(|error| {
            let error = error.to_graphql_error(&ready.document.sources);
            Refusal::new("INTROSPECTION_FAILED", "INVALID", &error.message)
        })?;
        let mut values = Vec::new();
        for (name, value) in response.data.into_iter().flatten() {
            values.push((
                name.as_str().to_owned(),
                serde_json::to_vec(&value).unwrap_or_default(),
            ));
        }
        Ok(values)
    }

    fn executed_response(&self, executed: Executed, ready: &Ready) -> GraphqlResponse {
        let now = self.runtime.documents.now();
        let fresh_for = executed
            .provenance
            .fresh_for(now)
            .filter(|_| !executed.failed);
        GraphqlResponse {
            body: executed.body,
            outcome: Outcome::Executed,
            cache: ResponseCachePolicy {
                max_age: fresh_for
                    .map(|fresh| fresh.as_secs())
                    .filter(|_| has_vary(ready)),
                private: executed.provenance.is_private(),
                age: executed
                    .provenance
                    .age(now)
                    .map(|age| age.as_secs())
                    .filter(|age| *age > 0),
            },
            vary: Arc::clone(&ready.headers),
            compressed: None,
        }
    }
}

/// Whether `Vary` can name all that an answer depends on. An answer that depends on every header of the client is for no
/// other cache than this gateway's own, which has them all in its key.
fn has_vary(ready: &Ready) -> bool {
    !ready.all_headers
}

fn served_response(served: Served, ready: &Ready) -> GraphqlResponse {
    GraphqlResponse {
        body: served.body,
        outcome: Outcome::Executed,
        cache: ResponseCachePolicy {
            max_age: Some(served.fresh_for.as_secs()).filter(|_| has_vary(ready)),
            private: served.private,
            age: served.age.map(|age| age.as_secs()),
        },
        vary: Arc::clone(&ready.headers),
        compressed: Some(served.compressed),
    }
}

fn lost() -> Refusal {
    Refusal::new(
        "INTERNAL_SERVER_ERROR",
        "INTERNAL",
        "The operation could not be compiled",
    )
}
