//! What can be called of a connector: its key, the driver of its source, and whether its documents can be stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use super::clock::Timestamp;
use super::connector::CachedConnector;
use super::epoch::Epoch;
use super::key::{EndpointKey, EndpointKeyParts};
use super::sharing::{CallSharing, Sharing, SharingRules};
use crate::connector::{SchemaLifetime, Scope};
use crate::source::{Source, StoredHeaders};

/// What can be called: one `@connect`, or a GraphQL service.
#[derive(Debug)]
pub struct Endpoint {
    pub(super) key: EndpointKey,
    epoch: Epoch,
    /// The fields that a mutation by it changes; all fields of the connector if empty.
    changes: Arc<[String]>,
    connector: Arc<CachedConnector>,
    source: Arc<dyn Source>,
    coordinate: Arc<str>,
    stored_headers: StoredHeaders,
    /// The number of successive documents whose headers gave no lifetime.
    unstorable: AtomicU8,
    /// When the last one of its documents that had a lifetime is stale.
    kept_until: AtomicU64,
    /// Whether reads share calls whose documents may not be kept.
    pub(super) sharing: CallSharing,
}

/// What an endpoint is made of besides its source.
#[derive(Debug, Clone, Copy)]
pub struct EndpointParts<'a> {
    /// `service:Type.field[n]`, or the name of a GraphQL service.
    pub coordinate: &'a str,
    /// What decides whether a document is accepted.
    pub acceptance: &'a str,
    /// The fields that a mutation by it changes (`Type.field`, or `Type` for a connect on a type); all fields of the
    /// connector if empty.
    pub changes: &'a [String],
    /// Whether reads share calls whose documents may not be kept.
    pub sharing: SharingRules,
}

impl Endpoint {
    /// After so many successive documents without a lifetime, reads do not look into the cache.
    const LEARNT: u8 = 3;

    /// The connector.
    pub fn connector(&self) -> &Arc<CachedConnector> {
        &self.connector
    }

    /// The driver of its source.
    pub fn source(&self) -> &Arc<dyn Source> {
        &self.source
    }

    /// The number of mutations that may have changed its documents.
    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// The fields that a mutation by it changes; all fields of the connector if empty.
    pub(super) fn changes(&self) -> &Arc<[String]> {
        &self.changes
    }

    /// Ends the cached documents that an event of it may have changed: those of [`EndpointParts::changes`]. Returns when no
    /// lookup, here or in a gateway that shares the backend, finds them any more.
    pub async fn invalidate(&self) {
        self.connector.state().advance(&self.changes).wait().await;
    }

    /// `service:Type.field[n]`, or the name of a GraphQL service.
    pub fn coordinate(&self) -> &Arc<str> {
        &self.coordinate
    }

    /// The response headers that are stored with its documents.
    pub fn stored_headers(&self) -> &StoredHeaders {
        &self.stored_headers
    }

    /// Logs that an operation's own time was over before a call of it ended.
    pub fn operation_was_late(&self) {
        self.connector.state().late(&self.coordinate);
    }

    /// For keys of entities.
    pub fn key(&self) -> &EndpointKey {
        &self.key
    }

    /// Records until when a response may be stored by its headers; `None` if it may not.
    pub(super) fn record_storable(&self, kept_until: Option<Timestamp>) {
        if let Some(kept_until) = kept_until {
            self.unstorable.store(0, Ordering::Relaxed);
            self.kept_until.fetch_max(kept_until.0, Ordering::Relaxed);
        } else if self.unstorable.load(Ordering::Relaxed) < Self::LEARNT {
            self.unstorable.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// False if the headers of the last responses did not allow to store them, and no earlier one can still be fresh.
    /// The clock is read only for an endpoint that has learnt that.
    pub fn may_be_storable(&self, now: impl FnOnce() -> Timestamp) -> bool {
        self.unstorable.load(Ordering::Relaxed) < Self::LEARNT
            || now().0 < self.kept_until.load(Ordering::Relaxed)
    }

    /// Whether an operation with a read of this endpoint may be shared by requests whose operations are the same, as far
    /// as it is known before the read. `lifetime` is the one that the schema gives.
    pub fn may_be_shared(&self, lifetime: Option<SchemaLifetime>) -> bool {
        match lifetime {
            Some(lifetime) if lifetime.scope == Some(Scope::Private) => false,
            Some(lifetime) if !lifetime.max_age.is_zero() => true,
            Some(_) => self.sharing.rules().sharing == Sharing::On,
            None => self.sharing.may_join(),
        }
    }
}

impl CachedConnector {
    /// An endpoint of the connector, which the driver of its source calls. Create it once and use it for every call: it
    /// learns whether its documents can be stored.
    pub fn endpoint(
        self: &Arc<Self>,
        source: &Arc<dyn Source>,
        coordinate: &str,
        stored_headers: StoredHeaders,
        acceptance: &str,
    ) -> Arc<Endpoint> {
        let parts = EndpointParts {
            coordinate,
            acceptance,
            changes: &[],
            sharing: SharingRules::default(),
        };
        self.endpoint_of(source, stored_headers, parts)
    }

    /// The same, of these parts.
    pub fn endpoint_of(
        self: &Arc<Self>,
        source: &Arc<dyn Source>,
        stored_headers: StoredHeaders,
        parts: EndpointParts<'_>,
    ) -> Arc<Endpoint> {
        let EndpointParts {
            coordinate,
            acceptance,
            changes,
            sharing,
        } = parts;
        let key = EndpointKeyParts {
            service: self.name(),
            coordinate,
            stored_headers: &stored_headers,
            acceptance,
        };
        Arc::new(Endpoint {
            key: key.key(),
            epoch: self.state().epoch_of(field_of(coordinate)),
            changes: changes.into(),
            connector: Arc::clone(self),
            source: Arc::clone(source),
            coordinate: coordinate.into(),
            stored_headers,
            unstorable: AtomicU8::new(0),
            kept_until: AtomicU64::new(0),
            sharing: CallSharing::new(sharing),
        })
    }
}

/// `Type.field` of `service:Type.field[n]`.
fn field_of(coordinate: &str) -> &str {
    let field = coordinate
        .split_once(':')
        .map_or(coordinate, |(_, field)| field);
    field.split_once('[').map_or(field, |(field, _)| field)
}
