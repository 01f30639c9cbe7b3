//! What an upstream answered: values, and readers over a body.
//!
//! The lowest room. A [`Reader`] is a pull cursor over one document whatever its format, so that a
//! projection drives JSON, and later XML or rows, without knowing which it is. A [`Value`] is what
//! the mapping language computes with where a projection cannot decide alone.
//!
//! This room knows nothing of GraphQL, connectors or HTTP, does no IO, and never repairs a
//! document: what is not valid is refused with the offset of the first wrong byte.

mod bounds;
mod json;
mod number;
mod object;
mod reader;
mod scan;
mod value;
mod write;

#[cfg(test)]
mod tests;

pub use bounds::NumberBounds;
pub use json::{JsonReader, unescape};
pub use number::Number;
pub use object::Object;
pub use reader::{Fault, Key, Kind, MAX_DEPTH, Member, ReadError, Reader, Scalar, Span, Wanted};
pub use value::{Str, Value};
pub use write::write_json_string;
