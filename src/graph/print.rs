//! Prints a schema for people: descriptions above elements, with blank lines around them; arguments on one line if they
//! fit; long lists of directives one below the other.
//!
//! Everything is printed in the schema's order; built-in definitions are left out.

use std::fmt::{Display, Write};

use apollo_compiler::ast::{InputValueDefinition, Value};
use apollo_compiler::schema::{
    ComponentName, Directive, DirectiveDefinition, ExtendedType, FieldDefinition,
};
use apollo_compiler::{Node, Schema, ast};

/// The line width, where possible.
const WIDTH: usize = 100;

/// The text of a schema.
pub(crate) fn print(schema: &Schema) -> String {
    let mut blocks = Vec::new();
    blocks.extend(schema_definition(schema));
    let directives = schema.directive_definitions.values();
    blocks.extend(
        directives
            .filter(|definition| !definition.is_built_in())
            .map(|definition| directive_definition(definition)),
    );
    let types = schema.types.values().filter(|ty| !ty.is_built_in());
    blocks.extend(types.map(type_definition));
    let mut text = blocks.join("\n\n");
    text.push('\n');
    text
}

/// The schema definition; none if the roots have their usual names and there is nothing else to print.
fn schema_definition(schema: &Schema) -> Option<String> {
    let definition = &schema.schema_definition;
    let roots = [
        ("query", "Query", &definition.query),
        ("mutation", "Mutation", &definition.mutation),
        ("subscription", "Subscription", &definition.subscription),
    ];
    let usual = |(_, usual, root): &(&str, &str, &Option<ComponentName>)| {
        root.as_ref().is_none_or(|root| root.name == *usual)
    };
    let plain = definition.description.is_none() && definition.directives.is_empty();
    if plain && roots.iter().all(usual) {
        return None;
    }
    let mut out = description(definition.description.as_ref(), "");
    let directives: Vec<&Node<Directive>> =
        definition.directives.iter().map(|one| &one.node).collect();
    head(&mut out, "schema", &directives);
    for (operation, _, root) in roots {
        if let Some(root) = root {
            push(&mut out, format_args!("  {operation}: {root}\n"));
        }
    }
    out.push('}');
    Some(out)
}

fn directive_definition(definition: &DirectiveDefinition) -> String {
    let mut out = description(definition.description.as_ref(), "");
    push(&mut out, format_args!("directive @{}", definition.name));
    out.push_str(&arguments(&definition.arguments, "", out.len()));
    if definition.repeatable {
        out.push_str(" repeatable");
    }
    let locations: Vec<String> = definition
        .locations
        .iter()
        .map(ToString::to_string)
        .collect();
    push(&mut out, format_args!(" on {}", locations.join(" | ")));
    out
}

fn type_definition(ty: &ExtendedType) -> String {
    let mut out = description(ty.description(), "");
    let directives: Vec<&Node<Directive>> = ty.directives().iter().map(|one| &one.node).collect();
    let name = ty.name();
    match ty {
        ExtendedType::Scalar(_) => {
            tail(&mut out, &format!("scalar {name}"), &directives);
        }
        ExtendedType::Object(object) => {
            let implements = implements(object.implements_interfaces.iter());
            head(&mut out, &format!("type {name}{implements}"), &directives);
            let fields = object
                .fields
                .values()
                .map(|one| (one.description.is_some(), field(one)));
            members(&mut out, fields);
        }
        ExtendedType::Interface(interface) => {
            let implements = implements(interface.implements_interfaces.iter());
            head(
                &mut out,
                &format!("interface {name}{implements}"),
                &directives,
            );
            let fields = interface
                .fields
                .values()
                .map(|one| (one.description.is_some(), field(one)));
            members(&mut out, fields);
        }
        ExtendedType::Union(union) => {
            tail(&mut out, &format!("union {name}"), &directives);
            let all: Vec<&str> = union.members.iter().map(|one| one.name.as_str()).collect();
            let line = all.join(" | ");
            if line.len() + name.len() + 9 <= WIDTH {
                push(&mut out, format_args!(" = {line}"));
            } else {
                push(&mut out, format_args!(" =\n  | {}", all.join("\n  | ")));
            }
        }
        ExtendedType::Enum(values) => {
            head(&mut out, &format!("enum {name}"), &directives);
            let values = values.values.values().map(|value| {
                let mut out = description(value.description.as_ref(), "  ");
                push(&mut out, format_args!("  {}", value.value));
                applied(&mut out, &value.directives);
                (value.description.is_some(), out)
            });
            members(&mut out, values);
        }
        ExtendedType::InputObject(input) => {
            head(&mut out, &format!("input {name}"), &directives);
            let fields = input.fields.values().map(|field| {
                let mut out = description(field.description.as_ref(), "  ");
                push(&mut out, format_args!("  {}", input_value(field)));
                (field.description.is_some(), out)
            });
            members(&mut out, fields);
        }
    }
    out
}

fn implements<'a>(interfaces: impl Iterator<Item = &'a ComponentName>) -> String {
    let all: Vec<&str> = interfaces.map(|one| one.name.as_str()).collect();
    if all.is_empty() {
        return String::new();
    }
    format!(" implements {}", all.join(" & "))
}

/// `what @a @b {`, or the directives one below the other when they are many.
fn head(out: &mut String, what: &str, directives: &[&Node<Directive>]) {
    if tail(out, what, directives) {
        out.push_str("\n{\n");
    } else {
        out.push_str(" {\n");
    }
}

/// The same without brace. True if the directives were printed below.
fn tail(out: &mut String, what: &str, directives: &[&Node<Directive>]) -> bool {
    out.push_str(what);
    let texts: Vec<String> = directives.iter().map(|one| directive(one)).collect();
    let long = what.len() + texts.iter().map(|text| text.len() + 1).sum::<usize>() > WIDTH;
    let before = if long { "\n  " } else { " " };
    for text in &texts {
        push(out, format_args!("{before}{text}"));
    }
    long && !texts.is_empty()
}

/// The members of a type and the closing brace, with blank lines around members that have descriptions.
fn members(out: &mut String, members: impl Iterator<Item = (bool, String)>) {
    for (index, (described, text)) in members.enumerate() {
        if described && index > 0 {
            out.push('\n');
        }
        out.push_str(&text);
        out.push('\n');
    }
    out.push('}');
}

fn field(field: &FieldDefinition) -> String {
    let mut out = description(field.description.as_ref(), "  ");
    let mut line = format!("  {}", field.name);
    let rest = format!(": {}", field.ty);
    line.push_str(&arguments(&field.arguments, "  ", line.len() + rest.len()));
    line.push_str(&rest);
    out.push_str(&line);
    applied(&mut out, &field.directives);
    out
}

/// Arguments with their parentheses: on one line if they fit beside `used` and none is described.
fn arguments(arguments: &[Node<InputValueDefinition>], indent: &str, used: usize) -> String {
    if arguments.is_empty() {
        return String::new();
    }
    let texts: Vec<String> = arguments.iter().map(|one| input_value(one)).collect();
    let line = format!("({})", texts.join(", "));
    let described = arguments.iter().any(|one| one.description.is_some());
    if !described && line.len() + used <= WIDTH {
        return line;
    }
    let mut out = "(\n".to_owned();
    let inner = format!("{indent}  ");
    for (argument, text) in arguments.iter().zip(texts) {
        out.push_str(&description(argument.description.as_ref(), &inner));
        push(&mut out, format_args!("{inner}{text}\n"));
    }
    push(&mut out, format_args!("{indent})"));
    out
}

fn input_value(value: &InputValueDefinition) -> String {
    let mut out = format!("{}: {}", value.name, value.ty);
    if let Some(default) = &value.default_value {
        push(
            &mut out,
            format_args!(" = {}", default.serialize().no_indent()),
        );
    }
    applied(&mut out, &value.directives);
    out
}

fn applied(out: &mut String, directives: &ast::DirectiveList) {
    for one in directives.iter() {
        push(out, format_args!(" {}", directive(one)));
    }
}

fn directive(directive: &Directive) -> String {
    directive.serialize().no_indent().to_string()
}

/// A description and the line break after it: quoted when it is short, else as a block.
fn description(text: Option<&Node<str>>, indent: &str) -> String {
    let Some(text) = text else {
        return String::new();
    };
    let text: &str = text;
    let short = !text.contains(['\n', '"', '\\']) && text.len() + indent.len() + 2 <= WIDTH;
    if short || !survives_in_a_block(text) {
        let quoted = Value::String(text.to_owned());
        return format!("{indent}{}\n", quoted.serialize().no_indent());
    }
    let mut out = format!("{indent}\"\"\"\n");
    for line in text.replace("\"\"\"", "\\\"\"\"").lines() {
        if line.is_empty() {
            out.push('\n');
        } else {
            push(&mut out, format_args!("{indent}{line}\n"));
        }
    }
    push(&mut out, format_args!("{indent}\"\"\"\n"));
    out
}

/// Block strings drop common indentation, blank lines at both ends, and cannot hold other control characters.
fn survives_in_a_block(text: &str) -> bool {
    let mut lines = text.split('\n');
    let edges = text.starts_with(['\n', ' ', '\t']) || text.trim_end() != text;
    let control = text
        .chars()
        .any(|c| c.is_control() && c != '\n' && c != '\t');
    !edges && !control && lines.any(|line| !line.starts_with([' ', '\t']))
}

/// Writing to a string does not fail.
fn push(out: &mut String, text: impl Display) {
    let _ = write!(out, "{text}");
}
