//! What is prepared: the calls of a fetch, and the rows that get none.

use std::sync::Arc;

use smallvec::SmallVec;

use super::entity_request::EntityRequest;
use crate::budget::Exceeded;
use crate::connector::{RenderError, Request};
use crate::mapping::Variables;
use crate::response::store::RowId;
use crate::response::targets::Targets;

/// A call that is ready to be made.
#[derive(Debug)]
pub(crate) struct PreparedCall {
    /// `None` for a connect without a request, and for a paginated one, whose requests are rendered page by page.
    pub(crate) request: Option<Request>,
    /// The variables of its request and its mapping.
    pub(crate) variables: Arc<Variables>,
    pub(crate) targets: Targets,
    /// For `_entities`: the representations, which are not in the request's body yet.
    pub(crate) entities: Option<EntityRequest>,
}

impl PreparedCall {
    /// The fetches that consume it; `first` is the first of them.
    pub(crate) fn consuming_fetches(&self, first: usize) -> SmallVec<[usize; 1]> {
        match &self.entities {
            Some(entities) => SmallVec::from_slice(&entities.consuming_fetches),
            None => SmallVec::from_slice(&[first]),
        }
    }
}

/// The calls of a fetch, and the rows for which there is no call.
#[derive(Debug, Default)]
pub(crate) struct Preparation {
    /// All rows, if the fetches for elements of streamed lists are divided.
    pub(crate) begun: Vec<RowId>,
    pub(crate) calls: Vec<PreparedCall>,
    /// Rows with a failed input, with its failure.
    pub(crate) failed: Vec<(RowId, u32)>,
    /// Rows with a failed input that only some fields require: the index of the requirement, and the failure.
    pub(crate) unmet: Vec<(RowId, usize, u32)>,
    /// Rows for which no request can be rendered.
    pub(crate) unrendered: Vec<(Targets, RenderError)>,
    /// All rows, if there are more than one fetch may start from.
    pub(crate) too_many: Vec<RowId>,
    /// The remaining rows, if requests for them would take more memory than the operation may hold.
    pub(crate) exceeded: Option<(Vec<RowId>, Exceeded)>,
}

impl Preparation {
    /// Adds a call, or the rows for which it cannot be rendered.
    pub(super) fn push(&mut self, call: Result<PreparedCall, (Targets, RenderError)>) {
        match call {
            Ok(call) => self.calls.push(call),
            Err(unrendered) => self.unrendered.push(unrendered),
        }
    }
}
