//! Locates the `errors` of a GraphQL service's response: marks the cells that their paths name as failed.
//!
//! Clients see the service and the kind of failure, and of an error's text what the `errors` mapping of its service selects:
//! it may hold anything, and goes nowhere else, not even to the log.

use super::failures::Below;
use super::ingest::Ingester;
use super::merge::{Nulls, fail_parts, fail_row};
use super::store::{Cell, RowId};
use super::targets::{Consumer, Destination, Targets, of_list};
use super::upstream_document::is_client_error_of_service;
use crate::cache::Document;
use crate::connector::GraphqlService;
use crate::document::Value;
use crate::errors::code;
use crate::mapping::Variables;
use crate::plan::{Fetch, ReadId, list_of_key};

/// The errors of a response.
pub(crate) struct ServiceErrors<'e> {
    /// The service, which says what clients see of its errors; `None` if it is in this process.
    pub(crate) service: Option<&'e GraphqlService>,
    /// `errors`, not empty.
    pub(crate) errors: &'e [Value],
    pub(crate) document: &'e Document,
    /// The variables of the service's mappings.
    pub(crate) variables: Variables,
    /// There is no data: everything fails, and what no error names fails with the first error.
    pub(crate) without_data: bool,
}

impl ServiceErrors<'_> {
    /// Whether all errors are those of the client's input.
    pub(crate) fn all_of_client(&self) -> bool {
        self.errors.iter().all(|error| self.is_of_client(error))
    }

    fn is_of_client(&self, error: &Value) -> bool {
        let declared = self
            .service
            .and_then(|service| service.client_errors.as_ref());
        let status = self.document.envelope.status();
        declared.is_some_and(|declared| {
            is_client_error_of_service(declared, status, error, &self.variables)
        })
    }
}

/// Marks the cells that the errors name as failed. An error without a known path fails everything that has no value; if
/// everything has one, it is reported without a path.
pub(crate) fn locate(
    ingester: &mut Ingester<'_>,
    fetch: &Fetch,
    destination: Destination<'_>,
    response: &ServiceErrors<'_>,
) {
    let targets = destination.targets;
    let mut first = None;
    let mut last = None;
    // Set by the first error without a path: everything without a value has failed with it.
    let mut all_failed = false;
    let most = ingester.errors.most();
    for (count, error) in response.errors.iter().enumerate() {
        // Those that will not be listed share one failure.
        let failure = match last {
            Some(last) if count >= most => last,
            _ => add_failure(ingester, fetch, response, error),
        };
        last = Some(failure);
        first.get_or_insert(failure);
        let path = error.get("path").and_then(Value::as_array);
        let path = path.unwrap_or_default();
        if mark_named(ingester, fetch, targets, path, failure) || response.without_data {
            continue;
        }
        // The error has no path, or its path leads to a value that is not null.
        let marked = if path.is_empty() && !all_failed {
            all_failed = true;
            mark_missing(ingester, fetch, targets, failure)
        } else {
            false
        };
        if !marked {
            let (failures, errors) = (&*ingester.failures, &mut *ingester.errors);
            errors.report_without_path(failures, failure);
        }
    }
    if let (true, Some(failure)) = (response.without_data, first) {
        let failure = ingester.failures.add_vague(failure);
        ingester.fail_rest(fetch, targets, failure);
    }
}

fn add_failure(
    ingester: &mut Ingester<'_>,
    fetch: &Fetch,
    response: &ServiceErrors<'_>,
    error: &Value,
) -> u32 {
    let of_client = response.is_of_client(error);
    let default = (
        code::DOWNSTREAM_SERVICE_ERROR,
        "The service reported an error",
    );
    let mut failure = ingester.reported(fetch, response.document, of_client, default);
    if let Some(service) = response.service {
        let (mappings, variables) = (&service.errors, &response.variables);
        failure = failure.mapped(mappings, Some(error), variables, ingester.numbers);
    }
    ingester.failures.add(failure)
}

/// Marks the cell at the path of an error. In a response to `_entities`, a path starts with the list and the position of
/// the entity.
fn mark_named(
    ingester: &mut Ingester<'_>,
    fetch: &Fetch,
    targets: &Targets,
    path: &[Value],
    failure: u32,
) -> bool {
    match (targets, path) {
        (Targets::ByPosition(positions), [Value::String(key), Value::Number(index), rest @ ..]) => {
            let index = index.as_i64().and_then(|index| usize::try_from(index).ok());
            let consumers = list_of_key(key)
                .zip(index)
                .and_then(|(list, index)| of_list(positions, list).get(index))
                .map_or(&[][..], |position| position.consumers.as_slice());
            mark_consumers(ingester, consumers, rest, failure)
        }
        (Targets::Rows(rows), path) => mark_all(ingester, rows, fetch.read, path, failure),
        _ => false,
    }
}

/// Marks everything without a value.
fn mark_missing(
    ingester: &mut Ingester<'_>,
    fetch: &Fetch,
    targets: &Targets,
    failure: u32,
) -> bool {
    match targets {
        Targets::ByPosition(positions) => {
            let mut marked = false;
            for position in positions {
                marked |= mark_consumers(ingester, &position.consumers, &[], failure);
            }
            marked
        }
        targets => mark_all(ingester, &targets.rows(), fetch.read, &[], failure),
    }
}

fn mark_consumers(
    ingester: &mut Ingester<'_>,
    consumers: &[Consumer],
    path: &[Value],
    failure: u32,
) -> bool {
    let mut marked = false;
    for consumer in consumers {
        let read = ingester.plan.fetches[consumer.fetch].read;
        for row in &consumer.rows {
            let absent = is_absent(ingester, *row, read, path);
            marked |= mark(ingester, *row, read, path, failure);
            if absent {
                // The error made the whole entity null. Its other fields are not null, but unknown.
                let others = ingester.failures.add_vague(failure);
                fail_row(ingester.store, ingester.plan, *row, read, others);
            }
        }
    }
    marked
}

/// Whether the field that an error names was not in the response: the entity that has it was null.
fn is_absent(ingester: &Ingester<'_>, row: RowId, read: ReadId, path: &[Value]) -> bool {
    let Some(Value::String(key)) = path.first() else {
        return false;
    };
    let mut fields = ingester.plan.read(read).fields.iter();
    let field = fields.find(|field| field.key == **key);
    field.is_some_and(|field| ingester.store.cell(row, field.slot) == Cell::Missing)
}

fn mark_all(
    ingester: &mut Ingester<'_>,
    rows: &[RowId],
    read: ReadId,
    path: &[Value],
    failure: u32,
) -> bool {
    let mut marked = false;
    for row in rows {
        marked |= mark(ingester, *row, read, path, failure);
    }
    marked
}

/// Follows a path of response keys and indexes, and marks the first null on it as failed.
fn mark(
    ingester: &mut Ingester<'_>,
    row: RowId,
    read: ReadId,
    path: &[Value],
    failure: u32,
) -> bool {
    let plan = ingester.plan;
    let Some((Value::String(key), rest)) = path.split_first() else {
        return fail_parts(ingester.store, plan, row, read, failure, Nulls::Fail);
    };
    let fields = &plan.read(read).fields;
    let Some(field) = fields.iter().find(|field| field.key == **key) else {
        return false;
    };
    match ingester.store.cell(row, field.slot) {
        // A null of another error, which may not be what failed, gives way to the error of the field.
        Cell::Failed(known) if !ingester.failures.is_vague(known) => {
            let steps = steps(ingester, field.read, rest);
            ingester.failures.add_other(known, failure, steps);
            true
        }
        Cell::Missing | Cell::Null | Cell::Failed(_) => {
            let failure = below(ingester, field.read, rest, failure);
            ingester.store.set(row, field.slot, Cell::Failed(failure));
            true
        }
        cell => {
            // The value may be that of another service, and null in this one.
            if ingester.store.records_overruled(row, field.slot) {
                let failure = below(ingester, field.read, rest, failure);
                ingester.store.add_overruled(row, field.slot, failure);
            }
            mark_in(ingester, cell, field.read, rest, failure)
        }
    }
}

/// The same below a value; `read` is the read of an object, and `None` for a leaf.
fn mark_in(
    ingester: &mut Ingester<'_>,
    cell: Cell,
    read: Option<ReadId>,
    path: &[Value],
    failure: u32,
) -> bool {
    match (cell, path.split_first()) {
        (Cell::Row(row), _) => read.is_some_and(|read| mark(ingester, row, read, path, failure)),
        (Cell::List { at, len }, Some((Value::Number(index), rest))) => {
            let index = index
                .as_i64()
                .and_then(|index| u32::try_from(index).ok())
                .filter(|index| *index < len);
            let Some(index) = index else { return false };
            match ingester.store.item(at, index) {
                Cell::Failed(known) if !ingester.failures.is_vague(known) => {
                    let steps = steps(ingester, read, rest);
                    ingester.failures.add_other(known, failure, steps);
                    true
                }
                Cell::Missing | Cell::Null | Cell::Failed(_) => {
                    let failure = below(ingester, read, rest, failure);
                    ingester.store.set_item(at, index, Cell::Failed(failure));
                    true
                }
                cell => mark_in(ingester, cell, read, rest, failure),
            }
        }
        _ => false,
    }
}

/// The same failure for a null that it caused; the rest of its path leads from the null to the field that failed.
fn below(ingester: &mut Ingester<'_>, read: Option<ReadId>, path: &[Value], failure: u32) -> u32 {
    let steps = steps(ingester, read, path);
    ingester.failures.add_below(failure, steps)
}

/// A path of response keys and indexes below a value, as far as the fetch reads it.
fn steps(ingester: &Ingester<'_>, mut read: Option<ReadId>, path: &[Value]) -> Vec<Below> {
    let mut steps = Vec::with_capacity(path.len());
    for element in path {
        match (element, read) {
            (Value::Number(index), _) => {
                let index = index.as_i64().and_then(|index| u32::try_from(index).ok());
                let Some(index) = index else { break };
                steps.push(Below::Index(index));
            }
            (Value::String(key), Some(current)) => {
                let mut fields = ingester.plan.read(current).fields.iter();
                let Some(field) = fields.find(|field| field.key == **key) else {
                    break;
                };
                steps.push(Below::Slot(field.slot));
                read = field.read;
            }
            _ => break,
        }
    }
    steps
}
