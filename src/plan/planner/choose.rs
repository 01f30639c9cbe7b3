//! Which way a slot is served: what the positions at hand offer, what a lookup would bring, and at what cost.

use super::Choice;
use super::Planner;
use crate::connector::FieldSetItem;
use crate::graph::query::ConnectMode;
use crate::graph::query::LookupId;
use crate::graph::query::LookupKind;
use crate::graph::query::NodeId;
use crate::graph::query::TypeId;
use crate::plan::PlanError;
use crate::plan::draft::Entry;
use crate::plan::draft::PosId;
use crate::plan::need::NeedId;
use apollo_compiler::Name;

impl Planner<'_> {
    /// How many ways lead to a slot.
    pub(super) fn providers(
        &mut self,
        need: NeedId,
        ty: TypeId,
        slot: u16,
    ) -> Result<usize, PlanError> {
        let field = self.slot(need, slot).key.field.clone();
        let offering = self.offering(need, ty, slot);
        let here = offering
            .iter()
            .filter(|pos| {
                let node = self.position(**pos).node;
                self.reach.free_edge(node, &field).is_some()
            })
            .count();
        let reach = self.level_reach(need, ty)?;
        let lookups = reach.offering(&field);
        self.reach.spend(1 + lookups.len())?;
        let graph = self.graph;
        let there = lookups
            .iter()
            .filter(|lookup| self.reach.edge(graph.lookup(**lookup).to, &field).is_some())
            .count();
        Ok(here + there)
    }

    /// The cheapest way to serve a slot in full, if one way can.
    pub(super) fn choose(
        &mut self,
        need: NeedId,
        ty: TypeId,
        slot: u16,
        pending: &[u16],
    ) -> Result<Option<Choice>, PlanError> {
        let field = self.slot(need, slot).key.field.clone();
        let child = self.slot(need, slot).child;
        let mut best: Option<(u32, Choice)> = None;
        for pos in self.offering(need, ty, slot) {
            self.reach.spend(1)?;
            if !self.stands_for_all(self.position(pos).node, &field) {
                continue;
            }
            let Some(cost) =
                self.reach
                    .served_here(&self.needs, self.position(pos).node, need, slot)?
            else {
                continue;
            };
            if best.as_ref().is_none_or(|(b, _)| cost < *b) {
                best = Some((cost, Choice::Here(pos)));
            }
        }
        if matches!(best, Some((0, _))) {
            return Ok(best.map(|(_, choice)| choice));
        }
        let mut entering: Option<(u32, Entry)> = None;
        for (entry, cost) in self.entries(need, ty, slot)? {
            let to = self.graph.lookup(entry.lookup).to;
            let below = match (self.reach.edge(to, &field).and_then(|edge| edge.to), child) {
                (Some(to), Some(child)) => match self.reach.cost(&self.needs, to, child)? {
                    Some(cost) => cost,
                    None => continue,
                },
                _ => 0,
            };
            let total = cost + below;
            let better = match &entering {
                Some((best, other)) if total == *best => {
                    let other = self.graph.lookup(other.lookup).to;
                    self.covered(need, to, pending)? > self.covered(need, other, pending)?
                }
                Some((best, _)) => total < *best,
                None => true,
            };
            if better {
                entering = Some((total, entry));
            }
        }
        let choice = match (best, entering) {
            (Some((here, _)), Some((there, entry))) if there < here => Some(Choice::Enter(entry)),
            (Some((_, choice)), _) => Some(choice),
            (None, Some((_, entry))) => Some(Choice::Enter(entry)),
            (None, None) => None,
        };
        Ok(choice)
    }

    /// How many of these slots a node offers.
    pub(super) fn covered(
        &mut self,
        need: NeedId,
        node: NodeId,
        slots: &[u16],
    ) -> Result<usize, PlanError> {
        self.reach.spend(slots.len())?;
        let offered = slots.iter().filter(|slot| {
            let field = &self.slot(need, **slot).key.field;
            self.reach.free_edge(node, field).is_some()
        });
        Ok(offered.count())
    }

    /// The lookups that lead to a slot from this level, with the cost of entering them.
    pub(super) fn entries(
        &mut self,
        need: NeedId,
        ty: TypeId,
        slot: u16,
    ) -> Result<Vec<(Entry, u32)>, PlanError> {
        let field = self.slot(need, slot).key.field.clone();
        let reach = self.level_reach(need, ty)?;
        let lookups = reach.offering(&field);
        self.reach.spend(lookups.len())?;
        let mut entries = Vec::new();
        for &lookup in lookups {
            let cost = reach.lookups.get(&lookup).copied().unwrap_or_default();
            let Some(edge) = self.reach.edge(self.graph.lookup(lookup).to, &field) else {
                continue;
            };
            let to = self.graph.lookup(lookup).to;
            if !self.knows_all_members(need, ty, lookup) || !self.stands_for_all(to, &field) {
                continue;
            }
            if self.slot(need, slot).child.is_none() && self.is_key(lookup, &field) {
                continue;
            }
            let required = edge.requires.is_some().then(|| field.clone());
            let cost = match &required {
                None => cost,
                Some(field) => match reach.required_cost(lookup, field) {
                    Some(cost) => cost,
                    None => continue,
                },
            };
            let slot = self.serves_one_field(lookup).then_some(slot);
            let entry = Entry {
                lookup,
                slot,
                required,
            };
            if !self.entering.iter().any(|(n, e)| {
                *n == need && e.lookup == entry.lookup && e.required == entry.required
            }) {
                entries.push((entry, cost));
            }
        }
        Ok(entries)
    }

    /// Whether a lookup takes the field itself: it brings nothing that is not known when it is entered.
    fn is_key(&self, lookup: LookupId, field: &Name) -> bool {
        let mut items = self.graph.lookup(lookup).key.items.iter();
        items.any(|item| matches!(item, FieldSetItem::Field { name, .. } if name == field))
    }

    pub(super) fn serves_one_field(&self, lookup: LookupId) -> bool {
        matches!(
            self.graph.lookup(lookup).kind,
            LookupKind::Connect {
                mode: ConnectMode::Root | ConnectMode::Implicit,
                ..
            }
        )
    }

    /// Whether a position can give a slot of its level: a call that takes the arguments of one slot answers no other,
    /// though it be of the same field.
    pub(super) fn answers(&self, pos: PosId, slot: u16) -> bool {
        let position = self.position(pos);
        let draft = &self.fetches[position.fetch];
        draft.need != position.need || draft.arguments_of.is_none_or(|own| own == slot)
    }

    /// At an abstract level: whether a service resolves the field for each of its members as it does for the whole.
    pub(super) fn stands_for_all(&self, node: NodeId, field: &Name) -> bool {
        let node = self.graph.node(node);
        node.downcasts
            .values()
            .all(|member| self.reach.free_edge(*member, field).is_some())
    }

    /// A lookup on an abstract type must know every member that the rows at hand can be of.
    pub(super) fn knows_all_members(&self, need: NeedId, ty: TypeId, lookup: LookupId) -> bool {
        if self.graph.types.info(ty).is_object {
            return true;
        }
        let to = self.graph.node(self.graph.lookup(lookup).to);
        let own = self.level_positions(need, ty);
        to.interface_object
            || own.iter().all(|pos| {
                let node = self.graph.node(self.position(*pos).node);
                node.interface_object
                    || node
                        .downcasts
                        .keys()
                        .all(|member| to.downcasts.contains_key(member))
            })
    }

    /// Several ways, each for a part of a composite slot that has no key of its own.
    pub(super) fn choose_parts(
        &mut self,
        need: NeedId,
        ty: TypeId,
        slot: u16,
    ) -> Result<Vec<Choice>, PlanError> {
        let Some(child) = self.slot(need, slot).child else {
            return Ok(Vec::new());
        };
        let field = self.slot(need, slot).key.field.clone();
        let mut candidates = Vec::new();
        for pos in self.offering(need, ty, slot) {
            if let Some(to) = self
                .reach
                .free_edge(self.position(pos).node, &field)
                .and_then(|edge| edge.to)
            {
                candidates.push((0, to, Choice::Here(pos)));
            }
        }
        let mut entries = self.entries(need, ty, slot)?;
        entries.sort_by_key(|(entry, cost)| (*cost, entry.lookup));
        for (entry, cost) in entries {
            let to = self
                .reach
                .edge(self.graph.lookup(entry.lookup).to, &field)
                .and_then(|edge| edge.to);
            if let Some(to) = to {
                candidates.push((cost, to, Choice::Enter(entry)));
            }
        }
        let mut open: Vec<u16> = (0..self.needs[child.0 as usize].slots.len() as u16).collect();
        let mut chosen = Vec::new();
        for (_, to, choice) in &candidates {
            let mut rest = Vec::new();
            for &part in &open {
                let cost =
                    self.reach
                        .slot_cost(&self.needs, *to, child, part, &mut Default::default())?;
                if cost.is_none() {
                    rest.push(part);
                }
            }
            if rest.len() < open.len() {
                chosen.push(choice.clone());
                open = rest;
            }
        }
        if !open.is_empty() {
            // Parts of parts: stand everywhere, and let the level below choose.
            return Ok(candidates
                .into_iter()
                .map(|(_, _, choice)| choice)
                .collect());
        }
        Ok(chosen)
    }
}
