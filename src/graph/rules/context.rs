//! `@context` and `@fromContext` are not supported yet: they are refused, because a plan would be wrong.

use super::super::field_sets::fields_of;
use super::super::report::{Finding, Report};
use super::super::view::View;
use super::super::{code, federation as fed};

pub(super) fn check(graph: usize, view: &View<'_>, report: &mut Report) {
    for (parent, ty) in view.types() {
        for (name, definition) in fields_of(ty) {
            for argument in &definition.arguments {
                if let Some(directive) = argument.directives.get(fed::FROM_CONTEXT) {
                    report.push(
                        Finding::new(
                            &code::UNSUPPORTED_FEATURE,
                            graph,
                            format!(
                                "@fromContext on `{parent}.{name}({}:)` is not supported yet",
                                argument.name
                            ),
                        )
                        .at(directive)
                        .help(
                            "let the client give the argument, or have the value sent along with @requires",
                        ),
                    );
                }
            }
        }
    }
}
