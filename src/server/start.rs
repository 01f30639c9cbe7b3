//! Starts a server: its state, its paths and its listeners.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Redirect;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::admin::AdminHandler;
use super::connections::Connections;
use super::dispatch::{Dispatch, Layers};
use super::executor::Executor;
use super::listen::Certificates;
use super::operation_origins::OperationOrigins;
use super::protocol::{Handler, Protocols};
use super::refusal::HttpRefusal;
use super::start_error::StartError;
use super::state::ServerState;
use super::{accept, cors, health, landing_page, listen, schema};
use crate::config::Settings;

/// How long a client may acknowledge nothing of what it was sent.
#[cfg(target_os = "linux")]
const VANISHED: Duration = Duration::from_secs(60);

/// The paths of a client listener: all of them, or only those of named operations.
fn app(state: Arc<ServerState>, settings: &Settings, only_operations: bool) -> Dispatch {
    let layers = Layers {
        all: cors::layer(&settings.cors),
        files: cors::files_layer(&settings.cors),
        operations: cors::operations_layer(&settings.operations.origins, &settings.cors),
        of_operation: OperationOrigins::new(settings.cors.clone(), state.executor.operations()),
    };
    let others = Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready));
    let others = match only_operations {
        true => others
            .route("/", get(async || Redirect::temporary("/operations")))
            .fallback(async || {
                HttpRefusal::not_found(
                    "There is nothing at this path; /operations lists what there is",
                )
            }),
        false => others
            .route(
                "/",
                get(async |headers: http::HeaderMap| landing_page::page(&headers).map(Body::from)),
            )
            .route("/schema.graphql", get(schema::schema))
            .fallback(async || HttpRefusal::no_such_path()),
    };
    let others = others.with_state(Arc::clone(&state));
    Dispatch::new(state, layers, !only_operations, others)
}

/// A server that listens.
pub struct Server {
    /// Where clients connect.
    pub address: SocketAddr,
    /// Where clients connect that may only use named operations.
    pub operations_address: Option<SocketAddr>,
    /// Where operators connect.
    pub admin_address: Option<SocketAddr>,
    /// Whether clients speak TLS.
    pub tls: bool,
    pub(super) certificates: Option<Arc<Certificates>>,
    pub(super) state: Arc<ServerState>,
    /// The connections of each listener.
    pub(super) listeners: Vec<Arc<Connections>>,
    pub(super) close: watch::Sender<bool>,
    pub(super) accepting: JoinSet<()>,
    pub(super) upkeep: JoinSet<()>,
    pub(super) delay: Duration,
    pub(super) grace: Duration,
}

impl Server {
    /// Listens, and serves requests from now on.
    ///
    /// # Errors
    /// The port is in use or a certificate cannot be read. The message names the setting to change.
    pub fn start(settings: &Settings, executor: Arc<dyn Executor>) -> Result<Server, StartError> {
        let state = Arc::new(ServerState::new(settings, executor));
        let mut server = Server {
            address: settings.general.listen,
            operations_address: None,
            admin_address: None,
            tls: false,
            certificates: None,
            state: state.clone(),
            listeners: Vec::new(),
            close: watch::Sender::new(false),
            accepting: JoinSet::new(),
            upkeep: JoinSet::new(),
            delay: settings.general.shutdown_delay,
            grace: settings.general.shutdown_grace,
        };
        let dispatch = app(state.clone(), settings, settings.operations.only);
        server.certificates = Certificates::read(&settings.tls)?;
        server.tls = server.certificates.is_some();
        let certificates = server.certificates.as_ref();
        let tls = certificates.map(Certificates::acceptor).transpose()?;
        let listener = listen::bind(
            settings.general.listen,
            "listen",
            "choose another address with --listen or `listen` in sangam.toml",
        )?;
        let connections = state.connections.clone();
        server.address = server.serve(listener, dispatch, connections, tls.clone())?;
        state.executor.listening(server.url());
        if let Some(address) = settings.operations.listen {
            let help = "choose another address with `operations.listen` in sangam.toml";
            let listener = listen::bind(address, "operations.listen", help)?;
            let dispatch = app(state.clone(), settings, true);
            let connections = state.connections.clone();
            let address = server.serve(listener, dispatch, connections, tls)?;
            server.operations_address = Some(address);
        }
        if let Some(address) = settings.admin.listen {
            let most = settings.admin.connections;
            let connections = Connections::new("operators", most, &state.limits);
            let handler = AdminHandler::new(state, settings.admin.token.clone());
            let help = "choose another address with `admin.listen` in sangam.toml";
            let listener = listen::bind(address, "admin.listen", help)?;
            server.admin_address = Some(server.serve(listener, handler, connections, None)?);
        }
        server.keep_metrics_small();
        Ok(server)
    }

    /// The address as a client on this machine writes it.
    fn url(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        match self.address.ip().is_unspecified() {
            true => format!("{scheme}://localhost:{}", self.address.port()),
            false => format!("{scheme}://{}", self.address),
        }
    }

    /// Reads the certificate of `[tls]` again, for the connections from now on. Returns whether it is another one.
    ///
    /// # Errors
    /// It cannot be read, or does not fit its key: the one before stays.
    pub fn renew_certificate(&self, settings: &Settings) -> Result<bool, StartError> {
        let certificates = self.certificates.as_ref();
        certificates.map_or(Ok(false), |current| current.renew(&settings.tls))
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
        // Accepted connections inherit it. Heartbeats of a stream whose client has vanished would be sent again for a quarter of
        // an hour. A client that is there and does not read has the time of a slow one.
        #[cfg(target_os = "linux")]
        socket2::SockRef::from(&listener)
            .set_tcp_user_timeout(Some(VANISHED.max(self.state.limits.stall_timeout * 2)))
            .map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        let protocols = Arc::new(Protocols::new(tls, &self.state.limits));
        // Both listeners for clients have the same connections, and their limits.
        let is_new = |other: &Arc<Connections>| !Arc::ptr_eq(other, &connections);
        if self.listeners.iter().all(is_new) {
            self.upkeep.spawn(connections.clone().sweep_forever());
            self.listeners.push(connections.clone());
        }
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
        self.upkeep.spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_secs(1));
            loop {
                ticks.tick().await;
                state.recorder.run_upkeep();
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
