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
use crate::plan::draft::PosId;
use crate::plan::guard::Guard;
use crate::plan::guard::Literal;
use crate::plan::need::NeedId;

/// So many worlds one operation may have.
const MOST: usize = 64;

/// A set of worlds, by their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(in crate::plan) struct Worlds(u64);

impl Worlds {
    fn single(place: usize) -> Self {
        Worlds(1 << place)
    }

    /// Adds those of another set.
    pub(in crate::plan) fn add(&mut self, other: Worlds) {
        self.0 |= other.0;
    }

    /// Whether a world is among them.
    pub(in crate::plan) fn has(self, place: usize) -> bool {
        self.0 & (1 << place) != 0
    }
}

/// One world, planned.
#[derive(Debug)]
pub(in crate::plan) struct World {
    decided: Decided,
    /// Who provides a slot to rows of a type.
    pub(in crate::plan) served: HashMap<(NeedId, u16, TypeId), PosId>,
    /// Entries made to learn the concrete types of a need's rows.
    pub(in crate::plan) typed_by: HashMap<NeedId, PosId>,
}

type Decided = BTreeMap<Arc<str>, bool>;

/// The outcomes of labels in the world that is being planned.
#[derive(Debug, Default)]
pub(in crate::plan) struct Outcomes {
    decided: Decided,
    /// The fields whose labels make a difference.
    concerned: Arc<HashSet<Name>>,
    /// Labels that nothing has decided yet, in the order in which they were met: they count as not chosen here.
    met: RefCell<Vec<Arc<str>>>,
}

impl Outcomes {
    /// The outcome of a field's label.
    pub(in crate::plan) fn of(&self, label: &str, field: &str) -> bool {
        if let Some(constant) = constant(label) {
            return constant;
        }
        if let Some(&decided) = self.decided.get(label) {
            return decided;
        }
        let mut met = self.met.borrow_mut();
        if self.concerned.contains(field) && !met.iter().any(|known| **known == *label) {
            met.push(Arc::from(label));
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
    pub(in crate::plan) fn plan_worlds(
        &mut self,
        need: NeedId,
        serial: bool,
    ) -> Result<(), PlanError> {
        let concerned = Arc::new(self.concerned());
        let mut open = vec![Decided::new()];
        while let Some(decided) = open.pop() {
            let place = self.worlds.len();
            if place == MOST {
                return Err(PlanError::TooComplex);
            }
            self.here = Worlds::single(place);
            self.splits = 0;
            self.slots_before = self.needs.iter().map(|need| need.slots.len()).collect();
            self.reach.begin(Outcomes {
                decided: decided.clone(),
                concerned: Arc::clone(&concerned),
                met: RefCell::default(),
            });
            self.plan_root(need, serial)?;
            let met = std::mem::take(&mut self.reach.outcomes.met).into_inner();
            self.end_world(decided, met, &mut open);
            if place > 0 && self.splits > 0 {
                // A slot that earlier worlds read for several types at once stands for one of them now: they are planned
                // again. It ends, because slots only ever become finer.
                self.start_over();
                open = vec![Decided::new()];
            }
        }
        Ok(())
    }

    /// The world just planned is that in which no label met on the way was chosen; those in which one was remain.
    fn end_world(&mut self, mut decided: Decided, met: Vec<Arc<str>>, open: &mut Vec<Decided>) {
        let mut others = Vec::with_capacity(met.len());
        for label in met {
            let mut other = decided.clone();
            other.insert(Arc::clone(&label), true);
            others.push(other);
            decided.insert(label, false);
        }
        // The nearest one is next: neighbours in one label are then merged first.
        open.extend(others);
        self.worlds.push(World {
            decided,
            served: std::mem::take(&mut self.served),
            typed_by: std::mem::take(&mut self.typed_by),
        });
        self.levels.clear();
        self.children.clear();
        self.casts.clear();
    }

    /// Notes that a slot is about to count for fewer types than it did in earlier worlds.
    pub(super) fn note_split(&mut self, need: NeedId, slot: u16) {
        let before = self.slots_before.get(need.0 as usize);
        if before.is_some_and(|before| usize::from(slot) < *before) {
            self.splits += 1;
        }
    }

    fn start_over(&mut self) {
        self.worlds.clear();
        self.fetches.clear();
        self.trees.clear();
        self.positions.clear();
    }

    /// When a set of worlds is the one that a request is in.
    pub(in crate::plan) fn guard_of_worlds(&self, worlds: Worlds) -> Guard {
        let mut guard = Guard::never();
        for (place, world) in self.worlds.iter().enumerate() {
            if worlds.has(place) {
                let literals = world.decided.iter();
                let own = literals.fold(Guard::always(), |guard, (label, outcome)| {
                    guard.and(&Literal::label(label, *outcome))
                });
                guard.or(&own);
            }
        }
        guard
    }

    /// The fields that the operation reads, and those that lookups may need for it.
    fn concerned(&self) -> HashSet<Name> {
        let mut names = HashSet::new();
        if !has_labels(self.graph) {
            return names;
        }
        for slot in self.needs.iter().flat_map(|need| &need.slots) {
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
