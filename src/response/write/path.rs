//! Paths in the response.

use crate::document::write_json_string;

/// One element of a response path.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PathElement<'o> {
    Field(&'o str),
    Index(u32),
}

/// Writes a response path as JSON.
pub(crate) fn write_path(path: &[PathElement<'_>], out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, element) in path.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        match element {
            PathElement::Field(name) => write_json_string(name, out),
            PathElement::Index(index) => out.extend_from_slice(index.to_string().as_bytes()),
        }
    }
    out.push(b']');
}
