//! Failures of calls and values, as clients see them.
//!
//! Messages are safe by construction: they name coordinates and kinds, and contain upstream text only if a connector's
//! `errors` mapping selected it.

use std::sync::Arc;

use crate::connector::ErrorMappings;
use crate::document::{NumberBounds, Object, Value, merge_member};
use crate::errors::{ErrorCode, ErrorKind, code};
use crate::mapping::{Selection, Variables};
use crate::source::{SourceErrorKind, WireStatus};

/// The code and message for a call without a response.
pub(crate) fn code_of_source(kind: SourceErrorKind) -> (ErrorCode, &'static str) {
    match kind {
        SourceErrorKind::Unreachable => (code::HTTP_CLIENT_ERROR, "The service cannot be reached"),
        SourceErrorKind::Timeout => (
            code::GATEWAY_TIMEOUT,
            "The service gave no response in time",
        ),
        SourceErrorKind::TooLarge => (
            code::RESPONSE_LIMIT_EXCEEDED,
            "The service's response is longer than allowed",
        ),
        SourceErrorKind::BadAnswer => (
            code::CONNECTOR_BAD_ANSWER,
            "The service's response cannot be read",
        ),
        SourceErrorKind::Busy => (
            code::REQUEST_LIMIT_EXCEEDED,
            "Too many requests wait for the service",
        ),
        SourceErrorKind::Upload(fault) => (fault.code(), fault.message()),
        SourceErrorKind::Internal => (
            code::INTERNAL_SERVER_ERROR,
            "The call failed in the gateway",
        ),
    }
}

/// One failure.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) code: ErrorCode,
    pub(crate) kind: ErrorKind,
    pub(crate) service: Option<Arc<str>>,
    pub(crate) coordinate: Option<Arc<str>>,
    /// The status of the upstream's response.
    pub(crate) status: Option<WireStatus>,
    /// After how many seconds the upstream accepts requests again.
    pub(crate) retry_after: Option<u32>,
    /// What the connector's `errors.extensions` yields.
    pub(crate) extensions: Option<Arc<Object>>,
}

impl Failure {
    /// The failure with what the connector's `errors` mappings yield for `input`: the response, or one error of it.
    pub(super) fn mapped(
        mut self,
        mappings: &ErrorMappings,
        input: Option<&Value>,
        variables: &Variables,
        numbers: NumberBounds,
    ) -> Failure {
        let evaluate = |selection: &Selection| selection.evaluate(input, variables).value;
        let message = mappings.message.as_deref().and_then(evaluate);
        match message {
            Some(Value::String(message)) => self.message = message.to_string(),
            Some(Value::Number(number)) => self.message = number.to_string(),
            _ => {}
        }
        let mut extensions = Object::new();
        for selection in &mappings.extensions {
            if let Some(Value::Object(members)) = evaluate(selection) {
                // Leave out numbers that are too large: a client that cannot read one could not read the response.
                let admitted = members.iter();
                let admitted = admitted.filter(|(_, value)| numbers.admits_value(value));
                for (name, value) in admitted {
                    merge_member(&mut extensions, name, value);
                }
            }
        }
        if !extensions.is_empty() {
            self.extensions = Some(Arc::new(extensions));
        }
        self
    }

    fn of_value(message: String) -> Self {
        Failure {
            message,
            code: code::INVALID_VALUE,
            kind: ErrorKind::BadAnswer,
            service: None,
            coordinate: None,
            status: None,
            retry_after: None,
            extensions: None,
        }
    }

    /// A variable is null in a non-null position.
    pub(crate) fn null_variable(message: &str) -> Self {
        Failure {
            code: code::INVALID_VARIABLES,
            kind: ErrorKind::Invalid,
            ..Failure::of_value(message.to_owned())
        }
    }

    pub(crate) fn null_in_non_null(coordinate: &str) -> Self {
        Failure::of_value(format!(
            "{coordinate} must not be null, and the response has no value for it"
        ))
    }

    pub(crate) fn wrong_shape(coordinate: &str, expected: &str, found: &str) -> Self {
        Failure::of_value(format!(
            "{coordinate} must be {}, and the response has {found}",
            article(expected)
        ))
    }

    pub(crate) fn out_of_range(coordinate: &str, expected: &str) -> Self {
        Failure::of_value(format!(
            "{coordinate} must be {}, and the response's number is not one",
            article(expected)
        ))
    }

    pub(crate) fn number_beyond(coordinate: &str) -> Self {
        let beyond = NumberBounds::BEYOND;
        Failure::of_value(format!(
            "{coordinate} has a number in the response that {beyond}"
        ))
    }

    pub(crate) fn not_an_enum_value(coordinate: &str) -> Self {
        Failure::of_value(format!(
            "{coordinate} is not one of the enum's values in the response"
        ))
    }

    /// An error that a mapping raised with `->withError`.
    pub(crate) fn raised(message: &str) -> Self {
        Failure {
            code: code::CONNECTOR_ERROR,
            kind: ErrorKind::Upstream,
            ..Failure::of_value(message.to_owned())
        }
    }

    pub(crate) fn unknown_type() -> Self {
        Failure::of_value("The response does not tell the type of this object".to_owned())
    }

    pub(crate) fn limit(message: String) -> Self {
        Failure {
            kind: ErrorKind::Limit,
            code: code::LIMIT_EXCEEDED,
            ..Failure::of_value(message)
        }
    }

    /// All operations together hold as many bytes as they may.
    pub(crate) fn no_memory() -> Self {
        Failure {
            kind: ErrorKind::Busy,
            code: code::REQUEST_LIMIT_EXCEEDED,
            ..Failure::of_value("The gateway has no memory left for this operation".to_owned())
        }
    }

    /// The deadline has passed.
    pub(crate) fn late() -> Self {
        Failure {
            kind: ErrorKind::Timeout,
            code: code::GATEWAY_TIMEOUT,
            ..Failure::of_value("The operation was not done in time".to_owned())
        }
    }

    /// Another field has failed, and the client wants the execution to end then. Clients see the error of that field, and this
    /// one only if that field is not in the response.
    pub(crate) fn halted() -> Self {
        Failure {
            message: "The execution has ended, because a value that it needs has failed".to_owned(),
            ..Failure::stuck()
        }
    }

    /// A fetch can never start: a fault of the plan.
    pub(crate) fn stuck() -> Self {
        Failure {
            kind: ErrorKind::Internal,
            code: code::INTERNAL_SERVER_ERROR,
            ..Failure::of_value("The operation cannot be executed to its end".to_owned())
        }
    }
}

fn article(expected: &str) -> String {
    match expected {
        "Int" | "ID" => format!("an {expected}"),
        "Float" | "String" | "Boolean" => format!("a {expected}"),
        other => other.to_owned(),
    }
}
