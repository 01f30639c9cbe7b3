//! `@entityList`: a list that has all objects of its type, so that look-ups by key are answered from it.

use std::collections::BTreeSet;

use apollo_compiler::ast::{Directive, FieldDefinition};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node, Schema};

use super::definition::{Role, SupportedDirective};
use crate::connector::check::keys;
use crate::connector::connect_options::{ConnectOption, ConnectOptions};
use crate::connector::declared::{Declarations, DirectiveUse};
use crate::connector::diagnostic::code;
use crate::connector::expression::Expressions;
use crate::connector::field_set::FieldSet;
use crate::connector::findings::{Findings, list};

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: "entityList",
    since: (0, 1),
    sdl: SDL,
    types: &[],
    additions: &[],
    role: Role::ConnectOption(read),
    check,
};

const SDL: &str = r#"
"""
The list has all objects of its type: it is also the way to look them up by their key.

Without it, objects of which only the key is known are fetched with a call for each, if the type has no `@connect` that
reads `$batch`. With it, the list is fetched once for all of them, and the objects are found in it by their key. The
directive is written beside the `@connect` of a field of `Query`.

    type Query {
      indicators(sector: ID): [Indicator!]
        @connect(
          source: "index"
          http: { GET: "/indicators", queryParams: "sector: $args.sector" }
          selection: "$.records { id: code name unit }"
        )
        @cacheControl(maxAge: 3600)
        @entityList(key: "id")
    }

    type Indicator @key(fields: "id") { id: ID! name: String unit: String }

- The field is called with the defaults of its arguments, so none may be required, and with these it must return all objects.
- With `@paginate`, all pages are read. `limit` does not apply.
- The calls are those of the field: a look-up uses the responses that the field has cached, as long as these are fresh, and
  the field those of a look-up.
- An object whose key is not in the list does not exist: its other fields are null. If the list was cut off, or is null,
  that is not known: then the fields of objects that are not in it fail.
- If a key repeats in the list, the first object counts.

A type with a `@connect` that reads `$batch` needs no such list: a batch is preferred, because it fetches only what is needed.
"""
directive @entityList(
  "The fields of the key, as in `@key(fields:)`: one of the keys of the type. The `selection` must yield them."
  key: String!
) on FIELD_DEFINITION
"#;

/// `@entityList`: the list of a root field is also a lookup of its elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityList {
    /// The key of the elements.
    pub key: FieldSet,
}

impl ConnectOption for EntityList {}

fn read(
    directive: &Node<Directive>,
    options: &mut ConnectOptions,
    _: &mut Expressions,
    _: &mut Findings,
) {
    if let Some(key) = key(directive) {
        options.add(EntityList { key });
    }
}

fn key(directive: &Directive) -> Option<FieldSet> {
    let text = directive.specified_argument_by_name("key")?.as_str()?;
    FieldSet::parse(text).ok()
}

/// Checks that the directive is beside a connect of `Query` that returns a list of entities, and that the list has the key.
fn check(declarations: &Declarations<'_>, findings: &mut Findings) {
    for entity_list in declarations.uses(DIRECTIVE.name) {
        let problem = problem(&entity_list, declarations);
        let Some((message, help)) = problem else {
            continue;
        };
        findings.push(
            findings
                .error(&code::INVALID_ENTITY_LIST, message)
                .at(findings.span(entity_list.directive.location()))
                .help(help),
        );
    }
}

/// What is wrong with a use, and what to do.
fn problem(
    entity_list: &DirectiveUse<'_>,
    declarations: &Declarations<'_>,
) -> Option<(String, String)> {
    let schema = declarations.schema;
    let query = schema.schema_definition.query.as_ref();
    let on_query = query.is_some_and(|query| query.name == entity_list.object.name);
    let field = entity_list.field.filter(|_| on_query);
    let Some(field) = field.filter(|_| entity_list.is_beside_fetch(declarations)) else {
        return Some((
            "`@entityList` elsewhere than beside the `@connect` of a field of `Query`".to_owned(),
            "put it on the field of `Query` that lists all objects".to_owned(),
        ));
    };
    let ty = field.ty.inner_named_type();
    if !is_list_of_objects(field, schema) {
        return Some((
            format!("`{}` is no list of objects of one type", field.name),
            "look one object up with `entity: true`".to_owned(),
        ));
    }
    if let Some(required) = field
        .arguments
        .iter()
        .find(|argument| argument.is_required())
    {
        return Some((
            format!("`{}` requires the argument `{}`", field.name, required.name),
            "a look-up calls the field with the defaults of its arguments: give it a default, \
             or put the directive on another field"
                .to_owned(),
        ));
    }
    wrong_key(entity_list, ty, schema).or_else(|| unselected_key(entity_list, field, declarations))
}

fn is_list_of_objects(field: &FieldDefinition, schema: &Schema) -> bool {
    let ty = schema.types.get(field.ty.inner_named_type());
    field.ty.is_list()
        && !field.ty.item_type().is_list()
        && matches!(ty, Some(ExtendedType::Object(_)))
}

/// A key that the type does not have.
fn wrong_key(
    entity_list: &DirectiveUse<'_>,
    ty: &Name,
    schema: &Schema,
) -> Option<(String, String)> {
    let key = key(entity_list.directive).map(|key| keys::paths(&key));
    let declared = keys::directives(schema, ty);
    let declared = declared.into_iter().filter_map(|(_, key, _)| key);
    let declared: Vec<FieldSet> = declared.collect();
    let is_declared = |wanted: &BTreeSet<String>| {
        declared
            .iter()
            .any(|declared| keys::paths(declared) == *wanted)
    };
    if key.as_ref().is_some_and(is_declared) {
        return None;
    }
    let help = match declared.as_slice() {
        [] => format!("give `{ty}` a `@key`"),
        keys => format!("`{ty}` has {}", list(keys.iter().map(FieldSet::to_string))),
    };
    Some((format!("this is no `@key` of `{ty}`"), help))
}

/// A key that a selection of the field does not yield.
fn unselected_key(
    entity_list: &DirectiveUse<'_>,
    field: &Node<FieldDefinition>,
    declarations: &Declarations<'_>,
) -> Option<(String, String)> {
    let key = key(entity_list.directive)?;
    let of_field = declarations.connects.iter().filter(|declared| {
        let declared = declared.field.as_ref();
        declared.is_some_and(|declared| declared.ptr_eq(field))
    });
    let connects = of_field.filter_map(|declared| declared.connect.as_ref());
    let mut shapes = connects.map(|connect| connect.selection.shape());
    let lacking = shapes.find_map(|shape| {
        let mut paths = keys::paths(&key).into_iter();
        paths.find(|path| !keys::yields(shape, path))
    })?;
    Some((
        format!("the key `{lacking}` is not selected"),
        "select it: objects are found in the list by their key".to_owned(),
    ))
}
