//! The variables of an operation as parameters of a URL, coerced by their types.
//!
//! | type | the text of a parameter |
//! |---|---|
//! | `Int`, `Float` | a number as JSON has it |
//! | `Boolean` | `true` or `false` |
//! | an enum | one of its values |
//! | `String`, `ID`, a scalar of the schema | the text itself, also an empty one |
//! | an input object, a list in a list | JSON |
//!
//! A list is repeated, once for each element; with an empty text, it has no elements. `null` is null for every type whose text is
//! not the value itself. A variable without a parameter is absent, so that its default holds.
//!
//! A message names the variable, its type and the form of its text, never the value: a value may be personal data.

use std::borrow::Cow;
use std::sync::Arc;

use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Schema, ast};

use super::{NamedOperation, similar};
use crate::document::{Number, Object, Value};

/// Parameters that are no variables: they choose what is sent of the result, and how. A variable may not have such a name.
pub const RESERVED_PARAMETERS: [&str; 4] = ["bom", "format", "partial", "path"];

/// The most problems that are reported, and the most values of an enum that are listed.
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

/// Why parameters are not those of an operation: at least one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfitParameters(pub Vec<String>);

/// The parameters of a request.
#[derive(Debug, Default)]
pub struct Given {
    /// The variables; `None` if there are none.
    pub variables: Option<Value>,
    /// The reserved parameters that are not variables, with their values.
    pub reserved: Vec<(&'static str, String)>,
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
    fn value(&self, texts: &[Cow<'_, str>]) -> Result<Value, String> {
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

impl NamedOperation {
    /// Reads the query string of a request whose parameters are the variables.
    ///
    /// # Errors
    /// An unknown, repeated, missing or wrong parameter.
    pub fn from_query(&self, query: &str) -> Result<Given, UnfitParameters> {
        let mut problems = Vec::new();
        let (named, reserved) = self.split(query, &mut problems);
        let mut variables = Object::new();
        for parameter in &self.parameters {
            let texts = named.iter().filter(|(name, _)| *name == parameter.name);
            let texts: Vec<Cow<'_, str>> = texts.map(|(_, text)| text.clone()).collect();
            if texts.is_empty() {
                if parameter.is_required {
                    let Parameter { name, ty, .. } = parameter;
                    problems.push(format!("${name} must be given: its type is {ty}"));
                }
                continue;
            }
            match parameter.value(&texts) {
                Ok(value) => {
                    variables.insert(parameter.name.as_str().into(), value);
                }
                Err(problem) => problems.push(problem),
            }
        }
        without(problems)?;
        let variables = (!variables.is_empty()).then(|| Value::Object(Arc::new(variables)));
        Ok(Given {
            variables,
            reserved,
        })
    }

    /// Reads the query string of a request whose body has the variables: all of its parameters are reserved ones.
    ///
    /// # Errors
    /// An unknown or repeated parameter.
    pub fn reserved_of_query(
        &self,
        query: &str,
    ) -> Result<Vec<(&'static str, String)>, UnfitParameters> {
        let mut problems = Vec::new();
        let (named, reserved) = self.split(query, &mut problems);
        if !named.is_empty() {
            problems.push("The variables of a POST request are in its body".to_owned());
        }
        without(problems)?;
        Ok(reserved)
    }

    /// Checks the names of the variables in a body. The gateway checks their values.
    ///
    /// # Errors
    /// An unknown variable.
    pub fn check_names(&self, variables: Option<&Value>) -> Result<(), UnfitParameters> {
        let given = variables.and_then(Value::as_object);
        let names = given.into_iter().flat_map(|given| given.keys());
        let unknown = names.filter(|name| !self.has(name));
        without(unknown.take(MOST).map(|name| self.unknown(name)).collect())
    }

    /// A query string with the example, in the order of the variables; empty if there is no example.
    pub fn example_query(&self) -> String {
        let Some(example) = &self.example else {
            return String::new();
        };
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for parameter in &self.parameters {
            let texts = example
                .get(&parameter.name)
                .map(|value| parameter.texts(value));
            for text in texts.unwrap_or_default() {
                query.append_pair(&parameter.name, &text);
            }
        }
        query.finish()
    }

    fn has(&self, name: &str) -> bool {
        let mut parameters = self.parameters.iter();
        parameters.any(|parameter| parameter.name == name)
    }

    /// Divides the parameters into variables and reserved ones.
    #[allow(clippy::type_complexity)]
    fn split<'q>(
        &self,
        query: &'q str,
        problems: &mut Vec<String>,
    ) -> (
        Vec<(Cow<'q, str>, Cow<'q, str>)>,
        Vec<(&'static str, String)>,
    ) {
        let (mut variables, mut reserved) = (Vec::new(), Vec::new());
        for (name, text) in url::form_urlencoded::parse(query.as_bytes()) {
            let known = RESERVED_PARAMETERS.iter().find(|known| **known == name);
            if let Some(known) = known {
                let is_repeated = reserved.iter().any(|(name, _)| name == known);
                match is_repeated {
                    true => problems.push(format!("`{known}` must be given once")),
                    false => reserved.push((*known, text.into_owned())),
                }
            } else if self.has(&name) {
                variables.push((name, text));
            } else if problems.len() < MOST {
                problems.push(self.unknown(&name));
            }
        }
        (variables, reserved)
    }

    /// What is said about a name that is no variable.
    fn unknown(&self, name: &str) -> String {
        const LONGEST: usize = 64;
        let shown: String = name.chars().take(LONGEST).collect();
        let known = self.parameters.iter();
        let known: Vec<&str> = known.map(|parameter| parameter.name.as_str()).collect();
        let hint = match similar(name, known.iter().copied()).first() {
            Some(near) => format!("; did you mean `{near}`?"),
            None if known.is_empty() => "; it has none".to_owned(),
            None => format!("; it has {}", known.join(", ")),
        };
        format!("`{shown}` is no variable of {}{hint}", self.name)
    }
}

fn without(mut problems: Vec<String>) -> Result<(), UnfitParameters> {
    problems.truncate(MOST);
    match problems.is_empty() {
        true => Ok(()),
        false => Err(UnfitParameters(problems)),
    }
}
