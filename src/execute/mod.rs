//! A plan and variables become an answer.
//!
//! The path of a request through this room: [`execute`] starts every fetch whose predecessors have ended (`start`);
//! `prepare` turns rows into calls; `call` makes them, through the caches; `land` reads what came into rows, as the
//! fetch's projection says; and when all is done `write` writes the rows as the response. One request is one task: its
//! calls run at the same time, its reading and writing do not.

mod answers;
mod call;
mod context;
mod failure;
mod inputs;
mod land;
mod merge;
mod noted;
mod numbers;
mod observed;
mod order;
mod pages;
mod prepare;
mod project;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod property;
mod queue;
mod record;
mod runs;
mod serial;
mod service_errors;
mod start;
mod store;
mod write;

use std::time::Duration;

use apollo_compiler::executable::OperationType;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::poll_immediate;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use self::call::Called;
use self::call::Freshness;
use self::call::Landed;
pub use self::context::ExecutionLimits;
pub use self::context::RequestContext;
pub use self::context::Runtime;
pub use self::context::ServiceRuntime;
pub use self::context::Sizes;
use self::failure::Failure;
use self::failure::Failures;
pub use self::failure::Kind as FailureKind;
use self::land::Lander;
use self::land::Remark;
use self::order::Orders;
use self::prepare::Prepared;
use self::queue::Queue;
use self::queue::Waiting;
pub use self::record::CallRecord;
use self::store::RowId;
use self::store::Store;
use self::write::Writer;
use crate::cache::Provenance;
use crate::plan::Call;
use crate::plan::Fetch;
use crate::plan::Plan;

/// What an execution came to.
#[derive(Debug)]
pub struct Executed {
    /// The response map as JSON: `errors` if any, `data`, `extensions` if any.
    pub body: Bytes,
    /// There are errors.
    pub failed: bool,
    /// What its documents allow caches to do with it.
    pub provenance: Provenance,
    /// The calls that were made, when the request asked for them to be recorded.
    pub calls: Vec<CallRecord>,
    /// What it took.
    pub sizes: Sizes,
}

/// Where a fetch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Running(usize),
    Done,
}

/// One execution.
struct Execution<'a> {
    runtime: &'a Runtime,
    plan: &'a Plan,
    request: &'a RequestContext,
    store: Store,
    failures: Failures,
    root: RowId,
    states: Vec<State>,
    /// Outcomes of the output's guards.
    output_guards: Vec<bool>,
    /// When each fetch has its turn.
    turns: Vec<u32>,
    /// How the answers to each fetch are written.
    orders: Vec<Orders>,
    queue: Queue,
    /// For each fetch, whether another one calls by the same connect.
    siblings: Vec<bool>,
    provenance: Provenance,
    records: Vec<CallRecord>,
}

type CallResult = (Box<Waiting>, Called, Duration);

/// Executes a plan.
pub async fn execute(runtime: &Runtime, plan: &Plan, request: &RequestContext) -> Executed {
    let mut execution = Execution::new(runtime, plan, request);
    let deadline = Instant::now() + runtime.limits.timeout;
    let mut running = FuturesUnordered::new();
    // Calls that have ended as soon as they began.
    let mut there = Vec::new();
    loop {
        execution.start_ready();
        while running.len() < runtime.limits.concurrency {
            let Some(waiting) = execution.queue.pop() else {
                break;
            };
            let freshness = execution.freshness(waiting.fetch);
            let may_be_there = execution.may_be_there(&waiting, freshness);
            // Boxed: futures of calls are large, and are moved about while they wait.
            let call = make(runtime, plan, request, waiting, freshness, deadline);
            let mut call = Box::pin(call);
            match may_be_there {
                true => match poll_immediate(call.as_mut()).await {
                    Some(ended) => there.push(ended),
                    None => running.push(call),
                },
                false => running.push(call),
            }
        }
        // Not before all calls have begun: reading what there is takes time.
        if !there.is_empty() {
            for (waiting, called, took) in there.drain(..) {
                execution.land(&waiting, called, took);
            }
            continue;
        }
        if running.is_empty() {
            if execution.is_done() {
                break;
            }
            continue;
        }
        match tokio::time::timeout_at(deadline, running.next()).await {
            Ok(Some((waiting, called, took))) => execution.land(&waiting, called, took),
            Ok(None) => {}
            Err(_) => {
                execution.time_out();
                break;
            }
        }
    }
    execution.finish()
}

async fn make(
    runtime: &Runtime,
    plan: &Plan,
    request: &RequestContext,
    mut waiting: Box<Waiting>,
    freshness: Freshness,
    deadline: Instant,
) -> CallResult {
    let begun = Instant::now();
    let own = &plan.fetches[waiting.fetch];
    let called = call::call(
        runtime,
        request,
        plan,
        own,
        &mut waiting.call,
        freshness,
        deadline,
    )
    .await;
    (waiting, called, begun.elapsed())
}

impl<'a> Execution<'a> {
    fn new(runtime: &'a Runtime, plan: &'a Plan, request: &'a RequestContext) -> Self {
        let guards: Vec<bool> = plan
            .guards
            .iter()
            .map(|guard| request.holds(guard))
            .collect();
        let expected = request.sizes.expected();
        let mut store = Store::new(guards, expected).with_numbers(runtime.limits.numbers);
        let output_guards = plan.output.guards.iter();
        let output_guards: Vec<bool> = output_guards.map(|guard| request.holds(guard)).collect();
        let serial = plan.kind == OperationType::Mutation;
        let root_need = &plan.needs[0];
        let root = store.add_row(0, root_need.width(), Some(root_need.ty));
        Execution {
            runtime,
            plan,
            request,
            store,
            failures: Failures::new(runtime.limits.errors),
            root,
            states: vec![State::Waiting; plan.fetches.len()],
            turns: serial::turns(plan, serial, &output_guards),
            output_guards,
            orders: Vec::from_iter(plan.fetches.iter().map(|_| Orders::default())),
            queue: Queue::new(runtime.limits.upstream_calls),
            siblings: queue::with_siblings(plan),
            provenance: Provenance::new(),
            records: Vec::new(),
        }
    }

    fn is_done(&self) -> bool {
        self.states.iter().all(|state| *state == State::Done)
    }

    /// Lookups under a mutation see the upstream as it is now.
    fn freshness(&self, fetch: usize) -> Freshness {
        match self.plan.kind {
            OperationType::Mutation if self.plan.fetches[fetch].path.is_empty() => {
                Freshness::Mutation
            }
            OperationType::Mutation => Freshness::Uncached,
            _ if self.request.uncached => Freshness::Uncached,
            _ => Freshness::Read,
        }
    }

    /// Whether a call may well end without waiting for anybody: nobody is called, or its answer is kept.
    fn may_be_there(&self, waiting: &Waiting, freshness: Freshness) -> bool {
        if waiting.call.request.is_none() {
            return true;
        }
        let fetch = &self.plan.fetches[waiting.fetch];
        let service = &self.runtime.services[fetch.service.0 as usize];
        let place = match &fetch.call {
            Call::Connect { connect, .. } => *connect,
            _ => 0,
        };
        freshness == Freshness::Read
            && service
                .endpoints
                .get(place)
                .is_some_and(|endpoint| endpoint.may_be_storable())
    }

    /// What puts the answers to a fetch into rows.
    fn lander(&mut self, fetch: usize) -> Lander<'_> {
        Lander {
            runtime: self.runtime,
            plan: self.plan,
            store: &mut self.store,
            failures: &mut self.failures,
            remarks: Vec::new(),
            orders: &mut self.orders,
            at: fetch,
        }
    }

    fn land(&mut self, waiting: &Waiting, called: Called, took: Duration) {
        let index = waiting.fetch;
        self.note(&self.plan.fetches[index], &called);
        let mut remarks = self.take(index, &waiting.call, &called);
        for (index, call) in &waiting.also {
            remarks.extend(self.take(*index, call, &called));
        }
        if self.request.record {
            let fetch = &self.plan.fetches[index];
            let number = self.plan.call_numbers()[index];
            let record = CallRecord::new(self.runtime, fetch, number, called, took, remarks);
            self.records.push(record);
        }
    }

    /// Puts what was called for into the rows of one taker; gives what its mapping had to say.
    fn take(&mut self, index: usize, prepared: &Prepared, called: &Called) -> Vec<Remark> {
        let fetch = &self.plan.fetches[index];
        let mut lander = self.lander(index);
        lander.kept(&called.kept);
        lander.land(fetch, prepared, &called.landed);
        let remarks = lander.remarks;
        for taker in prepared.asking(index).iter() {
            if let State::Running(open) = &mut self.states[*taker] {
                *open -= 1;
                if *open == 0 {
                    self.states[*taker] = State::Done;
                }
            }
        }
        remarks
    }

    /// What a call's documents allow caches to do with the answer.
    fn note(&mut self, fetch: &Fetch, called: &Called) {
        let pages = match &called.landed {
            Landed::Documents { pages, .. } => pages.as_slice(),
            Landed::MappingOnly | Landed::Kept => &[],
            Landed::Unrendered(_) | Landed::Failed(_) => {
                self.provenance.forbid();
                &[]
            }
        };
        let service = &self.runtime.services[fetch.service.0 as usize];
        let Some(endpoint) = service.endpoints.first() else {
            return;
        };
        let now = self.runtime.documents.now();
        let kept = called.kept.iter().map(|(_, entity)| entity);
        let pages = pages.iter().map(|page| &page.fetched);
        for fetched in pages.chain(kept) {
            self.provenance.add(endpoint.upstream(), fetched, now);
        }
    }

    /// Whatever has not ended by the deadline fails; what has stays.
    fn time_out(&mut self) {
        for index in 0..self.plan.fetches.len() {
            if self.states[index] == State::Done {
                continue;
            }
            let fetch = &self.plan.fetches[index];
            let rows = inputs::rows_at(&self.store, self.root, &fetch.path);
            let message = "The operation was not done in time".to_owned();
            let mut lander = self.lander(index);
            let failure = lander.failure(
                fetch,
                FailureKind::Timeout,
                "GATEWAY_TIMEOUT",
                message,
                None,
            );
            lander.fail(fetch, &rows, failure);
        }
    }

    fn finish(self) -> Executed {
        let Execution {
            runtime,
            plan,
            request,
            store,
            mut failures,
            root,
            output_guards,
            mut provenance,
            records,
            ..
        } = self;
        let mut writer = Writer {
            store: &store,
            output: &plan.output,
            types: &runtime.graph.types,
            guards: &output_guards,
            introspection: &request.introspection,
            failures: &mut failures,
            path: Vec::new(),
            out: Vec::with_capacity(request.sizes.expected().answer),
            max_bytes: runtime.limits.answer_bytes,
            too_long: false,
        };
        writer.out.extend_from_slice(b"{\"data\":");
        writer.data(root);
        let (mut body, too_long) = (std::mem::take(&mut writer.out), writer.too_long);
        drop(writer);
        if too_long || body.len() > runtime.limits.answer_bytes {
            let most = runtime.limits.answer_bytes;
            let message = format!("The answer is longer than allowed ({most} bytes)");
            failures = Failures::new(1);
            let failure = failures.add(Failure::limit(message));
            failures.overall(failure);
            body = Vec::from(&b"{\"data\":null"[..]);
        }
        if !failures.is_empty() {
            body.extend_from_slice(b",\"errors\":[");
            body.extend_from_slice(failures.written());
            body.push(b']');
            if failures.left_out() > 0 {
                let extensions = format!(
                    ",\"extensions\":{{\"sangam\":{{\"errorsLeftOut\":{}}}}}",
                    failures.left_out()
                );
                body.extend_from_slice(extensions.as_bytes());
            }
            provenance.forbid();
        }
        body.push(b'}');
        let (rows, cells) = store.len();
        Executed {
            sizes: Sizes {
                answer: body.len(),
                rows,
                cells,
            },
            body: Bytes::from(body),
            failed: !failures.is_empty(),
            provenance,
            calls: records,
        }
    }
}
