//! `sangam serve`: runs the gateway.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::output::{diagnostics, message};
use super::supergraph::SupergraphFile;
use super::{Common, Exit, Stop, load};
use crate::config::{Secret, Settings};
use crate::connector::Diagnostic;
use crate::gateway::ConfiguredConnector;
use crate::observe;
use crate::observe::{Masker, Observer};
use crate::priority::Runtimes;
use crate::server::Server;

/// Serves the graph that the connectors compose to.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The address for clients [default: `listen` of the settings, else 127.0.0.1:4000].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Do not start if a connector reads a value of `$config` or `$env` that the settings do not give.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    supergraph: SupergraphFile,
}

impl Serve {
    /// Reads and checks everything before it listens.
    pub(super) fn run(self, common: &Common) -> Result<Exit, Stop> {
        let mut flags = self.supergraph.flags();
        flags.general.listen = self.listen;
        let settings = load::settings(common, flags)?;
        let folders = load::folders(&settings)?;
        load::checked(&folders)?;
        let unset = load::unset_values(&settings, &folders);
        if self.strict && !unset.is_empty() {
            diagnostics(&unset);
            message("error: values are not set, and --strict is given");
            return Err(Exit::Usage.into());
        }
        let connectors = load::connectors(&folders, Some(&settings))?;
        load::install_tls();
        let runtimes = Runtimes::new().map_err(|error| load::not_started(&error))?;
        let exit = runtimes.block_on(serve(settings, connectors, &unset));
        // Does not wait for tasks that still run: `shutdown_grace` is over.
        runtimes.shutdown_background();
        exit
    }
}

async fn serve(
    settings: Settings,
    connectors: Vec<ConfiguredConnector>,
    unset: &[Diagnostic],
) -> Result<Exit, Stop> {
    let observer = observe::install(&settings.log, &settings.tracing).map_err(|error| {
        message(&format!("error: cannot observe: {error}"));
        Exit::Failed
    })?;
    observer.hide(secrets(&settings, &connectors));
    for name in &settings.unknown_variables {
        tracing::warn!(error = name, "a variable of the environment is no setting");
    }
    for value in unset {
        tracing::warn!(
            connector = value.connector,
            error = value.message,
            "requests of a connector lack a value"
        );
    }
    let count = connectors.len();
    let gateway = Arc::new(load::gateway(connectors, &settings)?);
    let server = Server::start(&settings, gateway).map_err(|error| {
        message(&format!("error: {error}"));
        Exit::Failed
    })?;
    let signals = Signals::listen()?;
    log_addresses(&server, count);
    stop(server, signals).await;
    flush(observer).await;
    Ok(Exit::Success)
}

fn secrets(settings: &Settings, connectors: &[ConfiguredConnector]) -> Masker {
    let of_connectors = connectors
        .iter()
        .flat_map(|connector| connector.settings.secrets());
    let all = of_connectors.chain(settings.admin.token.as_ref());
    Masker::new(all.map(Secret::expose))
}

fn log_addresses(server: &Server, connectors: usize) {
    let scheme = if server.tls { "https" } else { "http" };
    let address = format!("{scheme}://{}", server.address);
    tracing::info!(
        address,
        count = connectors,
        version = env!("CARGO_PKG_VERSION"),
        "listening"
    );
    if let Some(admin) = server.admin_address {
        let address = format!("http://{admin}");
        tracing::info!(address, "listening for operators");
    }
}

/// Waits for a signal, then stops gracefully; a second signal stops at once.
async fn stop(server: Server, mut signals: Signals) {
    let requested = signals.next().await;
    tracing::info!("stopping: requests in flight are finished first");
    let stopping = async {
        match requested {
            StopRequest::ByManager => server.stop().await,
            StopRequest::ByPerson => server.stop_after(Duration::ZERO).await,
        }
    };
    tokio::select! {
        () = stopping => tracing::info!("stopped"),
        _ = signals.next() => tracing::warn!("stopped at once by a second signal"),
    }
}

/// Which signal requested the stop.
enum StopRequest {
    /// SIGTERM, from a service manager: waits until load balancers have noticed.
    ByManager,
    /// SIGINT, Ctrl-C at a terminal: closes the port at once.
    ByPerson,
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> Result<Signals, Exit> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                message(&format!("error: cannot wait for signals: {error}"));
                Exit::Failed
            })
        };
        Ok(Signals {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> StopRequest {
        tokio::select! {
            _ = self.interrupt.recv() => StopRequest::ByPerson,
            _ = self.terminate.recv() => StopRequest::ByManager,
        }
    }
}

/// Sends the last spans. This blocks, so it runs on a blocking thread.
async fn flush(observer: Observer) {
    let _ = tokio::task::spawn_blocking(move || observer.flush()).await;
}
