//! Executes a plan with variables and gives the payloads of the response.
//!
//! The state of an execution is a set of rows ([`response`](crate::response)): one row for each object, one cell for each
//! slot that the plan requests of the object. A request takes this path:
//!
//! 1. `start` starts every fetch whose predecessors have ended.
//! 2. `prepare` turns the rows at the fetch's path into calls; `queue` merges calls that would send the same request.
//! 3. `call` makes each call through the caches.
//! 4. `response::ingest` reads each upstream response into rows, as the fetch's projection says, and merges them into
//!    the rows that the call was made for.
//! 5. When all fetches of a payload have ended, `response::write` writes its rows (`finish`).
//!
//! # Scheduling
//!
//! The plan is a DAG of fetches. For `{ districts { name works { count } } }`, fetch 1 reads the districts from one
//! connector, and fetch 2, which comes after 1, reads the works of all districts from another one. A fetch is
//! *waiting*, *running* with a number of open calls, or *done*. [`Execution::run`] repeats: start the fetches whose
//! predecessors are done, begin queued calls up to the limit of concurrency, wait for one call to end, ingest its
//! result, and decrease the open calls of the fetches that it was made for.
//!
//! The loop ends: each turn ends a call or starts a fetch, a fetch starts once (twice for elements of a streamed list: `rounds`),
//! and `limits.upstream_calls` bounds the calls. If no call runs and some fetch is not done, the plan is faulty, and these fetches fail.
//!
//! One request is one task: its calls run concurrently, its reading and writing do not. `response::bounds` limits what it
//! may hold, and `response::pace` lets other tasks run in between.

mod accept;
mod call;
mod context;
mod event;
mod event_call;
mod finish;
mod incremental;
mod observed;
mod page_loop;
mod pages;
mod prepare;
mod queue;
mod record;
mod results;
mod rounds;
mod seeded;
mod serial;
mod start;

use std::pin::Pin;
use std::time::Duration;

use apollo_compiler::executable::OperationType;
use futures_util::StreamExt;
use futures_util::future::poll_immediate;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, timeout_at};

use self::call::{CacheUse, CallScope, Called};
pub use self::context::{ConnectorRuntime, ExecutionLimits, FileRuntime, RequestContext, Runtime};
pub use self::event::Event;
pub use self::event_call::{EventCall, Polled, yields_true};
use self::incremental::Incremental;
pub use self::incremental::IncrementalFormat;
use self::page_loop::PageRange;
use self::queue::{Queue, QueuedCall};
pub use self::record::CallRecord;
use crate::budget::Account;
use crate::cache::{Payload, Provenance};
use crate::plan::{FetchCall, Plan};
use crate::response::bounds::{Bounds, Reached};
use crate::response::error_list::ErrorList;
use crate::response::failure::Failure;
use crate::response::failures::Failures;
use crate::response::group::DeliveryGroup;
use crate::response::ingest::{Ingester, PagesRead};
use crate::response::pace::Pace;
use crate::response::store::{RowId, Store};
use crate::response::targets::AbsentRows;
use crate::response::{ErrorBehavior, MemberOrders, Sizes, inputs};

/// One payload of an execution.
#[derive(Debug)]
pub struct Executed {
    /// What the client gets: `data`, `errors` if any, `extensions` if any.
    pub payload: Payload,
    /// Whether the payload has errors.
    pub failed: bool,
    /// How long, and for which clients, the payload may be cached.
    pub provenance: Provenance,
    /// The calls that were made for it, if the request asked for records.
    pub calls: Vec<CallRecord>,
    /// How large the payload and its rows were.
    pub sizes: Sizes,
    /// The actual cost, if the request asked for it.
    pub cost: Option<u64>,
}

/// The state of a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not started.
    Waiting,
    /// With this number of calls that have not ended.
    Running(usize),
    /// Ended, or not needed.
    Done,
}

/// One execution: a stream of payloads.
///
/// It does nothing before [`Execution::next`] is called. What a payload does not need goes on behind it: calls in flight
/// belong to the execution, not to the payload during which they began.
pub struct Execution<'a> {
    bounds: Bounds<'a>,
    pace: Pace,
    runtime: &'a Runtime,
    plan: &'a Plan,
    request: &'a RequestContext,
    store: Store,
    failures: Failures,
    /// By fetch of a list: the rows that are not in it and are looked up.
    absent: AbsentRows,
    /// The root of the operation, from which the paths of fetches lead.
    root: RowId,
    /// What the next payload delivers.
    group: DeliveryGroup,
    states: Vec<State>,
    /// Outcomes of the output's guards.
    output_guards: Vec<bool>,
    /// For a mutation, the order of the fetches: see [`serial::ranks`].
    ranks: Vec<u32>,
    /// By fetch: the order in which its upstream writes the members of objects.
    orders: Vec<MemberOrders>,
    queue: Queue,
    /// The calls in flight. Boxed: their futures are large, and `FuturesUnordered` would move them.
    running: FuturesUnordered<Pin<Box<dyn Future<Output = EndedCall<'a>> + Send + 'a>>>,
    /// The last payload has been given.
    delivered: bool,
    /// By fetch: whether another fetch of the plan uses the same connect.
    siblings: Vec<bool>,
    provenance: Provenance,
    records: Vec<CallRecord>,
    /// Set if deferred fragments are delivered in payloads of their own. Boxed, because that is rare.
    incremental: Option<Box<Incremental<'a>>>,
}

/// A call that has ended, its result, and how long it took if calls are recorded.
type EndedCall<'a> = (Box<QueuedCall>, Called<'a>, Duration);

async fn make_call<'a>(
    (runtime, plan, request): (&'a Runtime, &'a Plan, &'a RequestContext),
    mut queued: Box<QueuedCall>,
    range: PageRange<'a>,
    cache_use: CacheUse,
    bounds: Bounds<'a>,
) -> EndedCall<'a> {
    let begun = request.record.then(Instant::now);
    let scope = CallScope {
        runtime,
        request,
        plan,
        fetch: &plan.fetches[queued.fetch],
        cache_use,
        bounds,
    };
    let called = call::call(scope, &mut queued.call, range).await;
    let took = begun.map_or(Duration::ZERO, |begun| begun.elapsed());
    (queued, called, took)
}

impl<'a> Execution<'a> {
    /// Of a plan, for one request. The time begins now.
    pub fn new(
        runtime: &'a Runtime,
        plan: &'a Plan,
        request: &'a RequestContext,
        account: &'a Account,
    ) -> Self {
        // With files, an operation takes as long as the client sends them.
        let timeout = match &request.uploads {
            Some(_) => runtime.files.settings.upload_timeout,
            None => runtime.limits.timeout,
        };
        let bounds = Bounds {
            account,
            rows: runtime.limits.rows,
            deadline: Instant::now() + timeout,
        };
        // If the budget has no room for the expected rows, reserve nothing: rows are charged when they are added.
        let expected = request.sizes.expected();
        let expected = match bounds.account.charge(Store::size_of(expected)) {
            Ok(()) => expected,
            Err(_) => Sizes::default(),
        };
        let holds = |guard| plan.conditions.holds(guard, &request.conditions);
        let guards: Vec<bool> = plan.guards.iter().map(holds).collect();
        let mut store = Store::new(guards, expected).with_numbers(runtime.limits.numbers);
        let output_guards: Vec<bool> = plan.output.guards.iter().map(holds).collect();
        let serial = plan.kind == OperationType::Mutation;
        let root_position = &plan.positions[0];
        let root = store.add_row(0, root_position.width(), Some(root_position.ty));
        Execution {
            bounds,
            pace: Pace::until(bounds.deadline),
            runtime,
            plan,
            request,
            store,
            failures: Failures::default(),
            absent: AbsentRows::default(),
            root,
            group: DeliveryGroup {
                root,
                errors: ErrorList::new(runtime.limits.errors, runtime.limits.answer_bytes),
            },
            states: vec![State::Waiting; plan.fetches.len()],
            ranks: serial::ranks(plan, serial, &output_guards),
            output_guards,
            orders: Vec::from_iter(plan.fetches.iter().map(|_| MemberOrders::default())),
            queue: Queue::new(runtime.limits.upstream_calls),
            running: FuturesUnordered::new(),
            delivered: false,
            siblings: queue::with_siblings(plan),
            provenance: Provenance::new(),
            records: Vec::new(),
            incremental: None,
        }
    }

    /// The next payload, or `None` after the last one. A query or a mutation has one payload, unless it is
    /// [`incremental`](Execution::incremental).
    pub async fn next(&mut self) -> Option<Executed> {
        if self.incremental.is_some() && !self.delivered {
            return Box::pin(self.next_part()).await;
        }
        if std::mem::replace(&mut self.delivered, true) {
            return None;
        }
        if self.run().await.is_err() {
            self.running.clear();
            // Boxed because it is rare: the future of an execution is as large as the largest future that it waits for.
            Box::pin(self.fail_open(Failure::late())).await;
        }
        Some(self.finish().await)
    }

    /// Makes all calls and ingests their results.
    ///
    /// # Errors
    /// The deadline has passed.
    async fn run(&mut self) -> Result<(), Reached> {
        // Calls that ended when they were polled for the first time.
        let mut ended_calls = Vec::new();
        loop {
            self.start_ready().await?;
            if self.is_over() {
                self.running.clear();
                self.failures.halt();
                Box::pin(self.fail_open(Failure::halted())).await;
                return Ok(());
            }
            while self.running.len() < self.runtime.limits.concurrency {
                let Some(queued) = self.next_call() else {
                    break;
                };
                let cache_use = self.cache_use(queued.fetch);
                let may_end_at_once = self.may_end_at_once(&queued, cache_use);
                let of = (self.runtime, self.plan, self.request);
                let range = self.pages_of(&queued);
                let call = make_call(of, queued, range, cache_use, self.bounds);
                let mut call = Box::pin(call);
                match may_end_at_once {
                    true => match poll_immediate(call.as_mut()).await {
                        Some(ended) => ended_calls.push(ended),
                        None => self.running.push(call),
                    },
                    false => self.running.push(call),
                }
            }
            // Begin all calls first: ingesting takes time, in which the upstreams can already work.
            if !ended_calls.is_empty() {
                for ended in ended_calls.drain(..) {
                    if !self.is_over() {
                        self.ingest(ended).await?;
                    }
                }
                continue;
            }
            if self.running.is_empty() {
                if !self.is_done() {
                    let failure = match self.is_halted() {
                        true => {
                            self.failures.halt();
                            Failure::halted()
                        }
                        false => Failure::stuck(),
                    };
                    Box::pin(self.fail_open(failure)).await;
                }
                return Ok(());
            }
            if self.is_part_ready() {
                return Ok(());
            }
            let ended = timeout_at(self.bounds.deadline, self.running.next()).await;
            self.pace.rested();
            match ended {
                Ok(Some(ended)) => self.ingest(ended).await?,
                Ok(None) => {}
                Err(_) => return Err(Reached::Time),
            }
        }
    }

    /// What a call of a fetch belongs to.
    fn scope_of(&self, fetch: usize, cache_use: CacheUse) -> CallScope<'a> {
        CallScope {
            runtime: self.runtime,
            request: self.request,
            plan: self.plan,
            fetch: &self.plan.fetches[fetch],
            cache_use,
            bounds: self.bounds,
        }
    }

    /// The next call that is made.
    fn next_call(&mut self) -> Option<Box<QueuedCall>> {
        match &mut self.incremental {
            None => self.queue.pop(),
            Some(incremental) => incremental.next_call(&mut self.queue),
        }
    }

    /// Whether no further mutation is executed.
    fn is_halted(&self) -> bool {
        self.request.on_error == ErrorBehavior::Halt
            && self.plan.kind == OperationType::Mutation
            && !self.failures.nothing_failed()
    }

    /// Whether the response is known: its data are null, because something has failed and the client wants the execution to end
    /// then. Calls that run are of no use, but that of a mutation, of which nothing would be known. While a lookup may still say
    /// that an object does not exist, what has failed may be a field of this object, and then is no error.
    fn is_over(&self) -> bool {
        if self.request.on_error != ErrorBehavior::Halt || self.failures.nothing_failed() {
            return false;
        }
        let is_mutation = self.plan.kind == OperationType::Mutation;
        let mut fetches = self.plan.fetches.iter().zip(&self.states);
        fetches.all(|(fetch, state)| match state {
            State::Done => true,
            State::Waiting => !fetch.tells_existence,
            State::Running(_) => !(fetch.tells_existence || is_mutation && fetch.path.is_empty()),
        })
    }

    fn is_done(&self) -> bool {
        let is_over = self.rounds().is_none_or(|rounds| !rounds.is_stuck());
        is_over && self.states.iter().all(|state| *state == State::Done)
    }

    /// How caches take part in a call of a fetch. Lookups below a mutation must see what the mutation changed.
    fn cache_use(&self, fetch: usize) -> CacheUse {
        match self.plan.kind {
            OperationType::Mutation if self.plan.fetches[fetch].path.is_empty() => {
                CacheUse::Mutation
            }
            OperationType::Mutation => CacheUse::Uncached,
            _ => CacheUse::Read,
        }
    }

    /// Whether a call may end at its first poll: it calls no upstream, or its document may be cached.
    fn may_end_at_once(&self, queued: &QueuedCall, cache_use: CacheUse) -> bool {
        if queued.call.request.is_none() {
            return true;
        }
        let fetch = &self.plan.fetches[queued.fetch];
        let service = &self.runtime.connectors[fetch.subgraph.0 as usize];
        let index = match &fetch.call {
            FetchCall::Connect { connect, .. } => *connect,
            _ => 0,
        };
        cache_use == CacheUse::Read
            && service
                .endpoints
                .get(index)
                .is_some_and(|endpoint| endpoint.may_be_storable(|| self.runtime.documents.now()))
    }

    /// Ingests results for a fetch.
    fn ingester(&mut self, fetch: usize) -> Ingester<'_> {
        Ingester {
            graph: &self.runtime.graph,
            documents: &self.runtime.documents,
            numbers: self.runtime.limits.numbers,
            bounds: self.bounds,
            plan: self.plan,
            store: &mut self.store,
            failures: &mut self.failures,
            absent: &mut self.absent,
            errors: &mut self.group.errors,
            remarks: Vec::new(),
            fault: None,
            orders: &mut self.orders,
            at: fetch,
            pages: PagesRead::All,
        }
    }

    /// Fails every fetch that has not ended. What the others have read stays in the response.
    async fn fail_open(&mut self, failure: Failure) {
        // The deadline has passed, but this must be done: it has the extra time that writing has.
        let mut pace = Pace::until(self.runtime.limits.writing_deadline(self.bounds.deadline));
        for index in 0..self.plan.fetches.len() {
            self.fail_growing(index, &failure);
            let is_ended = std::mem::replace(&mut self.states[index], State::Done) == State::Done;
            if is_ended && !self.is_partial(index) {
                continue;
            }
            let fetch = &self.plan.fetches[index];
            let rows = inputs::rows_at(&self.store, self.root, &fetch.path);
            let mut ingester = self.ingester(index);
            let failure = ingester.located(fetch, failure.clone());
            ingester.store.begin_result();
            ingester.fail(fetch, &rows, failure);
            if pace.pause().await.is_err() {
                break;
            }
        }
        if let Some(rounds) = self.rounds_mut() {
            rounds.end();
        }
    }
}
