//! JSON bodies: our reader and `serde_json` read the same value, and the value is written as it was read.

use sangam::document::{JsonReader, Kind, Reader, Scalar, Value, unescape};
use serde::de::IgnoredAny;

use super::super::corpus;
use super::super::input::{Input, Language};
use super::super::run::{REFUSED, Target};

struct Documents;

pub(super) fn make(_: u64, _: bool) -> Box<dyn Target> {
    Box::new(Documents)
}

impl Target for Documents {
    fn corpus(&self) -> Vec<Input> {
        let texts = corpus::documents().into_iter();
        texts
            .map(|text| Input::one(Language::Json, "body", text))
            .collect()
    }

    fn run(&self, input: &Input) -> Result<String, String> {
        let body = input.bytes("body");
        let read = Value::parse_json(body);
        let skipped = skip(body);
        if skipped.is_ok() != read.is_ok() {
            return Err(format!("skipping and reading differ: {skipped:?} {read:?}"));
        }
        let walked = walk(body);
        if walked.is_ok() != read.is_ok() {
            return Err(format!("walking and reading differ: {walked:?} {read:?}"));
        }
        // `serde_json` is less strict with values that it skips.
        let other = serde_json::from_slice::<IgnoredAny>(body);
        if read.is_ok() && other.is_err() {
            return Err(format!("accepted what is not JSON: {other:?}"));
        }
        match read {
            Ok(value) => {
                let written = value.to_json();
                let again = Value::parse_json(written.as_bytes());
                if again.as_ref().ok() != Some(&value) {
                    return Err(format!("written it is another document: {written}"));
                }
                Ok(format!("{:?} {}", value.kind(), written.len().ilog2()))
            }
            Err(error) if error.offset as usize > body.len() => {
                Err(format!("an error outside: {error}"))
            }
            Err(error) => {
                if serde_json::from_slice::<serde_json::Value>(body).is_ok() {
                    return Err(format!("refused what is JSON: {error}"));
                }
                Ok(format!("{REFUSED}{:?}", error.fault))
            }
        }
    }
}

fn skip(body: &[u8]) -> Result<(), sangam::document::ReadError> {
    let mut reader = JsonReader::new(body)?;
    reader.capture()?;
    reader.finish()
}

/// Enters all objects and lists.
fn walk(body: &[u8]) -> Result<(), sangam::document::ReadError> {
    let mut reader = JsonReader::new(body)?;
    let mut inside = Vec::new();
    loop {
        match reader.peek()? {
            Kind::Object => {
                reader.enter_object()?;
                inside.push(true);
            }
            Kind::List => {
                reader.enter_list()?;
                inside.push(false);
            }
            _ => {
                if let Scalar::String(span) = reader.scalar()? {
                    unescape(reader.slice(span));
                }
            }
        }
        loop {
            let more = match inside.last() {
                None => return reader.finish(),
                Some(true) => reader.next_key()?.is_some(),
                Some(false) => reader.next_element()?,
            };
            if more {
                break;
            }
            inside.pop();
        }
    }
}
