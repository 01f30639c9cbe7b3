//! Compares the mapping of refusals (`@clientErrors(selection:)`) with the connect's own.

use apollo_compiler::ast::FieldDefinition;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Schema};

use crate::connector::declared::DeclaredConnect;
use crate::connector::diagnostic::code;
use crate::connector::findings::Findings;
use crate::document::Str;
use crate::mapping::{Selection, Shape};

/// Checks that fields which are never null are in both mappings of a field: the one for successes, and that for refusals.
pub(super) fn non_null_fields(
    declared: &DeclaredConnect,
    both: [(&'static str, &Selection); 2],
    ty: &Name,
    schema: &Schema,
    findings: &mut Findings,
) {
    let Some(ExtendedType::Object(object)) = schema.types.get(ty) else {
        return;
    };
    let names = both.map(|(_, selection)| match selection.shape() {
        Shape::Object { fields, open } => (!open).then_some(fields),
        _ => None,
    });
    let [Some(on_success), Some(on_refusal)] = names else {
        return;
    };
    let has = |fields: &[(Str, Shape)], field: &FieldDefinition| {
        fields.iter().any(|(name, _)| **name == *field.name)
    };
    for field in object
        .fields
        .values()
        .filter(|field| field.ty.is_non_null())
    {
        let (argument, selection) = match (has(on_success, field), has(on_refusal, field)) {
            (true, false) => both[1],
            (false, true) => both[0],
            _ => continue,
        };
        let message = format!("`{ty}.{}` is never null, but is not selected", field.name);
        let error = findings.error(&code::INVALID_CLIENT_ERRORS, message);
        let help = match field.ty.is_list() {
            true => format!("add `{}: $([])`, if there are none", field.name),
            false => "select it, or let the field be null".to_owned(),
        };
        let range = selection.root().span.clone();
        let error = match declared.text_of(argument) {
            Some(text) => text.mark(error, range, findings),
            None => error,
        };
        findings.push(error.help(help));
    }
}
