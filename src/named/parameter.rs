//! A variable as a parameter of a URL, coerced by its type.
//!
//! | type | the text of a parameter |
//! |---|---|
//! | `Int`, `Float` | a number as JSON has it |
//! | `Boolean` | `true` or `false` |
//! | an enum | one of its values |
//! | `String`, `ID`, a scalar of the schema | the text itself, also an empty one |
//! | an input object, a list in a list | JSON |
//!
//! A list is repeated, once for each element; with an empty text, it has no elements. `null` is null for every type whose
//! text is not the value itself. A variable without a parameter is absent, so that its default holds.
//!
//! A message names the variable, its type and the form of its text, never the value: a value may be personal data.

use std::borrow::Cow;
use std::sync::Arc;

use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Schema, ast};

use crate::document::{Number, Value};

/// Parameters that are no variables: they choose what is sent of the result, and how. A variable may not have such a name.
pub const RESERVED_PARAMETERS: [&str; 7] = [
    "bom", "format", "partial", "patch", "path", "throttle", "timezone",
];

/// Those of them that a live query has, with what they are for.
pub const LIVE_PARAMETERS: [(&str, &str); 2] = [
    (
        "patch",
        "With `true`, events after the first one have a JSON Patch of the data before.",
    ),
    (
        "throttle",
        "The least time between two events, in milliseconds.",
    ),
];

/// The most values of an enum that are listed.
const MOST: usize = 20;

/// A variable of an operation.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type, in the notation of GraphQL.
    pub ty: String,
    /// Its default, in the notation of GraphQL.
    pub default: Option<String>,
    /// Whether every request must give it.
    pub is_required: bool,
    /// Whether it is repeated for each element.
    pub is_list: bool,
    /// The JSON Schema of its value.
    pub(crate) schema: serde_json::Value,
    is_nullable: bool,
    /// Of the elements, if it is a list.
    element: Element,
}

/// A value of the query string.
#[derive(Debug)]
struct Element {
    form: Form,
    is_nullable: bool,
}

/// The form of the text of a value.
#[derive(Debug)]
pub(super) enum Form {
    Int,
    Float,
    Boolean,
    /// A `String`, an `ID`, or a scalar of the schema: the upstream decides what it may be.
    Text,
    Enum {
        values: Vec<String>,
    },
    /// An input object, or a list in a list: `what` says which.
    Json {
        what: String,
        is_list: bool,
    },
}

impl Parameter {
    /// The variable of an operation. `default` is its default in the notation of GraphQL.
    pub(super) fn new(
        api: &Schema,
        definition: &ast::VariableDefinition,
        schema: serde_json::Value,
    ) -> Parameter {
        let ty = &*definition.ty;
        let default = definition.default_value.as_ref();
        let (is_list, element) = match ty {
            ast::Type::List(item) | ast::Type::NonNullList(item) => (true, &**item),
            _ => (false, ty),
        };
        Parameter {
            name: definition.name.to_string(),
            ty: ty.to_string(),
            default: default.map(|value| value.serialize().no_indent().to_string()),
            is_required: ty.is_non_null() && default.is_none(),
            is_list,
            schema,
            is_nullable: !ty.is_non_null(),
            element: Element {
                form: Form::of(api, element),
                is_nullable: !element.is_non_null(),
            },
        }
    }

    /// The form of the text of a value, or of an element of a list.
    pub(super) fn form(&self) -> &Form {
        &self.element.form
    }

    /// The value of these texts, of which there is at least one.
    pub(super) fn value(&self, texts: &[Cow<'_, str>]) -> Result<Value, String> {
        let wrong = |what: String| format!("${} {what}: its type is {}", self.name, self.ty);
        if !self.is_list {
            return match texts {
                [text] => self.element.value(text).map_err(wrong),
                _ => Err(wrong("must be given once".to_owned())),
            };
        }
        if let [text] = texts {
            if text.is_empty() {
                return Ok(Value::Array(Arc::default()));
            }
            if text == "null" && self.is_nullable && !matches!(self.element.form, Form::Text) {
                return Ok(Value::Null);
            }
        }
        let elements: Result<Vec<Value>, String> =
            texts.iter().map(|text| self.element.value(text)).collect();
        let elements = elements.map_err(|what| {
            wrong(format!(
                "{what} in each of its parameters, one for each element"
            ))
        })?;
        Ok(Value::Array(Arc::new(elements)))
    }

    /// The texts of a value in a query string; `None` if it has none, as it would be absent.
    pub(super) fn texts(&self, value: &Value) -> Vec<String> {
        let text = |value: &Value| match value {
            Value::String(text) if !matches!(self.element.form, Form::Json { .. }) => {
                text.to_string()
            }
            value => value.to_json(),
        };
        match value {
            Value::Null if matches!(self.element.form, Form::Text) => Vec::new(),
            Value::Array(elements) if self.is_list && elements.is_empty() => vec![String::new()],
            Value::Array(elements) if self.is_list => elements.iter().map(text).collect(),
            value => vec![text(value)],
        }
    }
}

impl Element {
    /// The value of a text, or what the text must be.
    fn value(&self, text: &str) -> Result<Value, String> {
        let is_text = matches!(self.form, Form::Text);
        if text == "null" && self.is_nullable && !is_text {
            return Ok(Value::Null);
        }
        let value = match &self.form {
            Form::Int => Number::from_json(text).filter(is_int).map(Value::Number),
            Form::Float => Number::from_json(text).map(Value::Number),
            Form::Boolean => match text {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                _ => None,
            },
            Form::Text => Some(Value::String(text.into())),
            Form::Enum { values } => {
                let is_value = values.iter().any(|value| value == text);
                is_value.then(|| Value::String(text.into()))
            }
            Form::Json { is_list, .. } => {
                let value = Value::parse_json(text.as_bytes()).ok();
                value.filter(|value| match is_list {
                    true => matches!(value, Value::Array(_)),
                    false => matches!(value, Value::Object(_)),
                })
            }
        };
        value.ok_or_else(|| self.form.demand())
    }
}

fn is_int(number: &Number) -> bool {
    let whole = number.as_i64();
    whole.is_some_and(|whole| i32::try_from(whole).is_ok())
}

impl Form {
    fn of(api: &Schema, ty: &ast::Type) -> Form {
        let name = match ty {
            ast::Type::List(_) | ast::Type::NonNullList(_) => {
                let what = "a JSON list, as JSON text".to_owned();
                return Form::Json {
                    what,
                    is_list: true,
                };
            }
            ast::Type::Named(name) | ast::Type::NonNullNamed(name) => name,
        };
        match (name.as_str(), api.types.get(name)) {
            ("Int", _) => Form::Int,
            ("Float", _) => Form::Float,
            ("Boolean", _) => Form::Boolean,
            (_, Some(ExtendedType::Enum(definition))) => Form::Enum {
                values: definition.values.keys().map(ToString::to_string).collect(),
            },
            (_, Some(ExtendedType::InputObject(_))) => Form::Json {
                what: format!("a JSON object of type {name}, as JSON text"),
                is_list: false,
            },
            _ => Form::Text,
        }
    }

    /// What a text must be.
    fn demand(&self) -> String {
        let what = match self {
            Form::Int => "an Int, a whole number of 32 bits",
            Form::Float => "a Float, a number as in JSON",
            Form::Boolean => "`true` or `false`",
            Form::Text => "a text",
            Form::Enum { values } => {
                let known: Vec<&str> = values.iter().take(MOST).map(String::as_str).collect();
                return format!("must be one of {}", known.join(", "));
            }
            Form::Json { what, .. } => what,
        };
        format!("must be {what}")
    }
}
