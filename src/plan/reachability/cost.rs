//! The cost of serving slots from a node, sub-selections included.

use std::collections::BTreeMap;

use super::Reachability;
use crate::graph::query::{LookupId, NodeId, TypeId};
use crate::plan::PlanError;
use crate::plan::requested::{Position, PositionId};

impl Reachability<'_> {
    /// The cost of serving all requested slots of a position from one node; `None` when that is impossible.
    pub(in crate::plan) fn cost(
        &mut self,
        positions: &[Position],
        node: NodeId,
        position: PositionId,
    ) -> Result<Option<u32>, PlanError> {
        if let Some(memoised) = self.costs.get(&(node, position)) {
            return Ok(*memoised);
        }
        let mut used = BTreeMap::new();
        let mut total = 0;
        let slots = positions[position.0 as usize].slots.len() as u16;
        let mut result = Some(());
        for slot in 0..slots {
            // A slot that no client requested may be left from another case.
            if positions[position.0 as usize].slots[slot as usize]
                .guard
                .is_never()
            {
                continue;
            }
            match self.slot_cost(positions, node, position, slot, &mut used)? {
                Some(cost) => total += cost,
                None => {
                    result = None;
                    break;
                }
            }
        }
        let lookups: u32 = used.values().sum();
        let result = result.map(|()| total + lookups);
        self.costs.insert((node, position), result);
        Ok(result)
    }

    /// The cost of one slot from one node. The lookups that it enters are added to `used`, so that the caller counts
    /// each once.
    pub(in crate::plan) fn slot_cost(
        &mut self,
        positions: &[Position],
        node: NodeId,
        position: PositionId,
        slot: u16,
        used: &mut BTreeMap<LookupId, u32>,
    ) -> Result<Option<u32>, PlanError> {
        self.spend(1)?;
        let graph = self.graph;
        let types = &positions[position.0 as usize].slots[slot as usize].types;
        if graph.types.info(graph.node(node).ty).is_object && !graph.node(node).interface_object {
            if types.binary_search(&graph.node(node).ty).is_err() {
                return Ok(Some(0));
            }
            return self.slot_cost_at(positions, node, graph.node(node).ty, position, slot, used);
        }
        if self.resolves_for_members(
            node,
            types,
            &positions[position.0 as usize].slots[slot as usize]
                .key
                .field,
        ) && let Some(cost) = self.served_here(positions, node, position, slot)?
        {
            return Ok(Some(cost));
        }
        let members: Vec<(TypeId, NodeId)> = if graph.node(node).interface_object {
            types.iter().map(|ty| (*ty, node)).collect()
        } else {
            let downcasts = graph.node(node).downcasts.iter();
            downcasts
                .filter(|(ty, _)| types.binary_search(ty).is_ok())
                .map(|(ty, node)| (*ty, *node))
                .collect()
        };
        let mut total = 0;
        for (ty, member) in members {
            match self.slot_cost_at(positions, member, ty, position, slot, used)? {
                Some(cost) => total += cost,
                None => return Ok(None),
            }
        }
        Ok(Some(total))
    }

    /// At a node of an abstract type: whether the subgraph resolves a field for each of these member types, as it does
    /// for the interface. A member's field may be `@external`.
    fn resolves_for_members(&self, node: NodeId, types: &[TypeId], field: &str) -> bool {
        let mut downcasts = self.graph.node(node).downcasts.iter();
        downcasts.all(|(ty, member)| {
            types.binary_search(ty).is_err() || self.free_edge(*member, field).is_some()
        })
    }

    /// The cost of a slot that the node offers and can serve in full.
    pub(in crate::plan) fn served_here(
        &mut self,
        positions: &[Position],
        node: NodeId,
        position: PositionId,
        slot: u16,
    ) -> Result<Option<u32>, PlanError> {
        let slot = &positions[position.0 as usize].slots[slot as usize];
        let Some(edge) = self.free_edge(node, &slot.key.field) else {
            return Ok(None);
        };
        match (edge.to, slot.child) {
            (Some(to), Some(child)) => self.cost(positions, to, child),
            _ => Ok(Some(0)),
        }
    }

    fn slot_cost_at(
        &mut self,
        positions: &[Position],
        node: NodeId,
        ty: TypeId,
        position: PositionId,
        slot: u16,
        used: &mut BTreeMap<LookupId, u32>,
    ) -> Result<Option<u32>, PlanError> {
        if let Some(cost) = self.served_here(positions, node, position, slot)? {
            return Ok(Some(cost));
        }
        let graph = self.graph;
        let asked = &positions[position.0 as usize].slots[slot as usize];
        let reachable = self.reachable(ty, &[node])?;
        let mut best: Option<(u32, u32, LookupId)> = None;
        for &lookup in reachable.offering(&asked.key.field) {
            self.spend(1)?;
            let entering = reachable.lookups.get(&lookup).copied().unwrap_or_default();
            let to = graph.lookup(lookup).to;
            let Some(edge) = self.edge(to, &asked.key.field) else {
                continue;
            };
            let entering = match &edge.requires {
                None => entering,
                Some(_) => match reachable.required_cost(lookup, &asked.key.field) {
                    Some(cost) => cost,
                    None => continue,
                },
            };
            let entering = entering + self.extra_cost(positions, position, lookup);
            let below = match (edge.to, asked.child) {
                (Some(to), Some(child)) => match self.cost(positions, to, child)? {
                    Some(cost) => cost,
                    None => continue,
                },
                _ => 0,
            };
            let extra = if used.contains_key(&lookup) {
                0
            } else {
                entering
            };
            if best.is_none_or(|(b, _, _)| extra + below < b) {
                best = Some((extra + below, below, lookup));
            }
        }
        let Some((_, below, lookup)) = best else {
            return self.parts_cost(positions, node, &reachable, (position, slot), used);
        };
        let extra = self.extra_cost(positions, position, lookup);
        used.entry(lookup)
            .or_insert_with(|| extra + reachable.lookups.get(&lookup).copied().unwrap_or_default());
        Ok(Some(below))
    }

    /// What a lookup costs at this position in addition to the cost of entering it: a whole list, for the only row of a
    /// position that is in no list.
    pub(in crate::plan) fn extra_cost(
        &self,
        positions: &[Position],
        position: PositionId,
        lookup: LookupId,
    ) -> u32 {
        match self.graph.lookup(lookup).extra_cost_for_one() {
            0 => 0,
            _ if self.is_in_list(positions, position) => 0,
            extra => extra,
        }
    }

    /// Whether a position may have several rows.
    fn is_in_list(&self, positions: &[Position], mut position: PositionId) -> bool {
        let graph = self.graph;
        while let Some((parent, slot)) = positions[position.0 as usize].parent {
            let parent_position = &positions[parent.0 as usize];
            let slot = &parent_position.slots[slot as usize];
            // A union has no fields, and an interface not those of its members.
            let types = std::iter::once(parent_position.ty).chain(slot.types.first().copied());
            let mut fields = types.filter_map(|ty| {
                let field = graph
                    .merged
                    .type_field(graph.types.name(ty), &slot.key.field);
                field.ok()
            });
            if fields.next().is_some_and(|field| field.ty.is_list()) {
                return true;
            }
            position = parent;
        }
        false
    }
}
