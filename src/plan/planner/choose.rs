//! The ways to serve a slot: the providers at hand, and the lookups that can be entered, each with its cost.

use super::{Choice, Chosen, Planner};
use crate::connector::{FieldSet, FieldSetItem};
use crate::graph::query::{ConnectMode, Lookup, LookupId, LookupKind, NodeId, TypeId};
use crate::plan::PlanError;
use crate::plan::draft::{EntryKey, Provider, ProviderId};
use crate::plan::requested::PositionId;
use apollo_compiler::Name;

/// Of equally cheap lookups, so many are compared by what else they offer.
const COMPARED_ENTRIES: usize = 64;

impl Planner<'_> {
    /// The number of ways to serve a slot.
    pub(super) fn count_ways(
        &mut self,
        position: PositionId,
        ty: TypeId,
        slot: u16,
    ) -> Result<usize, PlanError> {
        let field = self.slot(position, slot).key.field.clone();
        let offering = self.offering(position, ty, slot);
        let readable = offering
            .iter()
            .filter(|provider| {
                let node = self.provider(**provider).node;
                self.reachability.free_edge(node, &field).is_some()
            })
            .count();
        let reachable = self.level_reachable(position, ty)?;
        let lookups = reachable.offering(&field);
        self.reachability.spend(1 + lookups.len())?;
        let graph = self.graph;
        let enterable = lookups
            .iter()
            .filter(|lookup| {
                self.reachability
                    .edge(graph.lookup(**lookup).to, &field)
                    .is_some()
            })
            .count();
        Ok(readable + enterable)
    }

    /// The cheapest way that serves a slot in full, sub-selection included; `None` when no single way does.
    pub(super) fn choose(
        &mut self,
        position: PositionId,
        ty: TypeId,
        slot: u16,
    ) -> Result<Option<Choice>, PlanError> {
        let chosen = self.choose_with(position, ty, slot, &FieldSet::default())?;
        Ok(chosen.map(|chosen| chosen.choice))
    }

    /// The cheapest way that serves a slot in full, and from which a field set of the slot's objects can be obtained.
    pub(super) fn choose_with(
        &mut self,
        position: PositionId,
        ty: TypeId,
        slot: u16,
        required: &FieldSet,
    ) -> Result<Option<Chosen>, PlanError> {
        let field = self.slot(position, slot).key.field.clone();
        let mut best: Option<(u32, Choice)> = None;
        for provider in self.offering(position, ty, slot) {
            self.reachability.spend(1)?;
            if !self.resolves_for_all_members(self.provider(provider).node, &field) {
                continue;
            }
            let Some(cost) = self.reachability.served_here(
                &self.positions,
                self.provider(provider).node,
                position,
                slot,
            )?
            else {
                continue;
            };
            let node = self.provider(provider).node;
            let Some(below) = self.required_below(node, &field, required)? else {
                continue;
            };
            let cost = cost + below;
            if best.as_ref().is_none_or(|(b, _)| cost < *b) {
                best = Some((cost, Choice::Here(provider)));
            }
        }
        if matches!(best, Some((0, _))) {
            return Ok(best.map(|(below, choice)| Chosen { choice, below }));
        }
        let entering = self.choose_entry(position, ty, slot, required)?;
        let reading = best.map(|(below, choice)| (below, Chosen { choice, below }));
        // Of equally cheap ways, a provider at hand.
        let all = reading.into_iter().chain(entering);
        let cheapest = all.min_by_key(|(cost, _)| *cost);
        Ok(cheapest.map(|(_, chosen)| chosen))
    }

    /// The cheapest lookup that serves a slot in full, with its cost. Of equally cheap ones, the one that offers more of the
    /// slots that remain; then one of a preferred subgraph; then the first.
    fn choose_entry(
        &mut self,
        position: PositionId,
        ty: TypeId,
        slot: u16,
        required: &FieldSet,
    ) -> Result<Option<(u32, Chosen)>, PlanError> {
        let field = self.slot(position, slot).key.field.clone();
        let child = self.slot(position, slot).child;
        let mut all: Vec<(u32, u32, EntryKey)> = Vec::new();
        for (entry, cost) in self.entries(position, ty, slot)? {
            let to = self.graph.lookup(entry.lookup).to;
            let edge = self.reachability.edge(to, &field);
            let below = match (edge.and_then(|edge| edge.to), child) {
                (Some(to), Some(child)) => {
                    match self.reachability.cost(&self.positions, to, child)? {
                        Some(cost) => cost,
                        None => continue,
                    }
                }
                _ => 0,
            };
            let Some(required_cost) = self.required_below(to, &field, required)? else {
                continue;
            };
            let below = below + required_cost;
            let extra = self
                .reachability
                .extra_cost(&self.positions, position, entry.lookup);
            all.push((cost + extra + below, below, entry));
        }
        let Some(least) = all.iter().map(|(total, ..)| *total).min() else {
            return Ok(None);
        };
        all.retain(|(total, ..)| *total == least);
        all.truncate(COMPARED_ENTRIES);
        if all.len() > 1 {
            all = self.most_covering(position, ty, all)?;
        }
        let subgraph = |entry: &EntryKey| self.graph.lookup(entry.lookup).subgraph;
        let preferred = all
            .iter()
            .position(|(_, _, entry)| self.manner.preferred.contains(&subgraph(entry)));
        let (total, below, entry) = all.swap_remove(preferred.unwrap_or(0));
        let entered = subgraph(&entry);
        let others = all.iter().map(|(_, _, entry)| subgraph(entry));
        let ties: Vec<_> = others
            .filter(|other| *other != entered)
            .map(|other| (entered, other))
            .collect();
        if ties.is_empty() {
            self.needed.insert(entered);
        }
        self.ties.extend(ties);
        let choice = Choice::Enter(entry);
        Ok(Some((total, Chosen { choice, below })))
    }

    /// Those of several lookups that offer the most slots of the level that remain.
    fn most_covering(
        &mut self,
        position: PositionId,
        ty: TypeId,
        all: Vec<(u32, u32, EntryKey)>,
    ) -> Result<Vec<(u32, u32, EntryKey)>, PlanError> {
        let level = self.levels.get(&(position, ty));
        let mut remaining = level.map(|level| level.slots.clone()).unwrap_or_default();
        remaining.retain(|slot| !self.served.contains_key(&(position, *slot, ty)));
        let mut counts = Vec::with_capacity(all.len());
        for (_, _, entry) in &all {
            let to = self.graph.lookup(entry.lookup).to;
            counts.push(self.covered(position, to, &remaining)?);
        }
        let most = counts.iter().copied().max();
        let all = all.into_iter().zip(counts);
        let most_covering = all.filter(|(_, count)| Some(*count) == most);
        Ok(most_covering.map(|(entry, _)| entry).collect())
    }

    /// The cost of obtaining a field set of the objects that a node's field leads to; `None` when that is impossible.
    fn required_below(
        &mut self,
        node: NodeId,
        field: &Name,
        required: &FieldSet,
    ) -> Result<Option<u32>, PlanError> {
        if required.items.is_empty() {
            return Ok(Some(0));
        }
        match self.reachability.edge(node, field).and_then(|edge| edge.to) {
            Some(to) => self.reachability.obtain_from(to, required),
            None => Ok(None),
        }
    }

    /// How many of these slots a node offers without another call.
    pub(super) fn covered(
        &mut self,
        position: PositionId,
        node: NodeId,
        slots: &[u16],
    ) -> Result<usize, PlanError> {
        self.reachability.spend(slots.len())?;
        let offered = slots.iter().filter(|slot| {
            let field = &self.slot(position, **slot).key.field;
            self.reachability.free_edge(node, field).is_some()
        });
        Ok(offered.count())
    }

    /// The lookups that lead to a slot from this level, with the cost of entering them.
    pub(super) fn entries(
        &mut self,
        position: PositionId,
        ty: TypeId,
        slot: u16,
    ) -> Result<Vec<(EntryKey, u32)>, PlanError> {
        let field = self.slot(position, slot).key.field.clone();
        let reachable = self.level_reachable(position, ty)?;
        let lookups = reachable.offering(&field);
        self.reachability.spend(lookups.len())?;
        let members = match self.graph.types.info(ty).is_object {
            true => Vec::new(),
            false => self.known_members_at(position, ty).unwrap_or_default(),
        };
        let mut entries = Vec::new();
        for &lookup in lookups {
            let cost = reachable.lookups.get(&lookup).copied().unwrap_or_default();
            let Some(edge) = self.reachability.edge(self.graph.lookup(lookup).to, &field) else {
                continue;
            };
            let to = self.graph.lookup(lookup).to;
            // A lookup for rows of an interface has to know every type that they can have.
            let mut members = members.iter();
            if !members.all(|member| self.graph.narrowed(to, *member).is_some())
                || !self.resolves_for_all_members(to, &field)
            {
                continue;
            }
            if self.slot(position, slot).child.is_none() && self.is_key(lookup, &field) {
                continue;
            }
            if !edge.contextual.is_empty() && !self.has_contexts(position, edge) {
                continue;
            }
            let required = edge.requires.is_some().then(|| field.clone());
            let cost = match &required {
                None => cost,
                Some(field) => match reachable.required_cost(lookup, field) {
                    Some(cost) => cost,
                    None => continue,
                },
            };
            let slot = self.serves_one_field(lookup).then_some(slot);
            let entry = EntryKey {
                lookup,
                slot,
                required,
            };
            if !self.entering.iter().any(|(n, e)| {
                *n == position && e.lookup == entry.lookup && e.required == entry.required
            }) {
                entries.push((entry, cost));
            }
        }
        Ok(entries)
    }

    /// Whether the field is part of the lookup's own key. To enter the lookup, the field must be known already.
    fn is_key(&self, lookup: LookupId, field: &Name) -> bool {
        let mut items = self.graph.lookup(lookup).key.items.iter();
        items.any(|item| matches!(item, FieldSetItem::Field { name, .. } if name == field))
    }

    /// Whether a lookup takes the arguments of the slot that it is entered for.
    pub(super) fn serves_one_field(&self, lookup: LookupId) -> bool {
        self.serves_one_field_of(self.graph.lookup(lookup))
    }

    /// The same of a lookup.
    pub(in crate::plan) fn serves_one_field_of(&self, lookup: &Lookup) -> bool {
        let LookupKind::Connect { connect, mode } = lookup.kind else {
            return false;
        };
        match mode {
            ConnectMode::Root | ConnectMode::Implicit => true,
            ConnectMode::Batch => {
                let connect = self.graph.connect(lookup.subgraph, connect);
                connect.is_some_and(|connect| connect.kind.is_of_field())
            }
            ConnectMode::Explicit | ConnectMode::Single | ConnectMode::List => false,
        }
    }

    /// Whether a provider can provide a slot of its level. A connect that takes the arguments of one slot provides no
    /// other slot, not even one of the same field. A fetch with values of contexts makes a call for each value, and fails
    /// where there is none: so it provides only fields that need them.
    pub(super) fn can_provide(&self, provider: ProviderId, slot: u16) -> bool {
        let Provider {
            fetch, position, ..
        } = *self.provider(provider);
        let draft = &self.fetches[fetch];
        if draft.position != position {
            return true;
        }
        let field = &self.slot(position, slot).key.field;
        draft
            .arguments_of
            .is_none_or(|argument_slot| argument_slot == slot)
            && (draft.filled.is_empty() || draft.filled.iter().any(|filled| filled.field == *field))
    }

    /// At an abstract level: whether the subgraph resolves the field for each member type, as it does for the
    /// interface.
    pub(super) fn resolves_for_all_members(&self, node: NodeId, field: &Name) -> bool {
        let node = self.graph.node(node);
        node.downcasts
            .values()
            .all(|member| self.reachability.free_edge(*member, field).is_some())
    }
}
