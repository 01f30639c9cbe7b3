//! An execution whose deferred fragments are delivered in payloads of their own.
//!
//! It is a task, so that its calls go on while a payload is sent, and ends when the payloads are dropped. If all is at hand when
//! the first payload is written, the response is whole, and treated like any other.

use std::sync::{Arc, PoisonError};

use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;
use tracing::{Instrument, Span};

use super::compile::{Compiled, CompiledOperation};
use super::execution::{ExecutedOperation, OperationExecution};
use super::refusal::Refusal;
use super::{Delivery, GraphqlResponse, Payloads, RequestOutcome, ResponseCachePolicy};
use crate::cache::Payload;
use crate::execute::{Executed, Execution, IncrementalFormat};
use crate::observe::scope;
use crate::priority;

/// How many payloads may wait for a client that does not read them. The execution stops until it does.
const MOST_WAITING: usize = 4;

/// What the task of an execution yields.
enum Yielded {
    Refused(Refusal),
    Whole(ExecutedOperation),
    Part(Payload, bool),
}

impl OperationExecution {
    /// Executes it up to its first payload; the rest follows in the payloads of the response.
    pub(super) async fn run_incremental(
        self,
        format: IncrementalFormat,
    ) -> Result<GraphqlResponse, Refusal> {
        let compiled = Arc::clone(&self.compiled);
        let Compiled::Ready(ready) = &*compiled else {
            return Err(Refusal::internal("The operation is not compiled"));
        };
        let (sender, mut receiver) = mpsc::channel(MOST_WAITING);
        let operation = Arc::clone(&ready.observed);
        let task = async move {
            let of_operation = scope::of_operation(&operation, self.deliver(format, &sender));
            tokio::select! {
                () = of_operation => {}
                // The client is gone.
                () = sender.closed() => {}
            }
        };
        // The spans of its calls are below the span of the request.
        scope::spawn_detached(task.instrument(Span::current()));
        let (first, has_errors) = match receiver.recv().await {
            Some(Yielded::Part(first, has_errors)) => (first, has_errors),
            Some(Yielded::Whole(executed)) => return Ok(executed.into_response(ready)),
            Some(Yielded::Refused(refusal)) => return Err(refusal),
            None => return Err(Refusal::internal("The execution ended without a result")),
        };
        let rest = stream::unfold(receiver, |mut receiver| async {
            match receiver.recv().await? {
                Yielded::Part(payload, _) => Some((payload, receiver)),
                Yielded::Refused(_) | Yielded::Whole(_) => None,
            }
        });
        let payloads = stream::iter([first]).chain(rest).boxed();
        Ok(GraphqlResponse {
            payloads: Payloads::stream(Delivery::Incremental(format), payloads),
            outcome: RequestOutcome::Executed,
            cache: ResponseCachePolicy::default(),
            vary: Arc::clone(&ready.operation.headers),
            operation: Some(Arc::clone(&ready.observed)),
            has_errors,
        })
    }

    async fn deliver(self, format: IncrementalFormat, sender: &mpsc::Sender<Yielded>) {
        let Compiled::Ready(ready) = &*self.compiled else {
            return;
        };
        let _permit = match self.context.is_long.then(|| self.cost.long_permit()) {
            Some(Err(refusal)) => {
                // If the client is gone, there is no one to refuse.
                let _gone = sender.send(Yielded::Refused(refusal)).await;
                return;
            }
            Some(Ok(permit)) => Some(permit),
            None => None,
        };
        if self.context.is_long {
            priority::lower().await;
        }
        let account = self.runtime.account(self.context.is_long);
        let plan = &ready.operation.plan;
        let mut execution = Execution::new(&self.runtime, plan, &self.context, &account);
        execution = execution.incremental(format);
        let mut is_first = true;
        while let Some(executed) = execution.next().await {
            let is_last = executed.payload.is_last;
            let yielded = match is_first && is_last {
                true => Yielded::Whole(self.ended(executed, ready)),
                false => {
                    self.count(&executed, ready);
                    Yielded::Part(executed.payload, executed.failed)
                }
            };
            is_first = false;
            if sender.send(yielded).await.is_err() {
                return;
            }
        }
    }

    /// Records the sizes and the cost of an incremental response with its last payload.
    fn count(&self, executed: &Executed, ready: &CompiledOperation) {
        if executed.payload.is_last {
            *ready.sizes.lock().unwrap_or_else(PoisonError::into_inner) = executed.sizes;
            self.cost.counted(executed.cost);
        }
    }
}
