//! The `errors` of one payload, and its warnings.
//!
//! Each payload has a list of its own: what fails in one delivery group is reported with that group, and does not take
//! the room of another one's errors. A failure is reported at each path where it makes a value null, up to a maximum.

use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;

use super::failure::Failure;
use super::failures::Failures;
use super::write::{PathElement, write_path};
use crate::document::{Object, Str, Value, merge_member, write_json_string};
use crate::errors::{ErrorKind, code};

/// The errors of one payload.
#[derive(Debug, Default)]
pub(crate) struct ErrorList {
    /// By the number of a failure: how often it has been reported.
    reported: Vec<u32>,
    /// The elements of the response's `errors`.
    out: Vec<u8>,
    /// The listed errors that have a path, in order.
    located: Vec<Located>,
    count: usize,
    /// The elements of the response's `extensions.warnings`.
    warnings: Vec<u8>,
    warned: usize,
    left_out: u64,
    /// The maximum number of listed errors.
    total: usize,
    /// The maximum length of their text.
    max_bytes: usize,
    /// The elements of the path that leads to the root of the delivery group, as JSON.
    prefix: Vec<u8>,
}

/// A listed error with a path.
#[derive(Debug)]
struct Located {
    /// The number of its failure.
    failure: usize,
    /// Whether the value may not be what failed.
    vague: bool,
    /// Where its null is in the text of the response.
    at: usize,
    /// Where it is in the text of the errors.
    text: Range<usize>,
}

/// How often one failure is listed, so that the failure of one upstream does not hide that of another.
const PER_FAILURE: u32 = 20;

impl ErrorList {
    /// At least one error is listed: a response always says that something failed.
    pub(crate) fn new(total: usize, max_bytes: usize) -> Self {
        ErrorList {
            total: total.max(1),
            max_bytes,
            ..ErrorList::default()
        }
    }

    /// The same for a delivery group whose root is at this path, as the elements of a JSON list.
    pub(crate) fn below(self, prefix: Vec<u8>) -> Self {
        ErrorList { prefix, ..self }
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

    /// How many errors are listed.
    pub(crate) fn listed(&self) -> usize {
        self.count
    }

    /// The maximum number of listed errors.
    pub(crate) fn most(&self) -> usize {
        self.total
    }

    /// The listed errors as elements of a JSON list.
    pub(crate) fn written(&self) -> &[u8] {
        &self.out
    }

    /// Reports a failure at a path; `at` is where its null is in the text of the response.
    pub(crate) fn report_at(
        &mut self,
        failures: &Failures,
        id: u32,
        at: usize,
        path: &[PathElement<'_>],
        locations: &[(usize, usize)],
    ) {
        let number = failures.number(id);
        if failures.is_left_out(id) {
            return;
        }
        let reported = self.reported(number);
        *reported += 1;
        if *reported > PER_FAILURE || self.is_full() {
            self.left_out += 1;
            return;
        }
        let start = self.out.len();
        if self.write(failures.get(number), Some(path), locations) {
            self.located.push(Located {
                failure: number,
                vague: failures.is_vague(id),
                at,
                text: start..self.out.len(),
            });
        }
    }

    /// Records that the text of the response has one null from `start` on, and returns the failures of the vague errors
    /// there.
    pub(crate) fn all_null_since(&mut self, start: usize) -> SmallVec<[usize; 4]> {
        let mut vague = SmallVec::new();
        // In the order of the text, so the errors of the null are the last ones.
        for error in self.located.iter_mut().rev() {
            if error.at < start {
                break;
            }
            error.at = start;
            if error.vague && !vague.contains(&error.failure) {
                vague.push(error.failure);
            }
        }
        vague
    }

    /// Whether the field that is known to have failed is reported for the null at `start`.
    pub(crate) fn is_known_at(&self, failure: usize, start: usize) -> bool {
        let at_null = self
            .located
            .iter()
            .rev()
            .take_while(|error| error.at >= start);
        let mut known = at_null.filter(|error| !error.vague);
        known.any(|error| error.failure == failure)
    }

    /// Removes the vague errors of a failure that are reported for the null at `start`.
    pub(crate) fn remove_vague(&mut self, failure: usize, start: usize) {
        let (mut removed, mut left) = (0, Vec::with_capacity(self.located.len()));
        for mut error in std::mem::take(&mut self.located) {
            error.text = error.text.start - removed..error.text.end - removed;
            if error.vague && error.failure == failure && error.at >= start {
                removed += error.text.len();
                self.out.drain(error.text);
                self.count -= 1;
                *self.reported(failure) -= 1;
            } else {
                left.push(error);
            }
        }
        self.located = left;
        // Each error but the first begins with a comma.
        if self.out.first() == Some(&b',') {
            self.out.remove(0);
            for error in &mut self.located {
                error.text = error.text.start.saturating_sub(1)..error.text.end - 1;
            }
        }
    }

    /// Leaves only the first error.
    pub(crate) fn keep_first(&mut self) {
        self.located.truncate(1);
        if let Some(first) = self.located.first() {
            self.out.truncate(first.text.end);
            self.reported.fill(0);
            self.reported[first.failure] = 1;
        }
        self.count = self.count.min(1);
        self.left_out = 0;
    }

    /// Whether the next report of a failure would be listed.
    pub(crate) fn is_listed(&self, failures: &Failures, id: u32) -> bool {
        let reported = self.reported.get(failures.number(id)).copied();
        reported.unwrap_or(0) < PER_FAILURE && !self.is_full()
    }

    /// The warnings as elements of a JSON list.
    pub(crate) fn warnings(&self) -> &[u8] {
        &self.warnings
    }

    /// Adds a warning that the list at a path was cut off. There are at most as many as errors.
    pub(crate) fn warn_at(&mut self, message: &str, path: &[PathElement<'_>]) {
        if self.warned >= self.total {
            return;
        }
        self.warned += 1;
        let out = &mut self.warnings;
        if !out.is_empty() {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"message\":");
        write_json_string(message, out);
        out.extend_from_slice(b",\"path\":");
        write_path(&self.prefix, path, out);
        out.extend_from_slice(b",\"extensions\":");
        nested("code", Value::from(code::LIST_CUT_OFF.as_str())).write_json(out);
        out.push(b'}');
    }

    /// Reports a failure of the whole payload.
    pub(crate) fn report_without_path(&mut self, failures: &Failures, id: u32) {
        let number = failures.number(id);
        *self.reported(number) += 1;
        match self.is_full() {
            true => self.left_out += 1,
            false => _ = self.write(failures.get(number), None, &[]),
        }
    }

    /// Calls `count` for each failure with the connector at fault, and with how often it has been reported.
    pub(crate) fn each_reported(
        &self,
        failures: &Failures,
        mut count: impl FnMut(Option<&Arc<str>>, ErrorKind, u32),
    ) {
        let reported = self.reported.iter().enumerate();
        for (number, times) in reported.filter(|(_, times)| **times > 0) {
            let failure = failures.get(number);
            count(failure.service.as_ref(), failure.kind, *times);
        }
    }

    /// How often a failure has been reported.
    fn reported(&mut self, number: usize) -> &mut u32 {
        if self.reported.len() <= number {
            self.reported.resize(number + 1, 0);
        }
        &mut self.reported[number]
    }

    /// Lists an error; false if there is no room for its text.
    fn write(
        &mut self,
        failure: &Failure,
        path: Option<&[PathElement<'_>]>,
        locations: &[(usize, usize)],
    ) -> bool {
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
            write_path(&self.prefix, path, out);
        }
        out.extend_from_slice(b",\"extensions\":");
        extensions(failure).write_json(out);
        out.push(b'}');
        // A message that an `errors` mapping selected may be long.
        let is_listed = out.len() <= self.max_bytes;
        match is_listed {
            true => self.count += 1,
            false => {
                out.truncate(start);
                self.left_out += 1;
                self.total = self.count;
            }
        }
        is_listed
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
            merge_member(&mut object, name, value);
        }
    }
    Value::Object(Arc::new(object))
}

fn nested(name: &str, value: Value) -> Value {
    let mut object = Object::new();
    object.insert(Str::from(name), value);
    Value::Object(Arc::new(object))
}
