//! Runs an execution up to the next payload of an incremental response.

use super::{Ended, Incremental, IncrementalFormat};
use crate::execute::rounds::Rounds;
use crate::execute::{Executed, Execution, State};
use crate::plan::FetchCall;
use crate::response::failure::Failure;

impl<'a> Execution<'a> {
    /// The same execution, which delivers deferred fragments, and the elements of streamed lists, in payloads of their own.
    pub fn incremental(mut self, format: IncrementalFormat) -> Self {
        let (plan, request) = (self.plan, self.request);
        let holds = |guard| self.store.holds(guard);
        self.incremental = Incremental::new(format, plan, request, &self.output_guards, &holds);
        self
    }

    /// Whether the next payload of an incremental response has all that it waits for.
    pub(in crate::execute) fn is_part_ready(&mut self) -> bool {
        let Some(mut incremental) = self.incremental.take() else {
            return false;
        };
        let ended = self.ended(&incremental);
        let is_ready = incremental.is_ready(&ended)
            || self.find_complete_elements(&mut incremental, &ended)
            || self.find_complete_instances(&mut incremental, &ended);
        self.incremental = Some(incremental);
        is_ready
    }

    /// Whether the initial payload does not wait for a fetch.
    pub(in crate::execute) fn is_deferred(&self, fetch: usize) -> bool {
        let incremental = self.incremental.as_ref();
        incremental.is_some_and(|incremental| !incremental.is_initial(fetch))
    }

    /// What has been begun of each fetch, if the response is incremental.
    pub(in crate::execute) fn rounds(&self) -> Option<&Rounds> {
        self.incremental.as_ref()?.rounds.as_ref()
    }

    pub(in crate::execute) fn rounds_mut(&mut self) -> Option<&mut Rounds> {
        self.incremental.as_mut()?.rounds.as_mut()
    }

    /// Whether a fetch has started from the first elements of a list only.
    pub(in crate::execute) fn is_partial(&self, fetch: usize) -> bool {
        self.rounds().is_some_and(|rounds| rounds.is_partial(fetch))
    }

    /// Whether a fetch that has ended may start from the other elements of a list.
    pub(in crate::execute) fn may_go_on(&self, fetch: usize) -> bool {
        let Some(rounds) = self.rounds() else {
            return false;
        };
        let is_ended = |other: &usize| self.states[*other] == State::Done;
        let mut together = self.together(fetch).iter();
        let mut before = self.plan.fetches[fetch].after.iter();
        rounds.may_go_on(fetch)
            && together.all(is_ended)
            && before.all(|other| is_ended(other) && !rounds.is_partial(*other))
    }

    /// Begins the second round of a fetch, and of those that share its call.
    pub(in crate::execute) fn go_on(&mut self, fetch: usize) {
        let together = self.together(fetch);
        if let Some(rounds) = self.rounds_mut() {
            rounds.go_on(fetch);
            together.iter().for_each(|other| rounds.go_on(*other));
        }
    }

    /// The fetches that share the call of this one.
    fn together(&self, fetch: usize) -> &'a [usize] {
        match &self.plan.fetches[fetch].call {
            FetchCall::Entities { batch, .. } => &self.plan.batches[*batch].fetches,
            _ => &[],
        }
    }

    /// By fetch: whether it has ended.
    pub(super) fn ended(&self, incremental: &Incremental<'a>) -> Ended {
        let rounds = incremental.rounds.as_ref();
        let states = self.states.iter().enumerate();
        let states = states.map(|(index, state)| {
            let is_second = rounds.is_some_and(|rounds| rounds.is_second(index));
            let is_partial = rounds.is_some_and(|rounds| rounds.is_partial(index));
            let is_growing = rounds.is_some_and(|rounds| rounds.is_growing(index));
            let is_done = *state == State::Done;
            (is_done || is_second, is_done && !is_partial && !is_growing)
        });
        let (first, all) = states.unzip();
        Ended { first, all }
    }

    /// The next payload of an incremental response.
    pub(in crate::execute) async fn next_part(&mut self) -> Option<Executed> {
        loop {
            if self.run().await.is_err() {
                self.running.clear();
                self.fail_open(Failure::late()).await;
            }
            let mut incremental = self.incremental.take()?;
            if incremental.begun {
                let executed = self.write_next(&mut incremental).await;
                self.incremental = Some(incremental);
                return Some(executed);
            }
            // What the others of a list need may be at hand.
            if incremental.rounds.as_mut().is_some_and(Rounds::release) {
                self.incremental = Some(incremental);
                continue;
            }
            let ended = self.ended(&incremental);
            if ended.all.iter().all(|ended| *ended) {
                // Everything is at hand: one payload has it all.
                self.delivered = true;
                return Some(self.finish().await);
            }
            let holds = |guard| self.store.holds(guard);
            incremental.settle(self.plan, &ended.first, &holds);
            if !incremental.is_ready(&self.ended(&incremental)) {
                self.incremental = Some(incremental);
                continue;
            }
            let executed = self.write_initial(&mut incremental).await;
            self.incremental = Some(incremental);
            return Some(executed);
        }
    }
}
