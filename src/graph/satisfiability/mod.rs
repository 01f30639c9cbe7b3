//! Satisfiability: every query on the public schema can be resolved.
//!
//! The check walks the public schema breadth first from each root. Its states are (type, nodes): a type, and the nodes
//! of the query graph at which a row of it is known after the path so far. In each state, every public field must be
//! readable in the state's [`Closure`]: at its nodes, or after lookups whose keys can be obtained there. A readable
//! field leads to the state of its own type and nodes.
//!
//! For example, if `review { product { price } }` reaches `Product` in a subgraph that offers only `name`, and the only
//! lookup to `price` needs `id`, then `Product.price` is a gap in this state, though the same field is fine on another
//! path.
//!
//! A field with contextual arguments also needs ancestors with its contexts. So a state has the contexts that can be had
//! there: where a row's type has a context, whether the selection can be obtained of the row decides for all rows below.
//!
//! It is bounded: each state is visited once, and states with the same closure are checked once. Gaps are reported once
//! per type, subgraphs that return the object, and causes, with the shortest query that shows them and what each
//! connector with the field would need.

mod closure;
mod path;
mod reason;

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::rc::Rc;

use apollo_compiler::Name;
use apollo_compiler::ast::OperationType;

use super::Composed;
use super::field_sets::fields_of;
use super::join::GraphId;
use super::merge::root_name;
use super::query::{ContextId, QueryGraph, TypeId};
use super::report::Report;
use closure::{Closure, Closures, NodeSet};
use path::{QueryPath, QueryStep};
use reason::{Cause, Gap};

/// Checks a composed graph.
pub(crate) fn check(composed: &Composed, graph: &QueryGraph, report: &mut Report) {
    let mut check = SatisfiabilityCheck::new(composed, graph);
    for operation in [
        OperationType::Query,
        OperationType::Mutation,
        OperationType::Subscription,
    ] {
        if let Some(ty) = graph.types.id(&root_name(operation)) {
            let path = QueryPath::root(operation);
            check.visit(State::root(ty), path);
        }
    }
    check.run();
    for gap in check.gaps.into_values() {
        report.push(gap.finding(composed, graph));
    }
}

struct SatisfiabilityCheck<'g> {
    composed: &'g Composed,
    closures: Closures<'g>,
    seen: HashSet<State>,
    /// The checked closures, by address: the memo table keeps each of them alive.
    checked: HashSet<(TypeId, *const Closure<'g>, Rc<Contexts>)>,
    queue: VecDeque<(State, Rc<QueryPath>)>,
    /// The gaps, by type, subgraphs that return the object, and causes; each with the shortest path to it.
    gaps: BTreeMap<(TypeId, BTreeSet<GraphId>, Causes), Gap>,
}

/// The contexts that rows can take values from.
type Contexts = BTreeSet<ContextId>;

/// Where the walk is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    ty: TypeId,
    /// The nodes at which a row is known.
    nodes: NodeSet,
    /// The contexts of its ancestors.
    contexts: Rc<Contexts>,
}

impl State {
    fn root(ty: TypeId) -> Self {
        State {
            ty,
            nodes: NodeSet::new(),
            contexts: Rc::default(),
        }
    }
}

/// The subgraphs that resolve a field, and why each cannot be used.
type Causes = Vec<(GraphId, Cause)>;

impl<'g> SatisfiabilityCheck<'g> {
    fn new(composed: &'g Composed, graph: &'g QueryGraph) -> Self {
        SatisfiabilityCheck {
            composed,
            closures: Closures::new(graph),
            seen: HashSet::new(),
            checked: HashSet::new(),
            queue: VecDeque::new(),
            gaps: BTreeMap::new(),
        }
    }

    fn run(&mut self) {
        while let Some((state, path)) = self.queue.pop_front() {
            self.check_row(&state, &path);
        }
    }

    /// Visits the result of a mutation's field. The field runs in one subgraph only, even if several share it, so one
    /// of them must be able to satisfy every selection on its result.
    fn visit_mutation_result(&mut self, state: State, path: Rc<QueryPath>) {
        let graph = self.closures.graph;
        let mut by_subgraph: BTreeMap<_, NodeSet> = BTreeMap::new();
        for &node in &state.nodes {
            let subgraph = graph.node(node).subgraph;
            by_subgraph.entry(subgraph).or_default().insert(node);
        }
        if by_subgraph.len() < 2 {
            return self.visit(state, path);
        }
        let mut first = None;
        for nodes in by_subgraph.into_values() {
            let mut alone = SatisfiabilityCheck::new(self.composed, graph);
            let state = State {
                nodes,
                ..state.clone()
            };
            alone.visit(state, Rc::clone(&path));
            alone.run();
            if alone.gaps.is_empty() {
                return;
            }
            first.get_or_insert(alone.gaps);
        }
        self.gaps.extend(first.unwrap_or_default());
    }

    fn visit(&mut self, state: State, path: Rc<QueryPath>) {
        if self.seen.insert(state.clone()) {
            self.queue.push_back((state, path));
        }
    }

    /// Checks every field that can be selected on a row.
    fn check_row(&mut self, state: &State, path: &Rc<QueryPath>) {
        let State { ty, nodes, .. } = state;
        let ty = *ty;
        let graph = self.closures.graph;
        let closure = self.closures.of(ty, nodes);
        // A state with the same closure has been checked.
        let checked = (ty, Rc::as_ptr(&closure), Rc::clone(&state.contexts));
        if !self.checked.insert(checked) {
            return;
        }
        let info = graph.types.info(ty);
        if !info.is_object {
            self.members(state, &closure, path);
            return;
        }
        let Some(public) = self.composed.api.types.get(&info.name) else {
            return;
        };
        let mutation = matches!(path.step, QueryStep::Root(OperationType::Mutation));
        let contexts = self.contexts_below(state, &closure, mutation);
        let mut missing = Vec::new();
        for (name, definition) in fields_of(public) {
            let ways = closure.ways_below(name, &state.contexts);
            let ways = ways.filter(|ways| ways.always());
            let Some(ways) = ways else {
                missing.push(name.clone());
                continue;
            };
            let Some(target) = graph.types.id(definition.ty.inner_named_type()) else {
                continue;
            };
            for below in ways.branches() {
                if below.is_empty() {
                    missing.push(name.clone());
                    break;
                }
                let path = path.then(QueryStep::Field(name.clone()));
                let below = State {
                    ty: target,
                    nodes: below,
                    contexts: Rc::clone(&contexts),
                };
                match mutation {
                    true => self.visit_mutation_result(below, path),
                    false => self.visit(below, path),
                }
            }
        }
        self.gaps(ty, nodes, &closure, path, missing);
    }

    /// The contexts that the rows below a row can take values from. The fields of a mutation are not read for others.
    fn contexts_below(
        &mut self,
        state: &State,
        closure: &Closure<'g>,
        mutation: bool,
    ) -> Rc<Contexts> {
        let mut changed = None;
        for (index, context) in self.closures.graph.contexts.iter().enumerate() {
            let Some(selection) = context.selections.get(&state.ty) else {
                continue;
            };
            let contexts = changed.get_or_insert_with(|| Contexts::clone(&state.contexts));
            let id = ContextId(index as u32);
            match !mutation && self.closures.obtainable(closure, selection) {
                true => contexts.insert(id),
                false => contexts.remove(&id),
            };
        }
        changed.map_or_else(|| Rc::clone(&state.contexts), Rc::new)
    }

    /// Visits each object type that a row of an interface or union can have.
    fn members(&mut self, state: &State, closure: &Closure<'g>, path: &Rc<QueryPath>) {
        let State { ty, nodes, .. } = state;
        let ty = *ty;
        let graph = self.closures.graph;
        let members = closure.members(graph);
        let public = |ty: TypeId| self.composed.api.types.contains_key(graph.types.name(ty));
        // The concrete type of an interface object must be known to another subgraph. An interface or union to which no
        // object type belongs, in contrast, has no values.
        let has_types = !graph.types.info(ty).possible.is_empty();
        let stands_for_some = has_types && closure.has_interface_object(graph);
        if members.is_empty() && stands_for_some && public(ty) {
            let typename = vec![apollo_compiler::name!("__typename")];
            self.gaps(ty, nodes, closure, path, typename);
            return;
        }
        for (member, nodes) in members {
            let name = graph.types.name(member).clone();
            if self.composed.api.types.contains_key(&name) {
                let state = State {
                    ty: member,
                    nodes,
                    contexts: Rc::clone(&state.contexts),
                };
                self.visit(state, path.then(QueryStep::Fragment(name)));
            }
        }
    }

    fn gaps(
        &mut self,
        ty: TypeId,
        nodes: &NodeSet,
        closure: &Closure<'g>,
        path: &Rc<QueryPath>,
        missing: Vec<Name>,
    ) {
        let graph = self.closures.graph;
        let given_by: BTreeSet<GraphId> = nodes
            .iter()
            .map(|&node| graph.node(node).subgraph.0 as usize)
            .collect();
        // Fields that lack only a key are one gap: one change of the subgraph that returns the object would fix all.
        let mut keyless = (BTreeSet::new(), Vec::new());
        let mut here: BTreeMap<Causes, Vec<Name>> = BTreeMap::new();
        for field in missing {
            let causes = self.resolving(ty, &field).into_iter().map(|one| {
                let cause = reason::cause(self.composed, graph, ty, closure, &field, one);
                (one, cause)
            });
            let causes: Causes = causes.collect();
            if !causes.is_empty() && causes.iter().all(|(_, cause)| cause.is_key()) {
                keyless.0.extend(causes);
                keyless.1.push(field);
            } else {
                here.entry(causes).or_default().push(field);
            }
        }
        if !keyless.1.is_empty() {
            here.insert(keyless.0.into_iter().collect(), keyless.1);
        }
        for (causes, fields) in here {
            let key = (ty, given_by.clone(), causes.clone());
            self.gaps.entry(key).or_insert_with(|| Gap {
                ty,
                path: Rc::clone(path),
                fields,
                given_by: given_by.clone(),
                causes,
            });
        }
    }

    /// The subgraphs that resolve a field.
    fn resolving(&self, ty: TypeId, field: &Name) -> Vec<GraphId> {
        let name = self.closures.graph.types.name(ty);
        let Some(join) = self.composed.joins.types.get(name) else {
            return Vec::new();
        };
        if field == "__typename" {
            let owners = join
                .graphs
                .iter()
                .filter(|(_, here)| !here.interface_object);
            return owners.map(|(&graph, _)| graph).collect();
        }
        let Some(by) = join.fields.get(field) else {
            return Vec::new();
        };
        if let Some(interface) = &by.through_interface {
            let through = self.composed.joins.field(interface, field);
            let graphs = through.into_iter().flat_map(|join| join.graphs.keys());
            return graphs.copied().collect();
        }
        let resolving = by.graphs.iter().filter(|(_, here)| here.resolves());
        resolving.map(|(&graph, _)| graph).collect()
    }
}
