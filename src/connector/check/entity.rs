//! Checks `entity: true`: a root field that is also the lookup of an entity.

use apollo_compiler::ast::{FieldDefinition, Type};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node, Schema};

use crate::connector::declared::{DeclaredConnect, is_root};
use crate::connector::diagnostic::code;
use crate::connector::findings::{Findings, did_you_mean, list};
use crate::connector::model::Site;

/// Checks a connect with `entity: true`. If its request has errors, it does not read what its author wrote.
pub(super) fn check(
    declared: &DeclaredConnect,
    request_is_valid: bool,
    schema: &Schema,
    findings: &mut Findings,
) {
    if !declared.entity || matches!(declared.site, Site::Type { .. }) {
        return; // A connect on a type is a lookup anyway.
    }
    let entity = declared.directive.specified_argument_by_name("entity");
    let span = findings.span(entity.and_then(|value| value.location()));
    let query = schema
        .schema_definition
        .query
        .as_ref()
        .map(|name| &name.name);
    let on_query = matches!(&declared.site, Site::Field { parent, .. } if Some(parent) == query);
    let (Some(field), true) = (&declared.field, on_query) else {
        let help = match &declared.site {
            Site::Field { parent, .. } if is_root(schema, parent) => {
                "leave it out, and offer the lookup on `Query`: looking something up changes nothing"
            }
            Site::Field { parent, .. } if parent.eq_ignore_ascii_case("Query") => {
                "the root type is `Query`, with a capital letter"
            }
            _ => "leave it out: a field that reads `$this` is looked up by that",
        };
        findings.push(
            findings
                .error(
                    &code::ENTITY_NOT_ON_QUERY,
                    "only a field of `Query` can be an entity's lookup",
                )
                .at(span)
                .help(help),
        );
        return;
    };
    if let Some((why, help)) = type_problem(&field.ty, schema) {
        findings.push(
            findings
                .error(
                    &code::ENTITY_RETURN_TYPE,
                    format!("`{}` cannot look an entity up: {why}", field.name),
                )
                .label(
                    findings.span(field.name.location()),
                    format!("of type `{}`", field.ty),
                )
                .help(help),
        );
        return;
    }
    arguments(field, field.ty.inner_named_type(), schema, findings);
    if request_is_valid {
        unread(declared, field, findings);
    }
}

/// Why a field of this type cannot look an entity up, and what to do.
fn type_problem(ty: &Type, schema: &Schema) -> Option<(&'static str, String)> {
    match ty {
        Type::NonNullNamed(name) => Some((
            "it cannot be null",
            format!("make it `{name}`: an entity that is not there is null"),
        )),
        Type::List(_) | Type::NonNullList(_) => Some((
            "it is a list",
            "look many up with a `@connect` on the type that reads `$batch`".to_owned(),
        )),
        Type::Named(name) if !matches!(schema.types.get(name), Some(ExtendedType::Object(_))) => {
            Some(("it is no object type", "leave `entity` out".to_owned()))
        }
        Type::Named(_) => None,
    }
}

/// The call must depend on every argument: a lookup by an argument that the request ignores could return any object.
fn unread(declared: &DeclaredConnect, field: &Node<FieldDefinition>, findings: &mut Findings) {
    let Some(connect) = &declared.connect else {
        return;
    };
    for argument in &field.arguments {
        if !connect
            .reads
            .args
            .iter()
            .any(|read| argument.name == read.as_str())
        {
            let message = format!("the call does not read `$args.{}`", argument.name);
            findings.push(
                findings
                    .error(&code::ENTITY_ARGUMENT, message)
                    .label(findings.span(argument.name.location()), "part of the key")
                    .help(format!(
                        "send it to the upstream, as `{{$args.{}}}` in the URL, or remove the argument",
                        argument.name
                    )),
            );
        }
    }
}

/// The arguments are the key: each must be a field of the entity.
fn arguments(field: &Node<FieldDefinition>, ty: &Name, schema: &Schema, findings: &mut Findings) {
    let Some(ExtendedType::Object(object)) = schema.types.get(ty) else {
        return;
    };
    if field.arguments.is_empty() {
        findings.push(
            findings
                .error(
                    &code::ENTITY_ARGUMENT,
                    format!("`{}` has no arguments to look a `{ty}` up by", field.name),
                )
                .at(findings.span(field.name.location()))
                .help("take the key's fields as arguments"),
        );
    }
    for argument in &field.arguments {
        if object.fields.contains_key(&argument.name) {
            continue;
        }
        let names = object.fields.keys().map(Name::as_str);
        let help = did_you_mean(&argument.name, names.clone())
            .unwrap_or_else(|| format!("it has {}", list(names)));
        findings.push(
            findings
                .error(
                    &code::ENTITY_ARGUMENT,
                    format!(
                        "`{ty}` has no field `{}` that this argument could be",
                        argument.name
                    ),
                )
                .at(findings.span(argument.name.location()))
                .help(help),
        );
    }
}
