//! Entities have ids by `@node`, and arguments with their keys are named after both.

use apollo_compiler::schema::ExtendedType;

use super::facts::Facts;
use super::folder::{Folder, Input, fields};
use super::report::StyleReport;
use super::words::{camel, capital};
use crate::connector::diagnostic::style_code as code;

pub(super) fn check(facts: &Facts<'_>, folder: &Folder<'_>, report: &mut StyleReport) {
    for ty in &folder.types {
        if let ExtendedType::Object(_) = ty {
            id(ty, facts, folder, report);
            key_types(ty, facts, folder, report);
        }
    }
    for input in &folder.inputs {
        key_argument(input, facts, folder, report);
    }
}

/// An entity has an id, and no type has one that the folder declares.
fn id(ty: &ExtendedType, facts: &Facts<'_>, folder: &Folder<'_>, report: &mut StyleReport) {
    let name = ty.name();
    if facts.is_foreign(folder, name) {
        return;
    }
    if let Some(field) = fields(ty).find(|field| field.name == "id") {
        report.add(
            &code::STYLE_OWN_ID,
            &format!("{name}.id"),
            field.name.location(),
            format!("`{name}` declares a field `id` itself"),
            "an id comes from `@node`, and is unique in the graph: give the natural key its own name, for example `code: id` in the \
             `selection`",
        );
    } else if facts
        .entities
        .get(name.as_str())
        .is_some_and(|entity| !entity.has_node)
    {
        report.add(
            &code::STYLE_NO_ID,
            name,
            name.location(),
            format!("`{name}` is an entity, and has no id"),
            format!("write `@node` on `type {name}`, with a `@key`: clients store its objects by their ids"),
        );
    }
}

/// A natural key is no number to compute with: some have leading zeros.
fn key_types(ty: &ExtendedType, facts: &Facts<'_>, folder: &Folder<'_>, report: &mut StyleReport) {
    let name = ty.name();
    let entity = facts.entities.get(name.as_str());
    let Some(entity) = entity.filter(|entity| entity.owner == folder.index) else {
        return;
    };
    for field in fields(ty).filter(|field| entity.keys.contains(&field.name)) {
        let of = field.ty.inner_named_type();
        let is_enum = folder.schema().get_enum(of).is_some();
        if field.ty.is_non_null() && (of == "ID" || is_enum) {
            continue;
        }
        report.add(
            &code::STYLE_KEY_TYPE,
            &format!("{name}.{}", field.name),
            field.name.location(),
            format!("`{name}.{}` is a key, and `{}`", field.name, field.ty),
            format!("declare `{}: ID!`", field.name),
        );
    }
}

/// `district` and `districtId` are `districtLgdCode` if that is the key.
fn key_argument(
    input: &Input<'_>,
    facts: &Facts<'_>,
    folder: &Folder<'_>,
    report: &mut StyleReport,
) {
    let definition = input.definition;
    let ty = definition.ty.inner_named_type();
    let as_id = definition.name.strip_suffix("Id");
    // A `String` that is only called after an entity may be its name.
    let of = match as_id {
        Some(entity) if ty == "ID" || ty == "String" => entity,
        None if ty == "ID" => definition.name.as_str(),
        _ => return,
    };
    let Some((entity, prefix)) = named_by(of, facts, folder) else {
        return;
    };
    let key = facts.entities.get(entity);
    let key = key.and_then(|entity| entity.keys.first());
    let Some(key) = key.filter(|key| *key != "id" && !definition.ty.is_list()) else {
        return;
    };
    let of = input.field.as_ref();
    let of = of.and_then(|of| folder.fields.iter().find(|field| field.coordinate == *of));
    let is_own = of.is_some_and(|field| {
        field.root.is_some() && field.definition.ty.inner_named_type() == entity
    });
    let name = match is_own {
        true => key.to_string(),
        false => format!("{prefix}{}", capital(key)),
    };
    if *definition.name == *name {
        return;
    }
    report.add(
        &code::STYLE_KEY_ARGUMENT,
        &input.coordinate,
        input.at(),
        format!(
            "`{}` is the key `{key}` of `{entity}`, and its name does not say so",
            input.coordinate
        ),
        format!("call it `{name}`, as everywhere"),
    );
}

/// The entity that a name means, and what the names of arguments with its key begin with. In a folder with `DggiSector`, `sector` is
/// this one. In a folder with `UmangService`, `service` is not the `Service` of another folder.
fn named_by<'a>(name: &str, facts: &Facts<'a>, folder: &Folder<'a>) -> Option<(&'a str, String)> {
    let exact = facts.entities_as_fields.get(name).copied();
    let is_declared = |entity: &&str| folder.schema().types.contains_key(*entity);
    let suffix = capital(name);
    let mut declared = folder.types.iter().map(|ty| ty.name().as_str());
    let longer = declared.find(|ty| {
        ty.len() > suffix.len() && ty.ends_with(&suffix) && facts.entities.contains_key(ty)
    });
    match (exact.filter(is_declared), longer) {
        (Some(entity), _) => Some((entity, name.to_owned())),
        (None, Some(longer)) => match exact {
            Some(_) => Some((longer, camel(longer))),
            None => Some((longer, name.to_owned())),
        },
        (None, None) => exact.map(|entity| (entity, name.to_owned())),
    }
}
