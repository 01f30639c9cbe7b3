//! The mapping language of connectors, `connect/v0.1` to `v0.4`: parse, check, evaluate.
//!
//! A [`Selection`] turns a document into the fields of a GraphQL type, or arguments into a request;
//! a [`Template`] puts expressions into URLs and headers. Both are parsed once and shared by all
//! requests. Problems of the text are found in parsing, each with its place; problems of the data
//! never end an evaluation: they are warnings with the path at which they arose, and what could
//! not be computed is *missing* (`Option::None`), which is not null.
//!
//! Pure: no IO, no clock, nothing async. This room does not know which variables a place offers
//! or what GraphQL type a selection fills; it tells what a selection reads
//! ([`Selection::variables`], [`Selection::needs`]) and yields ([`Selection::shape`]), and the
//! connector decides whether that will do.

mod analyse;
pub mod ast;
mod evaluate;
mod growth;
mod lex;
mod method;
mod methods;
mod needs;
mod parse;
mod problem;
mod selection;
mod shape;
mod template;
mod variables;
mod version;

pub use analyse::VariableUse;
pub use evaluate::{Evaluated, EvaluationBudget, MappingError, MappingErrorKind, Segment, Warning};
pub use methods::names as method_names;
pub use needs::Need;
pub use parse::{MAX_LENGTH, MAX_NESTING};
pub use problem::Problem;
pub use selection::Selection;
pub use shape::{ScalarShape, Shape};
pub use template::{Piece, Rendered, Template, TemplateError};
pub use variables::{VARIABLE_NAMES, Variables};
pub use version::Version;
