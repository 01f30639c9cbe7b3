//! Checks shared fields of an abstract type: whichever subgraph resolves the field, the object must be one that every
//! subgraph could return.

use std::collections::BTreeSet;

use apollo_compiler::Name;
use apollo_compiler::schema::ExtendedType;

use super::super::code;
use super::super::report::{Finding, graph_names, names};
use super::super::view::View;
use super::Merge;
use super::fields::SubgraphField;

impl Merge<'_, '_> {
    /// Compares the object types that a shared field can have, subgraph by subgraph.
    pub(super) fn runtime_types(&mut self, at: &str, resolving: &[&SubgraphField<'_>]) {
        let views = self.views;
        let possible: Vec<(usize, BTreeSet<&Name>)> = resolving
            .iter()
            .map(|source| {
                let named = source.definition.ty.inner_named_type();
                (source.graph, objects(&views[source.graph], named))
            })
            .collect();
        let Some((reference, first)) = possible.first() else {
            return;
        };
        for (source, (graph, here)) in resolving.iter().zip(&possible).skip(1) {
            if here == first || here.is_empty() || first.is_empty() {
                continue;
            }
            let message = format!(
                "shared field `{at}` can be {} here, but {} in {}",
                names(here),
                names(first),
                graph_names(views, [*reference])
            );
            let finding = if here.is_disjoint(first) {
                Finding::new(
                    &code::SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES,
                    *graph,
                    message,
                )
            } else {
                Finding::warning(
                    &code::INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN,
                    *graph,
                    message,
                )
            };
            self.report.push(
                finding
                    .at(source.definition)
                    .help("every subgraph that resolves a shared field must give the same object: declare the same types in all"),
            );
        }
    }
}

/// The object types that a value of a type can have in one subgraph.
fn objects<'a>(view: &View<'a>, named: &Name) -> BTreeSet<&'a Name> {
    match view.schema.types.get(named) {
        Some(ExtendedType::Object(object)) => BTreeSet::from([&object.name]),
        Some(ExtendedType::Union(union)) => union.members.iter().map(|one| &one.name).collect(),
        Some(ExtendedType::Interface(interface)) => view
            .types()
            .filter(|(_, ty)| {
                ty.as_object()
                    .is_some_and(|object| object.implements_interfaces.contains(&*interface.name))
            })
            .map(|(name, _)| name)
            .collect(),
        _ => BTreeSet::new(),
    }
}
