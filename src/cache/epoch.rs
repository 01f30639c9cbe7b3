//! Epochs: how many mutations may have changed what was read before.
//!
//! An epoch is the sum of two counters, of a connector and of one of its fields. A counter is a number with a name, so
//! gateways that share a backend can share it. This process has a view of each number, which reads compare without a
//! wait. [`Epochs`] moves the number for all who share it, and brings the view up to date.
//!
//! What must notice a change at once, such as a live query, waits for it ([`EpochsAt::moved`]).

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::select_all;
use tokio::sync::Notify;

use super::entries::Answer;

/// A number that only grows, as this process knows it.
#[derive(Clone)]
pub struct Counter(Arc<CounterState>);

struct CounterState {
    name: Box<str>,
    value: AtomicU64,
    /// Wakes those that wait for a change.
    moved: Notify,
}

impl Counter {
    fn new(name: String) -> Counter {
        Counter(Arc::new(CounterState {
            name: name.into(),
            value: AtomicU64::new(0),
            moved: Notify::new(),
        }))
    }

    /// `connector` or `connector:Type.field`, the same in all gateways.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The number, as far as it is known here.
    pub fn now(&self) -> u64 {
        self.0.value.load(Ordering::SeqCst)
    }

    /// Adds one.
    pub fn advance(&self) {
        self.0.value.fetch_add(1, Ordering::SeqCst);
        self.0.moved.notify_waiters();
    }

    /// Sets the number, if it is larger than what is known here.
    pub fn raise_to(&self, value: u64) {
        if self.0.value.fetch_max(value, Ordering::SeqCst) < value {
            self.0.moved.notify_waiters();
        }
    }
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.name(), self.now())
    }
}

/// The counters of all connectors, as a backend moves them.
pub trait Epochs: fmt::Debug + Send + Sync {
    /// Marks the end of a mutation. The view of this process has moved when this returns, and the number of the others
    /// moves whether the caller waits for the answer or not. A backend that cannot reach the others tries until it can,
    /// and finds no entries meanwhile: they could have been stored under a number that was given twice.
    fn advance(&self, counters: &[Counter]) -> Answer<()>;

    /// Brings the views up to date. Called after lookups that had to wait; an entry that was found at once is compared
    /// with the views as they are.
    fn refresh(&self, counters: Vec<Counter>) -> Answer<()>;
}

/// The number of mutations that may have changed the documents of an endpoint: those of the whole connector, and those
/// that declare to change the endpoint's field. Both counters only grow, so their sum is unchanged only if both are.
#[derive(Debug, Clone)]
pub struct Epoch {
    connector: Counter,
    field: Counter,
}

impl Epoch {
    /// The current epoch. A document of another epoch may not show the effect of a mutation, and is not used.
    pub fn now(&self) -> u64 {
        self.connector.now() + self.field.now()
    }

    /// Whether both are the epoch of the same field.
    pub fn is(&self, other: &Epoch) -> bool {
        Arc::ptr_eq(&self.connector.0, &other.connector.0)
            && Arc::ptr_eq(&self.field.0, &other.field.0)
    }

    /// Its counters.
    pub(super) fn counters(&self) -> [Counter; 2] {
        [self.connector.clone(), self.field.clone()]
    }
}

/// The counters of some epochs, and their values at one time.
#[derive(Debug, Clone, Default)]
pub struct EpochsAt(Vec<(Counter, u64)>);

impl EpochsAt {
    /// Of these epochs, now.
    pub fn now<'e>(epochs: impl IntoIterator<Item = &'e Epoch>) -> EpochsAt {
        let mut counters: Vec<(Counter, u64)> = Vec::new();
        for counter in epochs.into_iter().flat_map(Epoch::counters) {
            let is_known = counters
                .iter()
                .any(|(known, _)| Arc::ptr_eq(&known.0, &counter.0));
            if !is_known {
                let value = counter.now();
                counters.push((counter, value));
            }
        }
        EpochsAt(counters)
    }

    /// Whether no counter has moved since, as far as it is known here.
    pub fn is_current(&self) -> bool {
        self.0.iter().all(|(counter, then)| counter.now() == *then)
    }

    /// Waits until a counter has moved; for ever if there is none.
    pub async fn moved(&self) {
        loop {
            let mut waits: Vec<_> = self
                .0
                .iter()
                .map(|(counter, _)| Box::pin(counter.0.moved.notified()))
                .collect();
            // From here on no move is missed.
            for wait in &mut waits {
                wait.as_mut().enable();
            }
            if !self.is_current() {
                return;
            }
            match waits.is_empty() {
                true => std::future::pending().await,
                false => {
                    select_all(waits).await;
                }
            }
        }
    }
}

/// The counters of one connector. They outlive a change of configuration.
#[derive(Debug)]
pub(super) struct ConnectorEpochs {
    epochs: Arc<dyn Epochs>,
    connector: Counter,
    /// Of fields and types with connects, by `Type.field` or `Type`.
    fields: Mutex<HashMap<String, Counter>>,
}

impl ConnectorEpochs {
    pub(super) fn new(connector: &str, epochs: Arc<dyn Epochs>) -> ConnectorEpochs {
        ConnectorEpochs {
            epochs,
            connector: Counter::new(connector.to_owned()),
            fields: Mutex::default(),
        }
    }

    /// The epoch of a field.
    pub(super) fn of(&self, field: &str) -> Epoch {
        Epoch {
            connector: self.connector.clone(),
            field: self.field(field),
        }
    }

    /// The epoch of the whole connector.
    pub(super) fn now(&self) -> u64 {
        self.connector.now()
    }

    /// Marks the end of a mutation that only changes these fields, or the whole connector if there are none.
    pub(super) fn advance(&self, fields: &[String]) -> Answer<()> {
        if fields.is_empty() {
            return self.epochs.advance(std::slice::from_ref(&self.connector));
        }
        let counters: Vec<Counter> = fields.iter().map(|field| self.field(field)).collect();
        self.epochs.advance(&counters)
    }

    fn field(&self, field: &str) -> Counter {
        let mut fields = self.fields.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = fields.get(field) {
            return counter.clone();
        }
        let counter = Counter::new(format!("{}:{field}", self.connector.name()));
        fields.insert(field.to_owned(), counter.clone());
        counter
    }
}
