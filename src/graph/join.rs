//! Joins: for each type and field of the merged schema, the subgraphs that define or resolve it.
//!
//! The terms are those of the join specification, in which a supergraph SDL is written (`@join__type`, `@join__field`,
//! …), so joins can be written and read back. Planning needs nothing else.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use indexmap::IndexMap;

use crate::connector::FieldSet;

/// A subgraph by its index in [`Composed::subgraphs`](super::Composed::subgraphs).
pub type GraphId = usize;

/// Which subgraphs define and resolve each element.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Joins {
    /// By type, in the merged schema's order. Built-in types are not listed.
    pub types: IndexMap<Name, TypeJoin>,
}

/// The subgraphs of a type.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TypeJoin {
    /// The subgraphs that define it.
    pub graphs: BTreeMap<GraphId, TypeIn>,
    /// For objects and interfaces: each interface, and the subgraphs in which the type implements it.
    pub implements: IndexMap<Name, BTreeSet<GraphId>>,
    /// For unions: each member, and the subgraphs in which it is one.
    pub members: IndexMap<Name, BTreeSet<GraphId>>,
    /// For enums: each value, and the subgraphs in which it is one.
    pub values: IndexMap<Name, BTreeSet<GraphId>>,
    /// For objects, interfaces and input objects: each field of the merged type.
    pub fields: IndexMap<Name, FieldJoin>,
}

/// A type in one subgraph.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TypeIn {
    /// Its keys there, in their order in the SDL.
    pub keys: Vec<JoinKey>,
    /// It is an `@interfaceObject` there.
    pub interface_object: bool,
    /// It is only extended there.
    pub extension: bool,
    /// The names of its contexts there (`@context`), each once.
    pub contexts: Vec<String>,
}

/// One `@key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinKey {
    /// The fields.
    pub fields: FieldSet,
    /// False when the subgraph can only refer to the entity by this key, not resolve it.
    pub resolvable: bool,
}

/// The subgraphs of a field.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FieldJoin {
    /// The subgraphs that define it. A subgraph whose field is overridden is absent, unless it still reads the field
    /// ([`FieldIn::used_overridden`]) or the override has a label.
    pub graphs: BTreeMap<GraphId, FieldIn>,
    /// An object's field that comes from an interface object instead: the interface whose fields it repeats.
    pub through_interface: Option<Name>,
}

/// A field in one subgraph.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldIn {
    /// Its type there.
    pub ty: Type,
    /// It is external: others resolve it, and it is known there only as part of a key or requirement, or where
    /// provided.
    pub external: bool,
    /// `@requires`: the fields that must be fetched elsewhere and sent along.
    pub requires: Option<FieldSet>,
    /// Its arguments whose value comes from an ancestor (`@fromContext`). They are not in the merged schema.
    pub contextual: Vec<ContextArgument>,
    /// `@provides`: the external fields that can be resolved there below this field.
    pub provides: Option<FieldSet>,
    /// `@override(from:)`: the overridden subgraph's name, which need not exist.
    pub overrides: Option<String>,
    /// `@override(label:)`, on the overriding and on the overridden field: the first is used while the label is on, the
    /// second while it is off.
    pub label: Option<String>,
    /// Overridden, but still read by a key, a requirement or an interface there.
    pub used_overridden: bool,
}

/// An argument that takes a value of the nearest ancestor with a context.
#[derive(Debug, Clone, PartialEq)]
pub struct ContextArgument {
    /// The argument.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// The name of the context in the same subgraph.
    pub context: String,
    /// What is selected of the ancestor.
    pub selection: FieldSet,
}

impl FieldIn {
    /// Whether the subgraph itself resolves the field, for any outcome of labels.
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
