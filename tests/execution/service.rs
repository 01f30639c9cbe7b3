//! A minimal GraphQL service: it responds from a JSON document, and validates no operation.
//!
//! The members `Query` and `Mutation` of the document are the root objects. `_entities` is a list of objects with their
//! `__typename`; the first one that does not contradict a representation is the entity. The value of a field is the member
//! with its name and arguments, such as `price(currency:"INR")`, or else with its name. A value `{"$error": "text"}` is null
//! with an error at this path, or at a deeper path with `"$path"`.

use apollo_compiler::ast;
use apollo_compiler::ast::{Definition, OperationType, Selection};
use sangam::document::{Object, Str, Value};

pub(crate) struct Service<'s> {
    /// Its SDL, for the members of interfaces and unions.
    pub(crate) sdl: &'s str,
    pub(crate) data: &'s Value,
}

struct Execution<'e> {
    service: &'e Service<'e>,
    variables: Option<&'e Value>,
    errors: Vec<Value>,
    path: Vec<Value>,
}

impl Service<'_> {
    /// The response to the body of a request.
    pub(crate) fn answer(&self, body: &Value) -> Value {
        let query = body.get("query").and_then(Value::as_str).unwrap();
        let document = ast::Document::parse(query, "operation.graphql").unwrap();
        let operation = document
            .definitions
            .iter()
            .find_map(|definition| match definition {
                Definition::OperationDefinition(operation) => Some(operation),
                _ => None,
            });
        let operation = operation.unwrap();
        let root = match operation.operation_type {
            OperationType::Mutation => "Mutation",
            _ => "Query",
        };
        let empty = Value::Object(Default::default());
        let mut execution = Execution {
            service: self,
            variables: body.get("variables"),
            errors: Vec::new(),
            path: Vec::new(),
        };
        let root = self.data.get(root).unwrap_or(&empty);
        let data = execution.object(root, &operation.selection_set);
        let mut answer = Object::new();
        if !execution.errors.is_empty() {
            answer.insert(Str::from("errors"), array(execution.errors));
        }
        answer.insert(Str::from("data"), data);
        Value::Object(answer.into())
    }

    fn belongs(&self, object: &Value, condition: &str) -> bool {
        let Some(ty) = object.get("__typename").and_then(Value::as_str) else {
            return true;
        };
        let word = |text: &str, word: &str| {
            text.split(|c: char| !c.is_alphanumeric())
                .any(|w| w == word)
        };
        let mut lines = self.sdl.lines();
        ty == condition
            || lines.any(|line| {
                let head = line.split(['{', '@']).next().unwrap_or_default();
                head.starts_with(&format!("type {ty} implements")) && word(head, condition)
                    || head.starts_with(&format!("union {condition} ")) && word(head, ty)
            })
    }
}

impl Execution<'_> {
    fn object(&mut self, object: &Value, selections: &[Selection]) -> Value {
        let mut out = Object::new();
        self.select(object, selections, &mut out);
        Value::Object(out.into())
    }

    fn select(&mut self, object: &Value, selections: &[Selection], out: &mut Object) {
        for selection in selections {
            match selection {
                Selection::Field(field) if self.included(&field.directives) => {
                    let key = field.alias.as_ref().unwrap_or(&field.name);
                    self.path.push(Value::from(key.as_str()));
                    let value = self.field(object, field);
                    self.path.pop();
                    out.insert(Str::from(key.as_str()), value);
                }
                Selection::InlineFragment(fragment) if self.included(&fragment.directives) => {
                    let condition = fragment.type_condition.as_ref();
                    if condition.is_none_or(|c| self.service.belongs(object, c)) {
                        self.select(object, &fragment.selection_set, out);
                    }
                }
                _ => {}
            }
        }
    }

    fn field(&mut self, object: &Value, field: &ast::Field) -> Value {
        if field.name == "_entities" {
            let representations = self.argument(field, "representations");
            let representations = representations.as_ref().and_then(Value::as_array);
            let entities = representations
                .unwrap_or_default()
                .iter()
                .map(|representation| self.entity(representation));
            let entities: Vec<Value> = entities.collect();
            return self.value(&array(entities), &field.selection_set);
        }
        let mut key = field.name.to_string();
        if !field.arguments.is_empty() {
            let texts = field.arguments.iter().map(|argument| {
                let value = self.evaluate(&argument.value);
                format!("{}:{}", argument.name, json(&value))
            });
            key = format!("{key}({})", texts.collect::<Vec<_>>().join(","));
        }
        let value = object.get(&key).or_else(|| object.get(&field.name));
        let value = value.cloned().unwrap_or_default();
        self.value(&value, &field.selection_set)
    }

    fn value(&mut self, value: &Value, selections: &[Selection]) -> Value {
        if let Some(message) = value.get("$error") {
            let mut path = self.path.clone();
            let deeper = value.get("$path").and_then(Value::as_array);
            path.extend(deeper.unwrap_or_default().iter().cloned());
            let mut error = Object::new();
            error.insert(Str::from("message"), message.clone());
            error.insert(Str::from("path"), array(path));
            self.errors.push(Value::Object(error.into()));
            return Value::Null;
        }
        match value {
            Value::Array(items) => {
                let mut out = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    self.path.push(Value::from(index as i64));
                    out.push(self.value(item, selections));
                    self.path.pop();
                }
                array(out)
            }
            Value::Object(_) if !selections.is_empty() => self.object(value, selections),
            leaf => leaf.clone(),
        }
    }

    /// The first entity that a representation does not contradict.
    fn entity(&self, representation: &Value) -> Value {
        let entities = self.service.data.get("_entities").and_then(Value::as_array);
        let entity = entities.unwrap_or_default().iter().find(|entity| {
            let ty = representation.get("__typename").and_then(Value::as_str);
            ty.is_some_and(|ty| self.service.belongs(entity, ty)) && agrees(entity, representation)
        });
        entity.cloned().unwrap_or_default()
    }

    fn included(&self, directives: &ast::DirectiveList) -> bool {
        [("skip", false), ("include", true)]
            .iter()
            .all(|(name, wanted)| {
                let given = directives
                    .get(name)
                    .and_then(|d| d.specified_argument_by_name("if"));
                given.is_none_or(|value| self.evaluate(value) == Value::Bool(*wanted))
            })
    }

    fn argument(&self, field: &ast::Field, name: &str) -> Option<Value> {
        let argument = field.arguments.iter().find(|a| a.name == name)?;
        Some(self.evaluate(&argument.value))
    }

    fn evaluate(&self, value: &ast::Value) -> Value {
        match value {
            ast::Value::Variable(name) => {
                let given = self
                    .variables
                    .and_then(|variables| variables.get(name.as_str()));
                given.cloned().unwrap_or_default()
            }
            ast::Value::Enum(name) => Value::from(name.as_str()),
            ast::Value::List(items) => array(items.iter().map(|v| self.evaluate(v)).collect()),
            ast::Value::Object(members) => {
                let mut out = Object::new();
                for (name, value) in members {
                    out.insert(Str::from(name.as_str()), self.evaluate(value));
                }
                Value::Object(out.into())
            }
            literal => Value::parse_json(literal.to_string().as_bytes()).unwrap(),
        }
    }
}

/// Whether no member of a representation contradicts the entity. The caller compares `__typename`.
fn agrees(entity: &Value, representation: &Value) -> bool {
    match (entity, representation) {
        (Value::Object(_), Value::Object(members)) => members.iter().all(|(name, member)| {
            let entity_member = entity.get(name);
            &**name == "__typename"
                || entity_member.is_none_or(|entity_member| agrees(entity_member, member))
        }),
        (value, given) => value == given,
    }
}

fn array(items: Vec<Value>) -> Value {
    Value::Array(items.into())
}

fn json(value: &Value) -> String {
    let mut text = Vec::new();
    value.write_json(&mut text);
    String::from_utf8(text).unwrap()
}
