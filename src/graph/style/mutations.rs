//! A mutation has one argument, `input`, and returns a payload with typed `userErrors`.

use apollo_compiler::Schema;

use super::folder::{Field, Folder, Root};
use super::report::StyleReport;
use super::words::capital;
use crate::connector::diagnostic::style_code as code;

pub(super) fn check(folder: &Folder<'_>, report: &mut StyleReport) {
    let fields = folder.fields.iter();
    for field in fields.filter(|field| field.root == Some(Root::Mutation)) {
        input(field, report);
        payload(field, folder.schema(), report);
    }
}

fn input(field: &Field<'_>, report: &mut StyleReport) {
    let name = capital(&field.definition.name);
    let is_input = match field.definition.arguments.as_slice() {
        [input] => {
            let ty = input.ty.inner_named_type();
            input.name == "input"
                && input.ty.is_non_null()
                && !input.ty.is_list()
                && *ty == *format!("{name}Input")
        }
        _ => false,
    };
    if !is_input {
        report.add(
            &code::STYLE_MUTATION_INPUT,
            &field.coordinate,
            field.at(),
            format!("`{}` has other arguments than `input`", field.coordinate),
            format!("give it one argument, `input: {name}Input!`"),
        );
    }
}

fn payload(field: &Field<'_>, schema: &Schema, report: &mut StyleReport) {
    let name = capital(&field.definition.name);
    let ty = field.definition.ty.inner_named_type();
    let message = if *ty != *format!("{name}Payload") || field.definition.ty.is_list() {
        format!(
            "`{}` returns `{}`, and no payload",
            field.coordinate, field.definition.ty
        )
    } else {
        match lacking(ty, schema) {
            Some(lacking) => format!("`{ty}` {lacking}"),
            None => return,
        }
    };
    report.add(
        &code::STYLE_MUTATION_PAYLOAD,
        &field.coordinate,
        field.at(),
        message,
        format!(
            "return `type {name}Payload {{ <object>: <Type> userErrors: [{name}UserError!]! }}` with `type {name}UserError {{ field: \
             [String!] message: String! code: {name}ErrorCode! }}`: what the department refuses is there, in its own words"
        ),
    );
}

/// What a payload lacks.
fn lacking(payload: &str, schema: &Schema) -> Option<String> {
    let Some(errors) = schema.type_field(payload, "userErrors").ok() else {
        return Some("has no `userErrors`".to_owned());
    };
    let error = errors.ty.inner_named_type();
    let is_list = errors.ty.is_list();
    let field = |name: &str| schema.type_field(error, name).ok();
    let is_code =
        field("code").is_some_and(|code| schema.get_enum(code.ty.inner_named_type()).is_some());
    match is_list && field("field").is_some() && field("message").is_some() && is_code {
        true => None,
        false => Some(
            "has `userErrors` without `field`, `message` and a `code` that is an enum".to_owned(),
        ),
    }
}
