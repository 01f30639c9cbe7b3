//! Authorization of `@requires`: a client that may not read a field must not receive it through another field.

use apollo_compiler::Name;
use apollo_compiler::schema::{Component, ExtendedType, FieldDefinition};

use super::super::field_sets::fields_of;
use super::super::report::{Finding, Report, graph_names};
use super::super::view::View;
use super::super::{code, federation as fed, field_sets};
use crate::connector::FieldSet;

const ACCESS: [&str; 3] = [fed::AUTHENTICATED, fed::REQUIRES_SCOPES, fed::POLICY];

/// Checks that a field with `@requires` demands at least the kinds of authorization that the required fields demand.
pub(super) fn check(views: &[View<'_>], report: &mut Report) {
    for (graph, view) in views.iter().enumerate() {
        for (parent, ty) in view.types() {
            for (name, definition) in fields_of(ty) {
                let Some(directive) = definition.directives.get(fed::REQUIRES) else {
                    continue;
                };
                let Some(set) = FieldSet::of_directive(directive) else {
                    continue;
                };
                field_sets::walk(view.schema, parent, &set, &mut |visit| {
                    let required = &visit.definition.name;
                    let Some((owner, access)) = demanded(views, visit.parent, required) else {
                        return;
                    };
                    if ACCESS.iter().any(|access| has(ty, definition, access)) {
                        return;
                    }
                    report.push(
                        Finding::new(
                            &code::MISSING_TRANSITIVE_AUTH_REQUIREMENTS,
                            graph,
                            format!(
                                "field `{parent}.{name}` requires `{}.{required}`, which has @{access} in {}, but demands nothing itself",
                                visit.parent,
                                graph_names(views, [owner])
                            ),
                        )
                        .at(directive)
                        .help(format!("write the same @{access} on `{parent}.{name}`")),
                    );
                });
            }
        }
    }
}

/// The kinds of authorization that a field demands, with the connector.
fn demanded(views: &[View<'_>], parent: &Name, field: &Name) -> Option<(usize, &'static str)> {
    views.iter().enumerate().find_map(|(graph, view)| {
        let ty = view.schema.types.get(parent)?;
        let definition = view.field(parent, field)?;
        let access = ACCESS
            .into_iter()
            .find(|access| has(ty, definition, access))?;
        Some((graph, access))
    })
}

fn has(ty: &ExtendedType, definition: &Component<FieldDefinition>, access: &str) -> bool {
    ty.directives().has(access) || definition.directives.has(access)
}
