//! The parts of a response map, as they are written in it.

use bytes::Bytes;

use crate::document::{JsonReader, ReadError, Reader};

/// The parts of a response map, as JSON.
#[derive(Debug, Default)]
pub struct ResponseParts {
    /// The value of `data`; empty if there is none.
    pub data: Bytes,
    /// A list; `None` if there is none.
    pub errors: Option<Bytes>,
    /// An object; `None` if there is none.
    pub extensions: Option<Bytes>,
}

impl ResponseParts {
    /// The parts of a response map, which share its memory.
    pub fn of(body: &Bytes) -> ResponseParts {
        // The gateway has written it, so it can be read.
        read(body).unwrap_or_default()
    }

    /// A response map with the errors alone.
    pub fn only_errors(&self) -> Bytes {
        let errors = self.errors.as_deref().unwrap_or(b"[]");
        Bytes::from([b"{\"errors\":", errors, b"}"].concat())
    }
}

fn read(body: &Bytes) -> Result<ResponseParts, ReadError> {
    let mut parts = ResponseParts::default();
    let mut reader = JsonReader::new(body)?;
    reader.enter_object()?;
    while let Some(key) = reader.next_key()? {
        let name = key.as_str().to_owned();
        let span = reader.capture()?;
        let part = body.slice_ref(reader.slice(span).as_bytes());
        match name.as_str() {
            "data" => parts.data = part,
            "errors" => parts.errors = Some(part),
            "extensions" => parts.extensions = Some(part),
            _ => {}
        }
    }
    reader.finish()?;
    Ok(parts)
}
