//! Converts Federation 1 SDL to version 2.
//!
//! The differences that matter: extensions of entities mark their keys `@external`, which in version 2 would mean that they
//! cannot give them; no service said `@shareable`: types without a key were the same everywhere, and what one service
//! provides another resolves; `@external` fields that nothing uses were harmless, as was `@provides` of what the service
//! resolves itself; and interfaces carried directives without effect.
//! <https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/migration/to-federation-2>

use std::collections::HashSet;

use apollo_compiler::schema::{ComponentOrigin, ExtendedType, ObjectType};
use apollo_compiler::{Name, Schema, ast};

use super::field_directives::remove_directives;
use super::field_set::{FieldSet, FieldSetItem};
use super::provides;

/// Converts a schema that links no version of Federation.
pub(crate) fn upgrade(schema: &mut Schema) {
    let keys_of_extensions = keys_of_extensions(schema);
    let used = used_by_requires_and_provides(schema);
    provides::leave_out_own(schema, &keys_of_extensions);
    let subscription = schema.schema_definition.subscription.clone();
    let composite: HashSet<Name> = schema
        .types
        .iter()
        .filter(|(_, ty)| !ty.is_leaf() && !ty.is_input_object())
        .map(|(name, _)| name.clone())
        .collect();
    for (name, ty) in &mut schema.types {
        match ty {
            ExtendedType::Object(object) if !name.starts_with("__") => {
                let object = object.make_mut();
                let external = |field: &Name| used.contains(&(name.clone(), field.clone()));
                upgrade_object(object, &keys_of_extensions, &external, &composite);
                // Only one connector may resolve a subscription.
                if subscription.as_ref().is_none_or(|root| root.name != *name) {
                    share(object);
                }
            }
            ExtendedType::Interface(interface) if !name.starts_with("__") => {
                let interface = interface.make_mut();
                interface
                    .directives
                    .0
                    .retain(|directive| directive.name != "key" && directive.name != "extends");
                for field in interface.fields.values_mut() {
                    remove_directives(field, &["external", "requires", "provides"]);
                }
            }
            _ => {}
        }
    }
}

fn upgrade_object(
    object: &mut ObjectType,
    keys_of_extensions: &HashSet<(Name, Name)>,
    is_used: &dyn Fn(&Name) -> bool,
    composite: &HashSet<Name>,
) {
    object
        .directives
        .0
        .retain(|directive| directive.name != "extends");
    for field in object.fields.values_mut() {
        if keys_of_extensions.contains(&(object.name.clone(), field.name.clone())) {
            remove_directives(field, &["external"]);
        }
        if !composite.contains(field.ty.inner_named_type()) {
            remove_directives(field, &["provides"]);
        }
        if field.directives.has("external") {
            remove_directives(field, &["tag"]);
        }
    }
    object
        .fields
        .retain(|name, field| !field.directives.has("external") || is_used(name));
}

/// Marks all fields `@shareable`: a service of Federation 1 could not forbid others to resolve its fields.
fn share(object: &mut ObjectType) {
    for field in object.fields.values_mut() {
        if !field.directives.has("external") {
            let shareable = ast::Directive::new(apollo_compiler::name!("shareable"));
            field.make_mut().directives.push(shareable);
        }
    }
}

/// (type, field) of every field in a key of a type that this schema extends, at any depth of the key.
fn keys_of_extensions(schema: &Schema) -> HashSet<(Name, Name)> {
    let mut named = HashSet::new();
    for (name, ty) in &schema.types {
        let ExtendedType::Object(object) = ty else {
            continue;
        };
        let is_extension = object.directives.has("extends")
            || object
                .fields
                .values()
                .all(|field| field.origin != ComponentOrigin::Definition);
        if !is_extension {
            continue;
        }
        for key in object.directives.get_all("key") {
            if let Some(fields) = FieldSet::of_directive(key) {
                walk(&fields, name, schema, &mut named);
            }
        }
    }
    named
}

/// (type, field) of every field in `@requires` and `@provides`.
fn used_by_requires_and_provides(schema: &Schema) -> HashSet<(Name, Name)> {
    let mut named = HashSet::new();
    for (name, ty) in &schema.types {
        let fields = match ty {
            ExtendedType::Object(object) => &object.fields,
            ExtendedType::Interface(interface) => &interface.fields,
            _ => continue,
        };
        for field in fields.values() {
            for directive in field.directives.iter() {
                let parent = match directive.name.as_str() {
                    "requires" => name,
                    "provides" => field.ty.inner_named_type(),
                    _ => continue,
                };
                if let Some(fields) = FieldSet::of_directive(directive) {
                    walk(&fields, parent, schema, &mut named);
                }
            }
        }
    }
    named
}

/// Adds the fields of a field set on `parent`; through an interface, those of every implementation.
fn walk(fields: &FieldSet, parent: &Name, schema: &Schema, named: &mut HashSet<(Name, Name)>) {
    for item in &fields.items {
        match item {
            FieldSetItem::Field { name, children, .. } => {
                named.insert((parent.clone(), name.clone()));
                if let Some(implementers) = schema.implementers_map().get(parent) {
                    for object in &implementers.objects {
                        named.insert((object.clone(), name.clone()));
                    }
                }
                if let Ok(field) = schema.type_field(parent, name) {
                    let ty = field.ty.inner_named_type().clone();
                    walk(children, &ty, schema, named);
                }
            }
            FieldSetItem::Fragment { on, children } => walk(children, on, schema, named),
        }
    }
}
