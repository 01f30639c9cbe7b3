//! The actual cost of a response: the weights of the static cost, with the actual lengths of the lists.
//!
//! A separate pass over the rows computes it after the response has been written: writing is the hot path, and most
//! requests do not ask for the cost. Leaves that cost nothing are not in the program, so the pass visits a row once for
//! each of its composite fields. An object takes at least two bytes of the response, so the length of the response
//! bounds the objects that are visited, even if many lists share their rows.

use std::sync::Arc;

use super::store::{Cell, RowId, Store};
use crate::cost::{CostField, Estimate, Program};

/// A request whose actual cost is counted.
#[derive(Debug)]
pub struct Counting {
    /// The operation's program.
    pub program: Arc<Program>,
    /// What it is estimated to cost for this request.
    pub estimate: Arc<Estimate>,
    /// The maximum estimated cost, if the response is to report costs.
    pub report: Option<u64>,
}

impl Counting {
    /// The actual cost of a response of so many bytes.
    pub(crate) fn actual(&self, store: &Store, root: RowId, bytes: usize) -> u64 {
        let mut pass = Pass {
            counting: self,
            store,
            objects: bytes / 2 + 1,
        };
        pass.object(root, 0).selected
    }

    /// The member of `extensions.sangam` that reports costs, where one is asked for.
    pub(crate) fn reported(&self, actual: u64) -> Option<String> {
        let (estimated, max) = (self.estimate.total(), self.report?);
        Some(format!(
            "\"cost\":{{\"estimated\":{estimated},\"actual\":{actual},\"max\":{max}}}"
        ))
    }
}

struct Pass<'p> {
    counting: &'p Counting,
    store: &'p Store,
    /// How many more objects may be visited.
    objects: usize,
}

/// The cost of an object.
#[derive(Default)]
struct ObjectCost {
    /// Its own weight.
    weight: u64,
    /// The cost of its selected fields.
    selected: u64,
}

impl Pass<'_> {
    fn object(&mut self, row: RowId, object: u32) -> ObjectCost {
        let counting = self.counting;
        let class = counting
            .program
            .object(object)
            .and_then(|object| object.class_of(self.store.ty(row)));
        let (Some(class), Some(left)) = (class, self.objects.checked_sub(1)) else {
            return ObjectCost::default();
        };
        self.objects = left;
        let mut selected: u64 = 0;
        for field in &class.fields {
            if counting.estimate.includes(field) {
                let values = self.values(self.store.cell(row, field.slot), field);
                let cost = counting.estimate.once(field).saturating_add(values);
                selected = selected.saturating_add(cost);
            }
        }
        ObjectCost {
            weight: class.weight,
            selected,
        }
    }

    fn values(&mut self, cell: Cell, field: &CostField) -> u64 {
        match (cell, field.below) {
            (Cell::Missing | Cell::Null | Cell::Failed(_), _) => 0,
            (Cell::List { at, len }, _) => (0..len).fold(0, |sum: u64, index| {
                let item = self.store.item(at, index);
                sum.saturating_add(self.values(item, field))
            }),
            (Cell::Row(row), Some(below)) => {
                let object = self.object(row, below);
                let weight = field.weight.unwrap_or(object.weight);
                weight.saturating_add(object.selected)
            }
            _ => field.weight.unwrap_or(0),
        }
    }
}
