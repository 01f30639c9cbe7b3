//! The guards of fetches: a fetch runs when the client requests a slot that it reads, or another fetch takes one as an
//! input.

use super::super::draft::{Draft, TreeField, TreeId};
use super::super::guard::Guard;
use super::super::inputs::{Input, Requirement};
use super::super::requested::PositionId;
use super::Lowering;

impl Lowering<'_, '_> {
    /// Computes guards from the last fetch to the first: the slots that a fetch takes as inputs are then wanted when it
    /// runs. Removes fetches of which nothing is wanted: one of several ways to a slot may turn out not to be needed.
    pub(super) fn compute_guards(&mut self, order: &mut Vec<usize>) {
        let mut unwanted = Vec::new();
        for &index in order.iter().rev() {
            let draft = self.planner.fetches[index].clone();
            let guard = self.fetch_guard(&draft);
            if guard.is_never() {
                unwanted.push(index);
                continue;
            }
            let requirements = draft.requirements.iter();
            let required: Vec<&Input> = requirements
                .flat_map(|requirement| &requirement.inputs)
                .collect();
            let always = draft.inputs.iter();
            let always =
                always.filter(|input| input.key || !required.iter().any(|one| input.is(one)));
            self.want_inputs(draft.position, always, &guard);
            for source in draft.contexts.iter().flat_map(|context| &context.sources) {
                self.want_inputs(source.position, &source.inputs, &guard);
            }
            for requirement in &draft.requirements {
                let guard = self.guard_of_requirement(draft.tree, requirement);
                self.want_inputs(draft.position, &requirement.inputs, &guard);
            }
        }
        order.retain(|index| !unwanted.contains(index));
    }

    /// An input that only one field requires is wanted when this field is read.
    pub(super) fn guard_of_requirement(&self, tree: TreeId, requirement: &Requirement) -> Guard {
        let tree = &self.planner.trees[tree.0 as usize];
        let mut guard = Guard::never();
        for field in &tree.fields {
            if self.slot(tree.position, field.slot).key.field == requirement.field {
                guard.or(&self.field_guard(tree.position, field));
            }
        }
        for (_, cast) in &tree.casts {
            guard.or(&self.guard_of_requirement(*cast, requirement));
        }
        guard
    }

    /// When a fetch runs: never if nothing that it reads is wanted. A fetch that provides the concrete type, or tells whether
    /// its rows exist, runs whenever there are rows, whatever else it reads.
    pub(super) fn fetch_guard(&mut self, draft: &Draft) -> Guard {
        let guard = self.tree_guard(draft.tree);
        if !draft.tells_existence && !self.provides_type(draft) {
            return guard;
        }
        let holder = self.planner.positions[draft.position.0 as usize].parent;
        let rows = holder.map(|(position, slot)| self.slot(position, slot).guard.clone());
        rows.filter(|guard| !guard.is_never())
            .unwrap_or_else(Guard::always)
            .and_all(&self.planner.guard_of_cases(draft.cases))
    }

    fn provides_type(&self, draft: &Draft) -> bool {
        let fetches = &self.planner.fetches;
        self.planner.cases.iter().any(|case| {
            case.typed_by.get(&draft.position).is_some_and(|provider| {
                let fetch = self.planner.providers[provider.0 as usize].fetch;
                let fetch = fetches[fetch].merged_into.unwrap_or(fetch);
                fetches[fetch].tree == draft.tree
            })
        })
    }

    fn tree_guard(&mut self, tree: TreeId) -> Guard {
        let tree = self.planner.trees[tree.0 as usize].clone();
        let mut total = Guard::never();
        for field in tree.fields {
            if let Some(child) = field.child {
                let below = self.tree_guard(child);
                self.planner.positions[tree.position.0 as usize].slots[field.slot as usize]
                    .guard
                    .or(&below);
            }
            total.or(&self.field_guard(tree.position, &field));
        }
        for (_, cast) in tree.casts {
            total.or(&self.tree_guard(cast));
        }
        total
    }

    /// When a fetch reads a field: when the slot is wanted, in the cases in which this fetch reads it.
    pub(super) fn field_guard(&self, position: PositionId, field: &TreeField) -> Guard {
        let wanted = &self.slot(position, field.slot).guard;
        if self.planner.cases.len() == 1 {
            return wanted.clone();
        }
        wanted.and_all(&self.planner.guard_of_cases(field.cases))
    }

    fn want_inputs<'i>(
        &mut self,
        position: PositionId,
        inputs: impl IntoIterator<Item = &'i Input>,
        guard: &Guard,
    ) {
        for input in inputs {
            let Some(slot) = input.slot else { continue };
            self.planner.positions[position.0 as usize].slots[slot as usize]
                .guard
                .or(guard);
            if let Some(child) =
                self.planner.positions[position.0 as usize].slots[slot as usize].child
            {
                self.want_inputs(child, &input.children, guard);
            }
        }
    }
}
