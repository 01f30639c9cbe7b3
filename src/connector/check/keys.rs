//! Keys, as declared and as comparable sets of paths.

use std::collections::BTreeSet;

use apollo_compiler::ast::Directive;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node, Schema};

use crate::connector::field_set::{FieldSet, FieldSetItem};
use crate::connector::model::{Connect, ConnectKind, Site};
use crate::mapping::Shape;

/// The keys of a type, without those whose field sets do not parse (composition reports these).
pub(crate) fn of_type(schema: &Schema, ty: &Name) -> Vec<FieldSet> {
    let directives = directives(schema, ty).into_iter();
    directives.filter_map(|(_, key, _)| key).collect()
}

/// The `@key`s of an object type: the directive, its fields, and whether it is resolvable.
pub(crate) fn directives<'a>(
    schema: &'a Schema,
    ty: &Name,
) -> Vec<(&'a Node<Directive>, Option<FieldSet>, bool)> {
    let Some(ExtendedType::Object(object)) = schema.types.get(ty) else {
        return Vec::new();
    };
    let keys = object
        .directives
        .iter()
        .filter(|directive| directive.name == "key");
    keys.map(|directive| {
        let fields = FieldSet::of_directive(directive);
        let resolvable = directive
            .specified_argument_by_name("resolvable")
            .and_then(|value| value.to_bool());
        (&directive.node, fields, resolvable != Some(false))
    })
    .collect()
}

/// A field set as the paths to its leaves, `district.code`.
pub(crate) fn paths(set: &FieldSet) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    collect(set, "", &mut paths);
    paths
}

fn collect(set: &FieldSet, prefix: &str, paths: &mut BTreeSet<String>) {
    for item in &set.items {
        match item {
            FieldSetItem::Field { name, children, .. } if children.is_empty() => {
                paths.insert(format!("{prefix}{name}"));
            }
            FieldSetItem::Field { name, children, .. } => {
                collect(children, &format!("{prefix}{name}."), paths);
            }
            FieldSetItem::Fragment { children, .. } => collect(children, prefix, paths),
        }
    }
}

/// Visits (type, field) of every field in a field set over `ty`, at any depth.
pub(super) fn fields(
    set: &FieldSet,
    ty: &Name,
    schema: &Schema,
    visit: &mut impl FnMut(&Name, &Name),
) {
    for item in &set.items {
        match item {
            FieldSetItem::Field { name, children, .. } => {
                visit(ty, name);
                if let Ok(field) = schema.type_field(ty, name) {
                    fields(children, field.ty.inner_named_type(), schema, visit);
                }
            }
            FieldSetItem::Fragment { on, children } => fields(children, on, schema, visit),
        }
    }
}

/// Whether a value of this shape has something at the path `district.code`.
pub(crate) fn yields(shape: &Shape, path: &str) -> bool {
    let mut names = path.split('.');
    let value = names.try_fold(shape.clone(), |shape, name| shape.field(name));
    value.is_some()
}

/// The path of a field that a shape has and another one has not, `district.code`.
pub(crate) fn lacking(shape: &Shape, other: &Shape) -> Option<String> {
    shape.field_names().into_iter().find_map(|name| {
        let (Some(below), Some(other)) = (shape.field(&name), other.field(&name)) else {
            return Some(name.to_string());
        };
        lacking(&below, &other).map(|path| format!("{name}.{path}"))
    })
}

/// The type that a connect looks up by a key, and the key: a field with `entity: true`, or a connect on a type.
pub(crate) fn of_lookup<'c>(
    connect: &'c Connect,
    schema: &'c Schema,
) -> Option<(&'c Name, &'c FieldSet)> {
    match (&connect.kind, &connect.site) {
        (ConnectKind::Root { entity_key }, Site::Field { parent, field }) => {
            let field = schema.type_field(parent, field).ok()?;
            Some((field.ty.inner_named_type(), entity_key.as_ref()?))
        }
        (
            ConnectKind::Batch {
                key, field: None, ..
            }
            | ConnectKind::Single { key },
            Site::Type { name },
        ) => Some((name, key)),
        _ => None,
    }
}
