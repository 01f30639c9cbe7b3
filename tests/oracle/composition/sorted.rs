//! Schemas as sorted text.

use apollo_compiler::ast::{Directive, FieldDefinition, InputValueDefinition};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Node, Schema};

/// The types of a schema, sorted at every level, without definitions of type system directives: some composers include them,
/// and clients cannot use them.
pub(super) fn sorted(schema: &Schema) -> String {
    let mut types: Vec<String> = schema
        .types
        .values()
        .filter(|ty| !ty.is_built_in())
        .map(type_text)
        .collect();
    let root = |kind: &str, name: Option<&apollo_compiler::Name>| {
        name.map(|name| format!("{kind}: {name}\n"))
    };
    let definition = &schema.schema_definition;
    types.extend(root(
        "query",
        definition.query.as_ref().map(|query| &query.name),
    ));
    types.extend(root(
        "mutation",
        definition.mutation.as_ref().map(|mutation| &mutation.name),
    ));
    types.extend(root(
        "subscription",
        definition
            .subscription
            .as_ref()
            .map(|subscription| &subscription.name),
    ));
    for directive in schema.directive_definitions.values() {
        let executable = directive.locations.iter().any(|place| {
            place.name() == place.name().to_uppercase() && is_executable(place.name())
        });
        if executable && !directive.is_built_in() {
            let mut places: Vec<&str> = directive
                .locations
                .iter()
                .map(|place| place.name())
                .filter(|name| is_executable(name))
                .collect();
            places.sort_unstable();
            types.push(format!(
                "directive @{}({}) on {}\n",
                directive.name,
                arguments(&directive.arguments),
                places.join(" | ")
            ));
        }
    }
    types.sort();
    types.concat()
}

fn is_executable(place: &str) -> bool {
    [
        "QUERY",
        "MUTATION",
        "SUBSCRIPTION",
        "FIELD",
        "FRAGMENT_DEFINITION",
        "FRAGMENT_SPREAD",
        "INLINE_FRAGMENT",
        "VARIABLE_DEFINITION",
    ]
    .contains(&place)
}

fn type_text(ty: &ExtendedType) -> String {
    let name = ty.name();
    let marks = marks(ty.directives().iter().map(|directive| &directive.node));
    let (kind, mut lines) = match ty {
        ExtendedType::Scalar(_) => ("scalar", Vec::new()),
        ExtendedType::Object(object) => (
            "type",
            fields(
                &object.fields,
                object
                    .implements_interfaces
                    .iter()
                    .map(|implemented| implemented.name.as_str()),
            ),
        ),
        ExtendedType::Interface(interface) => (
            "interface",
            fields(
                &interface.fields,
                interface
                    .implements_interfaces
                    .iter()
                    .map(|implemented| implemented.name.as_str()),
            ),
        ),
        ExtendedType::Union(union) => (
            "union",
            union
                .members
                .iter()
                .map(|member| format!("| {}", member.name))
                .collect(),
        ),
        ExtendedType::Enum(enumeration) => (
            "enum",
            enumeration
                .values
                .values()
                .map(|value| {
                    format!(
                        "{}{}{}",
                        described(value.description.as_deref()),
                        value.value,
                        self::marks(value.directives.iter())
                    )
                })
                .collect(),
        ),
        ExtendedType::InputObject(input_object) => (
            "input",
            input_object
                .fields
                .values()
                .map(|field| input(field))
                .collect(),
        ),
    };
    lines.sort();
    let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    format!(
        "{kind} {name}{marks} {}\n{lines}",
        described(ty.description().map(|description| description.as_str()))
    )
}

fn fields<'a>(
    fields: &IndexMap<apollo_compiler::Name, apollo_compiler::schema::Component<FieldDefinition>>,
    implements: impl Iterator<Item = &'a str>,
) -> Vec<String> {
    let fields = fields.values().map(|field| {
        format!(
            "{}{}({}): {}{}",
            described(field.description.as_deref()),
            field.name,
            arguments(&field.arguments),
            field.ty,
            marks(field.directives.iter())
        )
    });
    fields
        .chain(implements.map(|name| format!("& {name}")))
        .collect()
}

fn arguments(arguments: &[Node<InputValueDefinition>]) -> String {
    let mut texts: Vec<String> = arguments.iter().map(|argument| input(argument)).collect();
    texts.sort();
    texts.join(", ")
}

fn input(value: &InputValueDefinition) -> String {
    let default = value
        .default_value
        .as_ref()
        .map(|value| format!(" = {}", value.serialize().no_indent()));
    format!(
        "{}{}: {}{}{}",
        described(value.description.as_deref()),
        value.name,
        value.ty,
        default.unwrap_or_default(),
        marks(value.directives.iter())
    )
}

fn marks<'a>(directives: impl Iterator<Item = &'a Node<Directive>>) -> String {
    let mut texts: Vec<String> = directives
        .map(|directive| format!(" {}", directive.serialize().no_indent()))
        .collect();
    texts.sort();
    texts.concat()
}

fn described(text: Option<&str>) -> String {
    text.map(|text| format!("{text:?} ")).unwrap_or_default()
}
