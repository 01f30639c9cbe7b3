//! GraphQL over HTTP towards clients; health, and metrics for operators.
//!
//! Only this room knows HTTP towards clients. What stands behind it is an [`Executor`]. A request comes in by [`front`];
//! its path is [`graphql::any`], from its id and its line in the log to the answer: media types, a place among the requests
//! in work, the body, the request, the executor, compression. The only layer around it is CORS, where it is switched on.

mod admin;
mod answer;
mod compression;
mod context;
mod cors;
mod executor;
mod front;
mod graphql;
mod health;
mod landing;
mod listen;
mod media;
mod refusal;
mod request;
mod schema;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use axum_server::Handle;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub use executor::Executor;
pub use media::Media;
pub use refusal::Refusal;

use crate::config::{Limits, Settings};
use context::Observing;
use front::Front;

/// Requests at the same time on one HTTP/2 connection.
const MAX_STREAMS: u32 = 128;

/// An answer of the endpoint: it is there as a whole before it is sent.
type Answer = Response<Full<Bytes>>;

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
    stopping: AtomicBool,
    metrics: PrometheusHandle,
}

/// The paths that clients see.
fn app(shared: Arc<Shared>, settings: &Settings) -> Result<Front, SetupError> {
    let others = Router::new()
        .route(
            "/",
            get(async |headers: http::HeaderMap| landing::page(&headers).map(Body::new)),
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
    handles: Vec<Handle<SocketAddr>>,
    tasks: JoinSet<std::io::Result<()>>,
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
        let shared = Arc::new(Shared {
            executor,
            introspection: settings.general.introspection,
            compression: settings.general.compression,
            observing: Observing::new(settings.log.requests),
            places: Semaphore::new(limits.concurrent_requests.min(Semaphore::MAX_PERMITS)),
            stopping: AtomicBool::new(false),
            metrics,
            limits,
        });
        let mut server = Server {
            address: settings.general.listen,
            admin_address: None,
            tls: false,
            shared: shared.clone(),
            handles: Vec::new(),
            tasks: JoinSet::new(),
            grace: settings.general.shutdown_grace,
        };
        let front = app(shared.clone(), settings)?;
        let tls = listen::tls(&settings.tls)?;
        server.tls = tls.is_some();
        let listener = listen::bind(
            settings.general.listen,
            "choose another address with --listen or `listen` in sangam.toml",
        )?;
        server.address = server.serve(listener, front, tls)?;
        if let Some(address) = settings.admin.listen {
            let router = admin::router(shared, settings.admin.token.clone());
            let help = "choose another address with `admin.listen` in sangam.toml";
            let listener = listen::bind(address, help)?;
            server.admin_address = Some(server.serve(listener, router, None)?);
        }
        server.keep_metrics_small();
        Ok(server)
    }

    fn serve<S, B>(
        &mut self,
        listener: std::net::TcpListener,
        service: S,
        tls: Option<axum_server::tls_rustls::RustlsConfig>,
    ) -> Result<SocketAddr, SetupError>
    where
        S: tower::Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send + 'static,
        B: hyper::body::Body<Data = Bytes, Error: Into<axum::BoxError>> + Send + 'static,
    {
        let failed = |error: std::io::Error| SetupError::new(format!("cannot listen: {error}"));
        let address = listener.local_addr().map_err(failed)?;
        let handle = Handle::new();
        self.handles.push(handle.clone());
        let limits = &self.shared.limits;
        let bounded = listen::Bounded::new(limits.connections);
        let mut server = axum_server::from_tcp(listener)
            .map_err(failed)?
            .handle(handle)
            .first_request_timeout(limits.request_read_timeout);
        // Between requests this timeout counts too, so it is the longer one.
        let head_timeout = limits.idle_timeout.max(limits.request_read_timeout);
        let http = server.http_builder();
        http.http1().header_read_timeout(head_timeout);
        http.http2()
            .keep_alive_interval(limits.idle_timeout)
            .max_concurrent_streams(MAX_STREAMS);
        let service = tower::make::Shared::new(service);
        match tls {
            Some(config) => {
                let tls = axum_server::tls_rustls::RustlsAcceptor::new(config).acceptor(bounded);
                self.tasks.spawn(server.acceptor(tls).serve(service));
            }
            None => {
                self.tasks.spawn(server.acceptor(bounded).serve(service));
            }
        }
        Ok(address)
    }

    /// Histograms gather their samples until somebody looks; nobody may ever look.
    fn keep_metrics_small(&mut self) {
        let metrics = self.shared.metrics.clone();
        self.tasks.spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_secs(5));
            loop {
                ticks.tick().await;
                metrics.run_upkeep();
            }
        });
    }

    /// Stops: no further connections are accepted, requests in flight are finished within the grace period.
    pub async fn stop(mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        for handle in &self.handles {
            handle.graceful_shutdown(Some(self.grace));
        }
        // The listeners end by themselves; the last task is the one that never does.
        while self.tasks.len() > 1 {
            if self.tasks.join_next().await.is_none() {
                break;
            }
        }
        self.tasks.shutdown().await;
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
