//! Ingests the documents of a connect: checks for success, maps, and merges as the kind of the connect says.

use std::sync::Arc;

use ahash::{AHashMap, AHashSet};

use super::super::failure::Failure;
use super::super::inputs::comparable_key;
use super::super::merge::merge_cell;
use super::super::outcome::{JudgedDocument, ListOfPages};
use super::super::read_value::Stop;
use super::super::store::{Cell, RowId, Store};
use super::super::targets::{Destination, Targets};
use super::super::upstream_document::{
    document_value, follows_from_document, is_client_error, with_response,
};
use super::grown_list::PagesRead;
use super::{Ingested, Ingester, REPORTED, REQUEST_FAILED};
use crate::cache::Document;
use crate::connector::{Connect, ConnectKind, CutOff, Pagination, YieldedType};
use crate::document::{JsonReader, Reader};
use crate::errors::{ErrorKind, code};
use crate::graph::query::ConnectMode;
use crate::mapping::Variables;
use crate::plan::Fetch;
use crate::plan::projection::Root;

/// What messages call a list whose elements are merged by key.
#[derive(Clone, Copy)]
struct ListNames {
    /// What the service has returned.
    response: &'static str,
    /// As the subject of a sentence.
    subject: &'static str,
    /// In the log.
    log: &'static str,
}

const BATCH: ListNames = ListNames {
    response: "response to a batch",
    subject: "the batch's response",
    log: "batch's response",
};

const WHOLE_LIST: ListNames = ListNames {
    response: "response",
    subject: "the list",
    log: "list",
};

/// Rows by their key, in comparable form.
type RowsByKey = AHashMap<Vec<u8>, Vec<RowId>>;

fn all_rows(keys: &RowsByKey) -> Vec<RowId> {
    keys.values().flatten().copied().collect()
}

/// The rows whose keys are not among those that were found.
fn rows_without(keys: &RowsByKey, found: &AHashSet<Vec<u8>>) -> Vec<RowId> {
    let absent = keys.iter().filter(|(key, _)| !found.contains(*key));
    absent.flat_map(|(_, rows)| rows).copied().collect()
}

/// Whether it is a list, or its only element without a list.
fn is_list(cell: &Cell) -> bool {
    matches!(cell, Cell::List { .. } | Cell::Row(_))
}

/// The first items of a list.
fn first_items(cell: Cell, limit: Option<usize>) -> Cell {
    match (cell, limit) {
        (Cell::List { at, len }, Some(limit)) => Cell::List {
            at,
            len: len.min(u32::try_from(limit).unwrap_or(u32::MAX)),
        },
        _ => cell,
    }
}

impl Ingester<'_> {
    pub(super) fn connect(
        &mut self,
        fetch: &Fetch,
        connect: &Arc<Connect>,
        mode: ConnectMode,
        destination: Destination<'_>,
        list: ListOfPages<'_>,
    ) {
        let ListOfPages {
            pages: documents,
            cut_off,
            limit,
            part,
        } = list;
        let rows = destination.targets.rows();
        let before = self.store.mark();
        let mut cells = Vec::with_capacity(documents.len());
        let mut raised = Vec::new();
        for judged in documents {
            let document = &judged.fetched.document;
            if !judged.succeeded {
                match self.refusal(fetch, connect, document, destination.variables) {
                    Ok(Some((cell, errors))) => {
                        cells.push(cell);
                        raised.extend(errors);
                        continue;
                    }
                    Ok(None) => {}
                    Err(reached) => {
                        let failure = self.reached(fetch, *reached);
                        return self.fail(fetch, &rows, failure);
                    }
                }
                let failure =
                    self.upstream_failure(fetch, connect, document, destination.variables);
                let of_one = matches!(mode, ConnectMode::Explicit | ConnectMode::Single);
                if fetch.tells_existence && of_one && failure.kind == ErrorKind::NotFound {
                    return self.store.add_absent(&rows);
                }
                return self.fail(fetch, &rows, failure);
            }
            match self.map(fetch, connect, judged, destination.variables) {
                Ok((cell, errors)) => {
                    cells.push(cell);
                    raised.extend(errors);
                }
                Err(stop) => {
                    // Nothing refers to the rows that have been read so far.
                    self.store.take_back(before, self.bounds.account);
                    let failure = self.unreadable(fetch, stop, document.envelope.status());
                    return self.fail(fetch, &rows, failure);
                }
            }
        }
        // Objects that are in a list which was cut off can be looked up in it.
        let failure = cut_off.filter(|_| mode != ConnectMode::List);
        let failure = failure.and_then(|why| self.report_cut_off(fetch, connect, &rows, why));
        if let Some(failure) = failure {
            return self.fail(fetch, &rows, failure);
        }
        let cell = match (part, cells.as_slice()) {
            (Some(part), pages) => self.connection(fetch, pages, part),
            (None, [cell]) if matches!(self.pages, PagesRead::All) => *cell,
            (None, several) => self.joined(several),
        };
        if !fits(connect, cell, self.store) {
            let why = "the response does not have the form of the field's type";
            self.found_fault(ErrorKind::BadAnswer, why);
        }
        let cell = first_items(cell, limit);
        match (mode, destination.targets) {
            (ConnectMode::List, Targets::ByKey(keys)) => {
                // A page without a list may be a failure that the upstream does not report.
                let gap = cells.iter().any(|page| !is_list(page));
                let cut_off = cut_off.or(gap.then_some("a page is not a list"));
                self.look_up(fetch, keys, cell, cut_off);
            }
            _ => self.merge_value(fetch, mode, destination, cell),
        }
        self.raise(fetch, &rows, &raised);
    }

    /// Maps a document to a cell, and the errors that the mapping raised outside of any field.
    fn map(
        &mut self,
        fetch: &Fetch,
        connect: &Connect,
        judged: &JudgedDocument,
        variables: &Variables,
    ) -> Result<Ingested, Stop> {
        let document = &judged.fetched.document;
        let reads = &connect.reads;
        let needs_response =
            reads.status || reads.all_response_headers || !reads.response_headers.is_empty();
        let with_response = needs_response.then(|| with_response(variables, document));
        let variables = with_response.as_ref().unwrap_or(variables);
        let follows = follows_from_document(&connect.selection);
        self.document(fetch, &judged.fetched, follows, |ingester| {
            ingester.project(fetch, document, variables)
        })
    }

    /// Reports that a list was cut off. Returns the failure, if the connect's field fails with it.
    fn report_cut_off(
        &mut self,
        fetch: &Fetch,
        connect: &Connect,
        rows: &[RowId],
        why: &str,
    ) -> Option<Failure> {
        let message = format!("The list was cut off: {why}");
        self.remark(|| message.clone());
        if cut_off_fails(connect) {
            let (kind, code) = (ErrorKind::Limit, code::LIST_CUT_OFF);
            return Some(self.failure(fetch, kind, code, message, None));
        }
        tracing::warn!(
            coordinate = connect.coordinate,
            error = why,
            "a list was cut off"
        );
        let message: Arc<str> = message.into();
        if let PagesRead::Next(grown) = &mut self.pages {
            grown.warnings.push(message);
        } else if let Some(slot) = self.slot_of(fetch) {
            for row in rows {
                self.store.warn(*row, slot, Arc::clone(&message));
            }
        }
        None
    }

    /// Reports errors that a mapping raised outside of any field of its own at the field that the connect serves.
    pub(super) fn raise(&mut self, fetch: &Fetch, rows: &[RowId], raised: &[Arc<str>]) {
        if let PagesRead::Next(grown) = &mut self.pages {
            return grown.raised.extend_from_slice(raised);
        }
        let Some(slot) = self.slot_of(fetch) else {
            return;
        };
        for message in raised {
            for row in rows {
                self.store.raise(*row, slot, Arc::clone(message));
            }
        }
    }

    /// The slot of the field that the connect serves.
    fn slot_of(&self, fetch: &Fetch) -> Option<u16> {
        let first = self.plan.read(fetch.read).fields.first();
        fetch.argument_slot.or(first.map(|field| field.slot))
    }

    /// Joins the lists of pages, in order.
    fn joined(&mut self, pages: &[Cell]) -> Cell {
        let mut items = Vec::new();
        for page in pages {
            match page {
                Cell::List { at, len } => items.extend_from_slice(self.store.items(*at, *len)),
                Cell::Missing | Cell::Null => {}
                single => items.push(*single),
            }
        }
        self.store.add_list(&items)
    }

    pub(super) fn mapping_only(
        &mut self,
        fetch: &Fetch,
        connect: &Arc<Connect>,
        mode: ConnectMode,
        destination: Destination<'_>,
    ) {
        let evaluated = connect.selection.evaluate(None, destination.variables);
        for warning in &evaluated.warnings {
            self.remark(|| format!("{}: {}", warning.path, warning.message));
        }
        let errors = evaluated.errors.iter();
        let mut raised: Vec<Arc<str>> = errors.map(|error| Arc::from(&*error.message)).collect();
        // There is no document that could be projected: read the evaluated value by field names.
        let then = match &fetch.projection.root {
            Root::Evaluated { then, .. } => then,
            root => root,
        };
        let value = evaluated.value.unwrap_or_default();
        let read = self.with_projector(&fetch.projection, 0, destination.variables, |projector| {
            projector.value(&value, then)
        });
        match read {
            Ok((cell, errors)) => {
                raised.extend(errors);
                self.merge_value(fetch, mode, destination, cell);
                self.raise(fetch, &destination.targets.rows(), &raised);
            }
            Err(stop) => {
                let failure = self.unreadable(fetch, stop, None);
                self.fail(fetch, &destination.targets.rows(), failure);
            }
        }
    }

    /// Merges a value as the kind of the connect says: as a field's value, by key, or into the parent.
    fn merge_value(
        &mut self,
        fetch: &Fetch,
        mode: ConnectMode,
        destination: Destination<'_>,
        cell: Cell,
    ) {
        match (mode, destination.targets) {
            (ConnectMode::Root | ConnectMode::Implicit, targets) => {
                let Some(slot) = fetch.argument_slot else {
                    return;
                };
                let cell = if cell == Cell::Missing {
                    Cell::Null
                } else {
                    cell
                };
                self.for_each_row(fetch, &targets.rows(), cell, |ingester, row, cell| {
                    match &mut ingester.pages {
                        PagesRead::Next(grown) => grown.add(ingester.store, row, slot, cell),
                        _ => merge_cell(ingester.store, ingester.plan, row, slot, cell),
                    }
                });
            }
            (ConnectMode::List, Targets::ByKey(keys)) => self.look_up(fetch, keys, cell, None),
            (_, Targets::ByKey(keys)) => {
                let found = self.merge_by_key(fetch, keys, cell, BATCH);
                if let Some(found) = found.filter(|_| fetch.tells_existence) {
                    self.store.add_absent(&rows_without(keys, &found));
                }
            }
            (_, targets) => match cell {
                Cell::Row(new_row) => self.merge_rows(fetch, &targets.rows(), new_row),
                Cell::Missing | Cell::Null if fetch.tells_existence => {
                    self.store.add_absent(&targets.rows());
                }
                Cell::Missing | Cell::Null => {}
                _ => {
                    self.bad_answer(
                        fetch,
                        &targets.rows(),
                        "The service's response is not an object",
                    );
                }
            },
        }
    }

    /// Looks rows up in a list of all objects. Rows that are not in it stay without values: another fetch provides these, or
    /// they are null, but only if the list is known to be whole.
    fn look_up(&mut self, fetch: &Fetch, keys: &RowsByKey, cell: Cell, cut_off: Option<&str>) {
        if !is_list(&cell) {
            let rows = all_rows(keys);
            return self.bad_answer(fetch, &rows, "The service's response is not a list");
        }
        let Some(found) = self.merge_by_key(fetch, keys, cell, WHOLE_LIST) else {
            return;
        };
        let mut rows = rows_without(keys, &found);
        let mut fetches = self.plan.fetches.iter();
        let looked_up = fetches.any(|other| other.absent_from == Some(self.at));
        if looked_up {
            rows.sort();
            self.absent.insert(self.at, std::mem::take(&mut rows));
        }
        let Some(why) = cut_off else {
            if fetch.tells_existence {
                self.store.add_absent(&rows);
            }
            return;
        };
        self.remark(|| format!("The list was cut off: {why}"));
        if looked_up {
            // Clients do not see it, but there are more calls than with the whole list.
            let coordinate = self.coordinate(fetch).unwrap_or_default();
            tracing::warn!(coordinate = &*coordinate, error = why, "a list was cut off");
        }
        if !rows.is_empty() {
            let message = format!("The list was cut off: {why}");
            let (kind, code) = (ErrorKind::Limit, code::LIST_CUT_OFF);
            let failure = self.failure(fetch, kind, code, message, None);
            self.fail(fetch, &rows, failure);
        }
    }

    /// Merges the elements of a list into rows by key, never by position. If a key repeats, the first element counts.
    /// Returns the keys that were found; `None` after a failure.
    fn merge_by_key(
        &mut self,
        fetch: &Fetch,
        keys: &RowsByKey,
        cell: Cell,
        names: ListNames,
    ) -> Option<AHashSet<Vec<u8>>> {
        let elements: Vec<Cell> = match cell {
            Cell::List { at, len } => self.store.items(at, len).to_vec(),
            Cell::Row(_) => vec![cell],
            Cell::Null => Vec::new(),
            _ => {
                let message = format!("The service's {} is not a list", names.response);
                self.bad_answer(fetch, &all_rows(keys), &message);
                return None;
            }
        };
        let mut seen = AHashSet::with_capacity(keys.len());
        let (mut with_key, mut repeated) = (0, 0_usize);
        let count = elements.len();
        for element in elements {
            let Cell::Row(new_row) = element else {
                continue;
            };
            let Some(key) = comparable_key(self.store, new_row, &fetch.inputs) else {
                continue;
            };
            with_key += 1;
            let Some(rows) = keys.get(&key) else { continue };
            if !seen.insert(key) {
                repeated += 1;
                self.remark(|| format!("{} repeats a key: the first one counts", names.subject));
                continue;
            }
            self.merge_rows(fetch, rows, new_row);
        }
        if repeated > 0 {
            tracing::warn!(count = repeated, "a {} repeats a key", names.log);
        }
        if with_key == 0 && count > 0 {
            let message = format!("No element of the service's {} has its key", names.response);
            self.bad_answer(fetch, &all_rows(keys), &message);
            return None;
        }
        Some(seen)
    }

    fn project(
        &mut self,
        fetch: &Fetch,
        document: &Document,
        variables: &Variables,
    ) -> Result<Ingested, Stop> {
        let body = document.body.clone();
        let number = self.store.add_document(body.clone());
        let mut reader = JsonReader::new(&body)?;
        let (cell, raised) = self.read(fetch, (number, 0), &mut reader, variables)?;
        reader.finish()?;
        Ok((cell, raised))
    }

    /// The failure that an upstream reports, by the connector's `errors` mapping.
    fn upstream_failure(
        &mut self,
        fetch: &Fetch,
        connect: &Connect,
        document: &Document,
        variables: &Variables,
    ) -> Failure {
        let status = document.envelope.status();
        let failure = document.outcome.failure();
        let input = document_value(document, self.bounds.account.left());
        if let (None, Err(error)) = (failure, &input) {
            let message = "The service's response cannot be read".to_owned();
            self.found_fault(
                ErrorKind::BadAnswer,
                format!("the response cannot be read: {error}"),
            );
            return self.failure(
                fetch,
                ErrorKind::BadAnswer,
                code::CONNECTOR_BAD_ANSWER,
                message,
                status,
            );
        }
        let input = input.ok();
        let most = self.bounds.account.left();
        let of_client = is_client_error(connect, document, variables, most);
        let why = match failure {
            Some(_) => REPORTED,
            None => "`isSuccess` is not true",
        };
        let failure = self.reported(fetch, document, of_client, REQUEST_FAILED);
        match of_client {
            true => self.found_client_error(failure.kind),
            false => self.found_fault(failure.kind, why),
        }
        let variables = with_response(variables, document);
        failure.mapped(&connect.errors, input.as_ref(), &variables, self.numbers)
    }
}

/// Whether a value has the form that the type of the connect's field requires: an object, a leaf, or a list of them. Of a
/// list, the first element is looked at; a further one is an error at its path only.
pub(super) fn fits(connect: &Connect, cell: Cell, store: &Store) -> bool {
    let yields = connect.yields;
    let (value, is_list) = match cell {
        Cell::List { len: 0, .. } => return yields.list || yields.of == YieldedType::Any,
        Cell::List { at, .. } => (store.item(at, 0), true),
        value => (value, false),
    };
    let form = match value {
        _ if yields.of == YieldedType::Any => return true,
        Cell::Missing | Cell::Null | Cell::Failed(_) => return yields.list || !is_list,
        // A list of lists, of whose elements the type is not known here.
        Cell::List { .. } => return yields.list,
        Cell::Row(_) | Cell::Json(_) => YieldedType::Composite,
        Cell::Bool(_) | Cell::Number(_) | Cell::String(_) => YieldedType::Leaf,
    };
    // A page or a batch with one element may be that element without a list.
    let is_part = matches!(connect.kind, ConnectKind::Batch { .. })
        || connect.options.get::<Pagination>().is_some();
    form == yields.of && (is_list == yields.list || (!is_list && is_part))
}

/// Whether a cut-off list fails its field.
fn cut_off_fails(connect: &Connect) -> bool {
    connect
        .options
        .get::<Pagination>()
        .is_none_or(|pagination| pagination.cut_off == CutOff::Error)
}
