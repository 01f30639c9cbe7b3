//! Merging: one schema out of many, and which subgraphs define and resolve what.
//!
//! Output types are the union of what subgraphs offer, input types the intersection of what they accept; an enum is
//! merged as one or the other by its uses. Everything is processed in the order of names, so that the order in which
//! folders were read does not matter.

mod arguments;
mod descriptions;
mod directives;
mod enum_usage;
mod enums;
mod executable_directives;
mod fields;
mod hierarchy;
mod inputs;
mod interface_objects;
mod overrides;
mod runtime_types;
mod types;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::ast::OperationType;
use apollo_compiler::schema::{ComponentName, DirectiveDefinition, ExtendedType, SchemaDefinition};
use apollo_compiler::{Name, Node, Schema, name};

pub(crate) use overrides::Overrides;

use super::code;
use super::join::Joins;
use super::report::{Finding, Report, graph_names};
use super::view::View;
use enum_usage::EnumUsage;
use hierarchy::Hierarchy;

/// The merged schema and its joins. Findings are added to the report.
pub(crate) fn merge(views: &[View<'_>], report: &mut Report) -> (Schema, Joins) {
    let overrides = Overrides::read(views, report);
    let mut merge = Merge {
        views,
        report,
        hierarchy: Hierarchy::read(views),
        enum_usage: EnumUsage::read(views),
        overrides,
        composed: BTreeMap::new(),
        schema: Schema::new(),
        joins: Joins::default(),
    };
    merge.compose_directives();
    merge.types();
    merge.interface_objects();
    merge.interfaces_hold();
    merge.roots();
    merge.schema_directives();
    merge.directive_definitions();
    (merge.schema, merge.joins)
}

/// The state of merging.
struct Merge<'a, 'v> {
    views: &'v [View<'a>],
    report: &'v mut Report,
    hierarchy: Hierarchy,
    enum_usage: EnumUsage,
    overrides: Overrides,
    /// The custom directives that are composed.
    composed: BTreeMap<Name, Node<DirectiveDefinition>>,
    schema: Schema,
    joins: Joins,
}

/// The kinds of types, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum TypeKind {
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    Input,
}

impl TypeKind {
    fn of(ty: &ExtendedType) -> Self {
        match ty {
            ExtendedType::Scalar(_) => TypeKind::Scalar,
            ExtendedType::Object(_) => TypeKind::Object,
            ExtendedType::Interface(_) => TypeKind::Interface,
            ExtendedType::Union(_) => TypeKind::Union,
            ExtendedType::Enum(_) => TypeKind::Enum,
            ExtendedType::InputObject(_) => TypeKind::Input,
        }
    }

    fn a(self) -> &'static str {
        match self {
            TypeKind::Scalar => "a scalar",
            TypeKind::Object => "an object type",
            TypeKind::Interface => "an interface",
            TypeKind::Union => "a union",
            TypeKind::Enum => "an enum",
            TypeKind::Input => "an input type",
        }
    }
}

impl Merge<'_, '_> {
    fn types(&mut self) {
        for (name, graphs) in self.type_names() {
            let Some(kind) = self.kind(&name, &graphs) else {
                continue;
            };
            let join = self.type_join(&name, &graphs);
            self.joins.types.insert(name.clone(), join);
            let merged = match kind {
                TypeKind::Scalar => self.scalar(&name, &graphs),
                TypeKind::Object => self.object(&name, &graphs),
                TypeKind::Interface => self.interface(&name, &graphs),
                TypeKind::Union => self.union(&name, &graphs),
                TypeKind::Enum => self.enumeration(&name, &graphs),
                TypeKind::Input => self.input(&name, &graphs),
            };
            self.schema.types.insert(name, merged);
        }
    }

    /// Every type with the subgraphs that define it: roots first, then by name.
    fn type_names(&self) -> Vec<(Name, Vec<usize>)> {
        let mut all: BTreeMap<(usize, Name), Vec<usize>> = BTreeMap::new();
        for (graph, view) in self.views.iter().enumerate() {
            for (name, _) in view.types() {
                let rank = ["Query", "Mutation", "Subscription"]
                    .iter()
                    .position(|root| name == root)
                    .unwrap_or(3);
                all.entry((rank, name.clone())).or_default().push(graph);
            }
        }
        all.into_iter()
            .map(|((_, name), graphs)| (name, graphs))
            .collect()
    }

    /// The kind of a type. An interface object counts as an interface if some subgraph defines the interface.
    fn kind(&mut self, name: &Name, graphs: &[usize]) -> Option<TypeKind> {
        let mut kinds: BTreeMap<TypeKind, Vec<usize>> = BTreeMap::new();
        for &graph in graphs {
            let kind = if self.views[graph].is_interface_object(name) {
                TypeKind::Interface
            } else {
                TypeKind::of(&self.views[graph].schema.types[name])
            };
            kinds.entry(kind).or_default().push(graph);
        }
        // The kind of most subgraphs; of several, that of the first subgraph by name.
        let (&kind, majority) = kinds
            .iter()
            .max_by_key(|(_, graphs)| (graphs.len(), std::cmp::Reverse(graphs[0])))?;
        let mut agreed = true;
        for (&other, graphs) in kinds.iter().filter(|(other, _)| **other != kind) {
            agreed = false;
            for &graph in graphs {
                let finding = Finding::new(
                    &code::TYPE_KIND_MISMATCH,
                    graph,
                    format!(
                        "type `{name}` is {} here, but {} in {}",
                        other.a(),
                        kind.a(),
                        graph_names(self.views, majority.iter().copied())
                    ),
                )
                .at_span(self.views[graph].schema.types[name].location())
                .related(
                    majority[0],
                    self.views[majority[0]].schema.types[name].location(),
                    format!("{} here", kind.a()),
                )
                .help("one name is one type in the whole graph: rename this type, or make it of the same kind");
                self.report.push(finding);
            }
        }
        agreed.then_some(kind)
    }

    fn roots(&mut self) {
        let has = |name: Name| {
            self.schema
                .types
                .contains_key(&name)
                .then(|| ComponentName::from(name))
        };
        let definition = SchemaDefinition {
            query: has(name!("Query")),
            mutation: has(name!("Mutation")),
            subscription: has(name!("Subscription")),
            ..SchemaDefinition::default()
        };
        if definition.query.is_none() {
            self.report.push(
                Finding::global(&code::NO_QUERIES, "no connector offers a query")
                    .help("at least one connector needs a field on `Query`"),
            );
        }
        self.schema.schema_definition = Node::new(definition);
    }
}

/// The canonical name of a root type.
pub(crate) fn root_name(operation: OperationType) -> Name {
    match operation {
        OperationType::Query => name!("Query"),
        OperationType::Mutation => name!("Mutation"),
        OperationType::Subscription => name!("Subscription"),
    }
}

/// A sorted set of subgraphs.
type Graphs = BTreeSet<usize>;
