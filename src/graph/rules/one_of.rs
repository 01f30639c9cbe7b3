//! `@oneOf` input types: what GraphQL demands of their fields, and that all subgraphs with the type agree.
//!
//! If only some subgraphs had the directive, the others could take values that these refuse, or these values that the
//! others do not expect.

use std::collections::BTreeMap;

use apollo_compiler::Name;
use apollo_compiler::schema::ExtendedType;

use super::super::report::{Finding, Report, graph_names};
use super::super::view::View;
use super::super::{code, federation as fed};

/// Checks the fields of a subgraph's `@oneOf` types (GraphQL specification, September 2025, 3.10): exactly one is given, so
/// each must be nullable, and none can have a default value.
pub(super) fn check(graph: usize, view: &View<'_>, report: &mut Report) {
    for (name, ty) in view.types() {
        let ExtendedType::InputObject(input) = ty else {
            continue;
        };
        if !input.directives.has(fed::ONE_OF) {
            continue;
        }
        for (field, definition) in &input.fields {
            let wrong = if definition.ty.is_non_null() {
                "cannot be non-null"
            } else if definition.default_value.is_some() {
                "cannot have a default value"
            } else {
                continue;
            };
            let message = format!("input field `{name}.{field}` {wrong}: its type is @oneOf");
            let finding = Finding::new(&code::INVALID_GRAPHQL, graph, message).at(definition);
            report.push(finding.help("clients give exactly one field of a @oneOf type"));
        }
    }
}

/// Checks that each input type is `@oneOf` in all subgraphs that define it, or in none.
pub(super) fn is_of_all(views: &[View<'_>], report: &mut Report) {
    let mut all: BTreeMap<&Name, Vec<(usize, &ExtendedType)>> = BTreeMap::new();
    for (graph, view) in views.iter().enumerate() {
        let inputs = view.types().filter(|(_, ty)| ty.is_input_object());
        for (name, ty) in inputs {
            all.entry(name).or_default().push((graph, ty));
        }
    }
    for (name, defined) in all {
        let (with, without): (Vec<_>, Vec<_>) =
            { defined.into_iter() }.partition(|(_, ty)| ty.directives().has(fed::ONE_OF));
        let (Some((first, with_it)), Some((blamed, ty))) = (with.first(), without.last()) else {
            continue;
        };
        let names = graph_names(views, with.iter().map(|(graph, _)| *graph));
        let message = format!("input type `{name}` is not @oneOf here, but it is in {names}");
        report.push(
            Finding::new(&code::ONE_OF_MISMATCH, *blamed, message)
                .at_span(ty.name().location())
                .related(*first, with_it.name().location(), "@oneOf here")
                .help("declare it @oneOf in all connectors that define it, or in none"),
        );
    }
}
