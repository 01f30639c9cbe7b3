//! Field sets against a schema: printing, and walking over the fields they name.

use apollo_compiler::schema::{Component, ExtendedType, FieldDefinition};
use apollo_compiler::{Name, Schema};

use crate::connector::{FieldSet, FieldSetItem};

/// The text of a field set, in one canonical spelling.
pub(crate) fn print(set: &FieldSet) -> String {
    let mut out = String::new();
    print_into(set, &mut out);
    out
}

fn print_into(set: &FieldSet, out: &mut String) {
    for (index, item) in set.items.iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        let children = match item {
            FieldSetItem::Field {
                name,
                arguments,
                children,
            } => {
                out.push_str(name);
                for (index, (name, value)) in arguments.iter().enumerate() {
                    out.push_str(if index == 0 { "(" } else { ", " });
                    out.push_str(&format!("{name}: {}", value.serialize().no_indent()));
                }
                if !arguments.is_empty() {
                    out.push(')');
                }
                children
            }
            FieldSetItem::Fragment { on, children } => {
                out.push_str("... on ");
                out.push_str(on);
                children
            }
        };
        if !children.is_empty() {
            out.push_str(" { ");
            print_into(children, out);
            out.push_str(" }");
        }
    }
}

/// All items of two field sets, equal fields and fragments once.
pub(crate) fn merged(set: &FieldSet, other: &FieldSet) -> FieldSet {
    let mut all = set.clone();
    for item in &other.items {
        let existing = all.items.iter_mut().find(|other| is_same(other, item));
        match (existing, item) {
            (
                Some(
                    FieldSetItem::Field { children, .. } | FieldSetItem::Fragment { children, .. },
                ),
                FieldSetItem::Field {
                    children: others, ..
                }
                | FieldSetItem::Fragment {
                    children: others, ..
                },
            ) => *children = merged(children, others),
            (None, item) => all.items.push(item.clone()),
        }
    }
    all
}

fn is_same(item: &FieldSetItem, other: &FieldSetItem) -> bool {
    match (item, other) {
        (
            FieldSetItem::Field {
                name, arguments, ..
            },
            FieldSetItem::Field {
                name: other,
                arguments: others,
                ..
            },
        ) => name == other && arguments == others,
        (FieldSetItem::Fragment { on, .. }, FieldSetItem::Fragment { on: other, .. }) => {
            on == other
        }
        _ => false,
    }
}

/// The fields of an object or interface type; of any other type, none.
pub(crate) fn fields_of(
    ty: &ExtendedType,
) -> impl Iterator<Item = (&Name, &Component<FieldDefinition>)> {
    match ty {
        ExtendedType::Object(object) => Some(object.fields.iter()),
        ExtendedType::Interface(interface) => Some(interface.fields.iter()),
        _ => None,
    }
    .into_iter()
    .flatten()
}

/// One field that a field set names.
pub(crate) struct Visit<'a> {
    /// The type on which it is selected.
    pub(crate) parent: &'a Name,
    /// Its definition there.
    pub(crate) definition: &'a Component<FieldDefinition>,
}

/// Calls `visit` for every field of the set that the schema has, parents first, except `__typename`. Fields that the
/// schema does not have are skipped: the rules for keys, requirements and provisions report them.
pub(crate) fn walk<'a>(
    schema: &'a Schema,
    parent: &'a Name,
    set: &'a FieldSet,
    visit: &mut dyn FnMut(Visit<'a>),
) {
    for item in &set.items {
        match item {
            FieldSetItem::Field { name, children, .. } => {
                let Some(definition) = field(schema, parent, name) else {
                    continue;
                };
                visit(Visit { parent, definition });
                walk(schema, definition.ty.inner_named_type(), children, visit);
            }
            FieldSetItem::Fragment { on, children } => walk(schema, on, children, visit),
        }
    }
}

/// A field of an object or interface type.
pub(crate) fn field<'a>(
    schema: &'a Schema,
    parent: &str,
    name: &str,
) -> Option<&'a Component<FieldDefinition>> {
    match schema.types.get(parent)? {
        ExtendedType::Object(object) => object.fields.get(name),
        ExtendedType::Interface(interface) => interface.fields.get(name),
        _ => None,
    }
}
