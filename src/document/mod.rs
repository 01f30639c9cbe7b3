//! Documents of upstreams: readers of a body, and values.
//!
//! A [`Reader`] is a pull cursor over a document of any format, so a projection does not depend on
//! the format. A [`Value`] is a tree, on which the mapping language is evaluated where a projection
//! does not suffice.
//!
//! This room depends on no other one: it knows neither GraphQL nor connectors nor HTTP, and does no
//! IO. It rejects an invalid document with the offset of the first wrong byte, and repairs none.

mod bounds;
mod json;
mod number;
mod ordered_map;
mod reader;
mod scan;
mod value;
mod write;

#[cfg(test)]
mod tests;

pub use bounds::NumberBounds;
pub use json::{JsonReader, unescape};
pub use number::Number;
pub use ordered_map::OrderedMap;
pub use reader::{
    Fault, Kind, MAX_DEPTH, Member, ObjectKey, ReadError, Reader, Scalar, ValueSpan, Wanted,
};
pub(crate) use value::merge_member;
pub use value::{Object, Str, Value};
pub use write::write_json_string;
