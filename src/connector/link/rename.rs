//! Walks over a parsed document to rename what it uses: directives to their canonical names.

use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::ast;
use apollo_compiler::ast::Definition;
use apollo_compiler::ast::DirectiveList;
use apollo_compiler::ast::DirectiveLocation;
use apollo_compiler::ast::Type;

use super::spec::Spec;

/// Calls `visit` for every list of directives in a definition, with the kind of place it is at.
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

/// Another name for the same thing. A name's place must be as long as the name, so it is kept only then; what is
/// renamed here has a place of its own.
pub(crate) fn renamed(old: &Name, new: &str) -> Name {
    let name = Name::new_unchecked(new);
    match old.location() {
        Some(location) if location.node_len() == new.len() => name.with_location(location),
        _ => name,
    }
}

/// Gives the types of a specification's definitions its prefix, where they are written without.
pub(crate) fn prefix_types(mut definition: Definition, spec: &Spec) -> Definition {
    match &mut definition {
        Definition::DirectiveDefinition(def) => {
            prefix_in(&mut def.make_mut().arguments, spec);
        }
        Definition::InputObjectTypeDefinition(def) => {
            let def = def.make_mut();
            prefix(&mut def.name, spec);
            prefix_in(&mut def.fields, spec);
        }
        Definition::EnumTypeDefinition(def) => prefix(&mut def.make_mut().name, spec),
        Definition::ScalarTypeDefinition(def) => prefix(&mut def.make_mut().name, spec),
        _ => {}
    }
    definition
}

fn prefix_in(values: &mut [Node<ast::InputValueDefinition>], spec: &Spec) {
    for value in values {
        prefix_type(value.make_mut().ty.make_mut(), spec);
    }
}

fn prefix_type(ty: &mut Type, spec: &Spec) {
    match ty {
        Type::Named(name) | Type::NonNullNamed(name) => prefix(name, spec),
        Type::List(item) | Type::NonNullList(item) => prefix_type(item, spec),
    }
}

fn prefix(name: &mut Name, spec: &Spec) {
    if spec.since(name).is_some() {
        *name = renamed(name, &format!("{}__{name}", spec.name));
    }
}
