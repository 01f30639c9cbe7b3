//! The planner: decides which fetch provides each slot.
//!
//! The search is greedy, top down, position by position. For the rows of a position and a type (a [`Level`]) it holds
//! the *providers* at hand: fetches that arrive at a node of the query graph, which offers fields. For each slot it
//! compares two kinds of [`Choice`]: read the slot from a provider at hand, or enter a lookup whose key can be obtained
//! from the providers at hand. [`Reachability`] gives the cost of both, sub-selection included.
//!
//! An example: `{ district { name workSummary { workCount } } }`, where `lgd` has `district` and `name`, and `janbhagidari`
//! has `District.workSummary` and looks a district up by `lgdCode`. At the root, the lookup of `lgd` is entered, and its
//! node becomes a provider. `name` is read from it. `workSummary` is not offered there, so the lookup of `janbhagidari` is
//! entered: its key `lgdCode` becomes a slot that no client requested, is provided first (by `lgd`), and is an input of the
//! new fetch.
//!
//! Within a level, slots with the fewest ways are served first: a lookup that must be entered anyway may provide other
//! slots too. Of equally cheap lookups the one that offers more of the remaining slots wins; then one of a preferred
//! subgraph; then the first by name, so that equal graphs give equal plans.
//!
//! The modules: `choose` compares the ways to a slot, `parts` combines several, `require` enters lookups and provides their keys and `@requires`
//! fields, `contexts` provides the values that contextual arguments take from ancestors, `hidden` adds slots for these, `members` serves interfaces and unions, `providers` keeps what each fetch
//! reads, `existence` enters the lookups that tell whether objects with ids exist, `outcomes` plans once per combination of outcomes of `@override` labels.
//!
//! Two decisions are better or worse by what the rest of the operation needs, so [`Manner`] makes them, and the operation is
//! planned once per manner that makes a difference (`stages` takes the best plan):
//!
//! - A slot is served in one way where that is possible. Sometimes several ways save lookups below the slot: `{ me { name
//!   posts } }` may take `me { name }` from one service and `me { posts }` from another at the same time, instead of looking
//!   up the posts after the name.
//! - Equally cheap lookups lead to several subgraphs. If one of them must be entered elsewhere in the operation, where there
//!   was no choice, both may become one call.
//!
//! The search does not backtrack. It is bounded because each slot is served once per level, a lookup is entered once
//! per level and [`EntryKey`], and every step of the search spends from
//! [`PlanLimits::steps`](crate::plan::PlanLimits::steps).

mod choose;
mod contexts;
mod existence;
mod hidden;
mod members;
mod outcomes;
mod parts;
mod providers;
mod require;

use std::collections::HashSet;
use std::sync::Arc;

use ahash::{HashMap, HashMapExt};

use crate::connector::FieldSet;
use crate::graph::query::{NodeId, QueryGraph, SubgraphId, TypeId};
use crate::plan::PlanError;
use crate::plan::cases::CaseSet;
use crate::plan::draft::{Draft, EntryKey, Level, OverrideCase, Provider, ProviderId, Tree};
use crate::plan::reachability::{Reachability, Reachable};
use crate::plan::requested::{Position, PositionId, Slot};

pub(in crate::plan) struct Planner<'g> {
    pub(in crate::plan) graph: &'g QueryGraph,
    pub(in crate::plan) reachability: Reachability<'g>,
    pub(in crate::plan) positions: Vec<Position>,
    pub(in crate::plan) fetches: Vec<Draft>,
    pub(in crate::plan) trees: Vec<Tree>,
    pub(in crate::plan) providers: Vec<Provider>,
    /// The cases that are planned, each for one combination of outcomes of `@override` labels.
    pub(in crate::plan) cases: Vec<OverrideCase>,
    /// The case that is being planned. All maps below belong to it.
    current_case: CaseSet,
    /// How often this case split a slot of earlier cases.
    splits: usize,
    /// How many slots each position had when this case began.
    slots_before: Vec<usize>,
    levels: HashMap<(PositionId, TypeId), Level>,
    served: HashMap<(PositionId, u16, TypeId), ProviderId>,
    typed_by: HashMap<PositionId, ProviderId>,
    children: HashMap<(ProviderId, u16), ProviderId>,
    casts: HashMap<(ProviderId, TypeId), ProviderId>,
    entering: Vec<(PositionId, EntryKey)>,
    sequence: u32,
    manner: Manner,
    /// Some slot can be served in several ways, which saves lookups below it.
    may_spread: bool,
    /// The subgraphs that were entered where there was no choice.
    needed: HashSet<SubgraphId>,
    /// The other choices: the subgraph that was entered, and those that were as cheap.
    ties: HashSet<(SubgraphId, SubgraphId)>,
}

/// How the planner decides what depends on the rest of the operation.
#[derive(Debug, Clone, Default)]
pub(in crate::plan) struct Manner {
    /// A composite slot is served in several ways where that saves lookups below it.
    spread: bool,
    /// Of equally cheap lookups, those of these subgraphs are entered.
    preferred: HashSet<SubgraphId>,
}

/// How a slot is to be served.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Choice {
    Here(ProviderId),
    Enter(EntryKey),
}

/// A way that serves a slot in full.
struct Chosen {
    choice: Choice,
    /// The cost of the lookups below the slot.
    below: u32,
}

impl<'g> Planner<'g> {
    pub(in crate::plan) fn new(
        reachability: Reachability<'g>,
        positions: Vec<Position>,
        manner: Manner,
    ) -> Self {
        Planner {
            graph: reachability.graph,
            reachability,
            positions,
            fetches: Vec::new(),
            trees: Vec::new(),
            providers: Vec::new(),
            cases: Vec::new(),
            current_case: CaseSet::default(),
            splits: 0,
            slots_before: Vec::new(),
            levels: HashMap::new(),
            served: HashMap::new(),
            typed_by: HashMap::new(),
            children: HashMap::new(),
            casts: HashMap::new(),
            entering: Vec::new(),
            sequence: 0,
            manner,
            may_spread: false,
            needed: HashSet::new(),
            ties: HashSet::new(),
        }
    }

    /// Other manners that may give a better plan.
    pub(in crate::plan) fn other_manners(&self) -> Vec<Manner> {
        let spread = self.may_spread.then_some(true);
        let has = |subgraph: &SubgraphId| self.needed.contains(subgraph);
        let mut ties = self.ties.iter();
        let prefers = ties.any(|(entered, other)| !has(entered) && has(other));
        let preferred = prefers.then(|| self.needed.clone());
        let mut manners = Vec::new();
        for spread in std::iter::once(false).chain(spread) {
            for preferred in std::iter::once(HashSet::new()).chain(preferred.clone()) {
                manners.push(Manner { spread, preferred });
            }
        }
        // The first one is that of this plan.
        manners.split_off(1)
    }

    /// Plans the root of a query, or the root fields of a mutation one after the other.
    fn plan_root(&mut self, position: PositionId, serial: bool) -> Result<(), PlanError> {
        let ty = self.positions[position.0 as usize].ty;
        if !serial {
            return self.plan_position(position, Vec::new());
        }
        for slot in 0..self.positions[position.0 as usize].slots.len() as u16 {
            if !self.is_requested(position, slot) {
                continue;
            }
            self.sequence = u32::from(slot);
            self.levels.insert((position, ty), Level::default());
            // One subgraph runs the field: parts of its result from several subgraphs would be several mutations.
            let choice = self.choose(position, ty, slot)?;
            let choice = choice.ok_or_else(|| self.unsatisfiable(position, slot))?;
            self.serve_with(position, ty, slot, vec![choice])?;
            self.plan_child(position, slot)?;
        }
        Ok(())
    }

    fn plan_position(
        &mut self,
        position: PositionId,
        providers: Vec<ProviderId>,
    ) -> Result<(), PlanError> {
        let ty = self.positions[position.0 as usize].ty;
        let is_root = providers.is_empty();
        self.join_level(position, ty, providers);
        if !is_root && !self.levels.contains_key(&(position, ty)) {
            // No provider knows the type, so there are no rows.
            return Ok(());
        }
        if self.graph.types.info(ty).is_object {
            self.serve_level(position, ty)?;
        } else {
            self.serve_abstract(position, ty)?;
            self.ensure_existence(position, ty)?;
        }
        for slot in 0..self.positions[position.0 as usize].slots.len() as u16 {
            self.plan_child(position, slot)?;
        }
        Ok(())
    }

    fn plan_child(&mut self, position: PositionId, slot: u16) -> Result<(), PlanError> {
        let Some(child) = self.slot(position, slot).child else {
            return Ok(());
        };
        let providers = self.child_providers(position, slot);
        if providers.is_empty() {
            return Ok(());
        }
        self.plan_position(child, providers)
    }

    fn slot(&self, position: PositionId, slot: u16) -> &Slot {
        &self.positions[position.0 as usize].slots[slot as usize]
    }

    /// True for slots that the client requested. The others are served when a lookup requires them.
    fn is_requested(&self, position: PositionId, slot: u16) -> bool {
        !self.slot(position, slot).guard.is_never()
    }

    fn provider(&self, provider: ProviderId) -> &Provider {
        &self.providers[provider.0 as usize]
    }

    fn join_level(&mut self, position: PositionId, ty: TypeId, providers: Vec<ProviderId>) {
        for provider in providers {
            let Some(provider) = self.narrow(provider, ty) else {
                continue;
            };
            let level = self.levels.entry((position, ty)).or_default();
            if !level.providers.contains(&provider) {
                level.reachable = None;
                self.add_to_level(position, ty, provider);
            }
        }
    }

    /// Adds a provider to a level, and to the index of the fields that its node offers.
    fn add_to_level(&mut self, position: PositionId, ty: TypeId, provider: ProviderId) {
        let node = self.graph.node(self.providers[provider.0 as usize].node);
        let level = self.levels.entry((position, ty)).or_default();
        level.providers.push(provider);
        for field in node.fields.keys() {
            let offering = level.by_field.entry(field.clone()).or_default();
            offering.push(provider);
        }
    }

    /// The providers of a level that offer the field of a slot, in the order in which they were added.
    fn offering(&self, position: PositionId, ty: TypeId, slot: u16) -> Vec<ProviderId> {
        let field = &self.slot(position, slot).key.field;
        let level = self.levels.get(&(position, ty));
        let offering = level.and_then(|level| level.by_field.get(field));
        let mut offering = offering.cloned().unwrap_or_default();
        offering.retain(|provider| self.can_provide(*provider, slot));
        offering
    }

    /// What can be entered from a level. It is computed again only after a provider was added that makes something
    /// cheaper: otherwise a type with a thousand connectors would cost a million steps.
    fn level_reachable(
        &mut self,
        position: PositionId,
        ty: TypeId,
    ) -> Result<Arc<Reachable>, PlanError> {
        let level = self.levels.get(&(position, ty));
        if let Some(memoised) = level.and_then(|level| level.reachable.clone()) {
            return Ok(memoised);
        }
        let nodes = self.level_nodes(position, ty);
        let reachable = self.reachability.reachable(ty, &nodes)?;
        self.levels.entry((position, ty)).or_default().reachable = Some(reachable.clone());
        Ok(reachable)
    }

    fn level_providers(&self, position: PositionId, ty: TypeId) -> Vec<ProviderId> {
        self.levels
            .get(&(position, ty))
            .map(|level| level.providers.clone())
            .unwrap_or_default()
    }

    fn level_nodes(&self, position: PositionId, ty: TypeId) -> Vec<NodeId> {
        self.level_providers(position, ty)
            .iter()
            .map(|provider| self.provider(*provider).node)
            .collect()
    }

    /// Serves every slot of an object type's rows, slots with the fewest ways first.
    fn serve_level(&mut self, position: PositionId, ty: TypeId) -> Result<(), PlanError> {
        let mut pending = Vec::new();
        for slot in 0..self.positions[position.0 as usize].slots.len() as u16 {
            let counts = self.slot(position, slot).types.binary_search(&ty).is_ok();
            if counts
                && self.is_requested(position, slot)
                && !self.served.contains_key(&(position, slot, ty))
            {
                pending.push((self.count_ways(position, ty, slot)?, slot));
            }
        }
        pending.sort();
        let slots: Vec<u16> = pending.into_iter().map(|(_, slot)| slot).collect();
        let level = self.levels.entry((position, ty)).or_default();
        level.slots.clone_from(&slots);
        for slot in slots {
            if !self.served.contains_key(&(position, slot, ty)) {
                self.serve_slot(position, ty, slot)?;
            }
        }
        Ok(())
    }

    /// Serves one slot.
    fn serve_slot(&mut self, position: PositionId, ty: TypeId, slot: u16) -> Result<(), PlanError> {
        let chosen = self.choose_with(position, ty, slot, &FieldSet::default())?;
        let choices = match chosen {
            Some(chosen) if chosen.below > 0 => self.in_several_ways(position, ty, slot, chosen)?,
            Some(chosen) => vec![chosen.choice],
            None => self.choose_parts(position, ty, slot)?,
        };
        self.serve_with(position, ty, slot, choices)
    }

    fn serve_with(
        &mut self,
        position: PositionId,
        ty: TypeId,
        slot: u16,
        choice: Vec<Choice>,
    ) -> Result<(), PlanError> {
        let mut first = None;
        for choice in choice {
            let provider = match choice {
                Choice::Here(provider) => provider,
                Choice::Enter(entry) => self.enter(position, ty, entry)?,
            };
            first.get_or_insert(provider);
        }
        let provider = first.ok_or_else(|| self.unsatisfiable(position, slot))?;
        self.provide(position, ty, slot, provider);
        Ok(())
    }

    fn provide(&mut self, position: PositionId, ty: TypeId, slot: u16, provider: ProviderId) {
        self.served.insert((position, slot, ty), provider);
        self.add_field(provider, slot);
    }

    fn unsatisfiable(&self, position: PositionId, slot: u16) -> PlanError {
        let field = &self.slot(position, slot).key.field;
        PlanError::Unsatisfiable(format!("{}.{field}", self.path(position)))
    }

    /// The path of fields to a position, for messages.
    fn path(&self, position: PositionId) -> String {
        match self.positions[position.0 as usize].parent {
            Some((parent, slot)) => format!(
                "{}.{}",
                self.path(parent),
                self.slot(parent, slot).key.field
            ),
            None => self
                .graph
                .types
                .name(self.positions[position.0 as usize].ty)
                .to_string(),
        }
    }
}
