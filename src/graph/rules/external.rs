//! `@external`: a field that is declared here and resolved by another subgraph.

use super::super::field_sets::fields_of;
use super::super::report::{Finding, Report};
use super::super::view::View;
use super::super::{code, federation as fed};

/// Directives that only the resolving subgraph can put on a field.
const FOR_RESOLVERS: [&str; 2] = [fed::REQUIRES, fed::PROVIDES];

/// Directives that merging would have to take from a subgraph that does not resolve the field.
const MERGED: [&str; 7] = [
    fed::TAG,
    fed::INACCESSIBLE,
    fed::AUTHENTICATED,
    fed::REQUIRES_SCOPES,
    fed::POLICY,
    fed::COST,
    fed::LIST_SIZE,
];

pub(super) fn check(graph: usize, view: &View<'_>, report: &mut Report) {
    for (parent, ty) in view.types() {
        for (name, definition) in fields_of(ty) {
            let Some(directive) = definition.directives.get(fed::EXTERNAL) else {
                continue;
            };
            let at = format!("{parent}.{name}");
            if ty.is_interface() {
                report.push(
                    Finding::new(
                        &code::EXTERNAL_ON_INTERFACE,
                        graph,
                        format!("@external stands on the interface field `{at}`"),
                    )
                    .at(directive)
                    .help("write it on the field of each implementation"),
                );
                continue;
            }
            if !view.is_external(parent, name) {
                continue;
            }
            if !view.unread && !view.used.contains(&(parent.clone(), name.clone())) {
                report.push(
                    Finding::new(
                        &code::EXTERNAL_UNUSED,
                        graph,
                        format!("field `{at}` is marked @external, but nothing here uses it"),
                    )
                    .at(directive)
                    .help(
                        "remove the field; or remove @external if this connector resolves it; or name it in the \
                         @key, @requires or @provides that needs it",
                    ),
                );
            }
            if let Some(other) = first(definition, &FOR_RESOLVERS) {
                report.push(
                    Finding::new(
                        &code::EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE,
                        graph,
                        format!("field `{at}` is marked both @external and @{other}"),
                    )
                    .at(definition)
                    .help("an external field is not resolved here: remove the one or the other"),
                );
            }
            if let Some(other) = first(definition, &MERGED) {
                report.push(
                    Finding::new(
                        &code::MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL,
                        graph,
                        format!("field `{at}` is marked @external and carries @{other}"),
                    )
                    .at(definition)
                    .help(format!(
                        "write @{other} in the connector that resolves the field"
                    )),
                );
            }
        }
    }
}

fn first(
    definition: &apollo_compiler::schema::FieldDefinition,
    among: &[&'static str],
) -> Option<&'static str> {
    among
        .iter()
        .copied()
        .find(|name| definition.directives.has(name))
}
