//! The subtypes of each type, over all subgraphs together.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use apollo_compiler::schema::ExtendedType;

use super::super::view::View;

/// The abstract types of all subgraphs, with their members and implementations in any subgraph.
#[derive(Debug, Default)]
pub(super) struct Hierarchy {
    under: BTreeMap<Name, BTreeSet<Name>>,
}

impl Hierarchy {
    pub(super) fn read(views: &[View<'_>]) -> Self {
        let mut under: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
        for view in views {
            for (name, ty) in view.types() {
                let (implements, members) = match ty {
                    ExtendedType::Object(object) => (Some(&object.implements_interfaces), None),
                    ExtendedType::Interface(interface) => {
                        (Some(&interface.implements_interfaces), None)
                    }
                    ExtendedType::Union(union) => (None, Some(&union.members)),
                    _ => (None, None),
                };
                for interface in implements.into_iter().flatten() {
                    under
                        .entry(interface.name.clone())
                        .or_default()
                        .insert(name.clone());
                }
                for member in members.into_iter().flatten() {
                    under
                        .entry(name.clone())
                        .or_default()
                        .insert(member.name.clone());
                }
            }
        }
        Self { under }
    }

    /// Whether every value of `sub` is one of `of`: the same name, or a member or implementation of it.
    fn is_named_subtype(&self, sub: &Name, of: &Name) -> bool {
        sub == of || self.under.get(of).is_some_and(|under| under.contains(sub))
    }

    /// Whether every value of type `sub` is one of type `of`: non-null is a subtype of nullable, lists are compared by
    /// their items.
    pub(super) fn is_subtype(&self, sub: &Type, of: &Type) -> bool {
        match (sub, of) {
            (Type::Named(sub) | Type::NonNullNamed(sub), Type::Named(of))
            | (Type::NonNullNamed(sub), Type::NonNullNamed(of)) => self.is_named_subtype(sub, of),
            (Type::List(sub) | Type::NonNullList(sub), Type::List(of))
            | (Type::NonNullList(sub), Type::NonNullList(of)) => self.is_subtype(sub, of),
            _ => false,
        }
    }

    /// The type that two types have in common: the wider for output, the narrower for input.
    pub(super) fn common<'t>(&self, a: &'t Type, b: &'t Type, is_input: bool) -> Option<&'t Type> {
        let (a_under_b, b_under_a) = (self.is_subtype(a, b), self.is_subtype(b, a));
        match (a_under_b, b_under_a, is_input) {
            (true, _, false) | (_, true, true) => Some(b),
            (_, true, false) | (true, _, true) => Some(a),
            (false, false, _) => None,
        }
    }
}
