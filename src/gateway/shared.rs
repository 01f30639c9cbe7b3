//! What generations of a gateway share: the caches, the bounds of memory and of work, and the wires.
//!
//! The successor of a generation takes them over, so that a change of a connector costs neither the cached documents of the
//! others nor twice the memory while requests of the old generation end. Sizes of caches are fixed at the first
//! generation; a bound is created again if its setting has changed.

use std::sync::Arc;

use super::in_flight::InFlight;
use super::subscriptions::Subscriptions;
use super::watch::{LiveTerms, Watches};
use super::workers::{WorkerLimits, Workers};
use crate::budget::Budget;
use crate::cache::responses::Responses;
use crate::cache::{Backend, Documents, RegisteredTexts};
use crate::config::Settings;
use crate::files::Files;
use crate::observe::operations::OperationMeters;
use crate::source::Wires;
use crate::source::dns::{DnsSettings, Resolver};

/// What generations share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) wires: Wires,
    pub(super) documents: Arc<Documents>,
    pub(super) responses: Arc<Responses>,
    pub(super) texts: Arc<RegisteredTexts>,
    pub(super) in_flight: InFlight,
    pub(super) watches: Watches,
    /// What the settings say of live queries.
    pub(super) live: Arc<LiveTerms>,
    pub(super) workers: Arc<Workers>,
    pub(super) budget: Arc<Budget>,
    pub(super) resolver: Resolver,
    pub(super) operations: Arc<OperationMeters>,
    pub(super) files: Arc<Files>,
    pub(super) subscriptions: Arc<Subscriptions>,
    bounds: Bounds,
}

/// The settings of what is created again when they change.
#[derive(Clone, PartialEq)]
struct Bounds {
    workers: WorkerLimits,
    /// The bytes of all operations, and those reserved for small ones.
    bytes: (usize, usize),
    dns: DnsSettings,
}

impl Bounds {
    fn of(settings: &Settings) -> Bounds {
        let limits = &settings.limits;
        Bounds {
            workers: limits.into(),
            bytes: (limits.operations_bytes.0, limits.small_operation_bytes.0),
            dns: DnsSettings::from(&settings.dns),
        }
    }
}

impl Shared {
    /// For the first generation.
    pub(super) fn new(settings: &Settings, wires: Wires, backend: &dyn Backend) -> Shared {
        let bounds = Bounds::of(settings);
        let cache = &settings.cache;
        let text_bytes = settings.persisted.automatic_bytes.0 as u64;
        Shared {
            wires,
            documents: Arc::new(Documents::with_backend(backend, cache.documents.0 as u64)),
            responses: Arc::new(Responses::with_backend(backend, cache.responses.0 as u64)),
            texts: Arc::new(RegisteredTexts::with_backend(backend, text_bytes)),
            in_flight: InFlight::new(cache),
            watches: Watches::new(),
            live: LiveTerms::new(&settings.live),
            workers: Arc::new(Workers::new(bounds.workers)),
            budget: Budget::new(bounds.bytes.0, bounds.bytes.1),
            resolver: Resolver::new(bounds.dns.clone()),
            operations: OperationMeters::new(settings.admin.operation_labels),
            files: Arc::new(Files::new(&settings.files)),
            subscriptions: Arc::default(),
            bounds,
        }
    }

    /// For the successor of a generation.
    pub(super) fn next(&self, settings: &Settings) -> Shared {
        let bounds = Bounds::of(settings);
        let mut next = self.clone();
        if bounds.workers != self.bounds.workers {
            next.workers = Arc::new(Workers::new(bounds.workers));
        }
        if bounds.bytes != self.bounds.bytes {
            next.budget = Budget::new(bounds.bytes.0, bounds.bytes.1);
        }
        if bounds.dns != self.bounds.dns {
            next.resolver = Resolver::new(bounds.dns.clone());
        }
        next.files = self.files.next(&settings.files);
        next.in_flight = self.in_flight.with_settings(&settings.cache);
        next.live = self.live.next(&settings.live);
        next.bounds = bounds;
        next
    }
}
