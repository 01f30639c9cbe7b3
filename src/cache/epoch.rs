//! Epochs: how many mutations may have changed what was read before.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The number of mutations that may have changed the documents of an endpoint: those of the whole connector, and those
/// that declare to change the endpoint's field. Both counters only grow, so their sum is unchanged only if both are.
#[derive(Debug, Clone)]
pub struct Epoch {
    connector: Arc<AtomicU64>,
    field: Arc<AtomicU64>,
}

impl Epoch {
    /// The current epoch. A document of another epoch may not show the effect of a mutation, and is not used.
    pub fn now(&self) -> u64 {
        let (connector, field) = (&self.connector, &self.field);
        connector.load(Ordering::SeqCst) + field.load(Ordering::SeqCst)
    }

    /// Whether both are the epoch of the same field.
    pub fn is(&self, other: &Epoch) -> bool {
        Arc::ptr_eq(&self.connector, &other.connector) && Arc::ptr_eq(&self.field, &other.field)
    }
}

/// The epochs of one connector. They outlive a change of configuration.
#[derive(Debug, Default)]
pub(super) struct Epochs {
    connector: Arc<AtomicU64>,
    /// Of fields and types with connects, by `Type.field` or `Type`.
    fields: Mutex<HashMap<String, Arc<AtomicU64>>>,
}

impl Epochs {
    /// The epoch of a field.
    pub(super) fn of(&self, field: &str) -> Epoch {
        Epoch {
            connector: Arc::clone(&self.connector),
            field: self.field(field),
        }
    }

    /// The epoch of the whole connector.
    pub(super) fn now(&self) -> u64 {
        self.connector.load(Ordering::SeqCst)
    }

    /// Marks the end of a mutation that only changes these fields, or the whole connector if there are none.
    pub(super) fn advance(&self, fields: &[String]) {
        if fields.is_empty() {
            self.connector.fetch_add(1, Ordering::SeqCst);
        }
        for field in fields {
            self.field(field).fetch_add(1, Ordering::SeqCst);
        }
    }

    fn field(&self, field: &str) -> Arc<AtomicU64> {
        let mut fields = self.fields.lock().unwrap_or_else(PoisonError::into_inner);
        match fields.get(field) {
            Some(known) => Arc::clone(known),
            None => Arc::clone(fields.entry(field.to_owned()).or_default()),
        }
    }
}
