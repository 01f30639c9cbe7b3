//! `@shareable`: where it is not allowed.

use super::super::field_sets::fields_of;
use super::super::report::{Finding, Report};
use super::super::view::View;
use super::super::{code, federation as fed};

pub(super) fn check(graph: usize, view: &View<'_>, report: &mut Report) {
    let subscription = view.schema.schema_definition.subscription.as_ref();
    for (parent, ty) in view.types() {
        if let Some(directive) = ty.directives().get(fed::SHAREABLE)
            && ty.is_interface()
        {
            report.push(on_interface(graph, parent).at(&directive.node));
        }
        for (name, definition) in fields_of(ty) {
            let Some(directive) = definition.directives.get(fed::SHAREABLE) else {
                continue;
            };
            if ty.is_interface() {
                report.push(on_interface(graph, &format!("{parent}.{name}")).at(directive));
            }
            if subscription.is_some_and(|root| root.name == *parent) {
                report.push(
                    Finding::new(
                        &code::INVALID_FIELD_SHARING,
                        graph,
                        format!("field `{parent}.{name}` is a subscription and cannot be shared"),
                    )
                    .at(directive)
                    .help(
                        "one connector is the source of a subscription's events: remove @shareable",
                    ),
                );
            }
        }
    }
}

fn on_interface(graph: usize, at: &str) -> Finding {
    Finding::new(
        &code::INVALID_SHAREABLE_USAGE,
        graph,
        format!("@shareable stands on `{at}`, but only fields of objects are shared"),
    )
    .help("write it on the fields of the implementations")
}
