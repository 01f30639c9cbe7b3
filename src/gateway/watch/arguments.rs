//! What a client asks of a live query.

use std::time::Duration;

use super::super::GraphqlRequest;
use super::super::compile::CompiledOperation;
use super::super::refusal::Refusal;
use crate::errors::{ErrorKind, code};
use crate::operation::CoercedVariables;

/// How a client gets the answers of a live query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in super::super) struct LiveArguments {
    /// The least time between two answers, if the client gives one.
    pub(super) throttle: Option<Duration>,
    /// Answers after the first one are patches.
    pub(super) patch: bool,
}

impl LiveArguments {
    /// Of a request; `None` if it is not a live query.
    pub(in super::super) fn of(
        request: &GraphqlRequest,
        ready: &CompiledOperation,
        coerced: &CoercedVariables,
    ) -> Result<Option<LiveArguments>, Refusal> {
        let directive = ready.operation.live(&coerced.values);
        if directive.is_none() && request.live.is_none() {
            return Ok(None);
        }
        let directive = directive.unwrap_or_default();
        let of_text = directive.throttle.map(u64::try_from).transpose();
        let of_text = of_text.map_err(|_| negative())?.map(Duration::from_millis);
        let beside = request.live.as_deref().copied().unwrap_or_default();
        Ok(Some(LiveArguments {
            throttle: beside.throttle.or(of_text),
            patch: beside.patch.unwrap_or(directive.patch),
        }))
    }
}

fn negative() -> Refusal {
    let message = "`throttle` of @live is a time in milliseconds, which must not be negative";
    Refusal::new(code::INVALID_ARGUMENT, ErrorKind::Invalid, message)
}
