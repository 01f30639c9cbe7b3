//! The status of a result, by what the response map says.
//!
//! | the response | status |
//! |---|---|
//! | has data, which is not null | 200; of a file that is not partial, as without data if a field has failed |
//! | was refused before it was executed | 400; 503 if the gateway is busy, 504 if it was not ready in time, 500 for an internal error |
//! | has no data, and an error of kind `BUSY` | 503 |
//! | has no data, and an error of kind `TIMEOUT`, but none of kind `BUSY` | 504 |
//! | has no data, otherwise | 502 |

use http::StatusCode;

use crate::document::{JsonReader, Kind, ReadError, Reader, Value};
use crate::errors::ErrorKind;
use crate::gateway::RequestOutcome;

/// What the response map says, as far as the status depends on it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    /// It has data, which is not null.
    pub(super) has_data: bool,
    busy: bool,
    timeout: bool,
    internal: bool,
}

impl Summary {
    /// Reads a response map. Only one with errors needs it.
    pub(super) fn read(body: &[u8]) -> Summary {
        // The gateway has written it, so it can be read.
        read(body).unwrap_or_default()
    }

    /// The status.
    pub(super) fn status(&self, outcome: RequestOutcome) -> StatusCode {
        match outcome {
            RequestOutcome::Executed if self.has_data => StatusCode::OK,
            RequestOutcome::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            RequestOutcome::Busy => StatusCode::SERVICE_UNAVAILABLE,
            _ if self.busy => StatusCode::SERVICE_UNAVAILABLE,
            _ if self.timeout => StatusCode::GATEWAY_TIMEOUT,
            RequestOutcome::Executed => StatusCode::BAD_GATEWAY,
            RequestOutcome::Refused if self.internal => StatusCode::INTERNAL_SERVER_ERROR,
            // A named operation is sent with its text, so that it is found.
            RequestOutcome::Refused | RequestOutcome::NotPersisted | RequestOutcome::Malformed => {
                StatusCode::BAD_REQUEST
            }
        }
    }

    /// The status of a file, which cannot show its errors, when a field has failed.
    pub(super) fn status_of_file(&self) -> StatusCode {
        match (self.busy, self.timeout) {
            (true, _) => StatusCode::SERVICE_UNAVAILABLE,
            (false, true) => StatusCode::GATEWAY_TIMEOUT,
            (false, false) => StatusCode::BAD_GATEWAY,
        }
    }
}

fn read(body: &[u8]) -> Result<Summary, ReadError> {
    let mut summary = Summary::default();
    let mut reader = JsonReader::new(body)?;
    reader.enter_object()?;
    while let Some(key) = reader.next_key()? {
        match key.as_str() {
            "data" => {
                summary.has_data = reader.peek()? != Kind::Null;
                reader.skip()?;
            }
            "errors" => {
                let errors = Value::read(&mut reader)?;
                for error in errors.as_array().unwrap_or_default() {
                    let sangam = error.get("extensions").and_then(|own| own.get("sangam"));
                    let kind = sangam.and_then(|sangam| sangam.get("kind"));
                    let kind = kind.and_then(Value::as_str).unwrap_or_default();
                    summary.busy |= kind == ErrorKind::Busy.as_str();
                    summary.timeout |= kind == ErrorKind::Timeout.as_str();
                    summary.internal |= kind == ErrorKind::Internal.as_str();
                }
            }
            _ => reader.skip()?,
        }
    }
    reader.finish()?;
    Ok(summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_that_of_the_worst_error_when_there_are_no_data() {
        let error = |kind: &str| format!(r#"{{"extensions":{{"sangam":{{"kind":"{kind}"}}}}}}"#);
        let of = |data: &str, kinds: &[&str]| {
            let errors: Vec<String> = kinds.iter().map(|kind| error(kind)).collect();
            let body = format!(r#"{{"errors":[{}]{data}}}"#, errors.join(","));
            Summary::read(body.as_bytes())
        };
        let executed =
            |data: &str, kinds: &[&str]| of(data, kinds).status(RequestOutcome::Executed).as_u16();
        let null = r#","data":null"#;
        assert_eq!(executed(r#","data":{"a":null}"#, &["TIMEOUT"]), 200);
        assert_eq!(executed(null, &["UPSTREAM", "TIMEOUT", "BUSY"]), 503);
        assert_eq!(executed(null, &["UPSTREAM", "TIMEOUT"]), 504);
        assert_eq!(executed(null, &["NOT_FOUND"]), 502);
        let refused = |kind: &str| of("", &[kind]).status(RequestOutcome::Refused).as_u16();
        assert_eq!(refused("INVALID"), 400);
        assert_eq!(refused("LIMIT"), 400);
        assert_eq!(refused("TIMEOUT"), 504);
        assert_eq!(refused("INTERNAL"), 500);
    }
}
