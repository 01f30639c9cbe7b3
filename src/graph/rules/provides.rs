//! `@provides`: external fields that can be resolved below one field.

use super::super::field_sets::fields_of;
use super::super::report::{Finding, Report};
use super::super::view::View;
use super::super::{code, federation as fed};
use super::field_set::{Checked, Codes};
use super::requires::leaves_are_external;

static CODES: Codes = Codes {
    directive: "@provides",
    not_a_string: &code::PROVIDES_INVALID_FIELDS_TYPE,
    invalid: &code::PROVIDES_INVALID_FIELDS,
    has_directive: &code::PROVIDES_HAS_DIRECTIVE_IN_FIELDS_ARGS,
    has_arguments: Some(&code::PROVIDES_FIELDS_HAS_ARGS),
    bad_type: None,
};

pub(super) fn check(graph: usize, view: &View<'_>, report: &mut Report) {
    for (parent, ty) in view.types() {
        for (name, definition) in fields_of(ty) {
            let Some(directive) = definition.directives.get(fed::PROVIDES) else {
                continue;
            };
            let on = format!("{parent}.{name}");
            if ty.is_interface() {
                report.push(
                    Finding::new(
                        &code::PROVIDES_UNSUPPORTED_ON_INTERFACE,
                        graph,
                        format!("@provides stands on the interface field `{on}`"),
                    )
                    .at(directive)
                    .help("write it on the field of each implementation"),
                );
                continue;
            }
            let target = definition.ty.inner_named_type();
            let composite = view
                .schema
                .types
                .get(target)
                .is_some_and(|ty| ty.is_object() || ty.is_interface() || ty.is_union());
            if !composite {
                report.push(
                    Finding::new(
                        &code::PROVIDES_ON_NON_OBJECT_FIELD,
                        graph,
                        format!("@provides stands on `{on}`, which is of type `{target}` and has no fields"),
                    )
                    .at(directive)
                    .help("remove the @provides"),
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
            if let Some(set) = checked.check(target, directive, report) {
                let missing = &code::PROVIDES_FIELDS_MISSING_EXTERNAL;
                leaves_are_external(&checked, target, &set, missing, report);
            }
        }
    }
}
