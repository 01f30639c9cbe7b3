//! A plan and variables become an answer.
//!
//! The path of a request through this room: [`execute`] starts every fetch whose predecessors have ended (`start`);
//! `prepare` turns rows into calls; `call` makes them, through the caches; `land` reads what came into rows, as the
//! fetch's projection says; and when all is done `write` writes the rows as the response. One request is one task: its
//! calls run at the same time, its reading and writing do not. `bounds` is what it may hold, and `pace` how it leaves the
//! threads to others.

mod accept;
mod answers;
mod bounds;
mod call;
mod context;
mod counting;
mod failure;
mod finish;
mod inputs;
mod land;
mod merge;
mod noted;
mod numbers;
mod observed;
mod order;
mod pace;
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
use tokio::time::timeout_at;

use self::bounds::Bounds;
use self::bounds::Reached;
use self::call::Called;
use self::call::Freshness;
use self::call::Landed;
pub use self::context::ExecutionLimits;
pub use self::context::RequestContext;
pub use self::context::Runtime;
pub use self::context::ServiceRuntime;
pub use self::context::Sizes;
pub use self::counting::Counting;
use self::failure::Failure;
use self::failure::Failures;
use self::land::Lander;
use self::land::Remark;
use self::order::Orders;
use self::pace::Pace;
use self::prepare::Prepared;
use self::queue::Queue;
use self::queue::Waiting;
pub use self::record::CallRecord;
use self::store::RowId;
use self::store::Store;
use crate::cache::Provenance;
use crate::plan::FetchCall;
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
    /// What it cost, when the request asked for that to be counted.
    pub cost: Option<u64>,
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
    bounds: Bounds<'a>,
    pace: Pace,
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

/// What a call came to, and how long it took where calls are recorded.
type CallResult = (Box<Waiting>, Called, Duration);

/// Executes a plan.
pub async fn execute(runtime: &Runtime, plan: &Plan, request: &RequestContext) -> Executed {
    let account = match request.is_long {
        true => runtime.budget.large_account(runtime.limits.operation_bytes),
        false => runtime.budget.account(runtime.limits.operation_bytes),
    };
    let bounds = Bounds {
        account: &account,
        rows: runtime.limits.rows,
        deadline: Instant::now() + runtime.limits.timeout,
    };
    let mut execution = Execution::new(runtime, plan, request, bounds);
    if execution.run().await.is_err() {
        // Boxed, as whatever happens seldom: the future of an execution holds the largest of what it waits for.
        Box::pin(execution.fail_open(Failure::late())).await;
    }
    execution.finish().await
}

async fn make(
    runtime: &Runtime,
    plan: &Plan,
    request: &RequestContext,
    mut waiting: Box<Waiting>,
    freshness: Freshness,
    bounds: Bounds<'_>,
) -> CallResult {
    let begun = request.record.then(Instant::now);
    let own = &plan.fetches[waiting.fetch];
    let called = call::call(
        runtime,
        request,
        plan,
        own,
        &mut waiting.call,
        freshness,
        bounds,
    )
    .await;
    let took = begun.map_or(Duration::ZERO, |begun| begun.elapsed());
    (waiting, called, took)
}

impl<'a> Execution<'a> {
    fn new(
        runtime: &'a Runtime,
        plan: &'a Plan,
        request: &'a RequestContext,
        bounds: Bounds<'a>,
    ) -> Self {
        // Where there is no memory for what is expected, it is made as it comes, or refused then.
        let expected = request.sizes.expected();
        let expected = match bounds.account.charge(Store::size_of(expected)) {
            Ok(()) => expected,
            Err(_) => Sizes::default(),
        };
        let guards: Vec<bool> = plan
            .guards
            .iter()
            .map(|guard| request.holds(guard))
            .collect();
        let mut store = Store::new(guards, expected).with_numbers(runtime.limits.numbers);
        let output_guards = plan.output.guards.iter();
        let output_guards: Vec<bool> = output_guards.map(|guard| request.holds(guard)).collect();
        let serial = plan.kind == OperationType::Mutation;
        let root_need = &plan.positions[0];
        let root = store.add_row(0, root_need.width(), Some(root_need.ty));
        Execution {
            bounds,
            pace: Pace::until(bounds.deadline),
            runtime,
            plan,
            request,
            store,
            failures: Failures::new(runtime.limits.errors, runtime.limits.answer_bytes),
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

    /// Makes all calls and puts what they bring into rows.
    ///
    /// # Errors
    /// The time is over.
    async fn run(&mut self) -> Result<(), Reached> {
        let mut running = FuturesUnordered::new();
        // Calls that have ended as soon as they began.
        let mut there = Vec::new();
        loop {
            self.start_ready().await?;
            while running.len() < self.runtime.limits.concurrency {
                let Some(waiting) = self.queue.pop() else {
                    break;
                };
                let freshness = self.freshness(waiting.fetch);
                let may_be_there = self.may_be_there(&waiting, freshness);
                let (runtime, plan, request) = (self.runtime, self.plan, self.request);
                // Boxed: futures of calls are large, and are moved about while they wait.
                let call = make(runtime, plan, request, waiting, freshness, self.bounds);
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
                for ended in there.drain(..) {
                    self.land(ended).await?;
                }
                continue;
            }
            if running.is_empty() {
                if !self.is_done() {
                    Box::pin(self.fail_open(Failure::stuck())).await;
                }
                return Ok(());
            }
            let ended = timeout_at(self.bounds.deadline, running.next()).await;
            self.pace.rested();
            match ended {
                Ok(Some(ended)) => self.land(ended).await?,
                Ok(None) => {}
                Err(_) => return Err(Reached::Time),
            }
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

    /// Whether a call may well end without waiting: no upstream is called, or its answer is kept.
    fn may_be_there(&self, waiting: &Waiting, freshness: Freshness) -> bool {
        if waiting.call.request.is_none() {
            return true;
        }
        let fetch = &self.plan.fetches[waiting.fetch];
        let service = &self.runtime.services[fetch.subgraph.0 as usize];
        let place = match &fetch.call {
            FetchCall::Connect { connect, .. } => *connect,
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
            bounds: self.bounds,
            plan: self.plan,
            store: &mut self.store,
            failures: &mut self.failures,
            remarks: Vec::new(),
            orders: &mut self.orders,
            at: fetch,
        }
    }

    /// Puts what a call came to into rows.
    ///
    /// # Errors
    /// The time is over.
    async fn land(&mut self, (waiting, called, took): CallResult) -> Result<(), Reached> {
        let index = waiting.fetch;
        self.note(&self.plan.fetches[index], &called);
        let (bounds, bytes) = (self.bounds, called.bytes());
        let take = || self.take(index, &waiting.call, &called);
        let mut remarks = bounds.off_worker(bytes, take).await?;
        for (index, call) in &waiting.also {
            self.pace.pause().await?;
            let take = || self.take(*index, call, &called);
            remarks.extend(bounds.off_worker(bytes, take).await?);
        }
        if self.request.record {
            let fetch = &self.plan.fetches[index];
            let number = self.plan.call_numbers()[index];
            let record = CallRecord::new(self.runtime, fetch, number, called, took, remarks);
            self.records.push(record);
        }
        self.pace.pause().await
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
            Landed::Unrendered(_) | Landed::Exceeded(_) | Landed::Failed(_) => {
                self.provenance.forbid();
                &[]
            }
        };
        if pages.is_empty() && called.kept.is_empty() {
            return;
        }
        let service = &self.runtime.services[fetch.subgraph.0 as usize];
        let place = match &fetch.call {
            FetchCall::Connect { connect, .. } => *connect,
            _ => 0,
        };
        let Some(endpoint) = service.endpoints.get(place) else {
            return;
        };
        let now = self.runtime.documents.now();
        let kept = called.kept.iter().map(|(_, entity)| entity);
        let pages = pages.iter().map(|page| &page.fetched);
        for fetched in pages.chain(kept) {
            self.provenance.add(endpoint, fetched, now);
        }
    }

    /// Whatever has not ended fails; what has stays.
    async fn fail_open(&mut self, failure: Failure) {
        // That takes time as well, but has to be done.
        let mut pace = Pace::until(finish::latest(self.runtime, self.bounds.deadline));
        for index in 0..self.plan.fetches.len() {
            if std::mem::replace(&mut self.states[index], State::Done) == State::Done {
                continue;
            }
            let fetch = &self.plan.fetches[index];
            let rows = inputs::rows_at(&self.store, self.root, &fetch.path);
            let mut lander = self.lander(index);
            let failure = lander.located(fetch, failure.clone());
            lander.store.begin_answer();
            lander.fail(fetch, &rows, failure);
            if pace.pause().await.is_err() {
                return;
            }
        }
    }
}
