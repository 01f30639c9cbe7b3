//! `sangam serve`: runs the gateway.
//!
//! [`deployment`] reads the settings and the folders, [`report`] logs what is wrong with them, [`reload`] does both again
//! when [`files`] has noticed a change. [`started`] logs what is served at the start.

mod deployment;
mod files;
mod reload;
mod report;
mod started;

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::deployment::{Connectors, Deployment, SettingsSource};
use self::reload::Reloader;
use super::output::{diagnostics, message};
use super::supergraph::SupergraphFile;
use super::{Common, Exit, Stop, load};
use crate::gateway::{Gateway, choose};
use crate::observe;
use crate::observe::Observer;
use crate::priority::Runtimes;
use crate::server::Server;

/// Serves the graph that the connectors compose to.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The address for clients [default: `listen` of the settings, else 127.0.0.1:4000].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Serve nothing if a connector has errors, or reads a value of `$config` or `$env` that the settings do not give. Without
    /// it, such a connector is set aside, and the others are served.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    supergraph: SupergraphFile,
}

impl Serve {
    /// Reads everything before it listens.
    pub(super) fn run(self, common: &Common) -> Result<Exit, Stop> {
        let mut flags = self.supergraph.flags();
        flags.general.listen = self.listen;
        let source = SettingsSource {
            common: common.clone(),
            flags,
        };
        let deployment = Deployment::read(source.read()?, &Connectors::new())?;
        if self.strict {
            load::checked(&load::folders(&deployment.settings)?)?;
            if !deployment.unset.is_empty() {
                diagnostics(&deployment.unset);
                message("error: values are not set, and --strict is given");
                return Err(Exit::Usage.into());
            }
            deployment.refused_when_strict()?;
        }
        if !deployment.unknown.is_empty() {
            return Err(Stop::with(deployment.unknown, Exit::Usage));
        }
        load::install_tls();
        let runtimes = Runtimes::new().map_err(|error| load::not_started(&error))?;
        let exit = runtimes.block_on(serve(source, self.strict, deployment));
        // Does not wait for tasks that still run: `shutdown_grace` is over.
        runtimes.shutdown_background();
        exit
    }
}

async fn serve(source: SettingsSource, strict: bool, deployment: Deployment) -> Result<Exit, Stop> {
    let settings = deployment.settings.clone();
    let observer = observe::install(&settings.log, &settings.tracing).map_err(|error| {
        message(&format!("error: cannot observe: {error}"));
        Exit::Failed
    })?;
    let chosen = choose(&deployment.candidates, &settings, Gateway::first);
    let chosen = chosen.map_err(|problem| {
        let Stop { findings, exit } = report::stop(problem);
        let errors = deployment.errors.iter().cloned().chain(findings);
        Stop::with(errors.collect(), exit)
    })?;
    if chosen.served.is_empty() {
        let errors = deployment.errors.into_iter().chain(chosen.findings);
        return Err(Stop::with(errors.collect(), Exit::Findings));
    }
    if strict && !chosen.findings.is_empty() {
        return Err(Stop::with(chosen.findings, Exit::Findings));
    }
    let (mut signals, hangup) = Signals::listen()?;
    let mut reloader = Reloader::start(source, strict, (deployment, chosen), observer, hangup);
    let server = Server::start(&settings, reloader.live.clone()).map_err(|error| {
        message(&format!("error: {error}"));
        Exit::Failed
    })?;
    started::log(&settings, &server, &reloader);
    let requested = tokio::select! {
        requested = signals.next() => requested,
        () = reloader.run(&server) => StopRequest::ByPerson,
    };
    stop(server, requested, signals).await;
    flush(reloader.observer).await;
    Ok(Exit::Success)
}

/// Stops gracefully; a second signal stops at once.
async fn stop(server: Server, requested: StopRequest, mut signals: Signals) {
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
    /// These signals, and SIGHUP.
    fn listen() -> Result<(Signals, Signal), Exit> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                message(&format!("error: cannot wait for signals: {error}"));
                Exit::Failed
            })
        };
        let signals = Signals {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        };
        Ok((signals, listen(SignalKind::hangup())?))
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
