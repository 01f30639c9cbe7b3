//! Ingests the result of a call: reads its documents into rows, and merges them into the rows that it was made for.
//!
//! A *projection* says how a document is read; the plan compiles it from the selection of a connect or from the
//! operation for a GraphQL service. For the selection `$.stations { id: station_id district: { lgdCode: lgd } }` and an
//! operation that requests `id` and `district { lgdCode }`, the projection enters `stations`, adds two rows for each
//! element (one for the station, one for its district), sets a cell to the span of `station_id` in the document and
//! another one to the span of `lgd`, and skips all other members. No tree of values is built. Only expressions that
//! have no such form (methods, literals, variables) are evaluated on a value, which then is read as a document of its
//! own.
//!
//! Ingesting has three steps:
//!
//! 1. If the document is cached, what it becomes may be in its memo (`memo`): then the rows are copied. Otherwise
//!    [`Projector`] reads them (`project`).
//! 2. `merge` merges the new rows into the rows that the call was made for: for all of
//!    them, or the elements of a list by position (entities) or by key (batches).
//! 3. A failure marks the cells that the fetch should have filled. What other fetches have filled stays.
//!
//! It is bounded: a document is read once, and once more for each further place where the projection uses one of its
//! values, the store charges rows and cells before they are added (`Store::check`), and a list that many rows share is
//! merged once (`Store::is_first_merge`).
//!
//! This file has what all kinds of calls have in common; [`connect`] handles mappings, [`service`] GraphQL services.

mod connect;
mod connection;
mod grown_list;
mod identified;
mod refusal;
mod service;

use std::borrow::Cow;
use std::sync::Arc;

pub(crate) use self::grown_list::{GrownList, PagesRead};
use super::bounds::{Bounds, Reached};
use super::error_list::ErrorList;
use super::failure::{Failure, code_of_source};
use super::failures::Failures;
use super::member_order::MemberOrders;
use super::memo::{DocumentMemo, Recall};
use super::merge::{copied, fail_row, merge_row};
use super::outcome::{CallFault, CallOutcome, ListOfPages, reported_kind};
use super::project::Projector;
use super::read_value::Stop;
use super::store::{Cell, RowId, Store};
use super::targets::{AbsentRows, Destination, EntityPosition, Targets};
use super::{memo, prerendered};
use crate::cache::{Document, Documents, Fetched};
use crate::connector::{RenderError, RenderErrorPlace};
use crate::document::{JsonReader, NumberBounds};
use crate::errors::{ErrorCode, ErrorKind, code};
use crate::graph::query::QueryGraph;
use crate::mapping::{Evaluated, Variables};
use crate::plan::projection::Projection;
use crate::plan::{Fetch, FetchCall, Plan};
use crate::source::WireStatus;

/// A warning of a mapping, for `explain`.
pub(crate) type Remark = String;

/// A shorter document has no memo: reading it is as quick as copying rows.
const SHORT: usize = 256;

/// The maximum number of remarks on one call.
const REMARKS: usize = 1_000;

/// The cell that a document has become, and the errors that its mapping raised with `->withError`.
pub(crate) type Ingested = (Cell, Vec<Arc<str>>);

/// Why a call has failed whose response says so.
const REPORTED: &str = "the upstream reports a failure";

/// The code and the message for a response that says that the call has failed.
const REQUEST_FAILED: (ErrorCode, &str) = (code::CONNECTOR_FETCH, "Request failed");

/// Why a call has failed whose response says that the client's input is wrong.
const REFUSED: &str = "the upstream refuses the client's input";

/// Ingests the results of calls for one fetch.
pub(crate) struct Ingester<'a> {
    pub(crate) graph: &'a QueryGraph,
    /// The cache that has the documents.
    pub(crate) documents: &'a Documents,
    /// The size of numbers in extensions of errors.
    pub(crate) numbers: NumberBounds,
    pub(crate) bounds: Bounds<'a>,
    pub(crate) plan: &'a Plan,
    pub(crate) store: &'a mut Store,
    pub(crate) failures: &'a mut Failures,
    pub(crate) absent: &'a mut AbsentRows,
    /// The errors of the delivery group that the fetch belongs to.
    pub(crate) errors: &'a mut ErrorList,
    pub(crate) remarks: Vec<Remark>,
    /// Why the call has failed, for operators, if reading its documents shows that.
    pub(crate) fault: Option<CallFault>,
    /// By fetch: the order in which its upstream writes the members of objects.
    pub(crate) orders: &'a mut [MemberOrders],
    /// The index of the fetch in the plan.
    pub(crate) at: usize,
    /// Which pages of a list the call has read, if others follow or precede them.
    pub(crate) pages: PagesRead,
}

impl Ingester<'_> {
    /// Ingests the result of a call.
    pub(crate) fn ingest(
        &mut self,
        fetch: &Fetch,
        destination: Destination<'_>,
        outcome: &CallOutcome,
    ) {
        self.store.begin_result();
        self.fault = None;
        match outcome {
            CallOutcome::Documents {
                pages,
                cut_off,
                limit,
                part,
            } => {
                let list = ListOfPages {
                    pages,
                    cut_off: cut_off.as_deref(),
                    limit: *limit,
                    part: part.as_ref(),
                };
                self.documents_of_call(fetch, destination, list);
            }
            CallOutcome::MappingOnly => {
                if let FetchCall::Connect { connect, mode } = &fetch.call
                    && let Some(connect) = self.graph.connect(fetch.subgraph, *connect)
                {
                    self.mapping_only(fetch, connect, *mode, destination);
                }
            }
            CallOutcome::AllCached => {}
            CallOutcome::Unrendered(error) => self.unrendered(fetch, destination.targets, error),
            CallOutcome::InvalidPage(why) => {
                let (kind, code) = (ErrorKind::BadAnswer, code::CONNECTOR_BAD_ANSWER);
                self.remark(|| why.clone());
                let failure = self.failure(fetch, kind, code, why.clone(), None);
                self.fail_targets(fetch, destination.targets, failure);
            }
            CallOutcome::Exceeded(exceeded) => {
                let failure = self.reached(fetch, (*exceeded).into());
                self.fail_targets(fetch, destination.targets, failure);
            }
            CallOutcome::Failed(error) => {
                let (code, message) = code_of_source(error.kind);
                let failure =
                    self.failure(fetch, error.kind.kind(), code, message.to_owned(), None);
                self.fail_targets(fetch, destination.targets, failure);
            }
        }
    }

    /// Ingests the documents of a call, and reports its outcome.
    fn documents_of_call(
        &mut self,
        fetch: &Fetch,
        destination: Destination<'_>,
        list: ListOfPages<'_>,
    ) {
        let pages = list.pages;
        match &fetch.call {
            FetchCall::Connect { connect, mode } => {
                if let Some(connect) = self.graph.connect(fetch.subgraph, *connect) {
                    self.connect(fetch, connect, *mode, destination, list);
                }
            }
            FetchCall::Operation(_) | FetchCall::Entities { .. } => {
                if let Some(answer) = pages.first() {
                    self.service(fetch, destination, &answer.fetched);
                }
            }
        }
        let Some((last, others)) = pages.split_last() else {
            return;
        };
        // A page that is a failure, or cannot be read, is the last one.
        let fault = self.fault.take();
        last.report(fault.as_ref());
        for page in others {
            page.report(None);
        }
    }

    /// A request that cannot be rendered fails its rows.
    pub(crate) fn unrendered(&mut self, fetch: &Fetch, targets: &Targets, error: &RenderError) {
        let message = format!("The request cannot be made: {error}");
        let (kind, code) = match error.place {
            RenderErrorPlace::Request => (ErrorKind::Invalid, code::CONNECTOR_REQUEST),
            RenderErrorPlace::Argument => (ErrorKind::Invalid, code::INVALID_ARGUMENT),
            RenderErrorPlace::Deployment => (ErrorKind::Internal, code::CONNECTOR_REQUEST),
        };
        let failure = self.failure(fetch, kind, code, message, None);
        self.fail_targets(fetch, targets, failure);
    }

    /// The failure for a bound that the operation reached in this fetch.
    pub(crate) fn reached(&self, fetch: &Fetch, reached: Reached) -> Failure {
        self.located(fetch, reached.failure())
    }

    /// A failure with the service and the connect of the fetch.
    pub(crate) fn located(&self, fetch: &Fetch, failure: Failure) -> Failure {
        Failure {
            service: Some(Arc::from(self.graph.subgraph(fetch.subgraph).name.as_str())),
            coordinate: self.coordinate(fetch),
            ..failure
        }
    }

    fn coordinate(&self, fetch: &Fetch) -> Option<Arc<str>> {
        let FetchCall::Connect { connect, .. } = &fetch.call else {
            return None;
        };
        let connect = self.graph.connect(fetch.subgraph, *connect)?;
        Some(Arc::from(connect.coordinate.as_str()))
    }

    /// Adds a remark, if there is room.
    fn remark(&mut self, remark: impl FnOnce() -> Remark) {
        if self.remarks.len() < REMARKS {
            self.remarks.push(remark());
        }
    }

    pub(crate) fn failure(
        &mut self,
        fetch: &Fetch,
        kind: ErrorKind,
        code: ErrorCode,
        message: String,
        status: Option<WireStatus>,
    ) -> Failure {
        let coordinate = self.coordinate(fetch);
        Failure {
            message,
            code,
            kind,
            service: Some(Arc::from(self.graph.subgraph(fetch.subgraph).name.as_str())),
            coordinate,
            status,
            retry_after: None,
            extensions: None,
        }
    }

    /// A cell for each of some rows, from the only one that was read: rows that share no objects get copies. If a bound is
    /// reached, the rows that are left fail.
    fn for_each_row(
        &mut self,
        fetch: &Fetch,
        rows: &[RowId],
        cell: Cell,
        mut merge: impl FnMut(&mut Self, RowId, Cell),
    ) {
        for (index, &row) in rows.iter().enumerate() {
            let mut own = cell;
            if index > 0 && fetch.unshared {
                own = match copied(self.store, self.plan, cell, &self.bounds) {
                    Ok(copy) => copy,
                    Err(reached) => {
                        let failure = self.reached(fetch, reached);
                        return self.fail(fetch, &rows[index..], failure);
                    }
                };
            }
            merge(self, row, own);
        }
    }

    /// Merges a new row into rows.
    fn merge_rows(&mut self, fetch: &Fetch, rows: &[RowId], new_row: RowId) {
        self.for_each_row(fetch, rows, Cell::Row(new_row), |ingester, row, cell| {
            if let Cell::Row(new_row) = cell {
                merge_row(ingester.store, ingester.plan, row, new_row);
            }
        });
    }

    pub(crate) fn fail(&mut self, fetch: &Fetch, rows: &[RowId], failure: Failure) {
        let failure = self.failures.add(failure);
        for row in rows {
            self.fail_row(fetch, *row, failure);
        }
    }

    /// Marks what a fetch reads of a row as failed. If that is nothing but its existence, the row itself fails.
    fn fail_row(&mut self, fetch: &Fetch, row: RowId, failure: u32) {
        if let PagesRead::Next(grown) = &mut self.pages {
            // The elements on the pages before stay.
            grown.failure.get_or_insert(failure);
            return;
        }
        fail_row(self.store, self.plan, row, fetch.read, failure);
        if fetch.only_existence {
            self.store.add_unknown(row, failure);
        }
    }

    /// Fails everything that a call was made for.
    pub(crate) fn fail_targets(&mut self, fetch: &Fetch, targets: &Targets, failure: Failure) {
        let failure = self.failures.add(failure);
        self.fail_rest(fetch, targets, failure);
    }

    /// Marks everything that a call was made for as failed, except for cells that have a value or another failure.
    pub(crate) fn fail_rest(&mut self, fetch: &Fetch, targets: &Targets, failure: u32) {
        if let Targets::ByPosition(positions) = targets {
            return self.fail_positions(positions, failure);
        }
        for row in targets.rows() {
            self.fail_row(fetch, row, failure);
        }
    }

    fn fail_positions(&mut self, positions: &[EntityPosition], failure: u32) {
        for consumer in positions.iter().flat_map(|position| &position.consumers) {
            let plan = self.plan;
            for row in &consumer.rows {
                self.fail_row(&plan.fetches[consumer.fetch], *row, failure);
            }
        }
    }

    /// Fails rows because the document has not the shape that it must have.
    fn bad_answer(&mut self, fetch: &Fetch, rows: &[RowId], message: &str) {
        let (kind, code) = (ErrorKind::BadAnswer, code::CONNECTOR_BAD_ANSWER);
        self.found_fault(kind, message.to_owned());
        let failure = self.failure(fetch, kind, code, message.to_owned(), None);
        self.fail(fetch, rows, failure);
    }

    /// Reads a document into rows, or copies the rows from its memo. The memo is used only for a cached document, and
    /// only if `follows`: the rows depend on nothing but the document. `read` adds the document to the store and reads
    /// it.
    fn document(
        &mut self,
        fetch: &Fetch,
        fetched: &Fetched,
        follows: bool,
        read: impl FnOnce(&mut Self) -> Result<Ingested, Stop>,
    ) -> Result<Ingested, Stop> {
        let document = &fetched.document;
        let memo = match follows && fetched.is_cached() && document.body.len() >= SHORT {
            true => document.memo.of::<DocumentMemo>(),
            false => None,
        };
        let Some(memo) = memo else {
            return read(self);
        };
        match memo.recall(&fetch.projection) {
            Recall::FirstTime => read(self),
            Recall::SecondTime => {
                let (before, remarks_before) = (self.store.mark(), self.remarks.len());
                let (cell, errors) = read(self)?;
                let most = memo::most(document.body.len());
                let output = &self.plan.output;
                prerendered::write(self.store, output, self.at, before, most, &self.bounds);
                let mut projected = self.store.copy_since(before, cell);
                projected.errors.clone_from(&errors);
                projected.remarks = self.remarks[remarks_before..].to_vec();
                if memo.remember(&fetch.projection, projected, document.body.len()) {
                    self.documents.update_weight(fetched);
                }
                Ok((cell, errors))
            }
            Recall::Rows(projected) => {
                self.store.check(projected.added(), &self.bounds)?;
                for remark in &projected.remarks {
                    self.remark(|| remark.clone());
                }
                let cell = self.store.append_copy(&projected);
                self.store.check(0, &self.bounds)?;
                Ok((cell, projected.errors.clone()))
            }
        }
    }

    /// Reads the next value of a reader, whose text begins at `offset` in the document.
    fn read(
        &mut self,
        fetch: &Fetch,
        (document, offset): (u32, u32),
        reader: &mut JsonReader<'_>,
        variables: &Variables,
    ) -> Result<Ingested, Stop> {
        self.with_projector(&fetch.projection, document, variables, |projector| {
            projector.offset = offset;
            projector.read(reader, &fetch.projection.root)
        })
    }

    /// Reads into rows with a projection of the fetch. Returns the cell, and the errors that the mapping raised.
    fn with_projector(
        &mut self,
        projection: &Projection,
        document: u32,
        variables: &Variables,
        read: impl FnOnce(&mut Projector<'_>) -> Result<Cell, Stop>,
    ) -> Result<Ingested, Stop> {
        let remarks = &mut self.remarks;
        let mut report = |evaluated: &Evaluated| {
            let room = REMARKS.saturating_sub(remarks.len());
            for warning in evaluated.warnings.iter().take(room) {
                remarks.push(format!("{}: {}", warning.path, warning.message));
            }
        };
        let mut projector = Projector {
            store: self.store,
            projection,
            types: &self.graph.types,
            document,
            variables,
            report: &mut report,
            offset: 0,
            pending: Vec::new(),
            bounds: self.bounds,
            raised: Vec::new(),
            orders: &mut self.orders[self.at],
            reported_spreads: Vec::new(),
            evaluations: 0,
        };
        let cell = read(&mut projector)?;
        Ok((cell, projector.raised))
    }

    /// Notes the first failure that a document shows.
    fn found_fault(&mut self, kind: ErrorKind, why: impl Into<Cow<'static, str>>) {
        self.fault.get_or_insert_with(|| CallFault {
            kind,
            why: why.into(),
            of_client: false,
        });
    }

    /// Notes that a document shows that the client's input is wrong.
    fn found_client_error(&mut self, kind: ErrorKind) {
        self.fault.get_or_insert_with(|| CallFault {
            kind,
            why: REFUSED.into(),
            of_client: true,
        });
    }

    /// The failure that a response reports; `of_client` if it says that the client's input is wrong. Texts of its connector's
    /// own are not in it yet.
    pub(crate) fn reported(
        &mut self,
        fetch: &Fetch,
        document: &Document,
        of_client: bool,
        (code, message): (ErrorCode, &str),
    ) -> Failure {
        let kind = reported_kind(document.outcome, of_client);
        let (code, message) = match of_client && kind == ErrorKind::Invalid {
            true => (code::INVALID_ARGUMENT, "The service refuses the input"),
            false => (code, message),
        };
        let status = document.envelope.status();
        let mut failure = self.failure(fetch, kind, code, message.to_owned(), status);
        failure.retry_after = document.retry_after;
        failure
    }

    fn unreadable(&mut self, fetch: &Fetch, stop: Stop, status: Option<WireStatus>) -> Failure {
        match stop {
            Stop::Unreadable(error) => {
                let why = format!("the response cannot be read: {error}");
                self.found_fault(ErrorKind::BadAnswer, why);
                let message = "The service's response cannot be read".to_owned();
                self.failure(
                    fetch,
                    ErrorKind::BadAnswer,
                    code::CONNECTOR_BAD_ANSWER,
                    message,
                    status,
                )
            }
            Stop::Reached(reached) => self.reached(fetch, *reached),
        }
    }
}
