//! Worlds: the outcomes of `@override` labels under which an operation is planned.
//!
//! One plan serves all outcomes. A label decides which service has a field, and with it which keys are needed, which
//! lookups lead on and what is read where; so the operation is planned once for each set of outcomes that makes a
//! difference to it, over the same needs, and what the worlds share is merged when the plan is finished. Labels are met
//! on the way: one that concerns nothing which the operation reads or needs makes no world.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use apollo_compiler::Name;

use super::Planner;
use crate::connector::FieldSet;
use crate::connector::FieldSetItem;
use crate::graph::query::QueryGraph;
use crate::graph::query::TypeId;
use crate::plan::PlanError;
use crate::plan::draft::ProviderId;
use crate::plan::guard::Guard;
use crate::plan::guard::Literal;
use crate::plan::requested::PositionId;

/// So many worlds one operation may have.
const MAX_CASES: usize = 64;

/// A set of worlds, by their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(in crate::plan) struct CaseSet(u64);

impl CaseSet {
    fn single(case_index: usize) -> Self {
        CaseSet(1 << case_index)
    }

    /// Adds those of another set.
    pub(in crate::plan) fn add(&mut self, other: CaseSet) {
        self.0 |= other.0;
    }

    /// Whether a world is among them.
    pub(in crate::plan) fn has(self, case_index: usize) -> bool {
        self.0 & (1 << case_index) != 0
    }
}

/// One world, planned.
#[derive(Debug)]
pub(in crate::plan) struct OverrideCase {
    decided: Decided,
    /// Who provides a slot to rows of a type.
    pub(in crate::plan) served: HashMap<(PositionId, u16, TypeId), ProviderId>,
    /// Entries made to learn the concrete types of a need's rows.
    pub(in crate::plan) typed_by: HashMap<PositionId, ProviderId>,
}

type Decided = BTreeMap<Arc<str>, bool>;

/// The outcomes of labels in the world that is being planned.
#[derive(Debug, Default)]
pub(in crate::plan) struct LabelOutcomes {
    decided: Decided,
    /// The fields whose labels make a difference.
    relevant_fields: Arc<HashSet<Name>>,
    /// Labels that nothing has decided yet, in the order in which they were met: they count as not chosen here.
    encountered: RefCell<Vec<Arc<str>>>,
}

impl LabelOutcomes {
    /// The outcome of a field's label.
    pub(in crate::plan) fn of(&self, label: &str, field: &str) -> bool {
        if let Some(constant) = constant(label) {
            return constant;
        }
        if let Some(&decided) = self.decided.get(label) {
            return decided;
        }
        let mut encountered = self.encountered.borrow_mut();
        if self.relevant_fields.contains(field)
            && !encountered.iter().any(|known| **known == *label)
        {
            encountered.push(Arc::from(label));
        }
        false
    }
}

/// `percent(0)` and `percent(100)` leave nothing to decide.
fn constant(label: &str) -> Option<bool> {
    let percent = label.strip_prefix("percent(")?.strip_suffix(')')?;
    match percent.parse::<f64>().ok()? {
        nothing if nothing <= 0.0 => Some(false),
        all if all >= 100.0 => Some(true),
        _ => None,
    }
}

impl Planner<'_> {
    /// Plans the operation in every world that makes a difference to it.
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
            self.reachability.begin(LabelOutcomes {
                decided: decided.clone(),
                relevant_fields: Arc::clone(&relevant_fields),
                encountered: RefCell::default(),
            });
            self.plan_root(position, serial)?;
            let encountered =
                std::mem::take(&mut self.reachability.outcomes.encountered).into_inner();
            self.end_case(decided, encountered, &mut open);
            if case_index > 0 && self.splits > 0 {
                // A slot that earlier worlds read for several types at once stands for one of them now: they are planned
                // again. It ends, because slots only ever become finer.
                self.start_over();
                open = vec![Decided::new()];
            }
        }
        Ok(())
    }

    /// The world just planned is that in which no label met on the way was chosen; those in which one was remain.
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
        // The nearest one is next: neighbours in one label are then merged first.
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

    /// Notes that a slot is about to count for fewer types than it did in earlier worlds.
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

    /// When a set of worlds is the one that a request is in.
    pub(in crate::plan) fn guard_of_cases(&self, cases: CaseSet) -> Guard {
        let mut guard = Guard::never();
        for (case_index, case) in self.cases.iter().enumerate() {
            if cases.has(case_index) {
                let literals = case.decided.iter();
                let own = literals.fold(Guard::always(), |guard, (label, outcome)| {
                    guard.and(&Literal::label(label, *outcome))
                });
                guard.or(&own);
            }
        }
        guard
    }

    /// The fields that the operation reads, and those that lookups may need for it.
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
