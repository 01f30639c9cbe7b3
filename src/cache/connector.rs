//! One connector in the cache: its state that outlives a change of configuration, and its limits.

use std::sync::Arc;
use std::time::Duration;

use super::cache_state::CacheState;
use super::clock::Timestamp;
use super::entries::Answer;
use super::epoch::{ConnectorEpochs, Epoch, Epochs};
use super::failed_calls::{CallFailure, FailedCalls};
use super::figures::Figures;
use super::meter::FetchMeter;
use super::refusals::Refusals;
use super::waiting::{Wait, Waiting, WaitingLimits};
use crate::errors::ErrorKind;

/// The state of one connector that outlives a change of configuration: epochs and counters.
#[derive(Debug)]
pub struct SharedConnectorState {
    epochs: ConnectorEpochs,
    figures: Figures,
    meter: FetchMeter,
    waiting: Waiting,
    refusals: Arc<Refusals>,
    failed_calls: FailedCalls,
}

impl SharedConnectorState {
    pub(super) fn new(name: &str, epochs: Arc<dyn Epochs>) -> SharedConnectorState {
        SharedConnectorState {
            epochs: ConnectorEpochs::new(name, epochs),
            figures: Figures::default(),
            meter: FetchMeter::new(name),
            waiting: Waiting::default(),
            refusals: Refusals::new(name),
            failed_calls: FailedCalls::new(name),
        }
    }

    /// The refusals that have not been logged.
    pub(super) fn refusals(&self) -> &Arc<Refusals> {
        &self.refusals
    }

    /// The requests that wait for it.
    pub(super) fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// The number of requests with a call of their own, running or queued, whether they still wait for it or not.
    pub fn calling(&self) -> usize {
        self.waiting.now(Wait::Call)
    }

    /// The number of requests that wait for a call of another request.
    pub fn joining(&self) -> usize {
        self.waiting.now(Wait::Join)
    }

    /// Counts a call that was refused before it was made. It does not count as a failure of the upstream.
    pub(super) fn refused(&self) {
        self.meter.failed(ErrorKind::Busy);
    }

    /// Counts a call that has ended. Its outcome is counted by one of the three methods below.
    pub(super) fn called(&self, took: Duration, bytes: Option<usize>) {
        self.figures.call(took, bytes);
        self.meter.seconds.record(took.as_secs_f64());
        if let Some(bytes) = bytes {
            self.meter.bytes.increment(bytes as u64);
        }
    }

    /// Counts a call whose response is a success.
    pub(super) fn succeeded(&self, at: Timestamp) {
        self.figures.success(at);
        self.meter.ok.increment(1);
    }

    /// Counts and logs a call that has failed, or whose response says that the request is at fault.
    pub(super) fn failed(
        &self,
        at: Timestamp,
        coordinate: &Arc<str>,
        kind: ErrorKind,
        failure: &CallFailure,
    ) {
        self.meter.failed(kind);
        if kind.is_upstream_failure() && !failure.of_client {
            self.figures.failure(at, kind);
            self.failed_calls.note(coordinate, kind, failure);
        } else {
            self.figures.success(at);
            self.failed_calls.note_each(coordinate, kind, failure);
        }
    }

    /// Counts a call that the gateway's own limits have ended.
    pub(super) fn limited(&self, at: Timestamp, detail: &str) {
        self.meter.failed(ErrorKind::Busy);
        self.figures.failure(at, ErrorKind::Busy);
        self.refusals.note(detail);
    }

    /// Logs a call for which an operation waited until its own time was over. The call itself may go on.
    pub(super) fn late(&self, coordinate: &Arc<str>) {
        let failure = CallFailure {
            status: None,
            why: "the operation's own time was over before".into(),
            of_client: false,
        };
        self.failed_calls
            .note(coordinate, ErrorKind::Timeout, &failure);
    }

    /// Counts where a document came from.
    pub(super) fn served(&self, state: CacheState) {
        self.figures.served(state);
    }

    /// The number of mutations that have ended or whose client has stopped waiting, without those that were provably
    /// refused and those that declare which fields they change.
    pub fn epoch(&self) -> u64 {
        self.epochs.now()
    }

    /// Marks the end of a mutation: documents from before it are not used after it.
    pub fn advance_epoch(&self) {
        let _ = self.epochs.advance(&[]);
    }

    /// Marks the end of a mutation that only changes these fields, or the whole connector if there are none.
    /// The answer is there when it is marked for all who share the backend.
    pub fn advance(&self, fields: &[String]) -> Answer<()> {
        self.epochs.advance(fields)
    }

    /// The epoch of a field or type with a connect, `Type.field` or `Type`.
    pub(super) fn epoch_of(&self, field: &str) -> Epoch {
        self.epochs.of(field)
    }

    /// The counters.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }
}

/// One connector with one configuration.
#[derive(Debug)]
pub struct CachedConnector {
    name: Arc<str>,
    state: Arc<SharedConnectorState>,
    waiting_limits: WaitingLimits,
}

impl CachedConnector {
    pub(super) fn new(
        name: &str,
        state: Arc<SharedConnectorState>,
        waiting_limits: WaitingLimits,
    ) -> Arc<CachedConnector> {
        Arc::new(CachedConnector {
            name: name.into(),
            state,
            waiting_limits,
        })
    }

    /// The number of requests that may wait for it at the same time.
    pub fn waiting_limits(&self) -> WaitingLimits {
        self.waiting_limits
    }

    /// The connector's name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Its epoch and figures.
    pub fn state(&self) -> &Arc<SharedConnectorState> {
        &self.state
    }
}
