//! The HTTP server: GraphQL over HTTP for clients, health checks, and metrics for operators.
//!
//! Only this module handles HTTP towards clients. It passes GraphQL requests to an [`Executor`].
//!
//! [`accept`] accepts a connection, [`protocol`] serves it, and [`connections`] enforces its limits of time and memory.
//! [`dispatch`] receives a request, checks its [`head`], and calls [`graphql::any`] for `/graphql`. That function assigns
//! the request id, negotiates the media type, reads the body ([`request_body`]), takes a permit, parses the request, calls
//! the executor, compresses the response and writes the log line. The only layer around it is CORS, if the settings allow
//! an origin. [`response_body`] hands the response to the socket.

mod accept;
mod admin;
mod compression;
mod connection;
mod connections;
mod cors;
mod descriptors;
mod dispatch;
mod executor;
mod graphql;
mod head;
mod health;
mod landing_page;
mod listen;
mod media;
mod observe_request;
mod protocol;
mod refusal;
mod request;
mod request_body;
mod response;
mod response_body;
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
pub use media::MediaType;
pub use refusal::HttpRefusal;

use crate::config::{Limits, Settings};
use admin::AdminHandler;
use connections::Connections;
use dispatch::Dispatch;
use observe_request::RequestObserver;
use protocol::{Handler, Protocols};
use request_body::PartialBodies;

/// An HTTP response whose body is complete before it is sent.
type HttpResponse = Response<Bytes>;

/// Why the server cannot start.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct StartError(String);

impl StartError {
    fn new(message: impl Into<String>) -> StartError {
        StartError(message.into())
    }
}

/// The state that all handlers share.
struct ServerState {
    executor: Arc<dyn Executor>,
    limits: Limits,
    introspection: bool,
    /// Compress responses for clients that accept it.
    compression: bool,
    observer: RequestObserver,
    /// One permit per request that is executed (`limits.concurrent_requests`).
    permits: Semaphore,
    bodies: PartialBodies,
    /// The connections of clients, without those of operators.
    connections: Arc<Connections>,
    stopping: AtomicBool,
    metrics: PrometheusHandle,
}

/// The paths of the client listener.
fn app(state: Arc<ServerState>, settings: &Settings) -> Result<Dispatch, StartError> {
    let others = Router::new()
        .route(
            "/",
            get(async |headers: http::HeaderMap| landing_page::page(&headers).map(Body::from)),
        )
        .route("/schema.graphql", get(schema::schema))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .fallback(async || HttpRefusal::no_such_path())
        .with_state(Arc::clone(&state));
    Ok(Dispatch::new(state, cors::layer(&settings.cors)?, others))
}

/// A server that listens.
pub struct Server {
    /// Where clients connect.
    pub address: SocketAddr,
    /// Where operators connect.
    pub admin_address: Option<SocketAddr>,
    /// Whether clients speak TLS.
    pub tls: bool,
    state: Arc<ServerState>,
    /// The connections of each listener.
    listeners: Vec<Arc<Connections>>,
    close: watch::Sender<bool>,
    accepting: JoinSet<()>,
    upkeep: JoinSet<()>,
    delay: Duration,
    grace: Duration,
}

impl Server {
    /// Listens, and serves requests from now on.
    ///
    /// # Errors
    /// The port is in use or a certificate cannot be read. The message names the setting to change.
    pub fn start(settings: &Settings, executor: Arc<dyn Executor>) -> Result<Server, StartError> {
        let limits = settings.limits.clone();
        // First: all metrics below are looked up in the installed recorder.
        let metrics = crate::observe::metrics::install();
        let most = descriptors::connections(
            limits.connections,
            limits.reserved_descriptors,
            descriptors::raise(),
        );
        let state = Arc::new(ServerState {
            executor,
            introspection: settings.general.introspection,
            compression: settings.general.compression,
            observer: RequestObserver::new(settings.log.requests),
            permits: Semaphore::new(limits.concurrent_requests.min(Semaphore::MAX_PERMITS)),
            bodies: PartialBodies::new(limits.bodies_bytes.0),
            connections: Connections::new("clients", most, &limits),
            stopping: AtomicBool::new(false),
            metrics,
            limits,
        });
        let mut server = Server {
            address: settings.general.listen,
            admin_address: None,
            tls: false,
            state: state.clone(),
            listeners: Vec::new(),
            close: watch::Sender::new(false),
            accepting: JoinSet::new(),
            upkeep: JoinSet::new(),
            delay: settings.general.shutdown_delay,
            grace: settings.general.shutdown_grace,
        };
        let dispatch = app(state.clone(), settings)?;
        let tls = listen::tls(&settings.tls)?;
        server.tls = tls.is_some();
        let listener = listen::bind(
            settings.general.listen,
            "choose another address with --listen or `listen` in sangam.toml",
        )?;
        server.address = server.serve(listener, dispatch, state.connections.clone(), tls)?;
        if let Some(address) = settings.admin.listen {
            let most = settings.admin.connections;
            let connections = Connections::new("operators", most, &state.limits);
            let handler = AdminHandler::new(state, settings.admin.token.clone());
            let help = "choose another address with `admin.listen` in sangam.toml";
            let listener = listen::bind(address, help)?;
            server.admin_address = Some(server.serve(listener, handler, connections, None)?);
        }
        server.keep_metrics_small();
        Ok(server)
    }

    fn serve(
        &mut self,
        listener: std::net::TcpListener,
        handler: impl Handler,
        connections: Arc<Connections>,
        tls: Option<TlsAcceptor>,
    ) -> Result<SocketAddr, StartError> {
        let failed = |error: std::io::Error| StartError::new(format!("cannot listen: {error}"));
        let address = listener.local_addr().map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        let protocols = Arc::new(Protocols::new(tls, &self.state.limits));
        self.upkeep.spawn(connections.clone().sweep_forever());
        self.listeners.push(connections.clone());
        let close = self.close.subscribe();
        self.accepting.spawn(accept::accept(
            listener,
            connections,
            protocols,
            handler,
            close,
        ));
        Ok(address)
    }

    /// Histograms collect samples until the metrics are read. This aggregates them regularly, in case that never happens.
    fn keep_metrics_small(&mut self) {
        let state = self.state.clone();
        let held = metrics::gauge!(crate::observe::metrics::BODIES_HELD);
        self.upkeep.spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_secs(1));
            loop {
                ticks.tick().await;
                // `f64` is exact up to 2^52 bytes.
                held.set(state.bodies.held() as f64);
                state.metrics.run_upkeep();
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
