//! Reachability: which lookups can be entered from a set of nodes and at what cost, and what a whole sub-selection
//! costs from one node.
//!
//! [`Reachability::reachable`] computes a closure. It starts with nodes of one type at cost 0 and adds each lookup on
//! that type whose key can be obtained from the nodes known so far, until nothing changes. For example, from a node
//! that offers `id`, a lookup by `id` (cost 10) arrives at a node with `code`, and from there a lookup by `code` (10
//! more) can be entered: cost 20. Keys with nested fields and `@requires` are obtained in the same way.
//!
//! [`Reachability::cost`] adds up what it costs to serve all slots of a position from one node, with each lookup
//! counted once.
//!
//! Both are memoised, per set of nodes and per (node, position). They are bounded: a closure adds each lookup at most
//! once, recursion through nested keys stops where a closure is already being computed, and each step spends from the
//! budget of the plan. A counted budget, unlike a time limit, gives the same result on every machine.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::rc::Rc;

use apollo_compiler::Name;

use super::PlanError;
use super::planner::LabelOutcomes;
use super::requested::Position;
use super::requested::PositionId;
use crate::connector::FieldSet;
use crate::connector::FieldSetItem;
use crate::graph::query::Edge;
use crate::graph::query::LookupId;
use crate::graph::query::NodeId;
use crate::graph::query::QueryGraph;
use crate::graph::query::TypeId;

/// What can be entered from a set of nodes of one type.
#[derive(Debug, Default)]
pub(super) struct Reachable {
    /// The lookups, with the least cost of entering them, keys included.
    pub(super) lookups: BTreeMap<LookupId, u32>,
    /// Fields with `@requires`, by name and lookup, with the cost of the lookup and of what is required.
    required: BTreeMap<Name, BTreeMap<LookupId, u32>>,
    /// The lookups by the fields that they lead to, in their order.
    by_field: HashMap<Name, Vec<LookupId>>,
    /// Key and `@requires` fields that no start node offers. A new provider with one of them makes something cheaper.
    pub(super) cost_reducing: HashSet<Name>,
}

impl Reachable {
    /// The lookups that lead to a field.
    pub(super) fn offering(&self, field: &Name) -> &[LookupId] {
        self.by_field
            .get(field)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The cost of a field with `@requires` by a lookup; `None` when it cannot be resolved.
    pub(super) fn required_cost(&self, lookup: LookupId, field: &Name) -> Option<u32> {
        self.required.get(field)?.get(&lookup).copied()
    }
}

/// Nodes with the cost of arriving there. With many nodes an index by field is kept, so that a field is found in one
/// step.
struct KnownNodes<'g> {
    nodes: Vec<(NodeId, u32)>,
    index: Option<HashMap<&'g Name, Offer>>,
}

/// Where a field can be read.
#[derive(Default)]
struct Offer {
    /// The least cost.
    cost: u32,
    /// Where it leads, for a composite field.
    targets: Vec<(NodeId, u32)>,
}

/// Up to so many nodes are scanned without an index.
const SCANNED_NODES: usize = 8;

impl<'g> KnownNodes<'g> {
    fn new(nodes: Vec<(NodeId, u32)>) -> Self {
        KnownNodes { nodes, index: None }
    }
}

/// The memo tables over one graph and the positions of one operation.
pub(super) struct Reachability<'g> {
    pub(super) graph: &'g QueryGraph,
    /// The outcomes of `@override` labels in the case that is planned.
    pub(super) outcomes: LabelOutcomes,
    /// Steps left.
    pub(super) budget: usize,
    closures: HashMap<(TypeId, Vec<NodeId>), Rc<Reachable>>,
    in_progress: Vec<(TypeId, Vec<NodeId>)>,
    costs: HashMap<(NodeId, PositionId), Option<u32>>,
}

impl<'g> Reachability<'g> {
    pub(super) fn new(graph: &'g QueryGraph, budget: usize) -> Self {
        let (closures, costs) = (HashMap::new(), HashMap::new());
        Reachability {
            graph,
            outcomes: LabelOutcomes::default(),
            budget,
            closures,
            in_progress: Vec::new(),
            costs,
        }
    }

    pub(super) fn spend(&mut self, steps: usize) -> Result<(), PlanError> {
        self.budget = self
            .budget
            .checked_sub(steps)
            .ok_or(PlanError::TooComplex)?;
        Ok(())
    }

    /// The edge of a node for a field, unless the outcome of its label rules it out.
    pub(super) fn edge(&self, node: NodeId, field: &str) -> Option<&'g Edge> {
        let edge = self.graph.node(node).fields.get(field)?;
        match &edge.label {
            Some((label, outcome)) if self.outcomes.of(label, field) != *outcome => None,
            _ => Some(edge),
        }
    }

    /// The edge of a node for a field without `@requires`.
    pub(super) fn free_edge(&self, node: NodeId, field: &str) -> Option<&'g Edge> {
        self.edge(node, field)
            .filter(|edge| edge.requires.is_none())
    }

    /// Everything that can be entered from these nodes, which all stand for the same rows of type `ty`.
    pub(super) fn reachable(
        &mut self,
        ty: TypeId,
        nodes: &[NodeId],
    ) -> Result<Rc<Reachable>, PlanError> {
        let mut sorted = nodes.to_vec();
        sorted.sort();
        sorted.dedup();
        let key = (ty, sorted);
        if let Some(memoised) = self.closures.get(&key) {
            return Ok(memoised.clone());
        }
        // A nested key leads back here through a cycle of types. The computation in progress finds everything by
        // itself.
        if self.in_progress.contains(&key) {
            return Ok(Rc::default());
        }
        self.in_progress.push(key.clone());
        let reachable = self.close(ty, &key.1);
        self.in_progress.pop();
        let reachable = Rc::new(reachable?);
        if self.in_progress.is_empty() {
            self.closures.insert(key, reachable.clone());
        }
        Ok(reachable)
    }

    fn close(&mut self, ty: TypeId, nodes: &[NodeId]) -> Result<Reachable, PlanError> {
        let graph = self.graph;
        let mut known = KnownNodes::new(nodes.iter().map(|node| (*node, 0)).collect());
        let mut reachable = Reachable::default();
        let lookups = graph.lookups_on(ty);
        loop {
            let mut changed = false;
            for &id in lookups {
                self.spend(1)?;
                let lookup = graph.lookup(id);
                if !reachable.lookups.contains_key(&id) {
                    let Some(cost) = self.obtain(&known, &reachable, &lookup.key)? else {
                        continue;
                    };
                    reachable.lookups.insert(id, cost + lookup.cost);
                    self.add_known_node(&mut known, lookup.to, cost + lookup.cost)?;
                    changed = true;
                }
                for (name, edge) in &graph.node(lookup.to).fields {
                    let Some(requires) = &edge.requires else {
                        continue;
                    };
                    if self.edge(lookup.to, name).is_none()
                        || reachable.required_cost(id, name).is_some()
                    {
                        continue;
                    }
                    let Some(cost) = self.obtain(&known, &reachable, requires)? else {
                        continue;
                    };
                    let entered = reachable.lookups.get(&id).copied().unwrap_or_default();
                    let required = reachable.required.entry(name.clone()).or_default();
                    required.insert(id, entered + cost);
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        for (&id, &cost) in &reachable.lookups {
            let lookup = graph.lookup(id);
            let node = graph.node(lookup.to);
            self.spend(node.fields.len())?;
            for name in node.fields.keys() {
                let offering = reachable.by_field.entry(name.clone()).or_default();
                offering.push(id);
            }
            if cost > lookup.cost {
                self.add_cost_reducing(&known, &lookup.key, &mut reachable.cost_reducing);
            }
        }
        for (name, lookups) in &reachable.required {
            for id in lookups.keys() {
                let edge = graph.node(graph.lookup(*id).to).fields.get(name);
                if let Some(requires) = edge.and_then(|edge| edge.requires.as_ref()) {
                    self.add_cost_reducing(&known, requires, &mut reachable.cost_reducing);
                }
            }
        }
        Ok(reachable)
    }

    /// Adds a node at which rows can be read, and its fields to the index.
    fn add_known_node(
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
                let Some(edge) = self.free_edge(node, name) else {
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

    /// Adds the fields of a set that no start node offers.
    fn add_cost_reducing(&self, known: &KnownNodes<'_>, set: &FieldSet, into: &mut HashSet<Name>) {
        for item in &set.items {
            match item {
                FieldSetItem::Field { name, children, .. } => {
                    let at_hand = match &known.index {
                        Some(index) => index.get(name).is_some_and(|offer| offer.cost == 0),
                        None => known.nodes.iter().any(|(node, cost)| {
                            *cost == 0 && self.free_edge(*node, name).is_some()
                        }),
                    };
                    if !at_hand || !children.is_empty() {
                        into.insert(name.clone());
                    }
                }
                FieldSetItem::Fragment { children, .. } => {
                    self.add_cost_reducing(known, children, into)
                }
            }
        }
    }

    /// The cost of obtaining all fields of a set: the maximum, since calls for different fields run side by side.
    fn obtain(
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
                let Some(edge) = self.free_edge(node, name) else {
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
        for (to, cost) in targets {
            if best.is_some_and(|best| best <= cost) {
                continue;
            }
            let Some(inner) = self.obtain_from(to, children)? else {
                continue;
            };
            best = Some(best.map_or(cost + inner, |b| b.min(cost + inner)));
        }
        Ok(best)
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
    fn obtain_from(&mut self, node: NodeId, set: &FieldSet) -> Result<Option<u32>, PlanError> {
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
            let own = narrowed(self.graph, set, ty);
            let Some(cost) = self.obtain_from(member, &own)? else {
                return Ok(None);
            };
            total = total.max(cost);
        }
        Ok(Some(total))
    }

    /// The cost of serving all requested slots of a position from one node; `None` when that is impossible.
    pub(super) fn cost(
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
    pub(super) fn slot_cost(
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
        if let Some(cost) = self.served_here(positions, node, position, slot)? {
            return Ok(Some(cost));
        }
        let members: Vec<(TypeId, NodeId)> = if graph.node(node).interface_object {
            types.iter().map(|ty| (*ty, node)).collect()
        } else {
            let known = graph.node(node).downcasts.iter();
            known
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

    /// The cost of a slot that the node offers and can serve in full.
    pub(super) fn served_here(
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
            return Ok(None);
        };
        used.entry(lookup)
            .or_insert_with(|| reachable.lookups.get(&lookup).copied().unwrap_or_default());
        Ok(Some(below))
    }

    /// Starts a case with other outcomes.
    pub(super) fn begin(&mut self, outcomes: LabelOutcomes) {
        self.outcomes = outcomes;
        self.closures.clear();
        self.costs.clear();
    }

    /// Drops the costs of positions, which have changed.
    pub(super) fn forget_costs(&mut self) {
        self.costs.clear();
    }
}

/// The part of a field set that applies to one object type at an abstract position.
pub(super) fn narrowed(graph: &QueryGraph, set: &FieldSet, ty: TypeId) -> FieldSet {
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
