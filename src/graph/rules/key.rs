//! `@key`: the fields that identify an entity.

use super::super::report::Report;
use super::super::view::View;
use super::super::{code, federation as fed};
use super::field_set::{Checked, Codes};

static CODES: Codes = Codes {
    directive: "@key",
    not_a_string: &code::KEY_INVALID_FIELDS_TYPE,
    invalid: &code::KEY_INVALID_FIELDS,
    has_directive: &code::KEY_HAS_DIRECTIVE_IN_FIELDS_ARGS,
    has_arguments: Some(&code::KEY_FIELDS_HAS_ARGS),
    bad_type: Some(&code::KEY_FIELDS_SELECT_INVALID_TYPE),
};

pub(super) fn check(graph: usize, view: &View<'_>, report: &mut Report) {
    for (name, ty) in view.types() {
        for directive in ty.directives().get_all(fed::KEY) {
            let mut checked = Checked {
                graph,
                view,
                codes: &CODES,
                on: name.to_string(),
                at: None,
            };
            checked.check(name, directive, report);
        }
    }
}
