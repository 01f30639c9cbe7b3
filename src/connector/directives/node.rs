//! `@node`: the objects of a type have globally unique ids.

use apollo_compiler::ast::Directive;
use apollo_compiler::schema::{ExtendedType, ObjectType};
use apollo_compiler::{Name, Node, Schema};

use super::definition::{Role, SupportedDirective};
use crate::connector::check::keys;
use crate::connector::declared::Declarations;
use crate::connector::diagnostic::code;
use crate::connector::field_set::{FieldSet, FieldSetItem};
use crate::connector::findings::{Findings, list};

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: NAME,
    since: (0, 1),
    sdl: SDL,
    types: &[],
    additions: &[],
    role: Role::Hint,
    check,
};

/// The name of the directive in normalised schemas.
const NAME: &str = "node";

/// The field that the gateway gives the type.
const ID: &str = "id";

const SDL: &str = r#"
"""
The objects of a type have globally unique ids: the type gets `id: ID!` and implements `Node`, and `Query.node` finds them.

The gateway makes the id from the name of the type and a key, and no upstream knows it. It costs no call where the key is
known. The public schema has `interface Node { id: ID! }`, `Query.node(id: ID!): Node` and `Query.nodes(ids: [ID!]!): [Node]`
if a type has the directive. [federation.md](federation.md#global-ids) says how clients use them.

    type Query {
      district(lgdCode: ID!): District
        @connect(
          source: "directory"
          http: { GET: "/districts/{$args.lgdCode}" }
          selection: "lgdCode: code name"
          entity: true
        )
    }

    type District @key(fields: "lgdCode") @node { lgdCode: ID! name: String }

The directive is in one folder: the one that says which objects exist. It must look the type up by the key: by `entity: true`,
by a `@connect` on the type, by `@entityList`, or as a GraphQL service. An object that this lookup does not find does not exist.

- No folder may give the type a field `id`. A natural key with this name gets another one: `code: id` in the `selection`.
- No folder may have a type `Node`, or the fields `node` and `nodes` of `Query`.
- The fields of the key are leaves, but not of the type `Float`, or fields of nested objects, and no lists.
- The id changes with the name of the type, and with the fields and values of the key.
- An interface gets `id: ID!` too, if all types that implement it have the directive.
"""
directive @node(
  "The fields of the key, as in `@key(fields:)`: one of the keys of the type. Without it, the first resolvable key."
  key: String
) on OBJECT
"#;

/// `@node` on a type.
#[derive(Debug, Clone)]
pub(crate) struct NodeType<'s> {
    /// The directive.
    pub(crate) directive: &'s Node<Directive>,
    /// The key, with its fields in the order of their names: so the order in which they are written changes no id.
    pub(crate) key: FieldSet,
}

impl<'s> NodeType<'s> {
    /// The directive of a type, if it has one that is valid.
    pub(crate) fn of(schema: &'s Schema, ty: &Name) -> Option<NodeType<'s>> {
        let ExtendedType::Object(object) = schema.types.get(ty)? else {
            return None;
        };
        let directive = directive(object)?;
        let key = key(directive, object, schema).ok()?;
        let key = key.sorted();
        Some(NodeType { directive, key })
    }
}

fn directive(object: &ObjectType) -> Option<&Node<Directive>> {
    let directive = object.directives.iter().find(|one| one.name == NAME)?;
    Some(&directive.node)
}

/// Checks that each type has the key, and that an id can be made of it.
fn check(declarations: &Declarations<'_>, findings: &mut Findings) {
    let schema = declarations.schema;
    for used in declarations.uses(NAME) {
        let (message, help) = match key(used.directive, used.object, schema) {
            Err(problem) => problem,
            Ok(_) if used.object.fields.contains_key(ID) => (
                format!("`{}` has a field `{ID}` of its own", used.object.name),
                "the gateway gives it the field: rename yours, for example `code: id` in the `selection`"
                    .to_owned(),
            ),
            Ok(_) => continue,
        };
        findings.push(
            findings
                .error(&code::INVALID_NODE, message)
                .at(findings.span(used.directive.location()))
                .help(help),
        );
    }
}

/// The key that ids are made of, or what is wrong with it, and what to do.
fn key(
    directive: &Directive,
    object: &ObjectType,
    schema: &Schema,
) -> Result<FieldSet, (String, String)> {
    let ty = &object.name;
    let declared = keys::directives(schema, ty);
    let declared = declared
        .into_iter()
        .filter_map(|(_, key, resolvable)| Some((key?, resolvable)));
    let declared: Vec<(FieldSet, bool)> = declared.collect();
    let written = directive.specified_argument_by_name("key");
    let written = written.and_then(|key| key.as_str());
    let key = match written {
        Some(text) => {
            let wanted = FieldSet::parse(text).ok().map(|key| keys::paths(&key));
            let mut all = declared.iter();
            all.find(|(key, _)| Some(keys::paths(key)) == wanted)
        }
        None => declared.iter().find(|(_, resolvable)| *resolvable),
    };
    let Some((key, _)) = key else {
        let help = match declared.as_slice() {
            [] => format!("give `{ty}` a `@key`"),
            keys => format!(
                "`{ty}` has {}",
                list(keys.iter().map(|(key, _)| key.to_string()))
            ),
        };
        let message = match written {
            Some(text) => format!("`{text}` is no `@key` of `{ty}`"),
            None => format!("`{ty}` has no resolvable `@key`"),
        };
        return Err((message, help));
    };
    match unsuitable(key, ty, schema) {
        None => Ok(key.clone()),
        Some(what) => Err((
            format!("no id can be made of `{key}`: {what}"),
            "a key of leaves gives ids: strings, integers, Booleans and values of enums, also in nested objects"
                .to_owned(),
        )),
    }
}

/// Why no id can be made of a key.
fn unsuitable(key: &FieldSet, ty: &Name, schema: &Schema) -> Option<String> {
    key.items.iter().find_map(|item| {
        let FieldSetItem::Field {
            name,
            arguments,
            children,
        } = item
        else {
            return Some("it has a fragment".to_owned());
        };
        let Ok(field) = schema.type_field(ty, name) else {
            return Some(format!("`{ty}` has no field `{name}`"));
        };
        let named = field.ty.inner_named_type();
        match schema.types.get(named) {
            _ if !arguments.is_empty() => Some(format!("`{name}` has arguments")),
            _ if field.ty.is_list() => Some(format!("`{name}` is a list")),
            Some(ExtendedType::Scalar(_)) if named == "Float" => {
                Some(format!("`{name}` is a `Float`, which has several texts"))
            }
            Some(ExtendedType::Scalar(_) | ExtendedType::Enum(_)) => None,
            Some(ExtendedType::Object(_)) if !children.is_empty() => {
                unsuitable(children, named, schema)
            }
            _ => Some(format!("`{name}` is neither a leaf nor an object")),
        }
    })
}
