//! Runs an execution up to the next payload of an incremental response.

use super::{Incremental, IncrementalFormat};
use crate::execute::{Executed, Execution, State};
use crate::response::failure::Failure;

impl<'a> Execution<'a> {
    /// The same execution, which delivers deferred fragments in payloads of their own.
    pub fn incremental(mut self, format: IncrementalFormat) -> Self {
        let (plan, request) = (self.plan, self.request);
        let holds = |guard| self.store.holds(guard);
        self.incremental = Incremental::new(format, plan, request, &self.output_guards, &holds);
        self
    }

    /// Whether the next payload of an incremental response has all that it waits for.
    pub(in crate::execute) fn is_part_ready(&self) -> bool {
        let incremental = self.incremental.as_ref();
        incremental.is_some_and(|incremental| incremental.is_ready(&self.done()))
    }

    /// Whether the initial payload does not wait for a fetch.
    pub(in crate::execute) fn is_deferred(&self, fetch: usize) -> bool {
        let incremental = self.incremental.as_ref();
        incremental.is_some_and(|incremental| !incremental.is_initial(fetch))
    }

    /// By fetch: whether it has ended.
    pub(super) fn done(&self) -> Vec<bool> {
        self.states
            .iter()
            .map(|state| *state == State::Done)
            .collect()
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
            if self.is_done() {
                // Everything is at hand: one payload has it all.
                self.delivered = true;
                return Some(self.finish().await);
            }
            let holds = |guard| self.store.holds(guard);
            incremental.settle(self.plan, &self.done(), &holds);
            if !incremental.is_ready(&self.done()) {
                self.incremental = Some(incremental);
                continue;
            }
            let executed = self.write_initial(&mut incremental).await;
            self.incremental = Some(incremental);
            return Some(executed);
        }
    }
}
