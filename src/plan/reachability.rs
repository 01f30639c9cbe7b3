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
//! Both are memoised, per set of nodes and per (node, position); most closures are kept for other operations (`kept`). They are bounded: a closure adds each lookup at most
//! once, recursion through nested keys stops where a closure is already being computed, and each step spends from the
//! budget of the plan. A counted budget, unlike a time limit, gives the same result on every machine.

mod closure;
mod cost;
mod kept;
mod known_nodes;
mod obtain;
mod parts;

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::Arc;

use ahash::{HashMap, HashMapExt};
use apollo_compiler::Name;

pub(super) use self::closure::Reachable;
pub(crate) use self::kept::KeptClosures;
use self::known_nodes::KnownNodes;
use super::PlanError;
use super::cases::LabelOutcomes;
use super::requested::PositionId;
use crate::connector::{FieldSet, FieldSetItem};
use crate::graph::query::{Edge, NodeId, QueryGraph, TypeId};

/// The memo tables over one graph and the positions of one operation.
pub(super) struct Reachability<'g> {
    pub(super) graph: &'g QueryGraph,
    /// The outcomes of `@override` labels in the case that is planned.
    pub(super) outcomes: LabelOutcomes,
    /// Steps left.
    pub(super) budget: usize,
    closures: HashMap<(TypeId, Vec<NodeId>), Arc<Reachable>>,
    in_progress: Vec<(TypeId, Vec<NodeId>)>,
    kept: &'g KeptClosures,
    /// The closure in progress depends on more than the graph: on the outcome of a label, or on another closure.
    depends: Cell<bool>,
    costs: HashMap<(NodeId, PositionId), Option<u32>>,
    joint_costs: HashMap<(Vec<NodeId>, PositionId), Option<u32>>,
}

impl<'g> Reachability<'g> {
    pub(super) fn new(graph: &'g QueryGraph, kept: &'g KeptClosures, budget: usize) -> Self {
        Reachability {
            graph,
            outcomes: LabelOutcomes::default(),
            budget,
            closures: HashMap::new(),
            in_progress: Vec::new(),
            kept,
            depends: Cell::new(false),
            costs: HashMap::new(),
            joint_costs: HashMap::new(),
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
        let Some((label, outcome)) = &edge.label else {
            return Some(edge);
        };
        self.depends.set(true);
        (self.outcomes.of(label, field) == *outcome).then_some(edge)
    }

    /// The edge of a node for a field without `@requires`.
    pub(super) fn free_edge(&self, node: NodeId, field: &str) -> Option<&'g Edge> {
        self.edge(node, field)
            .filter(|edge| edge.requires.is_none())
    }

    /// The edge of a node for a field that can be read of all objects at the node: at an abstract type, the subgraph
    /// resolves the field for each member type too. A member's field may be `@external`.
    pub(super) fn readable_edge(&self, node: NodeId, field: &str) -> Option<&'g Edge> {
        let mut members = self.graph.node(node).downcasts.values();
        self.free_edge(node, field)
            .filter(|_| members.all(|member| self.free_edge(*member, field).is_some()))
    }

    /// Everything that can be entered from these nodes, which all stand for the same rows of type `ty`.
    pub(super) fn reachable(
        &mut self,
        ty: TypeId,
        nodes: &[NodeId],
    ) -> Result<Arc<Reachable>, PlanError> {
        let mut sorted = nodes.to_vec();
        sorted.sort();
        sorted.dedup();
        let key = (ty, sorted);
        if let Some(memoised) = self.closures.get(&key) {
            self.depends.set(true);
            return Ok(memoised.clone());
        }
        if !self.in_progress.is_empty() {
            return self.nested(key);
        }
        if let Some((kept, steps)) = self.kept.get(&key) {
            self.spend(steps)?;
            self.closures.insert(key, kept.clone());
            return Ok(kept);
        }
        let budget = self.budget;
        self.depends.set(false);
        let reachable = self.compute(&key)?;
        if !self.depends.get() {
            self.kept
                .keep(key.clone(), &reachable, budget - self.budget);
        }
        self.closures.insert(key, reachable.clone());
        Ok(reachable)
    }

    /// A closure that another one in progress needs. A nested key may lead back to one in progress through a cycle of types:
    /// the computation in progress finds everything by itself.
    fn nested(&mut self, key: (TypeId, Vec<NodeId>)) -> Result<Arc<Reachable>, PlanError> {
        self.depends.set(true);
        match self.in_progress.contains(&key) {
            true => Ok(Arc::default()),
            false => self.compute(&key),
        }
    }

    fn compute(&mut self, key: &(TypeId, Vec<NodeId>)) -> Result<Arc<Reachable>, PlanError> {
        self.in_progress.push(key.clone());
        let reachable = self.close(key.0, &key.1);
        self.in_progress.pop();
        Ok(Arc::new(reachable?))
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

    /// Starts a case with other outcomes.
    pub(super) fn begin(&mut self, outcomes: LabelOutcomes) {
        self.outcomes = outcomes;
        self.closures.clear();
        self.forget_costs();
    }

    /// Drops the costs of positions, which have changed.
    pub(super) fn forget_costs(&mut self) {
        self.costs.clear();
        self.joint_costs.clear();
    }
}
