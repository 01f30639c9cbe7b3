//! Operations that select all fields of a schema, to some depth.

use apollo_compiler::Schema;
use apollo_compiler::ast::Type;
use apollo_compiler::schema::{ExtendedType, FieldDefinition};

/// The depth of selections.
const DEPTH: usize = 3;

/// One operation for each root field of queries and mutations.
pub(super) fn operations(schema: &Schema) -> Vec<String> {
    let roots = &schema.schema_definition;
    let mut operations = Vec::new();
    for (kind, root) in [("query", &roots.query), ("mutation", &roots.mutation)] {
        let Some(root) = root.as_ref().and_then(|root| schema.get_object(&root.name)) else {
            continue;
        };
        let fields = root.fields.values();
        operations.extend(
            fields.map(|definition| {
                format!("{kind} {{ {} }}", field(schema, definition, None, DEPTH))
            }),
        );
    }
    operations
}

fn field(schema: &Schema, field: &FieldDefinition, within: Option<&str>, depth: usize) -> String {
    // Fields of one name may have different types in the members of an abstract type.
    let alias = within.map(|within| format!("{}_{within}: ", field.name));
    let required = field
        .arguments
        .iter()
        .filter(|argument| argument.is_required());
    let arguments: Vec<String> = required
        .map(|argument| format!("{}: {}", argument.name, literal(schema, &argument.ty, 0)))
        .collect();
    let arguments = match arguments.is_empty() {
        true => String::new(),
        false => format!("({})", arguments.join(", ")),
    };
    let below = selection(schema, field.ty.inner_named_type(), depth);
    format!(
        "{}{}{arguments}{below}",
        alias.unwrap_or_default(),
        field.name
    )
}

fn selection(schema: &Schema, ty: &str, depth: usize) -> String {
    let Some(ty) = schema.types.get(ty) else {
        return String::new();
    };
    let items: Vec<String> = match ty {
        ExtendedType::Object(object) => fields(schema, object.fields.values(), None, depth),
        ExtendedType::Interface(interface) => {
            let mut items = fields(schema, interface.fields.values(), None, depth);
            items.extend(members(schema, &interface.name, depth));
            items
        }
        ExtendedType::Union(union) => members(schema, &union.name, depth),
        _ => return String::new(),
    };
    format!(" {{ __typename {} }}", items.join(" "))
}

fn fields<'a>(
    schema: &Schema,
    fields: impl Iterator<Item = &'a apollo_compiler::schema::Component<FieldDefinition>>,
    within: Option<&str>,
    depth: usize,
) -> Vec<String> {
    let leaf = |definition: &FieldDefinition| {
        let ty = schema.types.get(definition.ty.inner_named_type());
        ty.is_none_or(ExtendedType::is_leaf)
    };
    fields
        .filter(|definition| depth > 0 || leaf(definition))
        .map(|definition| field(schema, definition, within, depth.saturating_sub(1)))
        .collect()
}

fn members(schema: &Schema, name: &apollo_compiler::Name, depth: usize) -> Vec<String> {
    let implementers = schema.implementers_map();
    let mut objects: Vec<&apollo_compiler::Name> = match schema.types.get(name) {
        Some(ExtendedType::Union(union)) => {
            union.members.iter().map(|member| &member.name).collect()
        }
        _ => implementers
            .get(name)
            .into_iter()
            .flat_map(|implementers| &implementers.objects)
            .collect(),
    };
    objects.sort();
    let objects = objects
        .into_iter()
        .filter_map(|name| schema.get_object(name));
    objects
        .map(|object| {
            let items = fields(schema, object.fields.values(), Some(&object.name), depth);
            format!(
                "... on {} {{ __typename {} }}",
                object.name,
                items.join(" ")
            )
        })
        .collect()
}

fn literal(schema: &Schema, ty: &Type, depth: usize) -> String {
    if ty.is_list() {
        return format!("[{}]", literal(schema, ty.item_type(), depth));
    }
    match schema.types.get(ty.inner_named_type()) {
        Some(ExtendedType::Enum(values)) => values.values.keys().next().unwrap().to_string(),
        Some(ExtendedType::InputObject(input)) => {
            let one_of = input.directives.has("oneOf");
            let given = input.fields.values().filter(|member| member.is_required());
            let given: Vec<_> = match one_of {
                true => input.fields.values().take(1).collect(),
                false => given.collect(),
            };
            let given = given.iter().filter(|_| depth < 4);
            let given = given.map(|member| {
                format!(
                    "{}: {}",
                    member.name,
                    literal(schema, &member.ty, depth + 1)
                )
            });
            format!("{{{}}}", given.collect::<Vec<_>>().join(", "))
        }
        _ => match ty.inner_named_type().as_str() {
            "Int" => "1".to_owned(),
            "Float" => "1.5".to_owned(),
            "Boolean" => "true".to_owned(),
            _ => "\"s\"".to_owned(),
        },
    }
}
