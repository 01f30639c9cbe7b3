//! `Query.node` and `Query.nodes`, as a schema in this process: an id gives the type and the key of its object, without IO.
//!
//! The planner looks up everything else. A text that is no id of this graph is null, and so is a list of too many ids:
//! `response/ingest/identified.rs` makes errors of these nulls.

use std::collections::{BTreeMap, HashMap};

use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;
use async_graphql::indexmap::IndexMap;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{Directive, Field, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Request, Response, ServerError, Value as Answer};
use async_trait::async_trait;

use crate::connector::{FieldSet, FieldSetItem, Subgraph};
use crate::document::Value;
use crate::graph::{MOST_IDS, NODE_FIELD, NODES_FIELD, node_id};
use crate::source::native::NativeSchema;

/// The types with ids, and their keys.
pub(super) struct NodeSchema {
    sdl: String,
    keys: HashMap<String, Vec<KeyField>>,
}

/// A field of a key.
struct KeyField {
    name: Name,
    of: KeyType,
}

/// The values of a field of a key.
enum KeyType {
    Text,
    Int,
    Boolean,
    Enum(Vec<String>),
    /// A custom scalar: texts, whole numbers and Booleans.
    Custom,
    Object(Vec<KeyField>),
}

/// The members of an object of an answer.
type Members = IndexMap<Name, Answer>;

/// The variables of a request.
type Variables = BTreeMap<Name, Answer>;

impl NodeSchema {
    /// The schema of the subgraph that composition has added for ids.
    pub(super) fn new(subgraph: &Subgraph) -> NodeSchema {
        let schema = &subgraph.schema;
        let keys = schema.types.iter().filter_map(|(name, ty)| {
            let key = FieldSet::of_directive(ty.directives().get("key")?)?;
            Some((name.to_string(), fields(schema, name, &key)))
        });
        NodeSchema {
            sdl: schema.to_string(),
            keys: keys.collect(),
        }
    }

    /// The type and the key of an id; null if it is none.
    fn object(&self, id: &Answer) -> Answer {
        let text = match id {
            Answer::String(text) => text.clone(),
            id => id.to_string(),
        };
        self.read(&text).map_or(Answer::Null, Answer::Object)
    }

    fn read(&self, id: &str) -> Option<Members> {
        let (ty, values) = node_id::read(id)?;
        let key = self.keys.get(&ty)?;
        // An object has one id: another text of the same values is none.
        let mut texts = Vec::new();
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                texts.push(b',');
            }
            value.write_json(&mut texts);
        }
        let mut written = Vec::new();
        node_id::write(&ty, &texts, &mut written);
        let mut rest = values.into_iter();
        let mut members = (written == id.as_bytes())
            .then(|| object(key, &mut rest))
            .flatten()?;
        members.insert(Name::new("__typename"), Answer::String(ty));
        rest.next().is_none().then_some(members)
    }

    fn field(&self, field: &Field, variables: &Variables) -> Answer {
        let argument = field.arguments.first();
        let argument = argument.map(|(_, value)| value.node.clone());
        let variable = |name: Name| variables.get(&name).cloned().ok_or(());
        let argument = argument.and_then(|value| value.into_const_with(variable).ok());
        let argument = argument.unwrap_or_default();
        match field.name.node.as_str() {
            NODE_FIELD => self.object(&argument),
            NODES_FIELD => match argument {
                Answer::List(ids) if ids.len() > MOST_IDS => Answer::Null,
                Answer::List(ids) => Answer::List(ids.iter().map(|id| self.object(id)).collect()),
                id => Answer::List(vec![self.object(&id)]),
            },
            _ => Answer::String("Query".to_owned()),
        }
    }

    fn answer(&self, request: &Request) -> Result<Answer, ServerError> {
        let document = parse_query(&request.query)?;
        let mut data = Members::new();
        for (_, operation) in document.operations.iter() {
            let selections = &operation.node.selection_set.node;
            for_each_field(
                selections,
                &request.variables,
                &mut |_: &str| true,
                &mut |field: &Field| {
                    let value = self.field(field, &request.variables);
                    let selected = select(value, &field.selection_set.node, &request.variables);
                    data.insert(field.response_key().node.clone(), selected);
                },
            );
        }
        Ok(Answer::Object(data))
    }
}

#[async_trait]
impl NativeSchema for NodeSchema {
    fn federation_sdl(&self) -> String {
        self.sdl.clone()
    }

    async fn execute(&self, request: Request) -> Response {
        match self.answer(&request) {
            Ok(data) => Response::new(data),
            Err(error) => Response::from_errors(vec![error]),
        }
    }
}

/// The fields of a key, in its order.
fn fields(schema: &Schema, ty: &str, key: &FieldSet) -> Vec<KeyField> {
    let fields = key.items.iter().filter_map(|item| {
        let FieldSetItem::Field { name, children, .. } = item else {
            return None;
        };
        let field = schema.type_field(ty, name).ok()?;
        let named = field.ty.inner_named_type();
        let of = match (named.as_str(), schema.types.get(named)) {
            ("ID" | "String", _) => KeyType::Text,
            ("Int", _) => KeyType::Int,
            ("Boolean", _) => KeyType::Boolean,
            (_, Some(ExtendedType::Enum(definition))) => {
                KeyType::Enum(definition.values.keys().map(ToString::to_string).collect())
            }
            (_, Some(ExtendedType::Object(_))) => KeyType::Object(fields(schema, named, children)),
            _ => KeyType::Custom,
        };
        Some(KeyField {
            name: Name::new(name.as_str()),
            of,
        })
    });
    fields.collect()
}

/// The object that has these values of its key; `None` if they do not fit.
fn object(key: &[KeyField], values: &mut impl Iterator<Item = Value>) -> Option<Members> {
    let mut members = Members::with_capacity(key.len() + 1);
    for field in key {
        let value = match &field.of {
            KeyType::Object(fields) => Answer::Object(object(fields, values)?),
            of => leaf(of, values.next()?)?,
        };
        members.insert(field.name.clone(), value);
    }
    Some(members)
}

fn leaf(of: &KeyType, value: Value) -> Option<Answer> {
    match (of, value) {
        (KeyType::Text | KeyType::Custom, Value::String(text)) => {
            Some(Answer::String(text.to_string()))
        }
        (KeyType::Enum(values), Value::String(text)) => values
            .iter()
            .any(|value| **value == *text)
            .then(|| Answer::String(text.to_string())),
        (KeyType::Boolean | KeyType::Custom, Value::Bool(value)) => Some(Answer::Boolean(value)),
        (KeyType::Int, Value::Number(number)) => {
            let number = i32::try_from(number.as_i64()?).ok()?;
            Some(Answer::Number(number.into()))
        }
        (KeyType::Custom, Value::Number(number)) => Some(Answer::Number(number.as_i64()?.into())),
        _ => None,
    }
}

/// What a selection selects of a value.
fn select(value: Answer, set: &SelectionSet, variables: &Variables) -> Answer {
    match value {
        Answer::List(items) => {
            let items = items.into_iter();
            Answer::List(items.map(|item| select(item, set, variables)).collect())
        }
        Answer::Object(members) => {
            let mut selected = Members::new();
            let ty = members.get("__typename").cloned();
            let mut applies = |on: &str| match &ty {
                Some(Answer::String(ty)) => ty == on,
                _ => true,
            };
            for_each_field(set, variables, &mut applies, &mut |field: &Field| {
                let value = members.get(&field.name.node).cloned().unwrap_or_default();
                let value = select(value, &field.selection_set.node, variables);
                selected.insert(field.response_key().node.clone(), value);
            });
            Answer::Object(selected)
        }
        leaf => leaf,
    }
}

/// Visits the fields of a selection that are included, also those of fragments on types that apply. The operations are those
/// of the planner: they have no named fragments.
fn for_each_field(
    set: &SelectionSet,
    variables: &Variables,
    applies: &mut impl FnMut(&str) -> bool,
    visit: &mut impl FnMut(&Field),
) {
    for Positioned { node, .. } in &set.items {
        if !is_included(node.directives(), variables) {
            continue;
        }
        match node {
            Selection::Field(field) => visit(&field.node),
            Selection::InlineFragment(fragment) => {
                let on = fragment.node.type_condition.as_ref();
                if on.is_none_or(|on| applies(&on.node.on.node)) {
                    for_each_field(&fragment.node.selection_set.node, variables, applies, visit);
                }
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn is_included(directives: &[Positioned<Directive>], variables: &Variables) -> bool {
    directives.iter().all(|Positioned { node, .. }| {
        let condition = node.arguments.first();
        let condition = condition.map(|(_, value)| value.node.clone());
        let variable = |name: Name| variables.get(&name).cloned().ok_or(());
        let condition = condition.and_then(|value| value.into_const_with(variable).ok());
        let holds = condition == Some(Answer::Boolean(true));
        match node.name.node.as_str() {
            "include" => holds,
            "skip" => !holds,
            _ => true,
        }
    })
}
