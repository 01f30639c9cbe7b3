//! The cost of a composite slot of which no single way serves every part.
//!
//! Below an entity that one node has, several lookups may lead to one keyless value, each with other parts of it. The ways
//! are taken all together: their nodes stand for the same objects, and each subfield may be read at any of them, or after
//! a lookup whose key they have together. The planner divides such a slot in the same way, with fewer ways where it can
//! (`planner::parts`), so the cost is an upper bound.

use std::collections::BTreeMap;

use apollo_compiler::Name;

use super::{Reachability, Reachable};
use crate::graph::query::{LookupId, NodeId, TypeId};
use crate::plan::PlanError;
use crate::plan::requested::{Position, PositionId};

impl Reachability<'_> {
    /// The cost of a composite slot by all ways together: its field at the node, and after each lookup.
    pub(super) fn parts_cost(
        &mut self,
        positions: &[Position],
        node: NodeId,
        reachable: &Reachable,
        (position, slot): (PositionId, u16),
        used: &mut BTreeMap<LookupId, u32>,
    ) -> Result<Option<u32>, PlanError> {
        let asked = &positions[position.0 as usize].slots[slot as usize];
        let Some(child) = asked.child else {
            return Ok(None);
        };
        let field = &asked.key.field;
        let here = self.free_edge(node, field).and_then(|edge| edge.to);
        let ways = self.ways_by_lookup(reachable, field)?;
        let behind_lookups = ways.iter().filter_map(|(_, to, _)| *to);
        let nodes = here.into_iter().chain(behind_lookups).collect();
        let below = self.joint_cost(positions, nodes, child)?;
        if below.is_some() {
            let entered = ways.into_iter();
            used.extend(entered.map(|(lookup, _, entering)| (lookup, entering)));
        }
        Ok(below)
    }

    /// The cost of serving all requested slots of a position from several nodes, which stand for the same objects; `None`
    /// when that is impossible. A single node has been tried.
    fn joint_cost(
        &mut self,
        positions: &[Position],
        mut nodes: Vec<NodeId>,
        position: PositionId,
    ) -> Result<Option<u32>, PlanError> {
        nodes.sort();
        nodes.dedup();
        if nodes.len() < 2 {
            return Ok(None);
        }
        let key = (nodes, position);
        if let Some(memoised) = self.joint_costs.get(&key) {
            return Ok(*memoised);
        }
        let cost = self.joint_cost_at(positions, &key.0, position)?;
        self.joint_costs.insert(key, cost);
        Ok(cost)
    }

    fn joint_cost_at(
        &mut self,
        positions: &[Position],
        nodes: &[NodeId],
        position: PositionId,
    ) -> Result<Option<u32>, PlanError> {
        let members = self.graph.common_members(nodes.iter().copied());
        let is_possible = |ty| members.as_ref().is_none_or(|members| members.contains(ty));
        let mut total = 0;
        for (slot, asked) in positions[position.0 as usize].slots.iter().enumerate() {
            if asked.guard.is_never() {
                continue;
            }
            self.spend(asked.types.len())?;
            for &ty in asked.types.iter().filter(|ty| is_possible(ty)) {
                let slot = (position, slot as u16);
                match self.joint_slot_cost(positions, nodes, ty, slot)? {
                    Some(cost) => total += cost,
                    None => return Ok(None),
                }
            }
        }
        Ok(Some(total))
    }

    /// The cost of a slot for objects of one type.
    fn joint_slot_cost(
        &mut self,
        positions: &[Position],
        nodes: &[NodeId],
        ty: TypeId,
        (position, slot): (PositionId, u16),
    ) -> Result<Option<u32>, PlanError> {
        let graph = self.graph;
        let asked = &positions[position.0 as usize].slots[slot as usize];
        let field = &asked.key.field;
        let narrowed = nodes.iter().filter_map(|node| graph.narrowed(*node, ty));
        let narrowed: Vec<NodeId> = narrowed.collect();
        let reachable = self.reachable(ty, &narrowed)?;
        let mut ways: Vec<(Option<NodeId>, u32)> = Vec::new();
        for &node in &narrowed {
            let edge = self.free_edge(node, field);
            ways.extend(edge.map(|edge| (edge.to, 0)));
        }
        let by_lookup = self.ways_by_lookup(&reachable, field)?;
        let by_lookup = by_lookup.into_iter();
        ways.extend(by_lookup.map(|(_, to, entering)| (to, entering)));
        let Some(child) = asked.child else {
            return Ok(ways.iter().map(|(_, entering)| *entering).min());
        };
        let mut best: Option<u32> = None;
        for (to, entering) in &ways {
            let Some(to) = *to else { continue };
            if let Some(below) = self.cost(positions, to, child)? {
                let cost = entering + below;
                best = Some(best.map_or(cost, |best| best.min(cost)));
            }
        }
        if best.is_some() {
            return Ok(best);
        }
        let entering: u32 = ways.iter().map(|(_, entering)| *entering).sum();
        let nodes = ways.iter().filter_map(|(to, _)| *to).collect();
        let below = self.joint_cost(positions, nodes, child)?;
        Ok(below.map(|below| entering + below))
    }

    /// The lookups that lead to a field, where it leads to, and the cost of entering them, `@requires` included.
    fn ways_by_lookup(
        &mut self,
        reachable: &Reachable,
        field: &Name,
    ) -> Result<Vec<(LookupId, Option<NodeId>, u32)>, PlanError> {
        let lookups = reachable.offering(field);
        self.spend(lookups.len())?;
        let ways = lookups.iter().filter_map(|&lookup| {
            let edge = self.edge(self.graph.lookup(lookup).to, field)?;
            let entering = match &edge.requires {
                None => reachable.lookups.get(&lookup).copied(),
                Some(_) => reachable.required_cost(lookup, field),
            };
            Some((lookup, edge.to, entering?))
        });
        Ok(ways.collect())
    }
}
