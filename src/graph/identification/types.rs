//! The types whose objects have ids, and the interfaces that only these implement.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Schema};

use super::names::ID;
use crate::connector::{FieldSet, Subgraph};
use crate::graph::federation as fed;

/// A type whose objects have ids.
#[derive(Debug, Clone)]
pub(super) struct Identified {
    /// The subgraph with the directive.
    pub(super) owner: usize,
    pub(super) key: FieldSet,
    /// Where the directive is.
    pub(super) at: Option<SourceSpan>,
}

/// The types by name.
pub(super) type IdentifiedTypes = BTreeMap<Name, Identified>;

/// The schema of the subgraph with the directive.
pub(super) fn schema_of<'s>(subgraphs: &'s [Subgraph], of: &Identified) -> &'s Schema {
    &subgraphs[of.owner].schema
}

/// The interfaces that get the field, too: those that only types with ids implement.
pub(super) fn interfaces(
    subgraphs: &[Subgraph],
    types: &IdentifiedTypes,
) -> BTreeMap<Name, BTreeSet<Name>> {
    let mut found: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
    let mut others = BTreeSet::new();
    for Subgraph { schema, .. } in subgraphs {
        for (name, ty) in &schema.types {
            match ty {
                ExtendedType::Object(object) => {
                    if object.directives.has(fed::INTERFACE_OBJECT) {
                        others.insert(name.clone());
                    }
                    for interface in &object.implements_interfaces {
                        if !types.contains_key(name) {
                            others.insert(interface.name.clone());
                        }
                        let of = found.entry(interface.name.clone()).or_default();
                        of.insert(name.clone());
                    }
                }
                ExtendedType::Interface(interface) if interface.fields.contains_key(ID) => {
                    others.insert(name.clone());
                }
                _ => {}
            }
        }
    }
    found.retain(|name, _| !others.contains(name));
    found
}
