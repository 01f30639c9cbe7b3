//! The cost of obtaining a field set: a key, or what a field requires.

use ahash::{HashMap, HashMapExt};
use apollo_compiler::Name;

use super::known_nodes::{KnownNodes, Offer, SCANNED_NODES};
use super::{Reachability, Reachable};
use crate::connector::{FieldSet, FieldSetItem};
use crate::graph::query::{NodeId, QueryGraph, TypeId};
use crate::plan::PlanError;

impl<'g> Reachability<'g> {
    /// Adds a node at which rows can be read, and its fields to the index.
    pub(super) fn add_known_node(
        &mut self,
        known: &mut KnownNodes<'g>,
        node: NodeId,
        cost: u32,
    ) -> Result<(), PlanError> {
        known.nodes.push((node, cost));
        if known.nodes.len() <= SCANNED_NODES {
            return Ok(());
        }
        let fresh = match known.index {
            Some(_) => vec![(node, cost)],
            None => known.nodes.clone(),
        };
        let index = known.index.get_or_insert_with(HashMap::new);
        for (node, cost) in fresh {
            let fields = &self.graph.node(node).fields;
            self.budget = self
                .budget
                .checked_sub(fields.len())
                .ok_or(PlanError::TooComplex)?;
            for name in fields.keys() {
                let Some(edge) = self.readable_edge(node, name) else {
                    continue;
                };
                let offer = index.entry(name).or_insert_with(|| Offer {
                    cost,
                    targets: Vec::new(),
                });
                offer.cost = offer.cost.min(cost);
                offer.targets.extend(edge.to.map(|to| (to, cost)));
            }
        }
        Ok(())
    }

    /// The cost of obtaining all fields of a set: the maximum, since calls for different fields run side by side.
    pub(super) fn obtain(
        &mut self,
        known: &KnownNodes<'g>,
        reachable: &Reachable,
        set: &FieldSet,
    ) -> Result<Option<u32>, PlanError> {
        let mut total = 0;
        for item in &set.items {
            self.spend(1)?;
            let cost = match item {
                FieldSetItem::Field { name, children, .. } => {
                    self.obtain_field(known, reachable, name, children)?
                }
                FieldSetItem::Fragment { on, children } => {
                    self.obtain_fragment(known, on, children)?
                }
            };
            let Some(cost) = cost else { return Ok(None) };
            total = total.max(cost);
        }
        Ok(Some(total))
    }

    fn obtain_field(
        &mut self,
        known: &KnownNodes<'g>,
        reachable: &Reachable,
        name: &Name,
        children: &FieldSet,
    ) -> Result<Option<u32>, PlanError> {
        if name == "__typename" {
            return Ok(Some(0));
        }
        let mut best: Option<u32> = None;
        let mut targets = Vec::new();
        if let Some(index) = &known.index {
            self.spend(1)?;
            match index.get(name) {
                Some(offer) if children.is_empty() => best = Some(offer.cost),
                Some(offer) => targets.clone_from(&offer.targets),
                None => {}
            }
        } else {
            self.spend(known.nodes.len())?;
            for &(node, cost) in &known.nodes {
                let Some(edge) = self.readable_edge(node, name) else {
                    continue;
                };
                if children.is_empty() {
                    best = Some(best.map_or(cost, |b: u32| b.min(cost)));
                } else if let Some(to) = edge.to {
                    targets.push((to, cost));
                }
            }
        }
        for (lookup, cost) in reachable.required.get(name).into_iter().flatten() {
            let to = self
                .graph
                .node(self.graph.lookup(*lookup).to)
                .fields
                .get(name)
                .and_then(|edge| edge.to);
            match to {
                None => best = Some(best.map_or(*cost, |b| b.min(*cost))),
                Some(to) => targets.push((to, *cost)),
            }
        }
        for &(to, cost) in &targets {
            if best.is_some_and(|best| best <= cost) {
                continue;
            }
            let Some(inner) = self.obtain_from(to, children)? else {
                continue;
            };
            best = Some(best.map_or(cost + inner, |b| b.min(cost + inner)));
        }
        match best {
            None if targets.len() > 1 => self.obtain_from_all(&targets, children),
            best => Ok(best),
        }
    }

    /// The cost of obtaining a field set of the objects at several nodes, none of which has all of it: `meta { x y }`,
    /// where one subgraph has `x` and another one `y`. Each node has the cost of arriving there.
    pub(in crate::plan) fn obtain_from_all(
        &mut self,
        nodes: &[(NodeId, u32)],
        set: &FieldSet,
    ) -> Result<Option<u32>, PlanError> {
        let graph = self.graph;
        let members = graph.common_members(nodes.iter().map(|(node, _)| *node));
        let members = members.unwrap_or_default();
        self.spend(1 + members.len() * nodes.len())?;
        let mut total = None;
        for ty in members {
            let narrowed_nodes = nodes.iter().copied();
            let narrowed_nodes = narrowed_nodes
                .filter_map(|(node, cost)| Some((graph.narrowed(node, ty)?, cost)))
                .collect();
            let of_type = narrowed(graph, set, ty);
            let Some(cost) = self.obtain_joined(ty, narrowed_nodes, &of_type)? else {
                return Ok(None);
            };
            total = total.max(Some(cost));
        }
        Ok(total)
    }

    /// The cost of obtaining a field set of the rows of one object type at several nodes, lookups included.
    fn obtain_joined(
        &mut self,
        ty: TypeId,
        nodes: Vec<(NodeId, u32)>,
        set: &FieldSet,
    ) -> Result<Option<u32>, PlanError> {
        let graph = self.graph;
        let all: Vec<NodeId> = nodes.iter().map(|(node, _)| *node).collect();
        let arrived = nodes
            .iter()
            .map(|(_, cost)| *cost)
            .max()
            .unwrap_or_default();
        let known = KnownNodes::new(nodes.clone());
        if let Some(cost) = self.obtain(&known, &Reachable::default(), set)? {
            return Ok(Some(cost));
        }
        let reachable = self.reachable(ty, &all)?;
        let mut known = KnownNodes::new(nodes);
        for (lookup, cost) in &reachable.lookups {
            self.add_known_node(&mut known, graph.lookup(*lookup).to, arrived + *cost)?;
        }
        self.obtain(&known, &reachable, set)
    }

    fn obtain_fragment(
        &mut self,
        known: &KnownNodes<'g>,
        on: &Name,
        children: &FieldSet,
    ) -> Result<Option<u32>, PlanError> {
        let Some(on) = self.graph.types.id(on) else {
            return Ok(None);
        };
        let mut best: Option<u32> = None;
        for &(node, cost) in &known.nodes {
            self.spend(1)?;
            let target = if self.graph.node(node).ty == on {
                Some(node)
            } else {
                self.graph.node(node).downcasts.get(&on).copied()
            };
            // A subgraph that does not know the type never returns such an object.
            let inner = match target {
                Some(target) => self.obtain_from(target, children)?,
                None => Some(0),
            };
            let Some(inner) = inner else { continue };
            best = Some(best.map_or(cost + inner, |b| b.min(cost + inner)));
        }
        Ok(best)
    }

    /// The cost of obtaining a field set of the objects at one node, lookups included.
    pub(in crate::plan) fn obtain_from(
        &mut self,
        node: NodeId,
        set: &FieldSet,
    ) -> Result<Option<u32>, PlanError> {
        let graph = self.graph;
        let direct = KnownNodes::new(vec![(node, 0)]);
        let empty = Reachable::default();
        if let Some(cost) = self.obtain(&direct, &empty, set)? {
            return Ok(Some(cost));
        }
        if !graph.types.info(graph.node(node).ty).is_object {
            return self.obtain_from_abstract(node, set);
        }
        let reachable = self.reachable(graph.node(node).ty, &[node])?;
        let mut known = KnownNodes::new(vec![(node, 0)]);
        for (lookup, cost) in &reachable.lookups {
            self.add_known_node(&mut known, graph.lookup(*lookup).to, *cost)?;
        }
        self.obtain(&known, &reachable, set)
    }

    fn obtain_from_abstract(
        &mut self,
        node: NodeId,
        set: &FieldSet,
    ) -> Result<Option<u32>, PlanError> {
        let mut total = 0;
        for (ty, member) in self.graph.node(node).downcasts.clone() {
            let narrow_set = narrowed(self.graph, set, ty);
            let Some(cost) = self.obtain_from(member, &narrow_set)? else {
                return Ok(None);
            };
            total = total.max(cost);
        }
        Ok(Some(total))
    }
}

/// The part of a field set that applies to one object type at an abstract position.
fn narrowed(graph: &QueryGraph, set: &FieldSet, ty: TypeId) -> FieldSet {
    let mut items = Vec::new();
    for item in &set.items {
        match item {
            FieldSetItem::Field { .. } => items.push(item.clone()),
            FieldSetItem::Fragment { on, children } => {
                if graph.types.applies(on, ty) {
                    items.extend(narrowed(graph, children, ty).items);
                }
            }
        }
    }
    FieldSet { items }
}
