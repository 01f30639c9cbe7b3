//! A subscription as one generation executes it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use jiff::Timestamp;

use crate::cache::{Admissions, Payload};
use crate::document::{Str, Value};
use crate::execute::{Event, RequestContext, Runtime};
use crate::gateway::compile::{Compiled, CompiledOperation, Compiling};
use crate::gateway::cost::CostControl;
use crate::gateway::execution::first_payload;
use crate::gateway::refusal::Refusal;
use crate::gateway::{ClientContext, ErrorBehavior};
use crate::plan::{ConditionValues, Plan};

/// What executes a subscription.
pub(in crate::gateway) struct Running {
    pub(super) runtime: Arc<Runtime>,
    pub(super) cost: Arc<CostControl>,
    pub(super) compiling: Arc<Compiling>,
    pub(super) compiled: Arc<Compiled>,
    pub(super) variables: HashMap<Str, Value>,
    pub(super) conditions: ConditionValues,
    pub(super) client: ClientContext,
    pub(super) on_error: ErrorBehavior,
    /// One execution takes milliseconds.
    pub(super) is_long: bool,
}

impl Running {
    /// The operation.
    pub(super) fn ready(&self) -> Option<&CompiledOperation> {
        match &*self.compiled {
            Compiled::Ready(ready) => Some(ready),
            Compiled::Refused(_) => None,
        }
    }

    pub(super) fn plan(&self) -> Option<&Plan> {
        self.ready().map(|ready| &ready.operation.plan)
    }

    /// The request of an execution that an event seeds.
    pub(super) fn context(&self, event: Option<Event>) -> RequestContext {
        let sizes = self.ready().map(|ready| &ready.sizes);
        let sizes = sizes.map(|sizes| *sizes.lock().unwrap_or_else(PoisonError::into_inner));
        RequestContext {
            conditions: self.conditions.clone(),
            variables: self.variables.clone(),
            headers: Arc::clone(&self.client.headers),
            uploads: None,
            instant: Some(self.client.instant.unwrap_or_else(Timestamp::now)),
            trace: self.client.trace,
            trace_state: self.client.trace_state.clone(),
            introspection: Vec::new(),
            sizes: sizes.unwrap_or_default(),
            counting: None,
            is_long: self.is_long,
            record: false,
            admissions: Admissions::new(),
            on_error: self.on_error,
            event: event.map(Box::new),
        }
    }

    /// Executes the operation for an event.
    pub(super) async fn execute(&self, event: Event) -> Payload {
        let result = self.executed(event).await;
        let mut payload = result.unwrap_or_else(|refusal| Payload::only(refusal.body()));
        payload.is_last = false;
        payload
    }

    async fn executed(&self, event: Event) -> Result<Payload, Refusal> {
        let Some(ready) = self.ready() else {
            return Err(Refusal::internal("The operation is not compiled"));
        };
        let _permit = match self.is_long {
            true => Some(self.cost.long_permit()?),
            false => None,
        };
        let context = self.context(Some(event));
        let executed = first_payload(&self.runtime, ready, &context).await?;
        *ready.sizes.lock().unwrap_or_else(PoisonError::into_inner) = executed.sizes;
        Ok(executed.payload)
    }
}
