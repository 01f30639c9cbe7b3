//! The mapping language of connectors, `connect/v0.1` to `v0.4`: parse, check, evaluate.
//!
//! A [`Selection`] maps a document to the fields of a GraphQL type, or arguments to a request; a
//! [`Template`] puts the values of expressions into URLs and headers. Both are parsed once and
//! shared by all requests. A selection can spread [`NamedMappings`]. Parsing reports every problem of the text with its location. Problems of
//! the data never end an evaluation: each is a warning with a path, and a value that cannot be
//! computed is *missing* (`Option::None`), which is not null.
//!
//! Pure: no IO, no clock, nothing async. This room does not know which variables an argument of a
//! directive may read, or which GraphQL type a selection fills. It computes what a selection reads
//! ([`Selection::variables`], [`Selection::input_mask`]) and yields ([`Selection::shape`]), which
//! `connector` checks.

mod analyse;
pub mod ast;
mod connection;
mod evaluate;
mod expand;
mod growth;
mod input_mask;
mod lex;
mod method;
mod methods;
mod named;
mod named_order;
mod parse;
mod percent;
mod problem;
mod selection;
mod shape;
mod template;
mod variables;
mod version;

pub use analyse::VariableUse;
pub use evaluate::{Evaluated, EvaluationBudget, MappingError, MappingErrorKind, Segment, Warning};
pub use expand::Spread;
pub use input_mask::InputMask;
pub use methods::{names as method_names, wire_names as wire_method_names};
pub use named::NamedMappings;
pub use named_order::NamedProblem;
pub use parse::{MAX_LENGTH, MAX_NESTING};
pub use problem::Problem;
pub use selection::Selection;
pub use shape::{ScalarShape, Shape};
pub use template::{Piece, Rendered, Template, TemplateError};
pub use variables::{VARIABLE_NAMES, Variables};
pub use version::{Dialect, Version};
