//! Gives the fields with `@connection` their connection types and arguments.
//!
//! A folder declares a list; clients see a connection. The folder's definitions are changed before they are validated, so
//! that everything after that reads an ordinary schema. A schema that has the types already (a printed one, or a folder
//! that defines them itself) stays as it is.

use std::collections::{BTreeMap, HashSet};

use apollo_compiler::ast::{
    Argument, Definition, Directive, DirectiveList, FieldDefinition, InputValueDefinition,
    ObjectTypeDefinition, Type, Value,
};
use apollo_compiler::{Name, Node, ast, name};

use super::diagnostic::code;
use super::directives::connection;
use super::findings::Findings;

/// Whether the elements of a type's lists may be null, by the name of the type.
type Elements = BTreeMap<Name, bool>;

/// Changes the fields with `@connection` in a document of canonical names.
pub(super) fn expand(document: &mut ast::Document, findings: &mut Findings) {
    let mut elements = Elements::new();
    for definition in &mut document.definitions {
        let fields = match definition {
            Definition::ObjectTypeDefinition(object) => &mut object.make_mut().fields,
            Definition::ObjectTypeExtension(object) => &mut object.make_mut().fields,
            _ => continue,
        };
        for field in fields {
            let Some(directive) = field.directives.get(connection::NAME).cloned() else {
                continue;
            };
            if let Some((element, nullable)) = list_of_objects(&field.ty) {
                change(field.make_mut(), &element, &directive);
                *elements.entry(element).or_default() |= nullable;
            } else if !field.ty.inner_named_type().ends_with("Connection") {
                let message = format!("`{}` is no list, so it has no connection", field.name);
                let error = findings.error(&code::INVALID_CONNECTION, message);
                let help = format!("make it `[{}]`", field.ty.inner_named_type());
                findings.push(error.at(findings.span(directive.location())).help(help));
            }
        }
    }
    let defined: HashSet<Name> = document
        .definitions
        .iter()
        .filter_map(|definition| definition.name().cloned())
        .collect();
    let types = elements.iter().flat_map(|(element, nullable)| {
        [
            connection_type(element, *nullable),
            edge_type(element, *nullable),
        ]
    });
    let page_info = (!elements.is_empty()).then(page_info_type);
    let missing = types.flatten().chain(page_info.flatten());
    let missing = missing.filter(|definition| !defined.contains(&definition.name));
    let missing: Vec<_> = missing
        .map(|object| Definition::ObjectTypeDefinition(Node::new(object)))
        .collect();
    document.definitions.extend(missing);
}

/// The type of the elements, and whether they may be null.
fn list_of_objects(ty: &Type) -> Option<(Name, bool)> {
    match ty {
        Type::List(item) | Type::NonNullList(item) => match &**item {
            Type::Named(element) => Some((element.clone(), true)),
            Type::NonNullNamed(element) => Some((element.clone(), false)),
            _ => None,
        },
        _ => None,
    }
}

/// `works: [Work!]` becomes `works(first: Int = 20, after: String): WorkConnection`.
fn change(field: &mut FieldDefinition, element: &Name, directive: &Node<Directive>) {
    let Some(connection) = suffixed(element, "Connection") else {
        return;
    };
    field.ty = match field.ty.is_non_null() {
        true => Type::NonNullNamed(connection),
        false => Type::Named(connection),
    };
    let (first, max) = connection::sizes(directive);
    let has = |name: &str| field.arguments.iter().any(|argument| argument.name == name);
    let (has_first, has_after) = (has("first"), has("after"));
    if !has_first {
        let bounds = [("min", 0), ("max", max)].map(|(name, value)| {
            Node::new(Argument {
                name: Name::new_unchecked(name),
                value: Node::new(Value::Int(value.into())),
            })
        });
        field.arguments.push(Node::new(InputValueDefinition {
            description: Some(Node::new_str("How many elements are returned at most.")),
            name: name!("first"),
            ty: Node::new(Type::Named(name!("Int"))),
            // A greater one is reported where the directive is checked.
            default_value: Some(Node::new(Value::Int(first.clamp(0, max.max(0)).into()))),
            directives: DirectiveList(vec![directive_with(name!("constraint"), bounds.into())]),
        }));
    }
    if !has_after {
        field.arguments.push(Node::new(InputValueDefinition {
            description: Some(Node::new_str(
                "The elements after the one with this cursor: `endCursor` of the part before.",
            )),
            name: name!("after"),
            ty: Node::new(Type::Named(name!("String"))),
            default_value: None,
            directives: DirectiveList::default(),
        }));
    }
    if !field.directives.has("listSize") {
        let names = |names: &[&str]| {
            let names = names
                .iter()
                .map(|name| Node::new(Value::String((*name).to_owned())));
            Node::new(Value::List(names.collect()))
        };
        let arguments = [
            ("slicingArguments", names(&["first"])),
            ("sizedFields", names(&["nodes", "edges"])),
            (
                "requireOneSlicingArgument",
                Node::new(Value::Boolean(false)),
            ),
        ];
        let arguments = arguments.map(|(name, value)| {
            Node::new(Argument {
                name: Name::new_unchecked(name),
                value,
            })
        });
        let sizes = directive_with(name!("listSize"), arguments.into());
        field.directives.0.push(sizes);
    }
}

fn connection_type(element: &Name, nullable: bool) -> Option<ObjectTypeDefinition> {
    let edge = suffixed(element, "Edge")?;
    let fields = vec![
        field(
            "The elements of this part of the list.",
            name!("nodes"),
            list(element, nullable),
        ),
        field(
            "The same elements, with their cursors.",
            name!("edges"),
            list(&edge, false),
        ),
        field(
            "Where this part is in the list.",
            name!("pageInfo"),
            Type::NonNullNamed(name!("PageInfo")),
        ),
        field(
            "The number of elements of the whole list; null if it is not known.",
            name!("totalCount"),
            Type::Named(name!("Int")),
        ),
    ];
    let description = format!("A part of a list of `{element}`.");
    Some(object(
        suffixed(element, "Connection")?,
        &description,
        fields,
    ))
}

fn edge_type(element: &Name, nullable: bool) -> Option<ObjectTypeDefinition> {
    let node = match nullable {
        true => Type::Named(element.clone()),
        false => Type::NonNullNamed(element.clone()),
    };
    let fields = vec![
        field(
            "Leads to the elements after this one: the argument `after`.",
            name!("cursor"),
            Type::NonNullNamed(name!("String")),
        ),
        field("The element.", name!("node"), node),
    ];
    let description = format!("An element of a list of `{element}`, with its cursor.");
    Some(object(suffixed(element, "Edge")?, &description, fields))
}

fn page_info_type() -> Option<ObjectTypeDefinition> {
    let boolean = || Type::NonNullNamed(name!("Boolean"));
    let cursor = || Type::Named(name!("String"));
    let fields = vec![
        field(
            "Whether elements follow this part.",
            name!("hasNextPage"),
            boolean(),
        ),
        field(
            "Whether elements precede this part.",
            name!("hasPreviousPage"),
            boolean(),
        ),
        field(
            "The cursor of the first element of this part.",
            name!("startCursor"),
            cursor(),
        ),
        field(
            "The cursor of the last element of this part.",
            name!("endCursor"),
            cursor(),
        ),
    ];
    Some(object(
        name!("PageInfo"),
        "Where a part of a list is in the list.",
        fields,
    ))
}

/// A type that several folders may have.
fn object(
    name: Name,
    description: &str,
    fields: Vec<Node<FieldDefinition>>,
) -> ObjectTypeDefinition {
    ObjectTypeDefinition {
        description: Some(Node::new_str(description)),
        name,
        implements_interfaces: Vec::new(),
        directives: DirectiveList(vec![directive_with(name!("shareable"), Vec::new())]),
        fields,
    }
}

fn field(description: &str, name: Name, ty: Type) -> Node<FieldDefinition> {
    Node::new(FieldDefinition {
        description: Some(Node::new_str(description)),
        name,
        arguments: Vec::new(),
        ty,
        directives: DirectiveList::default(),
    })
}

fn list(element: &Name, nullable: bool) -> Type {
    let element = match nullable {
        true => Type::Named(element.clone()),
        false => Type::NonNullNamed(element.clone()),
    };
    Type::NonNullList(Box::new(element))
}

fn directive_with(name: Name, arguments: Vec<Node<Argument>>) -> Node<Directive> {
    Node::new(Directive { name, arguments })
}

fn suffixed(name: &Name, suffix: &str) -> Option<Name> {
    Name::new(&format!("{name}{suffix}")).ok()
}
