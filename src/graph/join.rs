//! Who has what: for each type and field of the merged schema, the connectors that define or resolve it.
//!
//! The terms are those of the join specification, in which a supergraph SDL is written (`@join__type`,
//! `@join__field`, …): what is here can be written out and read back, and nothing else is needed to plan.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use indexmap::IndexMap;

use crate::connector::FieldSet;

/// A subgraph by its index in [`Composed::subgraphs`](super::Composed::subgraphs).
pub type GraphId = usize;

/// Who has what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Joins {
    /// By type, in the merged schema's order. Built-in types are not listed.
    pub types: IndexMap<Name, TypeJoin>,
}

/// Who has a type.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TypeJoin {
    /// The subgraphs that define it.
    pub graphs: BTreeMap<GraphId, TypeIn>,
    /// For objects and interfaces: each interface, and where the type implements it.
    pub implements: IndexMap<Name, BTreeSet<GraphId>>,
    /// For unions: each member, and where it is one.
    pub members: IndexMap<Name, BTreeSet<GraphId>>,
    /// For enums: each value, and where it is one.
    pub values: IndexMap<Name, BTreeSet<GraphId>>,
    /// For objects, interfaces and input objects: each field of the merged type.
    pub fields: IndexMap<Name, FieldJoin>,
}

/// A type in one subgraph.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TypeIn {
    /// Its keys there, in the order as written.
    pub keys: Vec<Key>,
    /// There it is an object that stands for an interface (`@interfaceObject`).
    pub interface_object: bool,
    /// There it is only extended.
    pub extension: bool,
}

/// One `@key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The fields.
    pub fields: FieldSet,
    /// False when the subgraph can only refer to the entity by this key, not resolve it.
    pub resolvable: bool,
}

/// Who has a field.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FieldJoin {
    /// The subgraphs in which it counts. One that another overrides is absent, unless it is still read there
    /// ([`FieldIn::used_overridden`]) or overridden only under a label.
    pub graphs: BTreeMap<GraphId, FieldIn>,
    /// An object's field that comes from an interface object instead: the interface whose fields it repeats.
    pub through_interface: Option<Name>,
}

/// A field in one subgraph.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldIn {
    /// Its type there.
    pub ty: Type,
    /// It is not resolved there but by others: only known as a key, a requirement, or where provided.
    pub external: bool,
    /// `@requires`: what must be fetched elsewhere and sent along.
    pub requires: Option<FieldSet>,
    /// `@provides`: what can be resolved there below this field although it is external.
    pub provides: Option<FieldSet>,
    /// `@override(from:)`: the overridden subgraph's name, which need not exist.
    pub overrides: Option<String>,
    /// `@override(label:)`. On the overriding field and on the overridden one: the first is used while the label
    /// holds, the second while it does not.
    pub label: Option<String>,
    /// Overridden, but still read by a key, a requirement or an interface there.
    pub used_overridden: bool,
}

impl FieldIn {
    /// True when the subgraph itself resolves the field, whatever the labels say.
    pub fn resolves(&self) -> bool {
        !self.external && !self.used_overridden
    }
}

impl Joins {
    /// The join of a field.
    pub fn field(&self, parent: &str, field: &str) -> Option<&FieldJoin> {
        self.types.get(parent)?.fields.get(field)
    }
}
