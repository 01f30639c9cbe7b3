//! The envelope of every response, and the mandatory fields of every request.

use axum::Json;
use axum::body::Bytes;
use axum::http::HeaderMap;
use serde_json::{Map, Value, json};

/// Fields that every operation requires.
const MANDATORY: [&str; 4] = ["trkr", "lang", "mode", "pltfrm"];

/// Why an operation failed: `rc` and `rd`.
#[derive(Debug)]
pub(super) struct Failure(pub(super) &'static str, pub(super) String);

/// The result of an operation: its success code and data, or a failure.
pub(super) type Outcome = Result<(&'static str, Value), Failure>;

/// The body of a request whose envelope has been checked.
#[derive(Debug)]
pub(super) struct Call(Map<String, Value>);

impl Call {
    /// Checks the key and the mandatory fields.
    pub(super) fn read(headers: &HeaderMap, body: &Bytes) -> Result<Self, Failure> {
        let key = headers
            .get("x-api-key")
            .and_then(|value| value.to_str().ok());
        if !key.is_some_and(|key| key.starts_with("sample-")) {
            return Err(Failure("AU0001", "Client is not authorised".into()));
        }
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
            return Err(Failure("PE0000", "Request is not a JSON object".into()));
        };
        let call = Self(fields);
        match MANDATORY.iter().find(|name| call.text(name).is_none()) {
            Some(name) => Err(Failure(
                "PE0001",
                format!("Mandatory parameter missing: {name}"),
            )),
            None => Ok(call),
        }
    }

    /// The text of a field; `None` if it is missing or empty. Numbers are given as digits.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A count, given as a number or as digits.
    pub(super) fn count(&self, name: &str, otherwise: usize) -> Result<usize, Failure> {
        match self.text(name) {
            None => Ok(otherwise),
            Some(text) => text
                .parse()
                .map_err(|_| Failure("PE0002", format!("Not a number: {name}"))),
        }
    }

    /// `Y` or `N`.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Failure> {
        match self.text(name).as_deref() {
            None => Ok(None),
            Some("Y") => Ok(Some(true)),
            Some("N") => Ok(Some(false)),
            Some(_) => Err(Failure("PE0002", format!("Neither Y nor N: {name}"))),
        }
    }

    /// A list of ids, as a JSON array or separated by commas.
    pub(super) fn ids(&self, name: &str) -> Vec<String> {
        let text = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        match self.0.get(name) {
            Some(Value::Array(items)) => items.iter().map(text).collect(),
            Some(Value::String(list)) => list.split(',').map(|id| id.trim().to_owned()).collect(),
            _ => Vec::new(),
        }
    }
}

/// The response; its HTTP status is always 200.
pub(super) fn wrap(outcome: Outcome) -> Json<Value> {
    Json(match outcome {
        Ok((code, data)) => json!({ "rs": "S", "rc": code, "rd": "Success", "pd": data }),
        Err(Failure(code, text)) => json!({ "rs": "F", "rc": code, "rd": text, "pd": {} }),
    })
}
