//! The shape of the result of a selection, as far as its text determines it.

use std::collections::BTreeSet;

use crate::document::{Str, Value};

/// The shape of an expression's value. It does not tell a list from a single value, because paths
/// map over lists; only arrays that the text itself writes are distinguished.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Unknown: a part of the input or of a variable, or a value computed from it.
    Any,
    /// A scalar of this kind.
    Scalar(ScalarShape),
    /// This value.
    Literal(Value),
    /// An object that the text builds. A field may be missing from it; if the data has a scalar or
    /// null instead of the object to select from, the result is that.
    Object {
        /// Its fields in order.
        fields: Vec<(Str, Shape)>,
        /// Whether there may be further fields, because an unknown value is spread into it.
        open: bool,
    },
    /// An array that the text writes.
    Array(Vec<Shape>),
    /// One of several; empty if the value is always missing.
    OneOf(Vec<Shape>),
}

/// The kinds of scalars that methods compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarShape {
    /// `true` or `false`.
    Boolean,
    /// An integer or a float.
    Number,
    /// Text.
    String,
}

impl Shape {
    /// The shape of a field; [`Shape::Any`] if it may exist, `None` if it cannot.
    pub fn field(&self, name: &str) -> Option<Shape> {
        match self {
            Shape::Any => Some(Shape::Any),
            Shape::Object { fields, open } => {
                match fields.iter().find(|(field, _)| &**field == name) {
                    Some((_, shape)) => Some(shape.clone()),
                    None => open.then_some(Shape::Any),
                }
            }
            Shape::Literal(value) => value.get(name).cloned().map(Shape::Literal),
            Shape::Array(elements) => one_of(
                elements
                    .iter()
                    .filter_map(|element| element.field(name))
                    .collect(),
            ),
            Shape::OneOf(shapes) => one_of(
                shapes
                    .iter()
                    .filter_map(|shape| shape.field(name))
                    .collect(),
            ),
            Shape::Scalar(_) => None,
        }
    }

    /// The names of the fields that it is known to have, in any of its forms.
    pub fn field_names(&self) -> BTreeSet<Str> {
        match self {
            Shape::Object { fields, .. } => fields.iter().map(|(name, _)| name.clone()).collect(),
            Shape::Array(shapes) | Shape::OneOf(shapes) => {
                shapes.iter().flat_map(Shape::field_names).collect()
            }
            Shape::Literal(value) => {
                let fields = value
                    .as_object()
                    .into_iter()
                    .flat_map(|object| object.iter());
                fields.map(|(name, _)| name.clone()).collect()
            }
            Shape::Any | Shape::Scalar(_) => BTreeSet::new(),
        }
    }
}

fn one_of(mut shapes: Vec<Shape>) -> Option<Shape> {
    match shapes.len() {
        0 => None,
        1 => shapes.pop(),
        _ => Some(Shape::OneOf(shapes)),
    }
}
