//! Ingests `Query.node` and `Query.nodes`: an id that is none of this graph is null in the document of the gateway's own
//! connector, and an error in the response.

use super::Ingester;
use crate::errors::{ErrorKind, code};
use crate::graph::{MOST_IDS, NODE_FIELD, NODES_FIELD};
use crate::plan::Fetch;
use crate::response::failure::Failure;
use crate::response::store::{Cell, RowId};

impl Ingester<'_> {
    /// Marks the fields of a new row whose ids are none as failed.
    pub(super) fn refuse_unknown_ids(&mut self, fetch: &Fetch, row: RowId) {
        let identification = self.graph.identification.as_ref();
        if identification.is_none_or(|own| own.subgraph != fetch.subgraph) {
            return;
        }
        let plan = self.plan;
        for field in &plan.read(fetch.read).fields {
            match (field.name.as_str(), self.store.cell(row, field.slot)) {
                (NODE_FIELD, Cell::Null) => {
                    let failure =
                        self.invalid_argument("Query.node(id:) must be an `id` of this graph");
                    self.store.set(row, field.slot, failure);
                }
                (NODES_FIELD, Cell::Null) => {
                    let rule = format!("Query.nodes(ids:) must have at most {MOST_IDS} elements");
                    let failure = self.invalid_argument(&rule);
                    self.store.set(row, field.slot, failure);
                }
                (NODES_FIELD, Cell::List { at, len }) => self.refuse_unknown_items(at, len),
                _ => {}
            }
        }
    }

    fn refuse_unknown_items(&mut self, at: u32, len: u32) {
        for index in 0..len {
            if self.store.item(at, index) == Cell::Null {
                let rule = format!("Query.nodes(ids[{index}]:) must be an `id` of this graph");
                let failure = self.invalid_argument(&rule);
                self.store.set_item(at, index, failure);
            }
        }
    }

    fn invalid_argument(&mut self, message: &str) -> Cell {
        let failure = Failure {
            message: message.to_owned(),
            code: code::INVALID_ARGUMENT,
            kind: ErrorKind::Invalid,
            service: None,
            coordinate: None,
            status: None,
            retry_after: None,
            extensions: None,
        };
        Cell::Failed(self.failures.add(failure))
    }
}
