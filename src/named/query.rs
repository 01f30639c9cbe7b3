//! Reads the query string of a request for an operation: its variables, and the reserved parameters.

use std::borrow::Cow;
use std::sync::Arc;

use super::operation::NamedOperation;
use super::parameter::{Parameter, RESERVED_PARAMETERS};
use super::similar::similar;
use crate::document::{Object, Value};

/// The most problems that are reported.
const MOST: usize = 20;

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
