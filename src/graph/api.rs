//! The public schema: what clients see of the merged schema.
//!
//! `@inaccessible` elements are removed, and so are directives for the gateway.

use apollo_compiler::ast::Type;
use apollo_compiler::schema::{
    Component, DirectiveList, ExtendedType, FieldDefinition, InputValueDefinition,
};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node, Schema, ast, name};

use super::identification::names::ID;
use super::report::{Finding, Report};
use super::view::View;
use super::{code, federation as fed};
use crate::connector::NodeType;

/// The public schema of the merged schema of these subgraphs.
pub(crate) fn public(
    merged: &Schema,
    views: &[View<'_>],
    report: &mut Report,
) -> Option<Valid<Schema>> {
    let mut api = merged.clone();
    hide(&mut api);
    clean(&mut api);
    order_fields(&mut api, views);
    add_is_one_of(&mut api);
    match api.validate() {
        Ok(api) => Some(api),
        Err(invalid) => {
            for error in invalid.errors.iter() {
                report.push(Finding::global(
                    &code::INVALID_GRAPHQL,
                    format!("the composed schema is not valid: {}", error.error),
                ));
            }
            None
        }
    }
}

/// Puts the fields of a type with `@node` in the order in which people look for them: the id, the fields of the folder that
/// says which objects exist, then what other folders add.
fn order_fields(api: &mut Schema, views: &[View<'_>]) {
    for View { schema, .. } in views {
        for (name, ty) in &schema.types {
            let (ExtendedType::Object(own), Some(_)) = (ty, NodeType::of(schema, name)) else {
                continue;
            };
            let Some(ExtendedType::Object(object)) = api.types.get_mut(name) else {
                continue;
            };
            let rank = |field: &Name| match own.fields.get_index_of(field) {
                _ if field == ID => 0,
                Some(index) => index + 1,
                None => usize::MAX,
            };
            // Stable: the fields of other folders stay in their order.
            object.make_mut().fields.sort_by_key(|field, _| rank(field));
        }
    }
}

/// Adds `__Type.isOneOf` (GraphQL specification, September 2025, 4.2), which the library does not know.
fn add_is_one_of(api: &mut Schema) {
    let Some(ExtendedType::Object(introspected)) = api.types.get_mut("__Type") else {
        return;
    };
    let description = "Whether exactly one field of this input object must be given; null for other kinds of types.";
    let field = FieldDefinition {
        description: Some(Node::new_str(description)),
        name: name!("isOneOf"),
        arguments: Vec::new(),
        ty: Type::Named(name!("Boolean")),
        directives: ast::DirectiveList::new(),
    };
    let fields = &mut introspected.make_mut().fields;
    fields.insert(name!("isOneOf"), Component::new(field));
}

/// Puts types in the order in which they are printed: roots first, then by name.
pub(crate) fn sort_types(schema: &mut Schema) {
    let rank = |name: &Name| {
        ["Query", "Mutation", "Subscription"]
            .iter()
            .position(|root| name == root)
            .unwrap_or(3)
    };
    schema
        .types
        .sort_by(|a, _, b, _| rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)));
}

/// Removes inaccessible elements. The rules have been checked: nothing that remains needs them.
fn hide(api: &mut Schema) {
    api.types
        .retain(|_, ty| !ty.directives().has(fed::INACCESSIBLE));
    let gone: Vec<Name> = [
        &api.schema_definition.query,
        &api.schema_definition.mutation,
        &api.schema_definition.subscription,
    ]
    .into_iter()
    .flatten()
    .filter(|root| !api.types.contains_key(&root.name))
    .map(|root| root.name.clone())
    .collect();
    let definition = api.schema_definition.make_mut();
    for root in [
        &mut definition.query,
        &mut definition.mutation,
        &mut definition.subscription,
    ] {
        root.take_if(|root| gone.contains(&root.name));
    }
    let remaining: std::collections::HashSet<Name> = api.types.keys().cloned().collect();
    let visible = |directives: &ast::DirectiveList| !directives.has(fed::INACCESSIBLE);
    let remains = |ty: &Type| remaining.contains(ty.inner_named_type());
    let arguments = |arguments: &mut Vec<Node<InputValueDefinition>>| {
        arguments.retain(|one| visible(&one.directives) && remains(&one.ty));
    };
    for ty in api.types.values_mut().filter(|ty| !ty.is_built_in()) {
        match ty {
            ExtendedType::Object(object) => {
                let object = object.make_mut();
                let fields = &mut object.fields;
                fields.retain(|_, field| visible(&field.directives) && remains(&field.ty));
                fields
                    .values_mut()
                    .for_each(|field| arguments(&mut field.make_mut().arguments));
                object
                    .implements_interfaces
                    .retain(|interface| remaining.contains(&interface.name));
            }
            ExtendedType::Interface(interface) => {
                let interface = interface.make_mut();
                let fields = &mut interface.fields;
                fields.retain(|_, field| visible(&field.directives) && remains(&field.ty));
                fields
                    .values_mut()
                    .for_each(|field| arguments(&mut field.make_mut().arguments));
                interface
                    .implements_interfaces
                    .retain(|interface| remaining.contains(&interface.name));
            }
            ExtendedType::Union(union) => {
                let members = &mut union.make_mut().members;
                members.retain(|member| remaining.contains(&member.name));
            }
            ExtendedType::Enum(values) => {
                let values = &mut values.make_mut().values;
                values.retain(|_, value| visible(&value.directives));
            }
            ExtendedType::InputObject(input) => {
                let fields = &mut input.make_mut().fields;
                fields.retain(|_, field| visible(&field.directives) && remains(&field.ty));
            }
            ExtendedType::Scalar(_) => {}
        }
    }
    for definition in api.directive_definitions.values_mut() {
        if !definition.is_built_in() {
            arguments(&mut definition.make_mut().arguments);
        }
    }
}

/// Removes what is not for clients: applied directives except GraphQL's own, and definitions for schema locations only.
fn clean(api: &mut Schema) {
    let keep = |name: &Name| {
        matches!(
            name.as_str(),
            fed::DEPRECATED | fed::SPECIFIED_BY | fed::ONE_OF
        )
    };
    let on_type = |list: &mut DirectiveList| list.0.retain(|one| keep(&one.name));
    let on_node = |list: &mut ast::DirectiveList| list.0.retain(|one| keep(&one.name));
    on_type(&mut api.schema_definition.make_mut().directives);
    for ty in api.types.values_mut().filter(|ty| !ty.is_built_in()) {
        match ty {
            ExtendedType::Scalar(scalar) => on_type(&mut scalar.make_mut().directives),
            ExtendedType::Union(union) => on_type(&mut union.make_mut().directives),
            ExtendedType::Object(object) => {
                let object = object.make_mut();
                on_type(&mut object.directives);
                for field in object.fields.values_mut() {
                    clean_field(field.make_mut(), &on_node);
                }
            }
            ExtendedType::Interface(interface) => {
                let interface = interface.make_mut();
                on_type(&mut interface.directives);
                for field in interface.fields.values_mut() {
                    clean_field(field.make_mut(), &on_node);
                }
            }
            ExtendedType::Enum(values) => {
                let values = values.make_mut();
                on_type(&mut values.directives);
                for value in values.values.values_mut() {
                    on_node(&mut value.make_mut().directives);
                }
            }
            ExtendedType::InputObject(input) => {
                let input = input.make_mut();
                on_type(&mut input.directives);
                for field in input.fields.values_mut() {
                    on_node(&mut field.make_mut().directives);
                }
            }
        }
    }
    api.directive_definitions
        .retain(|_, definition| definition.is_built_in() || is_for_clients(definition));
    for definition in api.directive_definitions.values_mut() {
        if !definition.is_built_in() && definition.name != fed::ONE_OF {
            definition.make_mut().locations.retain(is_passed_on);
        }
    }
}

fn clean_field(field: &mut ast::FieldDefinition, on_node: &impl Fn(&mut ast::DirectiveList)) {
    on_node(&mut field.directives);
    for argument in &mut field.arguments {
        on_node(&mut argument.make_mut().directives);
    }
}

fn is_for_clients(definition: &ast::DirectiveDefinition) -> bool {
    definition.name == fed::ONE_OF || definition.locations.iter().any(is_passed_on)
}

/// Whether a directive at this location is passed on to GraphQL services. Fragments are not: the fields that they select are
/// distributed to services without them.
pub(crate) fn is_passed_on(location: &ast::DirectiveLocation) -> bool {
    use ast::DirectiveLocation as At;
    matches!(
        location,
        At::Query | At::Mutation | At::Field | At::VariableDefinition
    )
}

/// True for a directive location in an operation, false for one in a schema.
pub(crate) fn is_executable(location: &ast::DirectiveLocation) -> bool {
    use ast::DirectiveLocation as At;
    matches!(
        location,
        At::Query
            | At::Mutation
            | At::Subscription
            | At::Field
            | At::FragmentDefinition
            | At::FragmentSpread
            | At::InlineFragment
            | At::VariableDefinition
    )
}
