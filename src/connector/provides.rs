//! Fields in the `@provides` of a service that the service resolves itself: they have no effect.
//!
//! A Federation 2 schema may not have them. Federation 1 schemas could, and so do supergraphs that other composers have made
//! of these.

use std::collections::{HashMap, HashSet};

use apollo_compiler::schema::{Component, ExtendedType};
use apollo_compiler::{Name, Node, Schema, ast};

use super::field_directives::remove_directives;
use super::field_set::{FieldSet, FieldSetItem};

/// Takes out of each `@provides` what the schema resolves itself; `keys` are external by their marks only.
pub(crate) fn leave_out_own(schema: &mut Schema, keys: &HashSet<(Name, Name)>) {
    let provided = provided_in_part(schema, keys);
    for ((ty, field), left) in &provided {
        if let Some(ExtendedType::Object(object)) = schema.types.get_mut(ty)
            && let Some(field) = object.make_mut().fields.get_mut(field)
        {
            provide_only(field, left);
        }
    }
}

/// (type, field) of every `@provides` that names fields that the service resolves itself, with what else it names.
fn provided_in_part(
    schema: &Schema,
    keys: &HashSet<(Name, Name)>,
) -> HashMap<(Name, Name), FieldSet> {
    let is_external = |parent: &Name, name: &Name| {
        let field = schema.type_field(parent, name);
        field.is_ok_and(|field| field.directives.has("external"))
            && !keys.contains(&(parent.clone(), name.clone()))
    };
    let mut provided = HashMap::new();
    for (name, ty) in &schema.types {
        let ExtendedType::Object(object) = ty else {
            continue;
        };
        for field in object.fields.values() {
            let directive = field.directives.get("provides");
            let Some(fields) = directive.and_then(|directive| FieldSet::of_directive(directive))
            else {
                continue;
            };
            let left = external_part(&fields, field.ty.inner_named_type(), schema, &is_external);
            if left != fields {
                provided.insert((name.clone(), field.name.clone()), left);
            }
        }
    }
    provided
}

/// What a field set on `parent` names of others; what the schema does not have stays, to be reported.
fn external_part(
    fields: &FieldSet,
    parent: &Name,
    schema: &Schema,
    is_external: &dyn Fn(&Name, &Name) -> bool,
) -> FieldSet {
    let part = |item: &FieldSetItem| {
        let mut item = item.clone();
        let (children, below) = match &mut item {
            FieldSetItem::Fragment { on, children } => (children, on.clone()),
            FieldSetItem::Field { name, children, .. } => {
                let Ok(field) = schema.type_field(parent, name) else {
                    return Some(item);
                };
                let implementers = schema.implementers_map();
                let mut objects = implementers
                    .get(parent)
                    .into_iter()
                    .flat_map(|all| &all.objects);
                if is_external(parent, name) || objects.any(|object| is_external(object, name)) {
                    return Some(item);
                }
                (children, field.ty.inner_named_type().clone())
            }
        };
        *children = external_part(children, &below, schema, is_external);
        let is_own = children.is_empty();
        (!is_own).then_some(item)
    };
    FieldSet {
        items: fields.items.iter().filter_map(part).collect(),
    }
}

fn provide_only(field: &mut Component<ast::FieldDefinition>, left: &FieldSet) {
    if left.is_empty() {
        return remove_directives(field, &["provides"]);
    }
    let mut directives = field.make_mut().directives.0.iter_mut();
    if let Some(provides) = directives.find(|directive| directive.name == "provides") {
        provides.make_mut().arguments = vec![Node::new(ast::Argument {
            name: apollo_compiler::name!("fields"),
            value: Node::new(ast::Value::String(left.to_string())),
        })];
    }
}
