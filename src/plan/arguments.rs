//! Arguments of fields as values: literals are coerced once, when the plan is made, and variables are filled in per
//! request.
//!
//! Coercion follows the GraphQL specification (section 3, "Input Coercion") where it changes a value: a single item
//! becomes a list, an integer becomes the text of an ID, defaults fill what is missing. Validation has already decided
//! whether a value is allowed.

use std::sync::Arc;

use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node, Schema, ast};

use crate::document::{Number, Object, Str, Value};

/// A value that may depend on variables.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// Known when the plan is made.
    Constant(Value),
    /// The value of a variable; `ty` is the type at its position.
    Variable(Name),
    /// The value of a variable, or this if it has none.
    VariableOr(Name, Value),
    /// A list.
    List(Vec<Expression>),
    /// An input object.
    Object(Vec<(Str, Expression)>),
}

impl Expression {
    /// The value; `None` if it is a variable that was not provided.
    pub fn evaluate(&self, variable: &dyn Fn(&str) -> Option<Value>) -> Option<Value> {
        match self {
            Expression::Constant(value) => Some(value.clone()),
            Expression::Variable(name) => variable(name),
            Expression::VariableOr(name, default) => {
                Some(variable(name).unwrap_or_else(|| default.clone()))
            }
            Expression::List(items) => {
                let items = items
                    .iter()
                    .map(|item| item.evaluate(variable).unwrap_or(Value::Null))
                    .collect();
                Some(Value::Array(Arc::new(items)))
            }
            Expression::Object(members) => {
                let mut object = Object::with_capacity(members.len());
                for (name, member) in members {
                    if let Some(value) = member.evaluate(variable) {
                        object.insert(name.clone(), value);
                    }
                }
                Some(Value::Object(Arc::new(object)))
            }
        }
    }

    /// Adds the names of the variables that it reads.
    pub fn variables(&self, into: &mut Vec<Name>) {
        match self {
            Expression::Constant(_) => {}
            Expression::Variable(name) | Expression::VariableOr(name, _) => {
                if !into.contains(name) {
                    into.push(name.clone());
                }
            }
            Expression::List(items) => items.iter().for_each(|item| item.variables(into)),
            Expression::Object(members) => members
                .iter()
                .for_each(|(_, member)| member.variables(into)),
        }
    }
}

/// One argument of a field, with its default.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// Its name.
    pub name: Str,
    /// The value in the operation; `None` if it is omitted.
    pub given: Option<Expression>,
    /// The schema's default.
    pub default: Option<Value>,
}

impl Argument {
    /// CoerceArgumentValues (GraphQL specification, 6.4.1) for this argument.
    pub fn evaluate(&self, variable: &dyn Fn(&str) -> Option<Value>) -> Option<Value> {
        self.given
            .as_ref()
            .and_then(|given| given.evaluate(variable))
            .or_else(|| self.default.clone())
    }
}

/// The arguments of a field: those in the operation, and those with a default.
pub fn arguments_of(
    schema: &Schema,
    definition: &ast::FieldDefinition,
    given: &[Node<ast::Argument>],
) -> Vec<Argument> {
    let mut arguments = Vec::new();
    for input in &definition.arguments {
        let written = given.iter().find(|argument| argument.name == input.name);
        let default = input
            .default_value
            .as_ref()
            .and_then(|value| constant(schema, &input.ty, value));
        if written.is_none() && default.is_none() {
            continue;
        }
        let given = written.map(|argument| expression(schema, &input.ty, &argument.value));
        arguments.push(Argument {
            name: Str::from(input.name.as_str()),
            given,
            default,
        });
    }
    arguments
}

/// A literal without variables as a value.
pub fn constant(schema: &Schema, ty: &ast::Type, value: &ast::Value) -> Option<Value> {
    expression(schema, ty, value).evaluate(&|_| None)
}

fn expression(schema: &Schema, ty: &ast::Type, value: &ast::Value) -> Expression {
    if let ast::Value::Variable(name) = value {
        return Expression::Variable(name.clone());
    }
    match (item_of_list(ty), value) {
        (_, ast::Value::Null) => Expression::Constant(Value::Null),
        (Some(item), ast::Value::List(items)) => settle(Expression::List(
            items
                .iter()
                .map(|value| expression(schema, item, value))
                .collect(),
        )),
        (Some(item), single) => settle(Expression::List(vec![expression(schema, item, single)])),
        (None, value) => named(schema, ty.inner_named_type(), value),
    }
}

fn named(schema: &Schema, ty: &Name, value: &ast::Value) -> Expression {
    let leaf = match value {
        ast::Value::Boolean(value) => Value::Bool(*value),
        ast::Value::Enum(name) => Value::String(Str::from(name.as_str())),
        ast::Value::String(text) => Value::String(Str::from(text.as_str())),
        ast::Value::Int(digits) if ty == "ID" => Value::String(Str::from(digits.as_str())),
        ast::Value::Int(digits) => number(digits.as_str()),
        ast::Value::Float(digits) => number(digits.as_str()),
        ast::Value::Object(members) => return settle(object(schema, ty, members)),
        ast::Value::List(items) => {
            // A custom scalar: any literal is allowed and kept unchanged.
            return settle(Expression::List(
                items.iter().map(|value| named(schema, ty, value)).collect(),
            ));
        }
        ast::Value::Null => Value::Null,
        ast::Value::Variable(name) => return Expression::Variable(name.clone()),
    };
    Expression::Constant(leaf)
}

fn number(digits: &str) -> Value {
    Number::from_json(digits).map_or(Value::Null, Value::Number)
}

fn object(schema: &Schema, ty: &Name, members: &[(Name, Node<ast::Value>)]) -> Expression {
    let Some(ExtendedType::InputObject(definition)) = schema.types.get(ty) else {
        let members = members
            .iter()
            .map(|(name, value)| (Str::from(name.as_str()), named(schema, ty, value)))
            .collect();
        return Expression::Object(members);
    };
    let mut result = Vec::with_capacity(definition.fields.len());
    for (name, field) in &definition.fields {
        let given = members.iter().find(|(member, _)| member == name);
        let value = match (given, &field.default_value) {
            (Some((_, value)), default) => {
                let default = default.as_ref();
                let default = default.and_then(|value| constant(schema, &field.ty, value));
                Some(match (expression(schema, &field.ty, value), default) {
                    (Expression::Variable(name), Some(default)) => {
                        Expression::VariableOr(name, default)
                    }
                    (given, _) => given,
                })
            }
            (None, Some(default)) => constant(schema, &field.ty, default).map(Expression::Constant),
            (None, None) => None,
        };
        if let Some(value) = value {
            result.push((Str::from(name.as_str()), value));
        }
    }
    Expression::Object(result)
}

/// A list or object without variables is a constant.
fn settle(expression: Expression) -> Expression {
    let mut variables = Vec::new();
    expression.variables(&mut variables);
    match expression.evaluate(&|_| None) {
        Some(value) if variables.is_empty() => Expression::Constant(value),
        _ => expression,
    }
}

/// The value of a variable, coerced to its type; numbers keep their digits.
pub fn coerce_variable(schema: &Schema, ty: &ast::Type, value: &Value) -> Value {
    match (item_of_list(ty), value) {
        (_, Value::Null) => Value::Null,
        (Some(item), Value::Array(items)) => Value::Array(Arc::new(
            items
                .iter()
                .map(|value| coerce_variable(schema, item, value))
                .collect(),
        )),
        (Some(item), single) => Value::Array(Arc::new(vec![coerce_variable(schema, item, single)])),
        (None, Value::Number(digits)) if ty.inner_named_type() == "ID" => {
            Value::String(Str::from(digits.to_string()))
        }
        (None, Value::Object(members)) => match schema.types.get(ty.inner_named_type()) {
            Some(ExtendedType::InputObject(definition)) => {
                let mut object = Object::with_capacity(members.len());
                for (name, field) in &definition.fields {
                    let value = match (members.get(name), &field.default_value) {
                        (Some(value), _) => Some(coerce_variable(schema, &field.ty, value)),
                        (None, Some(default)) => constant(schema, &field.ty, default),
                        (None, None) => None,
                    };
                    if let Some(value) = value {
                        object.insert(Str::from(name.as_str()), value);
                    }
                }
                Value::Object(Arc::new(object))
            }
            _ => value.clone(),
        },
        (None, value) => value.clone(),
    }
}

fn item_of_list(ty: &ast::Type) -> Option<&ast::Type> {
    ty.is_list().then(|| ty.item_type())
}
