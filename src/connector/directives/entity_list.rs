//! `@entityList`: a list that has all objects of its type, so that look-ups by key are answered from it.

use std::collections::BTreeSet;

use apollo_compiler::ast::{Directive, FieldDefinition};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node, Schema};

use super::definition::{Role, SupportedDirective, SupportedType};
use crate::connector::check::keys;
use crate::connector::connect_options::{ConnectOption, ConnectOptions};
use crate::connector::declared::{Declarations, DirectiveUse};
use crate::connector::diagnostic::code;
use crate::connector::expression::Expressions;
use crate::connector::field_set::FieldSet;
use crate::connector::findings::{Findings, list};
use crate::connector::model::Connect;

pub(super) static DIRECTIVE: SupportedDirective = SupportedDirective {
    name: "entityList",
    since: (0, 1),
    sdl: SDL,
    types: &[&ABSENT_KEY],
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
- An object whose key is not in the list does not exist: its other fields are null. With `absent: LOOKUP`, it is looked up.
- If the list was cut off, nothing is known about the objects that are not in it: their fields fail, or they are looked up.
- If the list cannot be fetched, or is null, the fields of all objects fail.
- If a key repeats in the list, the first object counts.

With `absent: LOOKUP`, the list need not have all objects: those that are not in it are looked up by themselves, after the
list. A page after the first that fails or cannot be understood ends the list. The folder must have another lookup with the
same key, by `entity: true` or by a `@connect` on the type, that yields all fields which the list yields:

    type Query {
      indicators(edition: ID = "latest"): [Indicator!]
        @connect(
          source: "index"
          http: { GET: "/indicators", queryParams: "edition: $args.edition" }
          selection: "$.records { id: code name unit }"
        )
        @entityList(key: "id", absent: LOOKUP)
      indicator(id: ID!): Indicator
        @connect(
          source: "index"
          http: { GET: "/indicators/{$args.id}" }
          entity: true
          selection: "id: code name unit"
        )
    }

A `@connect` that reads `$batch` is preferred to the list, because it fetches only what is needed; and for an object that is
in no list of the operation, so is every other lookup by its key.
"""
directive @entityList(
  "The fields of the key, as in `@key(fields:)`: one of the keys of the type. The `selection` must yield them."
  key: String!

  "What happens to objects whose key is not in the list."
  absent: AbsentKey = NULL
) on FIELD_DEFINITION
"#;

static ABSENT_KEY: SupportedType = SupportedType {
    name: "AbsentKey",
    since: (0, 1),
    sdl: r#"
"What happens to objects whose key is not in a list."
enum AbsentKey {
  "Their other fields are null. If the list was cut off, these fail with the code `LIST_CUT_OFF`, kind LIMIT."
  NULL
  "They are looked up by the same key, without the list."
  LOOKUP
}
"#,
};

/// `@entityList`: the list of a root field is also a lookup of its elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityList {
    /// The key of the elements.
    pub key: FieldSet,
    /// What happens to objects that are not in the list.
    pub absent: AbsentKey,
}

/// What happens to objects whose key is not in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbsentKey {
    /// Their fields are null, or fail if the list was cut off.
    Null,
    /// They are looked up by the same key, without the list.
    Lookup,
}

impl ConnectOption for EntityList {}

fn read(
    directive: &Node<Directive>,
    options: &mut ConnectOptions,
    _: &mut Expressions,
    _: &mut Findings,
) {
    if let Some(key) = key(directive) {
        let absent = absent(directive);
        options.add(EntityList { key, absent });
    }
}

fn absent(directive: &Directive) -> AbsentKey {
    let absent = directive.specified_argument_by_name("absent");
    match absent.and_then(|absent| absent.as_enum()) {
        Some(name) if name == "LOOKUP" => AbsentKey::Lookup,
        _ => AbsentKey::Null,
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
    if field.directives.has("connection") {
        return Some((
            "`@entityList` does not go with `@connection`".to_owned(),
            "give the whole list a field of its own".to_owned(),
        ));
    }
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
    wrong_key(entity_list, ty, schema)
        .or_else(|| unselected_key(entity_list, field, declarations))
        .or_else(|| no_lookup(entity_list, field, declarations))
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
    let mut lists = connects_of(field, declarations);
    let lacking = lists.find_map(|list| {
        let shape = list.selection.shape();
        let mut paths = keys::paths(&key).into_iter();
        paths.find(|path| !keys::yields(shape, path))
    })?;
    Some((
        format!("the key `{lacking}` is not selected"),
        "select it: objects are found in the list by their key".to_owned(),
    ))
}

/// The connects of a field.
fn connects_of<'d>(
    field: &'d Node<FieldDefinition>,
    declarations: &'d Declarations<'_>,
) -> impl Iterator<Item = &'d Connect> {
    let of_field = declarations.connects.iter().filter(move |declared| {
        let declared = declared.field.as_ref();
        declared.is_some_and(|declared| declared.ptr_eq(field))
    });
    of_field.filter_map(|declared| declared.connect.as_ref())
}

/// With `absent: LOOKUP`: no other lookup has the key, or none yields all that the list yields.
fn no_lookup(
    entity_list: &DirectiveUse<'_>,
    field: &Node<FieldDefinition>,
    declarations: &Declarations<'_>,
) -> Option<(String, String)> {
    if absent(entity_list.directive) == AbsentKey::Null {
        return None;
    }
    let key = keys::paths(&key(entity_list.directive)?);
    let ty = field.ty.inner_named_type();
    let all = declarations.connects.iter();
    let lookups = all.filter_map(|declared| {
        let connect = declared.connect.as_ref()?;
        let (of, by) = keys::of_lookup(connect, declarations.schema)?;
        (of == ty && keys::paths(by) == key).then_some(connect)
    });
    let mut incomplete = None;
    for lookup in lookups {
        let mut lists = connects_of(field, declarations);
        let lacking = lists.find_map(|list| {
            let (list, lookup) = (list.selection.shape(), lookup.selection.shape());
            keys::lacking(list, lookup)
        });
        match lacking {
            Some(path) => incomplete = incomplete.or(Some((&lookup.coordinate, path))),
            None => return None,
        }
    }
    Some(match incomplete {
        Some((coordinate, path)) => (
            format!("`{coordinate}` does not yield `{path}`, which the list yields"),
            "select it there: it looks up the objects that are not in the list".to_owned(),
        ),
        None => (
            format!("there is no other lookup of `{ty}` by this key"),
            format!(
                "add a field of `Query` with `entity: true` or a `@connect` on `{ty}`; or leave out `absent: LOOKUP`, \
                 if objects that are not in the list do not exist"
            ),
        ),
    })
}
