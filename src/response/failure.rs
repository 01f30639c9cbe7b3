//! Failures of calls and values, as clients see them.
//!
//! A failure is created once and reported at each path where it makes a value null, up to a maximum. Messages are safe
//! by construction: they name coordinates and kinds, and contain upstream text only if a connector's `errors` mapping
//! selected it.

use std::sync::Arc;

use super::write::{PathElement, write_path};
use crate::document::{NumberBounds, Object, Str, Value, write_json_string};
use crate::errors::{ErrorCode, ErrorKind, code};
use crate::source::{SourceErrorKind, WireStatus};

/// The code and message for a call without a response.
pub(crate) fn code_of_source(kind: SourceErrorKind) -> (ErrorCode, &'static str) {
    match kind {
        SourceErrorKind::Unreachable => (code::HTTP_CLIENT_ERROR, "The service cannot be reached"),
        SourceErrorKind::Timeout => (code::GATEWAY_TIMEOUT, "The service did not answer in time"),
        SourceErrorKind::TooLarge => (
            code::RESPONSE_LIMIT_EXCEEDED,
            "The service's answer is longer than allowed",
        ),
        SourceErrorKind::BadAnswer => (
            code::CONNECTOR_BAD_ANSWER,
            "The service's answer cannot be read",
        ),
        SourceErrorKind::Busy => (
            code::REQUEST_LIMIT_EXCEEDED,
            "Too many requests wait for the service",
        ),
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
            "{coordinate} must not be null, and the answer has no value for it"
        ))
    }

    pub(crate) fn wrong_shape(coordinate: &str, expected: &str, found: &str) -> Self {
        Failure::of_value(format!(
            "{coordinate} must be {}, and the answer has {found}",
            article(expected)
        ))
    }

    pub(crate) fn out_of_range(coordinate: &str, expected: &str) -> Self {
        Failure::of_value(format!(
            "{coordinate} must be {}, and the answer's number is not one",
            article(expected)
        ))
    }

    pub(crate) fn number_beyond(coordinate: &str) -> Self {
        let beyond = NumberBounds::BEYOND;
        Failure::of_value(format!(
            "{coordinate} has a number in the answer that {beyond}"
        ))
    }

    pub(crate) fn not_an_enum_value(coordinate: &str) -> Self {
        Failure::of_value(format!(
            "{coordinate} is not one of the enum's values in the answer"
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
        Failure::of_value("The answer does not tell the type of this object".to_owned())
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

/// A step from a null of a service to the field below it that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Below {
    Slot(u16),
    Index(u32),
}

/// What a cell refers to: a failure, and where the failed field is relative to the cell.
#[derive(Debug)]
struct Entry {
    failure: u32,
    below: Vec<Below>,
    /// The entry of the same failure with an empty `below`.
    plain: u32,
    /// The value is missing from a response with this failure, but may not be what failed.
    vague: bool,
}

/// All failures of a request, and where they are reported.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    all: Vec<Failure>,
    reported: Vec<u32>,
    /// What cells refer to, by index.
    entries: Vec<Entry>,
    /// The elements of the response's `errors`.
    out: Vec<u8>,
    count: usize,
    left_out: u64,
    /// The maximum number of listed errors.
    total: usize,
    /// The maximum length of their text.
    max_bytes: usize,
}

/// How often one failure is listed, so that the failure of one upstream does not hide that of another.
const PER_FAILURE: u32 = 20;

impl Failures {
    /// At least one error is listed: a response always says that something failed.
    pub(crate) fn new(total: usize, max_bytes: usize) -> Self {
        Failures {
            total: total.max(1),
            max_bytes,
            ..Failures::default()
        }
    }

    pub(crate) fn add(&mut self, failure: Failure) -> u32 {
        self.all.push(failure);
        self.reported.push(0);
        let plain = self.entries.len() as u32;
        self.entries.push(Entry {
            failure: (self.all.len() - 1) as u32,
            below: Vec::new(),
            plain,
            vague: false,
        });
        plain
    }

    /// The same failure, for a null that a service propagated from a field below it.
    pub(crate) fn add_below(&mut self, id: u32, below: Vec<Below>) -> u32 {
        if below.is_empty() {
            return id;
        }
        let Entry { failure, plain, .. } = self.entries[id as usize];
        self.entries.push(Entry {
            failure,
            below,
            plain,
            vague: false,
        });
        (self.entries.len() - 1) as u32
    }

    /// The same failure, for the other values that are missing from the response that reported it.
    pub(crate) fn add_vague(&mut self, id: u32) -> u32 {
        let Entry { failure, plain, .. } = self.entries[id as usize];
        self.entries.push(Entry {
            failure,
            below: Vec::new(),
            plain,
            vague: true,
        });
        (self.entries.len() - 1) as u32
    }

    /// Whether the value that has this failure may not be what failed.
    pub(crate) fn is_vague(&self, id: u32) -> bool {
        self.entries[id as usize].vague
    }

    /// True if nothing has failed so far.
    pub(crate) fn nothing_failed(&self) -> bool {
        self.all.is_empty()
    }

    /// The same failure, for another field that failed because of it.
    pub(crate) fn for_other_field(&self, id: u32) -> u32 {
        self.entries[id as usize].plain
    }

    /// The steps from the cell that has this failure to the field that failed.
    pub(crate) fn below(&self, id: u32) -> &[Below] {
        &self.entries[id as usize].below
    }

    /// True if nothing has been reported.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0 && self.left_out == 0
    }

    /// True if no more errors are listed.
    pub(crate) fn is_full(&self) -> bool {
        self.count >= self.total
    }

    /// Counts errors that are not listed.
    pub(crate) fn leave_out(&mut self, errors: usize) {
        self.left_out += errors as u64;
    }

    /// True if an error is listed.
    pub(crate) fn is_any_listed(&self) -> bool {
        self.count > 0
    }

    /// The maximum number of listed errors.
    pub(crate) fn most(&self) -> usize {
        self.total
    }

    /// The listed errors as elements of a JSON list.
    pub(crate) fn written(&self) -> &[u8] {
        &self.out
    }

    /// Reports a failure at a path.
    pub(crate) fn report_at(
        &mut self,
        id: u32,
        path: &[PathElement<'_>],
        locations: &[(usize, usize)],
    ) {
        let failure = self.entries[id as usize].failure;
        let reported = &mut self.reported[failure as usize];
        *reported += 1;
        if *reported > PER_FAILURE || self.is_full() {
            self.left_out += 1;
            return;
        }
        self.write(failure, Some(path), locations);
    }

    /// Whether the next report of a failure would be listed.
    pub(crate) fn is_listed(&self, id: u32) -> bool {
        let failure = self.entries[id as usize].failure;
        self.reported[failure as usize] < PER_FAILURE && !self.is_full()
    }

    /// Reports a failure of the whole response.
    pub(crate) fn report_without_path(&mut self, id: u32) {
        let failure = self.entries[id as usize].failure;
        self.reported[failure as usize] += 1;
        match self.is_full() {
            true => self.left_out += 1,
            false => self.write(failure, None, &[]),
        }
    }

    fn write(
        &mut self,
        failure: u32,
        path: Option<&[PathElement<'_>]>,
        locations: &[(usize, usize)],
    ) {
        let failure = &self.all[failure as usize];
        let out = &mut self.out;
        let start = out.len();
        if start > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"message\":");
        write_json_string(&failure.message, out);
        if !locations.is_empty() {
            out.extend_from_slice(b",\"locations\":[");
            for (index, (line, column)) in locations.iter().enumerate() {
                let comma = if index > 0 { "," } else { "" };
                out.extend_from_slice(
                    format!("{comma}{{\"line\":{line},\"column\":{column}}}").as_bytes(),
                );
            }
            out.push(b']');
        }
        if let Some(path) = path {
            out.extend_from_slice(b",\"path\":");
            write_path(path, out);
        }
        out.extend_from_slice(b",\"extensions\":");
        extensions(failure).write_json(out);
        out.push(b'}');
        // A message that an `errors` mapping selected may be long.
        match out.len() > self.max_bytes {
            true => {
                out.truncate(start);
                self.left_out += 1;
                self.total = self.count;
            }
            false => self.count += 1,
        }
    }

    /// The number of errors that are not listed.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }
}

fn extensions(failure: &Failure) -> Value {
    let mut object = Object::new();
    object.insert(Str::from("code"), Value::from(failure.code.as_str()));
    if let Some(service) = &failure.service {
        object.insert(Str::from("service"), Value::String(service.clone()));
    }
    if let Some(coordinate) = &failure.coordinate {
        object.insert(
            Str::from("connector"),
            nested("coordinate", Value::String(coordinate.clone())),
        );
    }
    if let Some(status) = failure.status {
        object.insert(
            Str::from(status.wire),
            nested("status", Value::from(i64::from(status.number))),
        );
    }
    let mut sangam = Object::new();
    sangam.insert(Str::from("kind"), Value::from(failure.kind.as_str()));
    if let Some(seconds) = failure.retry_after {
        sangam.insert(Str::from("retryAfter"), Value::from(i64::from(seconds)));
    }
    object.insert(Str::from("sangam"), Value::Object(Arc::new(sangam)));
    if let Some(extensions) = &failure.extensions {
        // An upstream must not replace what programs rely on: `sangam` stays, and `code` stays a non-empty string.
        let relied_on = |name: &str, value: &Value| match name {
            "sangam" => true,
            "code" => value.as_str().is_none_or(str::is_empty),
            _ => false,
        };
        for (name, value) in extensions
            .iter()
            .filter(|(name, value)| !relied_on(name, value))
        {
            object.insert(name.clone(), value.clone());
        }
    }
    Value::Object(Arc::new(object))
}

fn nested(name: &str, value: Value) -> Value {
    let mut object = Object::new();
    object.insert(Str::from(name), value);
    Value::Object(Arc::new(object))
}
