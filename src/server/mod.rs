//! GraphQL over HTTP towards clients; health, and metrics for operators.
//!
//! Only this room knows HTTP towards clients. What stands behind it is an [`Executor`].
//!
//! A connection is accepted by [`accept`] and served by [`protocol`]; what it may take of time and memory is known to
//! [`connections`]. A request comes in by [`front`], which has its [`head`] checked; its path is [`graphql::any`], from its
//! id and its line in the log to the answer: media types, the body ([`incoming`]), a place among the requests in work, the
//! request, the executor, compression. The only layer around it is CORS, where it is switched on. The answer goes out as
//! [`outgoing`].

mod accept;
mod admin;
mod answer;
mod compression;
mod connection;
mod connections;
mod context;
mod cors;
mod descriptors;
mod executor;
mod front;
mod graphql;
mod head;
mod health;
mod incoming;
mod landing;
mod listen;
mod media;
mod outgoing;
mod protocol;
mod refusal;
mod request;
mod schema;
mod socket;
mod stop;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use http::Response;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

pub use executor::Executor;
pub use media::Media;
pub use refusal::Refusal;

use crate::config::{Limits, Settings};
use admin::Operators;
use connections::Connections;
use context::Observing;
use front::Front;
use incoming::Bodies;
use protocol::{Protocols, Site};

/// An answer of the endpoint: it is there as a whole before it is sent.
type Answer = Response<Bytes>;

/// Why the server cannot start.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct SetupError(String);

impl SetupError {
    fn new(message: impl Into<String>) -> SetupError {
        SetupError(message.into())
    }
}

/// What handlers share.
struct Shared {
    executor: Arc<dyn Executor>,
    limits: Limits,
    introspection: bool,
    /// Answers are compressed for those who accept it.
    compression: bool,
    observing: Observing,
    places: Semaphore,
    bodies: Bodies,
    /// Those of clients, not those of operators.
    connections: Arc<Connections>,
    stopping: AtomicBool,
    metrics: PrometheusHandle,
}

/// The paths that clients see.
fn app(shared: Arc<Shared>, settings: &Settings) -> Result<Front, SetupError> {
    let others = Router::new()
        .route(
            "/",
            get(async |headers: http::HeaderMap| landing::page(&headers).map(Body::from)),
        )
        .route("/schema.graphql", get(schema::schema))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .fallback(async || Refusal::no_such_path())
        .with_state(Arc::clone(&shared));
    Ok(Front::new(shared, cors::layer(&settings.cors)?, others))
}

/// A server that listens.
pub struct Server {
    /// Where clients connect.
    pub address: SocketAddr,
    /// Where operators connect.
    pub admin_address: Option<SocketAddr>,
    /// Whether clients speak TLS.
    pub tls: bool,
    shared: Arc<Shared>,
    /// The connections of each listener.
    listeners: Vec<Arc<Connections>>,
    close: watch::Sender<bool>,
    accepting: JoinSet<()>,
    upkeep: JoinSet<()>,
    delay: Duration,
    grace: Duration,
}

impl Server {
    /// Listens, and answers from now on.
    ///
    /// # Errors
    /// A port that is in use, a certificate that cannot be read: with the setting to change.
    pub fn start(settings: &Settings, executor: Arc<dyn Executor>) -> Result<Server, SetupError> {
        let limits = settings.limits.clone();
        // First: handles to metrics are taken from what is installed.
        let metrics = crate::observe::metrics::install();
        let most = descriptors::connections(
            limits.connections,
            limits.reserved_descriptors,
            descriptors::raise(),
        );
        let shared = Arc::new(Shared {
            executor,
            introspection: settings.general.introspection,
            compression: settings.general.compression,
            observing: Observing::new(settings.log.requests),
            places: Semaphore::new(limits.concurrent_requests.min(Semaphore::MAX_PERMITS)),
            bodies: Bodies::new(limits.bodies_bytes.0),
            connections: Connections::new("clients", most, &limits),
            stopping: AtomicBool::new(false),
            metrics,
            limits,
        });
        let mut server = Server {
            address: settings.general.listen,
            admin_address: None,
            tls: false,
            shared: shared.clone(),
            listeners: Vec::new(),
            close: watch::Sender::new(false),
            accepting: JoinSet::new(),
            upkeep: JoinSet::new(),
            delay: settings.general.shutdown_delay,
            grace: settings.general.shutdown_grace,
        };
        let front = app(shared.clone(), settings)?;
        let tls = listen::tls(&settings.tls)?;
        server.tls = tls.is_some();
        let listener = listen::bind(
            settings.general.listen,
            "choose another address with --listen or `listen` in sangam.toml",
        )?;
        server.address = server.serve(listener, front, shared.connections.clone(), tls)?;
        if let Some(address) = settings.admin.listen {
            let most = settings.admin.connections;
            let connections = Connections::new("operators", most, &shared.limits);
            let site = Operators::new(shared, settings.admin.token.clone());
            let help = "choose another address with `admin.listen` in sangam.toml";
            let listener = listen::bind(address, help)?;
            server.admin_address = Some(server.serve(listener, site, connections, None)?);
        }
        server.keep_metrics_small();
        Ok(server)
    }

    fn serve(
        &mut self,
        listener: std::net::TcpListener,
        site: impl Site,
        connections: Arc<Connections>,
        tls: Option<TlsAcceptor>,
    ) -> Result<SocketAddr, SetupError> {
        let failed = |error: std::io::Error| SetupError::new(format!("cannot listen: {error}"));
        let address = listener.local_addr().map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        let protocols = Arc::new(Protocols::new(tls, &self.shared.limits));
        self.upkeep.spawn(connections.clone().sweep_forever());
        self.listeners.push(connections.clone());
        let close = self.close.subscribe();
        self.accepting.spawn(accept::accept(
            listener,
            connections,
            protocols,
            site,
            close,
        ));
        Ok(address)
    }

    /// Histograms gather their samples until the metrics are read, which may never happen.
    fn keep_metrics_small(&mut self) {
        let shared = self.shared.clone();
        let held = metrics::gauge!(crate::observe::metrics::BODIES_HELD);
        self.upkeep.spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_secs(1));
            loop {
                ticks.tick().await;
                // A number of bytes beyond 2^52 does not occur.
                held.set(shared.bodies.held() as f64);
                shared.metrics.run_upkeep();
            }
        });
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
