//! What a selection yields, as far as its text tells.

use crate::document::{Str, Value};

/// What an expression yields. Whether it is a list of such is not part of it, since paths map over
/// lists; only arrays that the text spells out are known as such.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A part of the input or of a variable as it is, or something computed that the text does
    /// not tell: an object, a list, a scalar or null.
    Any,
    /// A scalar of this kind.
    Scalar(ScalarShape),
    /// This very value.
    Literal(Value),
    /// An object that the text builds. A field may be missing from it; and where the data has a
    /// scalar or null to select from, that comes out instead.
    Object {
        /// Its fields in order.
        fields: Vec<(Str, Shape)>,
        /// Whether there may be further fields, since something unknown is spread into it.
        open: bool,
    },
    /// An array that the text spells out.
    Array(Vec<Shape>),
    /// One of several; none of them for what is always missing.
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
    /// A field of it, if the text tells; [`Shape::Any`] where it may be there.
    pub fn field(&self, name: &str) -> Option<Shape> {
        match self {
            Shape::Any => Some(Shape::Any),
            Shape::Object { fields, open } => {
                match fields.iter().find(|(known, _)| &**known == name) {
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
}

fn one_of(mut shapes: Vec<Shape>) -> Option<Shape> {
    match shapes.len() {
        0 => None,
        1 => shapes.pop(),
        _ => Some(Shape::OneOf(shapes)),
    }
}
