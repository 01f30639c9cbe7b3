//! The oracle: execution literally as in the GraphQL specification (section 6), without optimisations.
//!
//! It collects fields, resolves and completes them one after the other, without plans, services or rows. If the
//! specification leaves a choice (whether the siblings of a field that has nulled its parent are executed), it executes all,
//! and so reports every possible error.

use std::collections::BTreeMap;

use apollo_compiler::executable::{DirectiveList, Field, Operation, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument, Name, Schema, ast};

use super::json::Json;

/// The result of a resolver.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Val<O> {
    Null,
    Leaf(Json),
    Object(O),
    List(Vec<Val<O>>),
    /// The resolver raised an error.
    Error,
}

/// The data behind a schema.
pub(crate) trait Resolver {
    type Object: Clone;

    /// The name of an object's concrete type.
    fn type_name(&self, object: &Self::Object) -> String;

    /// ResolveFieldValue; `arguments` is an object in the order of the definitions.
    fn resolve(&self, object: &Self::Object, field: &str, arguments: &Json) -> Val<Self::Object>;
}

/// An element of a response path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PathItem {
    Key(String),
    Index(usize),
}

pub(crate) type Path = Vec<PathItem>;

/// The result of an execution.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) data: Json,
    pub(crate) errors: Vec<Path>,
}

impl Answer {
    /// The response map.
    pub(crate) fn to_json(&self) -> Json {
        let mut members = Vec::new();
        if !self.errors.is_empty() {
            let errors = self.errors.iter().map(|path| {
                Json::Object(vec![
                    ("message".to_owned(), Json::string("a secret text")),
                    ("path".to_owned(), path_json(path)),
                ])
            });
            members.push(("errors".to_owned(), Json::List(errors.collect())));
        }
        members.push(("data".to_owned(), self.data.clone()));
        Json::Object(members)
    }
}

pub(crate) fn path_json(path: &[PathItem]) -> Json {
    let items = path.iter().map(|item| match item {
        PathItem::Key(key) => Json::string(key.as_str()),
        PathItem::Index(index) => Json::Number(index.to_string()),
    });
    Json::List(items.collect())
}

/// A null in a non-null position, which propagates to the parent.
struct Propagate;

struct Execution<'e, R: Resolver> {
    schema: &'e Schema,
    document: &'e ExecutableDocument,
    resolver: &'e R,
    variables: BTreeMap<String, Json>,
    path: Path,
    errors: Vec<Path>,
    resolved: Vec<Json>,
    /// `onError: NULL`: nothing propagates.
    nulls_stay: bool,
}

/// ExecuteRequest, for a valid document.
pub(crate) fn execute<R: Resolver>(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &Operation,
    variables: &Json,
    root: R::Object,
    resolver: &R,
) -> Answer {
    execute_noting(
        schema, document, operation, variables, root, resolver, false,
    )
    .0
}

/// The same, under `onError: NULL` if nulls stay where they are, with a record of all resolved values (path, arguments and value of each field), for another executor.
pub(crate) fn execute_noting<R: Resolver>(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &Operation,
    variables: &Json,
    root: R::Object,
    resolver: &R,
    nulls_stay: bool,
) -> (Answer, Vec<Json>) {
    let mut execution = Execution {
        schema,
        document,
        resolver,
        variables: coerce_variables(schema, operation, variables),
        path: Vec::new(),
        errors: Vec::new(),
        resolved: Vec::new(),
        nulls_stay,
    };
    let set = &operation.selection_set;
    let data = execution.selection_sets(&root, &set.ty, &[set]);
    let answer = Answer {
        data: data.unwrap_or(Json::Null),
        errors: execution.errors,
    };
    (answer, execution.resolved)
}

/// The result of a resolver, as JSON with its kind.
fn described<R: Resolver>(resolver: &R, value: &Val<R::Object>) -> Json {
    let (what, of) = match value {
        Val::Null => return Json::Null,
        Val::Leaf(leaf) => ("leaf", leaf.clone()),
        Val::Object(object) => ("object", Json::String(resolver.type_name(object))),
        Val::List(items) => {
            let items = items.iter().map(|item| described(resolver, item));
            ("list", Json::List(items.collect()))
        }
        Val::Error => ("error", Json::Bool(true)),
    };
    Json::Object(vec![(what.to_owned(), of)])
}

/// CoerceVariableValues; the values are valid.
fn coerce_variables(
    schema: &Schema,
    operation: &Operation,
    given: &Json,
) -> BTreeMap<String, Json> {
    let mut out = BTreeMap::new();
    for definition in &operation.variables {
        let value = match (given.get(&definition.name), &definition.default_value) {
            (Some(value), _) => Some(coerce_value(schema, &definition.ty, value)),
            (None, Some(default)) => literal(schema, &definition.ty, default, &BTreeMap::new()),
            (None, None) => None,
        };
        if let Some(value) = value {
            out.insert(definition.name.to_string(), value);
        }
    }
    out
}

/// Input coercion of a variable's value.
fn coerce_value(schema: &Schema, ty: &ast::Type, value: &Json) -> Json {
    match (ty.is_list(), value) {
        (_, Json::Null) => Json::Null,
        (true, Json::List(items)) => {
            let items = items
                .iter()
                .map(|v| coerce_value(schema, ty.item_type(), v));
            Json::List(items.collect())
        }
        (true, single) => Json::List(vec![coerce_value(schema, ty.item_type(), single)]),
        (false, value) => match (schema.types.get(ty.inner_named_type()), value) {
            (Some(ExtendedType::InputObject(input)), Json::Object(_)) => {
                let mut members = Vec::new();
                for (name, field) in &input.fields {
                    let member = match (value.get(name), &field.default_value) {
                        (Some(given), _) => Some(coerce_value(schema, &field.ty, given)),
                        (None, Some(d)) => literal(schema, &field.ty, d, &BTreeMap::new()),
                        (None, None) => None,
                    };
                    members.extend(member.map(|member| (name.to_string(), member)));
                }
                Json::Object(members)
            }
            (_, Json::Number(text)) if ty.inner_named_type() == "ID" => Json::string(text.as_str()),
            _ => value.clone(),
        },
    }
}

/// Input coercion of a literal; `None` for a variable without a value.
fn literal(
    schema: &Schema,
    ty: &ast::Type,
    value: &ast::Value,
    variables: &BTreeMap<String, Json>,
) -> Option<Json> {
    if let ast::Value::Variable(name) = value {
        return variables.get(name.as_str()).cloned();
    }
    let item = |value: &ast::Value| {
        literal(schema, ty.item_type(), value, variables).unwrap_or(Json::Null)
    };
    Some(match value {
        ast::Value::Null => Json::Null,
        ast::Value::List(items) if ty.is_list() => {
            Json::List(items.iter().map(|value| item(value)).collect())
        }
        single if ty.is_list() => Json::List(vec![item(single)]),
        ast::Value::Object(given) => {
            let Some(ExtendedType::InputObject(input)) = schema.types.get(ty.inner_named_type())
            else {
                panic!("no input object");
            };
            let mut members = Vec::new();
            for (name, field) in &input.fields {
                let own = given.iter().find(|(known, _)| known == name);
                let own = own.and_then(|(_, v)| literal(schema, &field.ty, v, variables));
                let default = || field.default_value.as_ref();
                let member = own.or_else(|| literal(schema, &field.ty, default()?, variables));
                members.extend(member.map(|member| (name.to_string(), member)));
            }
            Json::Object(members)
        }
        ast::Value::Int(digits) if ty.inner_named_type() == "ID" => Json::string(digits.as_str()),
        ast::Value::Int(digits) => Json::number(digits.as_str()),
        ast::Value::Float(digits) => Json::number(digits.as_str()),
        ast::Value::String(text) => Json::string(text.as_str()),
        ast::Value::Boolean(value) => Json::Bool(*value),
        ast::Value::Enum(name) => Json::string(name.as_str()),
        ast::Value::List(_) | ast::Value::Variable(_) => panic!("not valid"),
    })
}

/// Whether every null in it is in a nullable position: a variable can be null in a non-null position.
fn fits(schema: &Schema, ty: &ast::Type, value: &Json) -> bool {
    match value {
        Json::Null => !ty.is_non_null(),
        Json::List(items) if ty.is_list() => {
            let mut items = items.iter();
            items.all(|item| fits(schema, ty.item_type(), item))
        }
        Json::Object(members) => match schema.types.get(ty.inner_named_type()) {
            Some(ExtendedType::InputObject(input)) => members
                .iter()
                .all(|(name, member)| fits(schema, &input.fields[name.as_str()].ty, member)),
            _ => true,
        },
        _ => true,
    }
}

/// Fields by response key, in the order of their first occurrence.
type Grouped<'e> = Vec<(String, Vec<&'e Field>)>;

impl<'e, R: Resolver> Execution<'e, R> {
    /// CollectFields.
    fn collect(
        &self,
        object_type: &str,
        set: &'e SelectionSet,
        visited: &mut Vec<&'e Name>,
        grouped: &mut Grouped<'e>,
    ) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) if self.included(&field.directives) => {
                    let key = field.response_key().as_str();
                    match grouped.iter_mut().find(|(known, _)| known == key) {
                        Some((_, fields)) => fields.push(field),
                        None => grouped.push((key.to_owned(), vec![field])),
                    }
                }
                Selection::FragmentSpread(spread) if self.included(&spread.directives) => {
                    if visited.contains(&&spread.fragment_name) {
                        continue;
                    }
                    visited.push(&spread.fragment_name);
                    let fragment = &self.document.fragments[&spread.fragment_name];
                    if self.applies(object_type, fragment.type_condition()) {
                        self.collect(object_type, &fragment.selection_set, visited, grouped);
                    }
                }
                Selection::InlineFragment(inline) if self.included(&inline.directives) => {
                    let condition = inline.type_condition.as_ref();
                    if condition.is_none_or(|condition| self.applies(object_type, condition)) {
                        self.collect(object_type, &inline.selection_set, visited, grouped);
                    }
                }
                _ => {}
            }
        }
    }

    fn included(&self, directives: &DirectiveList) -> bool {
        let holds = |name: &str| {
            let given = directives.get(name)?.specified_argument_by_name("if")?;
            match &**given {
                ast::Value::Boolean(value) => Some(*value),
                ast::Value::Variable(name) => {
                    Some(self.variables[name.as_str()] == Json::Bool(true))
                }
                _ => None,
            }
        };
        holds("skip") != Some(true) && holds("include") != Some(false)
    }

    /// DoesFragmentTypeApply.
    fn applies(&self, object_type: &str, condition: &str) -> bool {
        object_type == condition
            || match self.schema.types.get(condition) {
                Some(ExtendedType::Union(union)) => union
                    .members
                    .iter()
                    .any(|member| member.name == object_type),
                Some(ExtendedType::Interface(_)) => {
                    let object = self.schema.get_object(object_type);
                    object.is_some_and(|object| {
                        let mut all = object.implements_interfaces.iter();
                        all.any(|interface| interface.name == condition)
                    })
                }
                _ => false,
            }
    }

    /// ExecuteSelectionSet, for the selection sets that MergeSelectionSets would merge.
    fn selection_sets(
        &mut self,
        object: &R::Object,
        object_type: &str,
        sets: &[&'e SelectionSet],
    ) -> Result<Json, Propagate> {
        let mut grouped = Vec::new();
        let mut visited = Vec::new();
        for set in sets {
            self.collect(object_type, set, &mut visited, &mut grouped);
        }
        let mut members = Vec::new();
        let mut propagate = false;
        for (key, fields) in grouped {
            self.path.push(PathItem::Key(key.clone()));
            match self.field(object, object_type, &fields) {
                Ok(value) => members.push((key, value)),
                Err(Propagate) => propagate = true,
            }
            self.path.pop();
        }
        if propagate {
            return Err(Propagate);
        }
        Ok(Json::Object(members))
    }

    /// ExecuteField.
    fn field(
        &mut self,
        object: &R::Object,
        object_type: &str,
        fields: &[&'e Field],
    ) -> Result<Json, Propagate> {
        let first = fields[0];
        if first.name == "__typename" {
            return Ok(Json::string(object_type));
        }
        let definition = self.schema.type_field(object_type, &first.name);
        let definition = definition.unwrap_or_else(|_| panic!("{object_type}.{}", first.name));
        let mut arguments = Vec::new();
        for argument in &definition.arguments {
            let given = first.specified_argument_by_name(&argument.name);
            let value =
                given.and_then(|value| literal(self.schema, &argument.ty, value, &self.variables));
            let default = || {
                let default = argument.default_value.as_ref()?;
                literal(self.schema, &argument.ty, default, &self.variables)
            };
            let value = value.or_else(default);
            if value
                .as_ref()
                .is_some_and(|value| !fits(self.schema, &argument.ty, value))
            {
                return self.complete(&definition.ty, fields, Val::Error);
            }
            arguments.extend(value.map(|value| (argument.name.to_string(), value)));
        }
        let arguments = Json::Object(arguments);
        let value = self.resolver.resolve(object, &first.name, &arguments);
        let described = described(self.resolver, &value);
        let path = path_json(&self.path);
        self.resolved
            .push(Json::List(vec![path, arguments, described]));
        self.complete(&definition.ty, fields, value)
    }

    /// CompleteValue.
    fn complete(
        &mut self,
        ty: &ast::Type,
        fields: &[&'e Field],
        value: Val<R::Object>,
    ) -> Result<Json, Propagate> {
        if !ty.is_non_null() {
            return Ok(self.complete_inner(ty, fields, value).unwrap_or(Json::Null));
        }
        match self.complete_inner(ty, fields, value) {
            Ok(Json::Null) => self.errors.push(self.path.clone()),
            Ok(value) => return Ok(value),
            Err(Propagate) => {}
        }
        match self.nulls_stay {
            true => Ok(Json::Null),
            false => Err(Propagate),
        }
    }

    /// CompleteValue for the type without its non-null wrapper.
    fn complete_inner(
        &mut self,
        ty: &ast::Type,
        fields: &[&'e Field],
        value: Val<R::Object>,
    ) -> Result<Json, Propagate> {
        match value {
            Val::Null => Ok(Json::Null),
            Val::Error => {
                self.errors.push(self.path.clone());
                Err(Propagate)
            }
            Val::Leaf(leaf) => Ok(leaf),
            Val::List(items) => {
                let mut out = Vec::new();
                let mut propagate = false;
                for (index, item) in items.into_iter().enumerate() {
                    self.path.push(PathItem::Index(index));
                    match self.complete(ty.item_type(), fields, item) {
                        Ok(item) => out.push(item),
                        Err(Propagate) => propagate = true,
                    }
                    self.path.pop();
                }
                if propagate {
                    return Err(Propagate);
                }
                Ok(Json::List(out))
            }
            Val::Object(object) => {
                let sets: Vec<&SelectionSet> = fields.iter().map(|f| &f.selection_set).collect();
                let object_type = self.resolver.type_name(&object);
                self.selection_sets(&object, &object_type, &sets)
            }
        }
    }
}
