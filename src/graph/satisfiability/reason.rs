//! What cannot be resolved, why, and which subgraph can change it.

use std::collections::BTreeSet;
use std::rc::Rc;

use apollo_compiler::Name;

use super::super::identification::names::is_own;
use super::super::join::GraphId;
use super::super::query::{LookupId, LookupKind, QueryGraph, TypeId};
use super::super::report::{Finding, names};
use super::super::{Composed, code, federation as fed, field_sets};
use super::closure::Closure;
use super::path::QueryPath;
use crate::connector::{NodeType, Subgraph};

/// Fields of a type that cannot be read on a path, all for the same causes.
pub(super) struct Gap {
    pub(super) ty: TypeId,
    pub(super) path: Rc<QueryPath>,
    pub(super) fields: Vec<Name>,
    /// The subgraphs that return the object on the path.
    pub(super) given_by: BTreeSet<GraphId>,
    /// The subgraphs that resolve the fields, and why they cannot be used.
    pub(super) causes: Vec<(GraphId, Cause)>,
}

/// Why a subgraph that resolves a field cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// It can look up the object, but the field requires this of others.
    Requires(String),
    /// It can look up the object, but takes arguments of the field from these contexts, which no ancestor has, or of which the
    /// selection cannot be read.
    Context(BTreeSet<String>),
    /// It resolves the field only for this outcome of an override label.
    Label(String, bool),
    /// It looks up the object by keys, and none of them can be obtained.
    Key {
        /// The keys.
        keys: BTreeSet<String>,
        /// The keys with the connects that take them.
        ways: BTreeSet<String>,
    },
    /// It can look up the object, but its connects do not select the field.
    NotAnswered,
    /// It has no lookup for the object.
    NoWayIn,
}

/// Why the subgraph `resolving` cannot be used for a field of `ty`, where `closure` is everything that can be read.
pub(super) fn cause(
    composed: &Composed,
    graph: &QueryGraph,
    ty: TypeId,
    closure: &Closure<'_>,
    field: &Name,
    resolving: GraphId,
) -> Cause {
    let of_subgraph = |id: &&LookupId| graph.lookup(**id).subgraph.0 as usize == resolving;
    let lookups: Vec<LookupId> = graph
        .lookups_on(ty)
        .iter()
        .filter(of_subgraph)
        .copied()
        .collect();
    if lookups.is_empty() {
        return Cause::NoWayIn;
    }
    if !lookups.iter().any(|id| closure.lookups.contains(id)) {
        let (keys, ways) = lookups.iter().map(|&id| way_in(graph, id)).unzip();
        return Cause::Key { keys, ways };
    }
    let join = composed.joins.field(graph.types.name(ty), field);
    let Some(join) = join.and_then(|join| join.graphs.get(&resolving)) else {
        return Cause::NotAnswered;
    };
    let contexts = join.contextual.iter().map(|argument| &argument.context);
    let contexts: BTreeSet<String> = contexts.map(|context| format!("`{context}`")).collect();
    if !contexts.is_empty() {
        return Cause::Context(contexts);
    }
    match (&join.requires, &join.label) {
        (Some(requires), _) => Cause::Requires(field_sets::print(requires)),
        (None, Some(label)) => Cause::Label(label.clone(), join.overrides.is_some()),
        (None, None) => Cause::NotAnswered,
    }
}

/// The key of a lookup, and the key with its connect.
fn way_in(graph: &QueryGraph, id: LookupId) -> (String, String) {
    let lookup = graph.lookup(id);
    let key = format!("`{}`", field_sets::print(&lookup.key));
    let connect = match &lookup.kind {
        LookupKind::Connect { connect, .. } => graph.connect(lookup.subgraph, *connect),
        _ => None,
    };
    let way = match connect {
        Some(connect) => format!("{key} ({})", connect.coordinate),
        None => key.clone(),
    };
    (key, way)
}

/// The most fields that a message names; it counts the others.
const NAMED: usize = 5;

impl Gap {
    /// The connector to blame: the one with the `@requires`; else the one that overrides under a label; else, if a key
    /// is missing, the one that returns the object without it; else the one that resolves the field.
    pub(super) fn blamed(&self) -> GraphId {
        let of = |wanted: fn(&Cause) -> bool| {
            let cause = self.causes.iter().find(|(_, cause)| wanted(cause));
            cause.map(|(graph, _)| *graph)
        };
        let given_by = of(|cause| cause.is_key()).and(self.given_by.first().copied());
        of(|cause| matches!(cause, Cause::Requires(_)))
            .or_else(|| of(|cause| matches!(cause, Cause::Label(_, true))))
            .or(given_by)
            .or_else(|| self.causes.first().map(|(graph, _)| *graph))
            .or_else(|| self.given_by.first().copied())
            .unwrap_or_default()
    }

    /// The gap as a finding.
    pub(super) fn finding(&self, composed: &Composed, graph: &QueryGraph) -> Finding {
        let ty = graph.types.name(self.ty);
        let blamed = with_directive(self.blamed(), composed, ty);
        let mut shown = names(self.fields.iter().take(NAMED));
        if self.fields.len() > NAMED {
            shown = format!("{shown} and {} more", self.fields.len() - NAMED);
        }
        let first = self.fields.first().map_or("__typename", |one| one.as_str());
        let given = match self.given_by_names(composed) {
            none if none.is_empty() => String::new(),
            given_by => format!(", where the `{ty}` comes from {given_by}"),
        };
        let mut finding = Finding::new(
            &code::SATISFIABILITY_ERROR,
            blamed,
            format!(
                "{} {shown} of `{ty}` cannot be answered in `{}`{given}",
                if self.fields.len() == 1 {
                    "field"
                } else {
                    "fields"
                },
                self.path.query(first)
            ),
        )
        .help(self.help(composed, ty));
        let field_of = |graph: GraphId| {
            let schema = &composed.subgraphs[graph].schema;
            let mut fields = self.fields.iter();
            fields.find_map(|field| field_sets::field(schema, ty, field))
        };
        let schema = &composed.subgraphs[blamed].schema;
        finding = match field_of(blamed) {
            Some(field) => finding.at(field),
            None => finding.at_span(schema.types.get(ty).and_then(|ty| ty.location())),
        };
        for (resolving, cause) in &self.causes {
            let name = &composed.subgraphs[*resolving].name;
            finding.notes.push(cause.note(name, ty));
            if let Some(field) = field_of(*resolving).filter(|_| *resolving != blamed) {
                finding = finding.related(*resolving, field.location(), "resolved here");
            }
        }
        finding
    }

    fn given_by_names(&self, composed: &Composed) -> String {
        let given_by = self.given_by.iter();
        names(given_by.map(|&one| &composed.subgraphs[one].name))
    }

    fn help(&self, composed: &Composed, ty: &Name) -> String {
        let causes: Vec<&Cause> = self.causes.iter().map(|(_, cause)| cause).collect();
        let given_by = match self.given_by_names(composed) {
            none if none.is_empty() => "others".to_owned(),
            given_by => given_by,
        };
        for cause in &causes {
            match cause {
                Cause::Requires(fields) => {
                    return format!(
                        "let `{fields}` be resolved by a connector that can look up `{ty}` there"
                    );
                }
                Cause::Label(..) => {
                    return format!(
                        "let both connectors look up `{ty}` by a key that is known there, or drop the label"
                    );
                }
                _ => {}
            }
        }
        for cause in &causes {
            if let Cause::Key { keys, .. } = cause {
                let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                return format!("let {given_by} give {} with each `{ty}`", keys.join(" or "));
            }
        }
        for cause in &causes {
            if let Cause::Context(contexts) = cause {
                let contexts: Vec<&str> = contexts.iter().map(String::as_str).collect();
                let contexts = contexts.join(" and ");
                return format!(
                    "give a type above `{ty}` on this path the context {contexts}, with fields that can be read there"
                );
            }
        }
        if causes.contains(&&Cause::NotAnswered) {
            return "select the field in a connect by which the object can be looked up".to_owned();
        }
        let resolving = names(
            self.causes
                .iter()
                .map(|(one, _)| &composed.subgraphs[*one].name),
        );
        let key = fed::KEY;
        let fields = names(self.fields.iter().take(NAMED));
        let mut resolving_graphs = self.causes.iter().map(|(graph, _)| *graph);
        if resolving_graphs.any(|graph| self.given_by.contains(&graph)) {
            return format!(
                "select {fields} in every connect of {given_by} that gives a `{ty}`, or let {given_by} look it up by a @{key}"
            );
        }
        format!(
            "let {resolving} look up `{ty}` by a @{key}, or let {given_by} resolve the field too (@shareable)"
        )
    }
}

/// The connector to blame for a graph: the subgraph that the gateway adds for ids is there because of `@node`.
fn with_directive(graph: GraphId, composed: &Composed, ty: &Name) -> GraphId {
    let subgraphs = &composed.subgraphs;
    if !is_own(&subgraphs[graph]) {
        return graph;
    }
    let has = |subgraph: &Subgraph, ty: &Name| NodeType::of(&subgraph.schema, ty).is_some();
    let of_type = subgraphs.iter().position(|subgraph| has(subgraph, ty));
    let of_any = || {
        let mut all = subgraphs.iter();
        all.position(|subgraph| subgraph.schema.types.keys().any(|ty| has(subgraph, ty)))
    };
    of_type.or_else(of_any).unwrap_or(graph)
}

impl Cause {
    /// Whether only a key is missing.
    pub(super) fn is_key(&self) -> bool {
        matches!(self, Cause::Key { .. })
    }

    fn note(&self, connector: &str, ty: &Name) -> String {
        match self {
            Cause::NoWayIn => format!("`{connector}` has no way to look up `{ty}`"),
            Cause::Key { ways, .. } => {
                let ways: Vec<&str> = ways.iter().map(String::as_str).collect();
                let ways = ways.join(" or by ");
                format!("`{connector}` looks up `{ty}` by {ways}, which is not known there")
            }
            Cause::Requires(fields) => {
                format!("`{connector}` requires `{fields}`, which cannot be had there")
            }
            Cause::Label(label, outcome) => {
                let holds = if *outcome { "holds" } else { "does not hold" };
                format!("`{connector}` answers with it only while the label \"{label}\" {holds}")
            }
            Cause::Context(contexts) => {
                let contexts: Vec<&str> = contexts.iter().map(String::as_str).collect();
                let contexts = contexts.join(" and ");
                format!(
                    "`{connector}` takes a value from the context {contexts}, which cannot be had there"
                )
            }
            Cause::NotAnswered => {
                format!(
                    "`{connector}` can be asked for `{ty}` there, but its response leaves the field out"
                )
            }
        }
    }
}
