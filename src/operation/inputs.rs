//! Checks the values of variables against their types: input coercion (GraphQL specification, 3.5 to 3.12).
//!
//! A message names the path in the variable and the expected type, never the value: a value may be personal data, and
//! clients log responses. Example: `$filter.districts[2] must be an ID, a string or a whole number`.

use std::fmt::Write;

use apollo_compiler::schema::{EnumType, ExtendedType, InputObjectType};
use apollo_compiler::{Schema, ast};

use super::rejection::MOST_VIOLATIONS;
use crate::document::{NumberBounds, Object, Value};

/// Checks values against their types and collects the problems.
pub(super) struct InputChecker<'a> {
    pub(super) schema: &'a Schema,
    /// The numbers that may be passed on to upstreams.
    pub(super) numbers: NumberBounds,
    /// The problems found so far; each message begins with its path, such as `$v.list[0]`.
    pub(super) problems: Vec<String>,
    /// The path of the value that is checked now.
    pub(super) path: String,
}

impl InputChecker<'_> {
    /// A required value is missing.
    pub(super) fn missing(&mut self, ty: &ast::Type) {
        let message = format!("{} must be given: its type is {ty}", self.path);
        self.problems.push(message);
    }

    /// A variable that decides `@skip` or `@include` is null.
    pub(super) fn null_condition(&mut self) {
        let message = format!(
            "{} must not be null: it decides @skip or @include",
            self.path
        );
        self.problems.push(message);
    }

    /// Checks the value of a variable that is the `initialCount` of a `@stream`.
    pub(super) fn initial_count(&mut self, value: &Value) {
        let is_negative =
            matches!(value, Value::Number(count) if count.as_i64().is_some_and(|count| count < 0));
        if is_negative || *value == Value::Null {
            let message = format!(
                "{} must be 0 or more: it is the initialCount of @stream",
                self.path
            );
            self.problems.push(message);
        }
    }

    /// Checks a value against a type.
    pub(super) fn value(&mut self, ty: &ast::Type, value: &Value) {
        if self.problems.len() >= MOST_VIOLATIONS {
            return;
        }
        if *value == Value::Null {
            if ty.is_non_null() {
                let message = format!("{} must not be null: its type is {ty}", self.path);
                self.problems.push(message);
            }
            return;
        }
        match (ty, value) {
            (ast::Type::List(item) | ast::Type::NonNullList(item), Value::Array(items)) => {
                for (index, value) in items.iter().enumerate() {
                    self.with_step(format_args!("[{index}]"), |inputs| {
                        inputs.value(item, value)
                    });
                }
            }
            // A single value is a list of one.
            (ast::Type::List(item) | ast::Type::NonNullList(item), value) => {
                self.value(item, value)
            }
            (ast::Type::Named(name) | ast::Type::NonNullNamed(name), value) => {
                self.named(name, value);
            }
        }
    }

    fn named(&mut self, name: &ast::NamedType, value: &Value) {
        match self.schema.types.get(name) {
            Some(ExtendedType::Scalar(_)) => self.scalar(name, value),
            Some(ExtendedType::Enum(definition)) => self.enumeration(definition, value),
            Some(ExtendedType::InputObject(definition)) => match value {
                Value::Object(object) => self.object(definition, object),
                _ => self.wrong(&format!("an object of type {name}")),
            },
            // Validation has accepted the variable's type, so it is an input type of the schema.
            _ => {}
        }
    }

    fn scalar(&mut self, name: &str, value: &Value) {
        let (fits, what) = match name {
            "Int" => {
                let whole = match value {
                    Value::Number(number) => number.as_i64(),
                    _ => None,
                };
                let fits = whole.is_some_and(|whole| i32::try_from(whole).is_ok());
                (fits, "an Int, a whole number of 32 bits")
            }
            "Float" => match value {
                Value::Number(_) if !self.numbers.admits_value(value) => return self.beyond(),
                _ => (matches!(value, Value::Number(_)), "a Float"),
            },
            "String" => (matches!(value, Value::String(_)), "a String"),
            "Boolean" => (matches!(value, Value::Bool(_)), "a Boolean"),
            "ID" => {
                let whole = matches!(value, Value::Number(number) if number.as_i64().is_some());
                (
                    whole || matches!(value, Value::String(_)),
                    "an ID, a string or a whole number",
                )
            }
            // The upstream decides what a custom scalar may be. Its parser must be able to read the numbers.
            _ if !self.numbers.admits_value(value) => return self.beyond(),
            _ => return,
        };
        if !fits {
            self.wrong(what);
        }
    }

    fn enumeration(&mut self, definition: &EnumType, value: &Value) {
        let is_value = |text: &str| definition.values.keys().any(|value| value == text);
        if !matches!(value, Value::String(text) if is_value(text)) {
            self.wrong(&format!("a value of the enum {}", definition.name));
        }
    }

    fn object(&mut self, definition: &InputObjectType, object: &Object) {
        for (name, _) in object.iter().take(MOST_VIOLATIONS) {
            if !definition.fields.contains_key(&**name) {
                let message = format!(
                    "{}.{name}: {} has no such field",
                    self.path, definition.name
                );
                self.problems.push(message);
            }
        }
        for (name, field) in &definition.fields {
            let value = object.get(name);
            self.with_step(format_args!(".{name}"), |inputs| match value {
                Some(value) => inputs.value(&field.ty, value),
                None if field.is_required() => inputs.missing(&field.ty),
                None => {}
            });
        }
        let one = object.len() == 1 && object.iter().all(|(_, value)| *value != Value::Null);
        if definition.directives.has("oneOf") && !one {
            let message = format!(
                "{} must have exactly one field, which is not null: its type {} is @oneOf",
                self.path, definition.name
            );
            self.problems.push(message);
        }
    }

    fn wrong(&mut self, what: &str) {
        self.problems.push(format!("{} must be {what}", self.path));
    }

    fn beyond(&mut self) {
        let beyond = NumberBounds::BEYOND;
        self.problems
            .push(format!("{} has a number that {beyond}", self.path));
    }

    fn with_step(&mut self, step: std::fmt::Arguments<'_>, check: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        // Writing to a string cannot fail.
        let _ = self.path.write_fmt(step);
        check(self);
        self.path.truncate(length);
    }
}
