//! Override outcomes: plans an operation for the combinations of outcomes of its `@override` labels.
//!
//! A label decides per request which subgraph resolves a field, and so which keys and lookups the plan needs. One plan
//! must serve all outcomes. So the operation is planned once per combination of outcomes, a *case*, over the same
//! positions; lowering then merges what the cases have in common and guards the rest.
//!
//! Labels are found during the search. The first case takes every label to be off. If it met the labels `a` and `b`,
//! two cases are added: `a` on, and `a` off with `b` on. A label that no requested field and no key depends on adds no
//! case. With n relevant labels there are at most 2ⁿ cases, and more than [`MAX_CASES`] refuse the operation.
//!
//! A case may split a slot of an abstract position that earlier cases served for several types at once. Those cases
//! then start again with the finer slots; this ends, because slots are only ever split.

use std::collections::HashSet;
use std::sync::Arc;

use apollo_compiler::Name;

use super::Planner;
use crate::connector::{FieldSet, FieldSetItem};
use crate::graph::query::QueryGraph;
use crate::plan::PlanError;
use crate::plan::cases::{CaseSet, Decided, LabelOutcomes};
use crate::plan::draft::OverrideCase;
use crate::plan::guard::{Guard, Literal};
use crate::plan::requested::PositionId;

/// The most cases that one operation may have: a [`CaseSet`] has 64 bits.
const MAX_CASES: usize = 64;

impl Planner<'_> {
    /// Plans the operation for every combination of outcomes that makes a difference to it.
    pub(in crate::plan) fn plan_cases(
        &mut self,
        position: PositionId,
        serial: bool,
    ) -> Result<(), PlanError> {
        let relevant_fields = Arc::new(self.relevant_fields());
        let mut open = vec![Decided::new()];
        while let Some(decided) = open.pop() {
            let case_index = self.cases.len();
            if case_index == MAX_CASES {
                return Err(PlanError::TooComplex);
            }
            self.current_case = CaseSet::single(case_index);
            self.splits = 0;
            self.slots_before = self
                .positions
                .iter()
                .map(|position| position.slots.len())
                .collect();
            let outcomes = LabelOutcomes::new(decided.clone(), Arc::clone(&relevant_fields));
            self.reachability.begin(outcomes);
            self.plan_root(position, serial)?;
            let encountered = self.reachability.outcomes.take_encountered();
            self.end_case(decided, encountered, &mut open);
            if case_index > 0 && self.splits > 0 {
                // An earlier case reads the split slot for several types at once: plan all cases again.
                self.start_over();
                open = vec![Decided::new()];
            }
        }
        Ok(())
    }

    /// Records the case, in which every label that it met is off, and adds the cases in which one of them is on.
    fn end_case(
        &mut self,
        mut decided: Decided,
        encountered: Vec<Arc<str>>,
        open: &mut Vec<Decided>,
    ) {
        let mut others = Vec::with_capacity(encountered.len());
        for label in encountered {
            let mut other = decided.clone();
            other.insert(Arc::clone(&label), true);
            others.push(other);
            decided.insert(label, false);
        }
        // The case that differs in the last label comes next: lowering merges cases that differ in one label first.
        open.extend(others);
        self.cases.push(OverrideCase {
            decided,
            served: std::mem::take(&mut self.served),
            typed_by: std::mem::take(&mut self.typed_by),
        });
        self.levels.clear();
        self.children.clear();
        self.casts.clear();
    }

    /// Counts a split of a slot that earlier cases serve for more types.
    pub(super) fn note_split(&mut self, position: PositionId, slot: u16) {
        let before = self.slots_before.get(position.0 as usize);
        if before.is_some_and(|before| usize::from(slot) < *before) {
            self.splits += 1;
        }
    }

    fn start_over(&mut self) {
        self.cases.clear();
        self.fetches.clear();
        self.trees.clear();
        self.providers.clear();
    }

    /// Holds in the requests whose outcomes are one of these cases.
    pub(in crate::plan) fn guard_of_cases(&self, cases: CaseSet) -> Guard {
        let mut guard = Guard::never();
        for (case_index, case) in self.cases.iter().enumerate() {
            if cases.has(case_index) {
                let literals = case.decided.iter();
                let case_guard = literals.fold(Guard::always(), |guard, (label, outcome)| {
                    guard.and(&Literal::label(label, *outcome))
                });
                guard.or(&case_guard);
            }
        }
        guard
    }

    /// The fields that the operation requests, and those that lookups may need for it.
    fn relevant_fields(&self) -> HashSet<Name> {
        let mut names = HashSet::new();
        if !has_labels(self.graph) {
            return names;
        }
        for slot in self.positions.iter().flat_map(|position| &position.slots) {
            names.insert(slot.key.field.clone());
        }
        for lookup in &self.graph.lookups {
            note_names(&lookup.key, &mut names);
        }
        for context in &self.graph.contexts {
            for selection in context.selections.values() {
                note_names(selection, &mut names);
            }
        }
        for edge in self
            .graph
            .nodes
            .iter()
            .flat_map(|node| node.fields.values())
        {
            if let Some(requires) = &edge.requires {
                note_names(requires, &mut names);
            }
        }
        names
    }
}

fn has_labels(graph: &QueryGraph) -> bool {
    let mut edges = graph.nodes.iter().flat_map(|node| node.fields.values());
    edges.any(|edge| edge.label.is_some())
}

fn note_names(set: &FieldSet, names: &mut HashSet<Name>) {
    for item in &set.items {
        match item {
            FieldSetItem::Field { name, children, .. } => {
                names.insert(name.clone());
                note_names(children, names);
            }
            FieldSetItem::Fragment { children, .. } => note_names(children, names),
        }
    }
}
