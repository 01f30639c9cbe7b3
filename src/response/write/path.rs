//! Paths in the response.

use std::sync::Arc;

use crate::document::write_json_string;

/// One element of a response path.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PathElement<'o> {
    Field(&'o str),
    Index(u32),
}

/// One element of a response path that is kept beyond the writing of a payload.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum KeptElement {
    Field(Arc<str>),
    Index(u32),
}

impl KeptElement {
    fn as_element(&self) -> PathElement<'_> {
        match self {
            KeptElement::Field(name) => PathElement::Field(name),
            KeptElement::Index(index) => PathElement::Index(*index),
        }
    }
}

/// Writes a response path as JSON, below a path whose elements are written already.
pub(crate) fn write_path(prefix: &[u8], path: &[PathElement<'_>], out: &mut Vec<u8>) {
    out.push(b'[');
    out.extend_from_slice(prefix);
    if !prefix.is_empty() && !path.is_empty() {
        out.push(b',');
    }
    write_elements(path.iter().copied(), out);
    out.push(b']');
}

/// Writes the elements of a kept path as those of a JSON list.
pub(crate) fn write_kept(path: &[KeptElement], out: &mut Vec<u8>) {
    write_elements(path.iter().map(KeptElement::as_element), out);
}

fn write_elements<'o>(path: impl Iterator<Item = PathElement<'o>>, out: &mut Vec<u8>) {
    for (index, element) in path.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        match element {
            PathElement::Field(name) => write_json_string(name, out),
            PathElement::Index(index) => out.extend_from_slice(index.to_string().as_bytes()),
        }
    }
}
