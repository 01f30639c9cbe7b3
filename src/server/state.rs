//! The state that all handlers of a server share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::connections::Connections;
use super::descriptors;
use super::executor::Executor;
use super::many_streams::has_many_streams;
use super::observe_request::RequestObserver;
use super::refusal::HttpRefusal;
use super::request_body::PartialBodies;
use super::streaming::{SingleConnections, Streams};
use crate::config::{Limits, Settings};
use crate::observe::Recorder;

/// The state that all handlers share.
pub(super) struct ServerState {
    pub(super) executor: Arc<dyn Executor>,
    pub(super) limits: Limits,
    pub(super) introspection: bool,
    /// Compress responses for clients that accept it.
    pub(super) compression: bool,
    pub(super) observer: RequestObserver,
    /// One permit per request that is executed (`limits.concurrent_requests`).
    pub(super) permits: Semaphore,
    pub(super) bodies: PartialBodies,
    /// The connections of clients, without those of operators.
    pub(super) connections: Arc<Connections>,
    pub(super) streams: Arc<Streams>,
    pub(super) single_connections: Arc<SingleConnections>,
    pub(super) stopping: AtomicBool,
    pub(super) recorder: Recorder,
}

impl ServerState {
    pub(super) fn new(settings: &Settings, executor: Arc<dyn Executor>) -> ServerState {
        let limits = settings.limits.clone();
        let scheme = match settings.tls.certificate {
            Some(_) => "https",
            None => "http",
        };
        // First: the metrics of the other fields are looked up in the installed recorder.
        let recorder = Recorder::install();
        let connections = descriptors::connections(
            limits.connections,
            limits.reserved_descriptors,
            descriptors::raise(),
        );
        let streams = Streams::new(settings);
        ServerState {
            executor,
            introspection: settings.general.introspection,
            compression: settings.general.compression,
            observer: RequestObserver::new(settings.log.requests, scheme),
            permits: Semaphore::new(limits.concurrent_requests.min(Semaphore::MAX_PERMITS)),
            bodies: PartialBodies::new(limits.bodies_bytes.0),
            connections: Connections::new("clients", connections, &limits),
            single_connections: Arc::new(SingleConnections::new(&streams)),
            streams,
            stopping: AtomicBool::new(false),
            recorder,
            limits,
        }
    }

    /// A permit to execute a request. Refused when all permits are taken, or when there is no memory for the response. The
    /// last quarter of the permits is for connections with few requests in work.
    pub(super) fn admit(&self) -> Result<SemaphorePermit<'_>, HttpRefusal> {
        let few_left = self.permits.available_permits() <= self.limits.concurrent_requests / 4;
        if !self.connections.has_room() || (few_left && has_many_streams()) {
            return Err(HttpRefusal::busy());
        }
        self.permits.try_acquire().map_err(|_| HttpRefusal::busy())
    }
}
