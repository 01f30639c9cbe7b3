//! Starts fetches: turns each fetch whose predecessors have ended into calls, and queues them.

use apollo_compiler::executable::OperationType;

use super::call::CacheUse;
use super::prepare::{Gathered, Preparation, PreparedCall, Preparer};
use super::{Execution, State, observed};
use crate::connector::RenderError;
use crate::plan::FetchCall;
use crate::response::bounds::Reached;
use crate::response::failure::Failure;
use crate::response::merge;
use crate::response::targets::Targets;

/// Preparing one row takes about as long as reading this many bytes of a document.
const ROW: usize = 64;

impl Execution<'_> {
    /// Starts every fetch whose predecessors have ended. A fetch without rows, or whose guard does not hold, is done at
    /// once, which may make others ready: hence the loop.
    pub(super) async fn start_ready(&mut self) -> Result<(), Reached> {
        let mut progress = true;
        while progress {
            progress = false;
            for index in 0..self.plan.fetches.len() {
                let is_ready = match self.states[index] {
                    State::Waiting => self.is_ready(index),
                    State::Done => self.may_go_on(index),
                    State::Running(_) => false,
                };
                if is_ready {
                    // An entity batch starts several fetches, and some of them may be done at once.
                    let several =
                        matches!(self.plan.fetches[index].call, FetchCall::Entities { .. });
                    // The time to find the rows grows with the number of rows.
                    let (bounds, size) = (self.bounds, self.store.len().0 * ROW);
                    bounds.off_worker(size, || self.start(index)).await?;
                    progress |= several || self.states[index] == State::Done;
                    self.pace.pause().await?;
                }
            }
        }
        Ok(())
    }

    fn is_ready(&self, index: usize) -> bool {
        let fetch = &self.plan.fetches[index];
        let serial = self.plan.kind == OperationType::Mutation;
        let earlier_done = !serial
            || self
                .ranks
                .iter()
                .zip(&self.states)
                .enumerate()
                .all(|(other, (rank, state))| {
                    let is_before = *rank < self.ranks[index] && *state != State::Done;
                    !is_before || self.is_deferred(other)
                });
        let is_late = || {
            let begun = self.ranks.iter().zip(&self.states);
            let begun = begun.filter(|(_, state)| **state != State::Waiting);
            begun.map(|(rank, _)| *rank).max() < Some(self.ranks[index])
        };
        earlier_done
            && !(self.is_halted() && is_late())
            && fetch
                .after
                .iter()
                .all(|other| self.states[*other] == State::Done)
    }

    fn start(&mut self, index: usize) {
        let fetch = &self.plan.fetches[index];
        if self.states[index] == State::Done {
            self.go_on(index);
        }
        if let FetchCall::Entities { batch, .. } = &fetch.call {
            return self.start_batch(*batch);
        }
        if !self.store.holds(fetch.guard) {
            self.states[index] = State::Done;
            return;
        }
        let mut preparation = self.preparer().prepare(fetch);
        let may_share = self.may_share(index);
        let (calls, mut refused) = (std::mem::take(&mut preparation.calls), Vec::new());
        let mut count = calls.len();
        for call in calls {
            refused.extend(self.add_call(index, call, may_share));
        }
        count -= refused.len();
        self.note_begun(index, &preparation);
        self.fail_unprepared(index, &preparation);
        if !refused.is_empty() {
            let rows = refused.iter().flat_map(|call| call.targets.rows());
            let targets = Targets::Rows(rows.collect());
            let failure = self.too_many_calls();
            self.ingester(index).fail_targets(fetch, &targets, failure);
        }
        self.states[index] = match count {
            0 => State::Done,
            count => State::Running(count),
        };
    }

    /// Starts all fetches of an entity batch: one `_entities` call serves them.
    fn start_batch(&mut self, batch: usize) {
        let (plan, batch) = (self.plan, &self.plan.batches[batch]);
        let mut gathered = Gathered::default();
        for &index in &batch.fetches {
            self.states[index] = State::Done;
            if self.store.holds(plan.fetches[index].guard) {
                let mut preparation = self.preparer().gather(index, &mut gathered);
                for separate in std::mem::take(&mut preparation.calls) {
                    self.add_entities(index, Ok(separate));
                }
                self.note_begun(index, &preparation);
                self.fail_unprepared(index, &preparation);
            }
        }
        if let Some(first) = gathered.first() {
            let call = self.preparer().batch(&plan.fetches[first], batch, gathered);
            self.add_entities(first, call);
        }
    }

    /// Queues an `_entities` call. `first` is the first of the fetches that consume it.
    fn add_entities(&mut self, first: usize, call: Result<PreparedCall, (Targets, RenderError)>) {
        let fetch = &self.plan.fetches[first];
        let call = match call {
            Ok(call) => call,
            Err((targets, error)) => {
                observed::unrendered(self.runtime, fetch, &error);
                return self.ingester(first).unrendered(fetch, &targets, &error);
            }
        };
        let consuming_fetches = call.consuming_fetches(first).to_vec();
        if let Some(refused) = self.add_call(first, call, false) {
            let failure = self.too_many_calls();
            return self
                .ingester(first)
                .fail_targets(fetch, &refused.targets, failure);
        }
        for index in consuming_fetches {
            let open = match self.states[index] {
                State::Running(open) => open,
                State::Waiting | State::Done => 0,
            };
            self.states[index] = State::Running(open + 1);
        }
    }

    /// Queues a call, or returns it if the operation has made as many calls as it may.
    fn add_call(
        &mut self,
        fetch: usize,
        call: PreparedCall,
        may_share: bool,
    ) -> Option<PreparedCall> {
        if let Some(rounds) = self.rounds_mut() {
            rounds.open(fetch, &call.targets);
        }
        let refused = self.queue.add(self.plan, fetch, call, may_share)?;
        if let Some(rounds) = self.rounds_mut() {
            rounds.close(fetch, &refused.targets);
        }
        Some(refused)
    }

    fn note_begun(&mut self, fetch: usize, preparation: &Preparation) {
        if let Some(rounds) = self.rounds_mut() {
            rounds.begin(fetch, &preparation.begun);
        }
    }

    pub(super) fn preparer(&self) -> Preparer<'_> {
        Preparer {
            runtime: self.runtime,
            plan: self.plan,
            request: self.request,
            store: &self.store,
            absent: &self.absent,
            rounds: self.rounds(),
            root: self.root,
            account: self.bounds.account,
        }
    }

    /// Fails the rows of a fetch for which no call could be prepared.
    fn fail_unprepared(&mut self, index: usize, preparation: &Preparation) {
        let (fetch, runtime) = (&self.plan.fetches[index], self.runtime);
        let mut ingester = self.ingester(index);
        for (row, failure) in &preparation.failed {
            let failure = ingester.failures.for_other_field(*failure);
            merge::fail_row(ingester.store, ingester.plan, *row, fetch.read, failure);
        }
        for (row, requirement, failure) in &preparation.unmet {
            let field = &fetch.requirements[*requirement].field;
            let failure = ingester.failures.for_other_field(*failure);
            let (store, plan) = (&mut *ingester.store, ingester.plan);
            merge::fail_named(store, plan, *row, fetch.read, field, failure);
        }
        if !preparation.too_many.is_empty() {
            let (count, most) = (preparation.too_many.len(), runtime.limits.list_fan_out);
            let message = format!("{count} objects need calls; one fetch may start from {most}");
            ingester.fail(fetch, &preparation.too_many, Failure::limit(message));
        }
        if let Some((rows, exceeded)) = &preparation.exceeded {
            let failure = ingester.reached(fetch, (*exceeded).into());
            ingester.fail(fetch, rows, failure);
        }
        for (targets, error) in &preparation.unrendered {
            observed::unrendered(runtime, fetch, error);
            ingester.unrendered(fetch, targets, error);
        }
    }

    fn too_many_calls(&self) -> Failure {
        let limit = self.runtime.limits.upstream_calls;
        Failure::limit(format!(
            "The operation needs more calls to upstreams than allowed ({limit})"
        ))
    }

    /// Whether another queued call may send the same request as a call of this fetch. `prepare` has already merged
    /// equal calls of one fetch, unless their mapping reads the inputs; so the others are calls of fetches with the
    /// same connect. A mutation's calls are never shared.
    fn may_share(&self, index: usize) -> bool {
        let fetch = &self.plan.fetches[index];
        let FetchCall::Connect { connect, .. } = &fetch.call else {
            return false;
        };
        let connect = self.runtime.graph.connect(fetch.subgraph, *connect);
        let reads_inputs = connect.is_some_and(|connect| connect.reads.selection_reads_inputs);
        let has_sibling = self.siblings.get(index) == Some(&true);
        (reads_inputs || has_sibling) && self.cache_use(index) != CacheUse::Mutation
    }
}
