//! Globally unique ids: no call gives them.
//!
//! The planner looks `id` up by its key, in the subgraph that the gateway adds for ids. Once the guards are computed, and with
//! them when the fields of the key are read, these fetches are taken out of the plan: the writer makes the ids from the fields.

use super::Lowering;
use crate::graph::query::LookupKind;

impl Lowering<'_, '_> {
    /// Takes the lookups of ids out of the order of fetches, and notes what each id is made from.
    pub(super) fn take_ids(&mut self, order: &mut Vec<usize>) {
        let graph = self.planner.graph;
        let Some(identification) = &graph.identification else {
            return;
        };
        let (planner, ids) = (&*self.planner, &mut self.ids);
        order.retain(|&index| {
            let draft = &planner.fetches[index];
            let lookup = graph.lookup(draft.lookup);
            let is_id = lookup.subgraph == identification.subgraph
                && matches!(lookup.kind, LookupKind::Entities { .. });
            if is_id {
                for field in &planner.trees[draft.tree.0 as usize].fields {
                    let made = (draft.position, field.slot, lookup.on);
                    ids.entry(made).or_insert_with(|| draft.inputs.clone());
                }
            }
            !is_id
        });
    }
}
