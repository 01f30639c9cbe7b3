//! `@requires`: external fields that a field needs as inputs.

use apollo_compiler::Name;

use super::super::field_sets::{field, fields_of};
use super::super::report::{Finding, Report};
use super::super::view::View;
use super::super::{code, federation as fed};
use super::field_set::{Checked, Codes};
use crate::connector::diagnostic::Code;
use crate::connector::{FieldSet, FieldSetItem};

static CODES: Codes = Codes {
    directive: "@requires",
    not_a_string: &code::REQUIRES_INVALID_FIELDS_TYPE,
    invalid: &code::REQUIRES_INVALID_FIELDS,
    has_directive: &code::REQUIRES_HAS_DIRECTIVE_IN_FIELDS_ARGS,
    has_arguments: None,
    bad_type: None,
};

pub(super) fn check(graph: usize, view: &View<'_>, report: &mut Report) {
    for (parent, ty) in view.types() {
        for (name, definition) in fields_of(ty) {
            let Some(directive) = definition.directives.get(fed::REQUIRES) else {
                continue;
            };
            let on = format!("{parent}.{name}");
            if ty.is_interface() {
                report.push(
                    Finding::new(
                        &code::REQUIRES_UNSUPPORTED_ON_INTERFACE,
                        graph,
                        format!("@requires stands on the interface field `{on}`"),
                    )
                    .at(directive)
                    .help("write it on the field of each implementation"),
                );
                continue;
            }
            let mut checked = Checked {
                graph,
                view,
                codes: &CODES,
                on,
                at: None,
            };
            if let Some(set) = checked.check(parent, directive, report) {
                let missing = &code::REQUIRES_FIELDS_MISSING_EXTERNAL;
                leaves_are_external(&checked, parent, &set, missing, report);
            }
        }
    }
}

/// Checks that what is required or provided is external: each leaf, or an object above it.
pub(super) fn leaves_are_external(
    checked: &Checked<'_, '_>,
    parent: &Name,
    set: &FieldSet,
    code: &'static Code,
    report: &mut Report,
) {
    for item in &set.items {
        match item {
            FieldSetItem::Fragment { on, children } => {
                leaves_are_external(checked, on, children, code, report);
            }
            FieldSetItem::Field { name, children, .. } => {
                let Some(definition) = field(checked.view.schema, parent, name) else {
                    continue;
                };
                if is_external(checked.view, parent, name) {
                    continue;
                }
                if children.is_empty() {
                    report.push(
                        checked
                            .finding(
                                code,
                                format!(
                                    "`{parent}.{name}` is not marked @external, so that this connector has it anyway"
                                ),
                            )
                            .help(format!(
                                "mark `{name}` @external if another connector resolves it; leave it out here if this one does"
                            )),
                    );
                } else {
                    let named = definition.ty.inner_named_type();
                    leaves_are_external(checked, named, children, code, report);
                }
            }
        }
    }
}

/// Whether a field is external or, on an interface, is so in all implementations.
fn is_external(view: &View<'_>, parent: &Name, name: &Name) -> bool {
    if view.is_external(parent, name) {
        return true;
    }
    let implementers = view.schema.implementers_map();
    let Some(under) = implementers.get(parent) else {
        return false;
    };
    let mut objects = under.objects.iter().peekable();
    objects.peek().is_some() && objects.all(|object| view.is_external(object, name))
}
