//! What a call has brought is put into rows: success or failure, mapped or read as it is.
//!
//! Here is what every kind of call has in common; [`connect`] knows mappings, [`service`] GraphQL services.

mod connect;
mod service;

pub(crate) use self::service::of_list;

use std::sync::Arc;

use super::bounds::Bounds;
use super::bounds::Reached;
use super::call::CallOutcome;
use super::context::Runtime;
use super::failure::Failure;
use super::failure::Failures;
use super::failure::code_of_source;
use super::member_order::MemberOrders;
use super::memo;
use super::memo::DocumentMemo;
use super::memo::Recall;
use super::merge::fail_row;
use super::prepare::Position;
use super::prepare::PreparedCall;
use super::prepare::Targets;
use super::prerendered;
use super::project::Projector;
use super::project::Stop;
use super::store::Cell;
use super::store::RowId;
use super::store::Store;
use crate::cache::Fetched;
use crate::document::JsonReader;
use crate::errors::ErrorCode;
use crate::errors::ErrorKind;
use crate::errors::code;
use crate::mapping::Evaluated;
use crate::mapping::Variables;
use crate::plan::Fetch;
use crate::plan::FetchCall;
use crate::plan::Plan;

/// Something that a mapping had to say, for `explain` and the log.
pub(crate) type Remark = String;

/// A shorter document is read as quickly as rows are copied.
const SHORT: usize = 256;

/// How much is remembered of what mappings have to say about one answer.
const REMARKS: usize = 1_000;

/// A cell, and errors that an expression has raised beside it.
pub(crate) type Ingested = (Cell, Vec<Arc<str>>);

pub(crate) struct Ingester<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) bounds: Bounds<'a>,
    pub(crate) plan: &'a Plan,
    pub(crate) store: &'a mut Store,
    pub(crate) failures: &'a mut Failures,
    pub(crate) remarks: Vec<Remark>,
    /// How the answers to each fetch are written, as far as they were read.
    pub(crate) orders: &'a mut [MemberOrders],
    /// The fetch whose answer is read, by its place in the plan.
    pub(crate) at: usize,
}

impl Ingester<'_> {
    /// Puts what a call came to into the rows that it was made for.
    pub(crate) fn ingest(&mut self, fetch: &Fetch, prepared: &PreparedCall, outcome: &CallOutcome) {
        self.store.begin_answer();
        match outcome {
            CallOutcome::Documents { pages, cut_off } => match &fetch.call {
                FetchCall::Connect { connect, mode } => {
                    let connect = self
                        .runtime
                        .graph
                        .connect(fetch.subgraph, *connect)
                        .cloned();
                    if let Some(connect) = connect {
                        self.connect(fetch, &connect, *mode, prepared, pages, cut_off.as_deref());
                    }
                }
                FetchCall::Operation(_) | FetchCall::Entities { .. } => {
                    if let Some(answer) = pages.first() {
                        self.service(fetch, prepared, &answer.fetched);
                    }
                }
            },
            CallOutcome::MappingOnly => {
                if let FetchCall::Connect { connect, mode } = &fetch.call {
                    let connect = self
                        .runtime
                        .graph
                        .connect(fetch.subgraph, *connect)
                        .cloned();
                    if let Some(connect) = connect {
                        self.mapping_only(fetch, &connect, *mode, prepared);
                    }
                }
            }
            CallOutcome::AllCached => {}
            CallOutcome::Unrendered(error) => {
                self.unrendered(fetch, &prepared.targets, &error.message)
            }
            CallOutcome::Exceeded(exceeded) => {
                let failure = self.reached(fetch, (*exceeded).into());
                self.fail_targets(fetch, &prepared.targets, failure);
            }
            CallOutcome::Failed(error) => {
                let (code, message) = code_of_source(error.kind);
                tracing::debug!(
                    connector = %self.runtime.services[fetch.subgraph.0 as usize].name,
                    detail = %error.detail,
                    "call failed"
                );
                let failure =
                    self.failure(fetch, error.kind.kind(), code, message.to_owned(), None);
                self.fail_targets(fetch, &prepared.targets, failure);
            }
        }
    }

    /// A request that cannot be rendered fails its rows.
    pub(crate) fn unrendered(&mut self, fetch: &Fetch, targets: &Targets, message: &str) {
        let message = format!("The request cannot be made: {message}");
        let failure = self.failure(
            fetch,
            ErrorKind::Invalid,
            code::CONNECTOR_REQUEST,
            message,
            None,
        );
        self.fail_targets(fetch, targets, failure);
    }

    /// A bound that a fetch has reached.
    pub(crate) fn reached(&self, fetch: &Fetch, reached: Reached) -> Failure {
        self.located(fetch, reached.failure())
    }

    /// A failure with the service and the connect at which it was found.
    pub(crate) fn located(&self, fetch: &Fetch, failure: Failure) -> Failure {
        Failure {
            service: Some(Arc::clone(
                &self.runtime.services[fetch.subgraph.0 as usize].name,
            )),
            coordinate: self.coordinate(fetch),
            ..failure
        }
    }

    fn coordinate(&self, fetch: &Fetch) -> Option<Arc<str>> {
        let FetchCall::Connect { connect, .. } = &fetch.call else {
            return None;
        };
        let connect = self.runtime.graph.connect(fetch.subgraph, *connect)?;
        Some(Arc::from(connect.coordinate.as_str()))
    }

    /// Remembers what a mapping has to say.
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
        status: Option<u16>,
    ) -> Failure {
        let coordinate = self.coordinate(fetch);
        Failure {
            message,
            code,
            kind,
            service: Some(Arc::clone(
                &self.runtime.services[fetch.subgraph.0 as usize].name,
            )),
            coordinate,
            status,
            retry_after: None,
            extensions: None,
        }
    }

    pub(crate) fn fail(&mut self, fetch: &Fetch, rows: &[RowId], failure: Failure) {
        let failure = self.failures.add(failure);
        for row in rows {
            fail_row(self.store, self.plan, *row, fetch.read, failure);
        }
    }

    /// Fails all that a call was made for.
    pub(crate) fn fail_targets(&mut self, fetch: &Fetch, targets: &Targets, failure: Failure) {
        let failure = self.failures.add(failure);
        self.fail_rest(fetch, targets, failure);
    }

    /// Fails what no other failure has been found for.
    pub(crate) fn fail_rest(&mut self, fetch: &Fetch, targets: &Targets, failure: u32) {
        if let Targets::ByPosition(positions) = targets {
            return self.fail_positions(positions, failure);
        }
        for row in targets.rows() {
            fail_row(self.store, self.plan, row, fetch.read, failure);
        }
    }

    fn fail_positions(&mut self, positions: &[Position], failure: u32) {
        for consumer in positions.iter().flat_map(|position| &position.consumers) {
            let read = self.plan.fetches[consumer.fetch].read;
            for row in &consumer.rows {
                fail_row(self.store, self.plan, *row, read, failure);
            }
        }
    }

    /// An answer that is not of the shape that it must have fails its rows.
    fn bad_answer(&mut self, fetch: &Fetch, rows: &[RowId], message: &str) {
        let (kind, code) = (ErrorKind::BadAnswer, code::CONNECTOR_BAD_ANSWER);
        let failure = self.failure(fetch, kind, code, message.to_owned(), None);
        self.fail(fetch, rows, failure);
    }

    /// Puts what the fetch's projection makes of a document into rows. Where that follows from the document alone, and
    /// the document is kept, it is read once or twice, and then what came of it is used again. `read` adds the document
    /// and reads it.
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
                let (before, said) = (self.store.mark(), self.remarks.len());
                let (cell, errors) = read(self)?;
                let most = memo::most(document.body.len());
                let output = &self.plan.output;
                prerendered::write(self.store, output, self.at, before, most, &self.bounds);
                let mut projected = self.store.copy_since(before, cell);
                projected.errors.clone_from(&errors);
                projected.remarks = self.remarks[said..].to_vec();
                if memo.remember(&fetch.projection, projected, document.body.len()) {
                    self.runtime.documents.update_weight(fetched);
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

    /// Reads what a cursor stands before, which is a part of a document that begins at `offset`.
    fn read(
        &mut self,
        fetch: &Fetch,
        (document, offset): (u32, u32),
        reader: &mut JsonReader<'_>,
        variables: &Variables,
    ) -> Result<Ingested, Stop> {
        self.with_projector(fetch, document, variables, |projector| {
            projector.offset = offset;
            projector.read(reader, &fetch.projection.root)
        })
    }

    /// Reads something into rows. Gives the cell, and errors that an expression has raised beside it.
    fn with_projector(
        &mut self,
        fetch: &Fetch,
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
            projection: &fetch.projection,
            types: &self.runtime.graph.types,
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

    fn unreadable(&mut self, fetch: &Fetch, stop: Stop, status: u16) -> Failure {
        match stop {
            Stop::Unreadable(error) => {
                tracing::debug!(%error, "an answer cannot be read");
                let message = "The service's answer cannot be read".to_owned();
                self.failure(
                    fetch,
                    ErrorKind::BadAnswer,
                    code::CONNECTOR_BAD_ANSWER,
                    message,
                    Some(status),
                )
            }
            Stop::Reached(reached) => self.reached(fetch, *reached),
        }
    }
}
