//! Prepares calls: which requests a fetch makes, and for which rows.

mod connects;
mod contexts;
mod entities;
mod entity_request;
mod groups;
mod operations;
mod prepared;
mod preparer;

pub(crate) use self::entities::Gathered;
pub(crate) use self::prepared::{Preparation, PreparedCall};
pub(crate) use self::preparer::Preparer;
use crate::plan::{Fetch, FetchCall};
use crate::response::targets::Targets;

impl Preparer<'_> {
    /// The calls of a fetch.
    pub(crate) fn prepare(&self, fetch: &Fetch) -> Preparation {
        let mut preparation = Preparation::default();
        let rows = self.rows(fetch, &mut preparation);
        if rows.is_empty() {
            return preparation;
        }
        match &fetch.call {
            FetchCall::Operation(operation) => {
                let call = self.operation(fetch, operation, Targets::Rows(rows));
                preparation.push(call);
            }
            // The fetches of an entity batch are prepared together, by `gather`.
            FetchCall::Entities { .. } => {}
            FetchCall::Connect { connect, mode } => {
                if let Some(connect) = self.runtime.graph.connect(fetch.subgraph, *connect) {
                    self.connect(fetch, connect, *mode, rows, &mut preparation);
                }
            }
        }
        preparation
    }
}
