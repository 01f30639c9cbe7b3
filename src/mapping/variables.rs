//! The variables that an evaluation can read.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::document::Value;

/// The variables that the gateway sets. Which of them an expression may read depends on the argument
/// that it is in, which the connector checks (see [`Selection::variables`](super::Selection::variables)).
pub const VARIABLE_NAMES: [&str; 10] = [
    "$args",
    "$this",
    "$batch",
    "$config",
    "$context",
    "$page",
    "$status",
    "$request",
    "$response",
    "$env",
];

/// Values by name, `$` included. A short list: at most ten variables exist.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    values: SmallVec<[(Cow<'static, str>, Value); 6]>,
}

impl Variables {
    /// No variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a variable (`"$args"`), or replaces its value.
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a variable, `"$args"` for example.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        let (name, value) = (name.into(), value.into());
        match self.values.iter_mut().find(|(known, _)| *known == name) {
            Some((_, slot)) => *slot = value,
            None => self.values.push((name, value)),
        }
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// All variables, in the order in which they were set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(name, value)| (&**name, value))
    }
}
