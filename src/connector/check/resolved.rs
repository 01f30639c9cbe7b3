//! Checks that everything in the schema can be fetched: some connect gives every field, and some connect looks a type
//! up by every resolvable key.

use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Schema};

use super::keys;
use super::selection::GivenFields;
use crate::connector::declared::{Declarations, is_root};
use crate::connector::diagnostic::code;
use crate::connector::directives::EntityList;
use crate::connector::field_set::FieldSet;
use crate::connector::findings::Findings;
use crate::connector::model::{Connect, ConnectKind, Site};

/// Checks all types of a folder. `given` are the fields that selections yield.
pub(super) fn check(
    declarations: &Declarations<'_>,
    mut given: GivenFields,
    findings: &mut Findings,
) {
    let schema = declarations.schema;
    let connects: Vec<&Connect> = declarations
        .connects
        .iter()
        .filter_map(|declared| declared.connect.as_ref())
        .collect();
    // A reference to an entity contains its key.
    for ty in schema.types.keys() {
        for key in keys::of_type(schema, ty) {
            keys::fields(&key, ty, schema, &mut |ty, field| {
                given.insert((ty.clone(), field.clone()));
            });
        }
    }
    for (name, ty) in &schema.types {
        if let ExtendedType::Object(object) = ty
            && !name.starts_with("__")
        {
            fields(object, &given, declarations, findings);
            resolvable_keys(name, &connects, schema, findings);
        }
    }
}

/// The type that a connect resolves by a key, and the key.
fn lookup<'c>(connect: &'c Connect, schema: &'c Schema) -> Option<(&'c Name, &'c FieldSet)> {
    match (&connect.kind, &connect.site) {
        (ConnectKind::Implicit { key }, Site::Field { parent, .. }) => Some((parent, key)),
        (
            ConnectKind::Batch {
                key,
                field: Some(_),
                ..
            },
            Site::Type { name },
        ) => Some((name, key)),
        (ConnectKind::Root { entity_key: None }, Site::Field { parent, field }) => {
            let field = schema.type_field(parent, field).ok()?;
            let list = connect.options.get::<EntityList>()?;
            Some((field.ty.inner_named_type(), &list.key))
        }
        _ => keys::of_lookup(connect, schema),
    }
}

fn fields(
    object: &apollo_compiler::schema::ObjectType,
    given: &GivenFields,
    declarations: &Declarations<'_>,
    findings: &mut Findings,
) {
    let ty = &object.name;
    let external = object.directives.has("external");
    for (name, field) in &object.fields {
        let coordinate = (ty.clone(), name.clone());
        let resolved = given.contains(&coordinate)
            || declarations.is_fetched(ty, name)
            || external
            || field.directives.has("external");
        if resolved {
            continue;
        }
        let help = if is_root(declarations.schema, ty) {
            format!("give `{name}` a `@connect`")
        } else {
            format!(
                "select `{name}` where a connect yields a `{ty}`, give it a `@connect` of its own, or remove it"
            )
        };
        findings.push(
            findings
                .error(
                    &code::FIELD_NOT_RESOLVED,
                    format!("no connect gives `{ty}.{name}`"),
                )
                .at(findings.span(field.name.location()))
                .help(help),
        );
    }
}

/// For a resolvable key there must be a connect that takes it, or part of it.
fn resolvable_keys(ty: &Name, connects: &[&Connect], schema: &Schema, findings: &mut Findings) {
    for (directive, key, resolvable) in keys::directives(schema, ty) {
        let Some(key) = key.filter(|_| resolvable) else {
            continue;
        };
        // Composition reports a key of fields that do not exist.
        let mut exists = true;
        keys::fields(&key, ty, schema, &mut |ty, field| {
            exists &= field == "__typename" || schema.type_field(ty, field).is_ok();
        });
        if !exists {
            continue;
        }
        let wanted = keys::paths(&key);
        let taken = connects.iter().any(|connect| {
            lookup(connect, schema).is_some_and(|(of, key)| {
                let key = keys::paths(key);
                of == ty && !key.is_empty() && key.is_subset(&wanted)
            })
        });
        if taken {
            continue;
        }
        let written = directive.specified_argument_by_name("fields");
        let written = written
            .and_then(|fields| fields.as_str())
            .unwrap_or_default();
        findings.push(
            findings
                .error(
                    &code::KEY_NOT_RESOLVED,
                    format!("nothing fetches a `{ty}` by `{written}`"),
                )
                .at(findings.span(directive.location()))
                .help(format!(
                    "add a `Query` field with this key as arguments and `entity: true`, or a `@connect` on `{ty}` \
                     that reads it from `$this` or `$batch`; if `{ty}` is another connector's, say `resolvable: false`"
                )),
        );
    }
}
