//! Describes named operations for programs, by OpenAPI 3.1: the variables as parameters, the data as JSON Schema.
//!
//! The schemas of an operation are made when it is loaded ([`variable`], [`data`]). Those of input types, enums and scalars are
//! shared by all operations, under their names in GraphQL. The others have names with a point, which no type has.

mod data;
mod document;
mod schema;
mod types;

pub(super) use self::data::data;
pub use self::document::{DescribedFormat, Formats};
pub(super) use self::schema::Types;
pub(super) use self::types::variable;
