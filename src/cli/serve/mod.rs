//! `sangam serve`: runs the gateway.
//!
//! [`mod@deployment`] reads the settings and the folders, [`report`] logs what is wrong with them, [`reload`] does both again
//! when [`files`] has noticed a change. [`started`] logs what is served at the start. [`mod@trusted`] compiles trusted documents.

mod deployment;
mod files;
mod reload;
mod report;
mod started;
mod trusted;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::deployment::{Connectors, Deployment, SettingsSource};
use self::reload::Reloader;
use super::supergraph::SupergraphFile;
use super::{Common, Exit, Failure, Stop, load};
use crate::config::Settings;
use crate::gateway::{Gateway, choose};
use crate::observe;
use crate::observe::Observer;
use crate::persisted::folder::Trusted;
use crate::priority::Runtimes;
use crate::server::{Server, StartError};

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
    /// Reads everything before it listens. What it says are lines of the log.
    pub(super) fn run(self, common: &Common) -> Exit {
        let mut flags = self.supergraph.flags();
        flags.general.listen = self.listen;
        let source = SettingsSource {
            common: common.clone(),
            flags,
        };
        load::install_tls();
        let started = deployment(&source, self.strict).and_then(|deployment| {
            let runtimes = Runtimes::new().map_err(|error| load::not_started(&error))?;
            Ok((deployment, runtimes))
        });
        match started {
            Ok((deployment, runtimes)) => {
                let exit = runtimes.block_on(serve(source, self.strict, deployment));
                // Does not wait for tasks that still run: `shutdown_grace` is over.
                runtimes.shutdown_background();
                exit
            }
            Err(stop) => report::not_started(stop, &source.readable_log()),
        }
    }
}

/// Reads the settings and the folders.
fn deployment(source: &SettingsSource, strict: bool) -> Result<Deployment, Stop> {
    let deployment = Deployment::read(source.read()?, &Connectors::new(), &Trusted::default())?;
    if strict {
        load::checked(&load::folders(&deployment.settings)?)?;
        deployment.refused_when_strict()?;
    }
    if !deployment.unknown.is_empty() {
        return Err(Stop::with(deployment.unknown, Exit::Usage));
    }
    Ok(deployment)
}

async fn serve(source: SettingsSource, strict: bool, deployment: Deployment) -> Exit {
    let log = deployment.settings.log.clone();
    let observer = match observe::install(&log, &deployment.settings.tracing) {
        Ok(observer) => Arc::new(observer),
        Err(error) => {
            let failure = Failure::new(format!("cannot observe: {error}"));
            return report::not_started(failure.stop(Exit::Failed), &log);
        }
    };
    let exit = match observed(source, strict, deployment, &observer).await {
        Ok(()) => Exit::Success,
        Err(stop) => {
            report::refused(&stop, report::NOT_STARTED);
            stop.exit
        }
    };
    flush(observer).await;
    exit
}

/// Serves until a signal arrives. An error means that it did not start.
async fn observed(
    source: SettingsSource,
    strict: bool,
    deployment: Deployment,
    observer: &Arc<Observer>,
) -> Result<(), Stop> {
    let settings = deployment.settings.clone();
    let chosen = choose(&deployment.candidates, &settings, Gateway::first);
    let mut chosen = chosen.map_err(|problem| {
        let Stop { findings, exit, .. } = report::stop(problem);
        let errors = deployment.errors.iter().cloned().chain(findings);
        Stop::with(errors.collect(), exit)
    })?;
    if chosen.served.is_empty() {
        let errors = deployment.errors.into_iter().chain(chosen.findings);
        return Err(Stop::with(errors.collect(), Exit::Findings));
    }
    let named = chosen.built.load_operations(&deployment.operations);
    chosen.findings.extend(named.problems.iter().cloned());
    if strict && !chosen.findings.is_empty() {
        return Err(Stop::with(chosen.findings, Exit::Findings));
    }
    let (mut signals, hangup) = Signals::listen()?;
    let observer = Arc::clone(observer);
    let mut reloader = Reloader::start(source, strict, (deployment, chosen), observer, hangup);
    let server = Server::start(&settings, reloader.live.clone())
        .map_err(|error| not_listening(&error, &settings))?;
    started::log(&settings, &server, &reloader);
    reloader.check_trusted();
    let requested = tokio::select! {
        requested = signals.next() => requested,
        () = reloader.run(&server) => StopRequest::ByPerson,
    };
    stop(server, requested, signals).await;
    Ok(())
}

fn not_listening(error: &StartError, settings: &Settings) -> Stop {
    let setting = error.wrong_setting();
    let failure = Failure {
        message: error.message().to_owned(),
        help: error.how_to_correct().map(str::to_owned),
        at: setting.and_then(|setting| settings.place(setting)),
    };
    failure.stop(Exit::Failed)
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
    fn listen() -> Result<(Signals, Signal), Stop> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                let failure = Failure::new(format!("cannot wait for signals: {error}"));
                failure.stop(Exit::Failed)
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
async fn flush(observer: Arc<Observer>) {
    let _ = tokio::task::spawn_blocking(move || observer.flush()).await;
}
