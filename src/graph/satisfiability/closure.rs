//! What can be read of a row: the fields at its nodes, and at all nodes that lookups lead to from there.
//!
//! A [`Closure`] is the satisfiability counterpart of the planner's `Reachable`, without costs: it starts with the
//! nodes at which a row is known and adds each lookup whose key can be obtained, until nothing changes. It is bounded
//! by the lookups on the type. `Closures` memoises them by start; recursion through a nested key stops at a closure
//! that is being computed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use apollo_compiler::Name;

use super::super::query::{ContextId, Edge, LookupId, NodeId, QueryGraph, TypeId};
use crate::connector::{FieldSet, FieldSetItem};

/// The nodes at which a row can be read, all of one type.
pub(super) type NodeSet = BTreeSet<NodeId>;

/// Everything that can be read of a row.
#[derive(Debug, Default)]
pub(super) struct Closure<'g> {
    /// The start nodes, and those that lookups lead to.
    pub(super) nodes: NodeSet,
    /// The lookups whose key can be obtained.
    pub(super) lookups: BTreeSet<LookupId>,
    /// The ways to each field. Indexed because a type may have a thousand nodes and as many fields.
    ways: HashMap<&'g Name, Ways<'g>>,
    /// The ways to fields with contextual arguments: whether they can be read depends on the ancestors of the row.
    contextual: HashMap<&'g Name, Ways<'g>>,
    /// Fields with `@requires` whose requirements can be obtained, by the node that a lookup leads to.
    met: HashSet<(NodeId, &'g Name)>,
}

/// The closures over one graph, memoised by where they start.
pub(super) struct Closures<'g> {
    pub(super) graph: &'g QueryGraph,
    memo: HashMap<(TypeId, NodeSet), Rc<Closure<'g>>>,
    /// By type: the closure of one node that lookups lead to, and those lookups; see [`Closures::same_as`].
    representatives: HashMap<TypeId, (Vec<LookupId>, Rc<Closure<'g>>)>,
    in_progress: Vec<(TypeId, NodeSet)>,
}

impl<'g> Closures<'g> {
    pub(super) fn new(graph: &'g QueryGraph) -> Self {
        Self {
            graph,
            memo: HashMap::new(),
            representatives: HashMap::new(),
            in_progress: Vec::new(),
        }
    }

    /// The closure of a row of type `ty` that is known at `nodes`.
    pub(super) fn of(&mut self, ty: TypeId, nodes: &NodeSet) -> Rc<Closure<'g>> {
        let start = (ty, nodes.clone());
        if let Some(memoised) = self.memo.get(&start) {
            return Rc::clone(memoised);
        }
        // A nested key leads back here through a cycle of types. The computation in progress finds everything by
        // itself.
        if self.in_progress.contains(&start) {
            return Rc::new(Closure::at(self.graph, nodes));
        }
        self.in_progress.push(start.clone());
        let closure = match self.same_as(ty, nodes) {
            Some(same) => same,
            None => Rc::new(self.close(ty, nodes)),
        };
        self.in_progress.pop();
        if self.in_progress.is_empty() {
            self.keep_representative(ty, nodes, &closure);
            self.memo.insert(start, Rc::clone(&closure));
        }
        closure
    }

    /// The closure of another node, if both lead to each other: then they are equal. This saves a type with a thousand
    /// connectors a thousand closures of a thousand lookups.
    fn same_as(&mut self, ty: TypeId, nodes: &NodeSet) -> Option<Rc<Closure<'g>>> {
        let (back, closure) = self.representatives.get(&ty)?;
        let single = nodes.len() == 1 && nodes.is_subset(&closure.nodes);
        let (back, closure) = (back.clone(), Rc::clone(closure));
        if !single {
            return None;
        }
        let here = Closure::at(self.graph, nodes);
        let leads_back = back
            .iter()
            .any(|&id| self.obtainable(&here, &self.graph.lookup(id).key));
        leads_back.then_some(closure)
    }

    fn keep_representative(&mut self, ty: TypeId, nodes: &NodeSet, closure: &Rc<Closure<'g>>) {
        let (Some(&only), 1) = (nodes.first(), nodes.len()) else {
            return;
        };
        let graph = self.graph;
        let leads_here = |id: &&LookupId| graph.lookup(**id).to == only;
        let back: Vec<LookupId> = graph
            .lookups_on(ty)
            .iter()
            .filter(leads_here)
            .copied()
            .collect();
        if !back.is_empty() {
            let entry = self.representatives.entry(ty);
            entry.or_insert_with(|| (back, Rc::clone(closure)));
        }
    }

    fn close(&mut self, ty: TypeId, nodes: &NodeSet) -> Closure<'g> {
        let graph = self.graph;
        let mut closure = Closure::at(graph, nodes);
        loop {
            let mut changed = false;
            for &id in graph.lookups_on(ty) {
                let lookup = graph.lookup(id);
                if !closure.lookups.contains(&id) && self.obtainable(&closure, &lookup.key) {
                    closure.lookups.insert(id);
                    closure.add(graph, lookup.to);
                    changed = true;
                }
                if !closure.lookups.contains(&id) {
                    continue;
                }
                for (name, edge) in &graph.node(lookup.to).fields {
                    let at = (lookup.to, name);
                    let Some(requires) = &edge.requires else {
                        continue;
                    };
                    if !closure.met.contains(&at) && self.obtainable(&closure, requires) {
                        closure.met.insert(at);
                        let ways = match edge.contextual.is_empty() {
                            true => &mut closure.ways,
                            false => &mut closure.contextual,
                        };
                        ways.entry(name).or_default().edges.push(edge);
                        changed = true;
                    }
                }
            }
            if !changed {
                return closure;
            }
        }
    }

    /// Whether all fields of a set can be obtained.
    pub(super) fn obtainable(&mut self, closure: &Closure<'g>, set: &FieldSet) -> bool {
        set.items.iter().all(|item| match item {
            FieldSetItem::Field { name, .. } if name == "__typename" => true,
            FieldSetItem::Field { name, children, .. } => {
                let Some(ways) = closure.ways(name) else {
                    return false;
                };
                if children.is_empty() {
                    return ways.always();
                }
                let branches = ways.branches();
                !branches.is_empty()
                    && branches
                        .iter()
                        .all(|nodes| self.obtainable_below(nodes, children))
            }
            FieldSetItem::Fragment { on, children } => self.obtainable_as(closure, on, children),
        })
    }

    fn obtainable_below(&mut self, nodes: &NodeSet, set: &FieldSet) -> bool {
        let Some(first) = nodes.first() else {
            return false;
        };
        let direct = Closure::at(self.graph, nodes);
        // Most nested keys can be read without a lookup.
        if self.obtainable(&direct, set) {
            return true;
        }
        let ty = self.graph.node(*first).ty;
        let closure = self.of(ty, nodes);
        self.obtainable(&closure, set) || self.obtainable_in_each(&closure, set)
    }

    /// Whether the fields of a fragment can be obtained of the rows of its type. There may be none.
    fn obtainable_as(&mut self, closure: &Closure<'g>, on: &Name, set: &FieldSet) -> bool {
        let Some(ty) = self.graph.types.id(on) else {
            return false;
        };
        let here = closure
            .nodes
            .iter()
            .any(|&node| self.graph.node(node).ty == ty);
        if here {
            return self.obtainable(closure, set);
        }
        let possible = self.graph.types.info(ty).possible.clone();
        let members = closure.members(self.graph);
        members
            .iter()
            .filter(|(member, _)| possible.contains(member))
            .all(|(&member, nodes)| {
                let closure = self.of(member, nodes);
                self.obtainable(&closure, set)
            })
    }

    /// Whether fields can be obtained of each object type of an interface, if not of the interface.
    fn obtainable_in_each(&mut self, closure: &Closure<'g>, set: &FieldSet) -> bool {
        let members = closure.members(self.graph);
        !members.is_empty()
            && members.iter().all(|(&member, nodes)| {
                let closure = self.of(member, nodes);
                self.obtainable(&closure, set)
            })
    }
}

impl<'g> Closure<'g> {
    /// What can be read at some nodes without a lookup.
    fn at(graph: &'g QueryGraph, nodes: &NodeSet) -> Self {
        let mut closure = Self::default();
        for &node in nodes {
            closure.add(graph, node);
        }
        closure
    }

    fn add(&mut self, graph: &'g QueryGraph, node: NodeId) {
        if !self.nodes.insert(node) {
            return;
        }
        for (name, edge) in &graph.node(node).fields {
            if edge.requires.is_none() && graph.resolves_for_members(node, name) {
                self.ways.entry(name).or_default().edges.push(edge);
            }
        }
    }

    /// The ways to a field.
    pub(super) fn ways(&self, field: &Name) -> Option<&Ways<'g>> {
        self.ways.get(field)
    }

    /// The ways to a field below ancestors that have these contexts.
    pub(super) fn ways_below(
        &self,
        field: &Name,
        contexts: &BTreeSet<ContextId>,
    ) -> Option<Cow<'_, Ways<'g>>> {
        let ways = self.ways(field).map(Cow::Borrowed);
        let Some(contextual) = self.contextual.get(field) else {
            return ways;
        };
        let mut ways = ways.map(Cow::into_owned).unwrap_or_default();
        let known = |edge: &&&Edge| {
            let mut arguments = edge.contextual.iter();
            arguments.all(|argument| contexts.contains(&argument.context))
        };
        ways.edges.extend(contextual.edges.iter().filter(known));
        Some(Cow::Owned(ways))
    }

    /// Whether the row may be known only as an interface object.
    pub(super) fn has_interface_object(&self, graph: &QueryGraph) -> bool {
        let mut nodes = self.nodes.iter();
        nodes.any(|&node| graph.node(node).interface_object)
    }

    /// At an abstract type: the object types that the row can have, and the nodes of each.
    pub(super) fn members(&self, graph: &QueryGraph) -> BTreeMap<TypeId, NodeSet> {
        let mut members: BTreeMap<TypeId, NodeSet> = BTreeMap::new();
        for &node in &self.nodes {
            let here = graph.node(node);
            // A node of an object type is its own member.
            if graph.types.info(here.ty).is_object {
                members.entry(here.ty).or_default().insert(node);
            }
            for (&member, &to) in &here.downcasts {
                members.entry(member).or_default().insert(to);
            }
        }
        let objects: Vec<NodeId> = self
            .nodes
            .iter()
            .copied()
            .filter(|&node| graph.node(node).interface_object)
            .collect();
        for nodes in members.values_mut() {
            nodes.extend(&objects);
        }
        members
    }
}

/// The ways to one field.
#[derive(Debug, Clone, Default)]
pub(super) struct Ways<'g> {
    edges: Vec<&'g Edge>,
}

impl Ways<'_> {
    /// Whether the field can be read for all outcomes of override labels.
    pub(super) fn always(&self) -> bool {
        let plain = self.edges.iter().any(|edge| edge.label.is_none());
        plain
            || self.labels().into_iter().any(|label| {
                let has = |outcome: bool| {
                    let applies =
                        |edge: &&&Edge| edge.label.as_ref() == Some(&(label.to_owned(), outcome));
                    self.edges.iter().find(applies).is_some()
                };
                has(true) && has(false)
            })
    }

    /// The nodes that the field leads to: once, or once per outcome of each label.
    pub(super) fn branches(&self) -> Vec<NodeSet> {
        if !self.always() {
            return Vec::new();
        }
        let under = |wanted: Option<(&str, bool)>| -> NodeSet {
            let applies = self.edges.iter().filter(|edge| match &edge.label {
                None => true,
                Some((label, outcome)) => wanted == Some((label.as_str(), *outcome)),
            });
            applies.filter_map(|edge| edge.to).collect()
        };
        let labels = self.labels();
        if labels.is_empty() {
            return vec![under(None)];
        }
        labels
            .into_iter()
            .flat_map(|label| [under(Some((label, true))), under(Some((label, false)))])
            .collect()
    }

    fn labels(&self) -> BTreeSet<&str> {
        let labels = self.edges.iter().filter_map(|edge| edge.label.as_ref());
        labels.map(|(label, _)| label.as_str()).collect()
    }
}
