//! Renames the directives of a parsed document to their canonical names.

use std::collections::HashSet;

use apollo_compiler::ast::{Definition, DirectiveList, DirectiveLocation, Type};
use apollo_compiler::{Name, Node, ast};

/// Calls `visit` for every list of directives in a definition, with the kind of element that has it.
pub(crate) fn for_each_directive_list(
    definition: &mut Definition,
    visit: &mut dyn FnMut(&mut DirectiveList, DirectiveLocation),
) {
    use DirectiveLocation as At;
    match definition {
        Definition::OperationDefinition(_) | Definition::FragmentDefinition(_) => {}
        Definition::DirectiveDefinition(def) => {
            arguments(&mut def.make_mut().arguments, At::ArgumentDefinition, visit)
        }
        Definition::SchemaDefinition(def) => visit(&mut def.make_mut().directives, At::Schema),
        Definition::SchemaExtension(def) => visit(&mut def.make_mut().directives, At::Schema),
        Definition::ScalarTypeDefinition(def) => visit(&mut def.make_mut().directives, At::Scalar),
        Definition::ScalarTypeExtension(def) => visit(&mut def.make_mut().directives, At::Scalar),
        Definition::ObjectTypeDefinition(def) => {
            let def = def.make_mut();
            visit(&mut def.directives, At::Object);
            fields(&mut def.fields, visit);
        }
        Definition::ObjectTypeExtension(def) => {
            let def = def.make_mut();
            visit(&mut def.directives, At::Object);
            fields(&mut def.fields, visit);
        }
        Definition::InterfaceTypeDefinition(def) => {
            let def = def.make_mut();
            visit(&mut def.directives, At::Interface);
            fields(&mut def.fields, visit);
        }
        Definition::InterfaceTypeExtension(def) => {
            let def = def.make_mut();
            visit(&mut def.directives, At::Interface);
            fields(&mut def.fields, visit);
        }
        Definition::UnionTypeDefinition(def) => visit(&mut def.make_mut().directives, At::Union),
        Definition::UnionTypeExtension(def) => visit(&mut def.make_mut().directives, At::Union),
        Definition::EnumTypeDefinition(def) => {
            let def = def.make_mut();
            visit(&mut def.directives, At::Enum);
            values(&mut def.values, visit);
        }
        Definition::EnumTypeExtension(def) => {
            let def = def.make_mut();
            visit(&mut def.directives, At::Enum);
            values(&mut def.values, visit);
        }
        Definition::InputObjectTypeDefinition(def) => {
            let def = def.make_mut();
            visit(&mut def.directives, At::InputObject);
            arguments(&mut def.fields, At::InputFieldDefinition, visit);
        }
        Definition::InputObjectTypeExtension(def) => {
            let def = def.make_mut();
            visit(&mut def.directives, At::InputObject);
            arguments(&mut def.fields, At::InputFieldDefinition, visit);
        }
    }
}

fn fields(
    fields: &mut [Node<ast::FieldDefinition>],
    visit: &mut dyn FnMut(&mut DirectiveList, DirectiveLocation),
) {
    for field in fields {
        let field = field.make_mut();
        visit(&mut field.directives, DirectiveLocation::FieldDefinition);
        arguments(
            &mut field.arguments,
            DirectiveLocation::ArgumentDefinition,
            visit,
        );
    }
}

fn arguments(
    arguments: &mut [Node<ast::InputValueDefinition>],
    at: DirectiveLocation,
    visit: &mut dyn FnMut(&mut DirectiveList, DirectiveLocation),
) {
    for argument in arguments {
        visit(&mut argument.make_mut().directives, at);
    }
}

fn values(
    values: &mut [Node<ast::EnumValueDefinition>],
    visit: &mut dyn FnMut(&mut DirectiveList, DirectiveLocation),
) {
    for value in values {
        visit(
            &mut value.make_mut().directives,
            DirectiveLocation::EnumValue,
        );
    }
}

/// A new name for the same thing. apollo-compiler requires the location of a name to be as long as the name, so the
/// location is kept only if the lengths agree; what is renamed here has another location beside that of its name.
pub(crate) fn renamed(old: &Name, new: &str) -> Name {
    let name = Name::new_unchecked(new);
    match old.location() {
        Some(location) if location.node_len() == new.len() => name.with_location(location),
        _ => name,
    }
}

/// Prefixes names of types with the name of their specification: `JSONSelection` becomes `wire__JSONSelection`.
pub(crate) fn prefix_types(
    mut definition: Definition,
    specification: &str,
    types: &HashSet<Name>,
) -> Definition {
    let rename = |name: &mut Name| {
        if types.contains(name) {
            *name = renamed(name, &format!("{specification}__{name}"));
        }
    };
    match &mut definition {
        Definition::DirectiveDefinition(def) => {
            for argument in &mut def.make_mut().arguments {
                rename_type(argument.make_mut().ty.make_mut(), &rename);
            }
        }
        Definition::InputObjectTypeDefinition(def) => {
            let def = def.make_mut();
            rename(&mut def.name);
            for field in &mut def.fields {
                rename_type(field.make_mut().ty.make_mut(), &rename);
            }
        }
        Definition::EnumTypeDefinition(def) => rename(&mut def.make_mut().name),
        Definition::ScalarTypeDefinition(def) => rename(&mut def.make_mut().name),
        _ => {}
    }
    definition
}

fn rename_type(ty: &mut Type, rename: &dyn Fn(&mut Name)) {
    match ty {
        Type::Named(name) | Type::NonNullNamed(name) => rename(name),
        Type::List(item) | Type::NonNullList(item) => rename_type(item, rename),
    }
}
