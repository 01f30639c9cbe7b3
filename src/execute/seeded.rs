//! Prepares the call of the root field of a subscription.

use super::Execution;
use super::call::{CacheUse, Caller};
use super::context::{RequestContext, Runtime};
use super::event_call::{EventCall, event_fetch};
use super::prepare::PreparedCall;
use crate::plan::Plan;

impl Execution<'_> {
    /// The call that feeds a subscription. `None` if it cannot be prepared, as when its request cannot be rendered: then an
    /// execution gives the error, whatever the event is.
    pub fn event_call(
        runtime: &Runtime,
        plan: &Plan,
        request: &RequestContext,
    ) -> Option<EventCall> {
        let account = runtime.account(false);
        let execution = Execution::new(runtime, plan, request, &account);
        let index = event_fetch(plan)?;
        let mut preparation = execution.preparer().prepare(&plan.fetches[index]);
        let PreparedCall {
            request: rendered,
            variables,
            ..
        } = preparation.calls.pop()?;
        let scope = execution.scope_of(index, CacheUse::Uncached);
        let subject = Caller::new(scope).subject();
        Some(EventCall {
            request: rendered,
            variables,
            fetch: index,
            subject: subject.map(|subject| *subject.as_bytes()),
        })
    }
}
