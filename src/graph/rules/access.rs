//! Authorization of `@requires` and `@fromContext`: a client that may not read a field must not receive it through another
//! field.

use apollo_compiler::schema::{Component, Directive, ExtendedType, FieldDefinition};
use apollo_compiler::{Name, Node};

use super::super::context::{ContextValue, objects_of, selected_of, types_with};
use super::super::field_sets::fields_of;
use super::super::report::{Finding, Report, graph_names};
use super::super::view::View;
use super::super::{code, federation as fed, field_sets};
use crate::connector::FieldSet;

const ACCESS: [&str; 3] = [fed::AUTHENTICATED, fed::REQUIRES_SCOPES, fed::POLICY];

/// Checks that a field with `@requires` or a contextual argument demands at least the kinds of authorization that the
/// fields demand which it receives.
pub(super) fn check(views: &[View<'_>], report: &mut Report) {
    for (graph, view) in views.iter().enumerate() {
        for (parent, ty) in view.types() {
            for (name, definition) in fields_of(ty) {
                if ACCESS.iter().any(|access| has(ty, definition, access)) {
                    continue;
                }
                let at = format!("{parent}.{name}");
                let mut receive = |directive: &Node<Directive>, on: &Name, set: &FieldSet| {
                    field_sets::walk(view.schema, on, set, &mut |visit| {
                        let received = &visit.definition.name;
                        let Some((owner, access)) = demanded(views, visit.parent, received) else {
                            return;
                        };
                        let message = format!(
                            "field `{at}` requires `{}.{received}`, which has @{access} in {}, but demands nothing itself",
                            visit.parent,
                            graph_names(views, [owner])
                        );
                        let code = &code::MISSING_TRANSITIVE_AUTH_REQUIREMENTS;
                        report.push(
                            Finding::new(code, graph, message)
                                .at(directive)
                                .help(format!("write the same @{access} on `{at}`")),
                        );
                    });
                };
                if let Some(directive) = definition.directives.get(fed::REQUIRES)
                    && let Some(set) = FieldSet::of_directive(directive)
                {
                    receive(directive, parent, &set);
                }
                for argument in &definition.arguments {
                    let Some(directive) = argument.directives.get(fed::FROM_CONTEXT) else {
                        continue;
                    };
                    let Some(value) = ContextValue::of_argument(argument) else {
                        continue;
                    };
                    for on in types_with(view.schema, &value.context) {
                        for object in objects_of(view.schema, on) {
                            let set = selected_of(view.schema, &value.selection, object);
                            receive(directive, object, &set);
                        }
                    }
                }
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
