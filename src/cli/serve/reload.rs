//! Reloads: reads the deployment again, and replaces what is served.
//!
//! A reload never ends the service. If the settings are wrong, everything stays as it is. If a connector is wrong, its last
//! good version is served ([`choose`]); with `--strict`, everything stays. Each problem is logged once, and again when it has
//! ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tokio::signal::unix::Signal;
use tokio::task::spawn_blocking;

use super::super::{Exit, Stop};
use super::deployment::{Connectors, Deployment, SettingsSource};
use super::files::WatchedFiles;
use super::report::{self, Warnings};
use super::trusted;
use crate::config::Settings;
use crate::connector::Diagnostic;
use crate::gateway::{Chosen, Gateway, LiveGateway, Served, choose};
use crate::observe::Observer;
use crate::observe::metrics::{GENERATION, RELOAD_SUCCESSFUL, RELOAD_TIME, RELOADS, SET_ASIDE};
use crate::persisted::folder::Trusted;
use crate::server::Server;

/// What is served now, and how to read it again.
pub(super) struct Reloader {
    source: SettingsSource,
    strict: bool,
    /// SIGHUP.
    hangup: Signal,
    pub(super) live: Arc<LiveGateway>,
    observer: Arc<Observer>,
    state: State,
}

/// What the last reload has found.
struct State {
    /// The settings of the start: some of them cannot change.
    started_with: Settings,
    settings: Settings,
    /// What is served, without connectors of which only the schema is.
    served: Connectors,
    /// The versions without a problem that were served last.
    last_good: Connectors,
    warnings: Warnings,
    trusted: Trusted,
    /// The problem of each connector that has one.
    problems: BTreeMap<String, String>,
    /// What is wrong with named operations.
    of_operations: Vec<Diagnostic>,
    files: WatchedFiles,
}

impl State {
    fn new(
        deployment: Deployment,
        chosen: &Chosen<Gateway>,
        started_with: Settings,
        before: Connectors,
    ) -> State {
        let problems = problems(chosen);
        let served = chosen.served.iter();
        let served = served.filter(|(served, _)| *served <= Served::LastGood);
        let served: Connectors = served
            .map(|(_, connector)| (connector.subgraph.name.clone(), connector.clone()))
            .collect();
        // A connector that was removed has no version to go back to.
        let last_good = deployment.candidates.iter().filter_map(|candidate| {
            let name = &candidate.connector;
            let good = match problems.contains_key(name) {
                true => before.get(name),
                false => served.get(name),
            };
            Some((name.clone(), good?.clone()))
        });
        let last_good = last_good.collect();
        State {
            started_with,
            last_good,
            served,
            warnings: report::warnings(&deployment),
            problems,
            of_operations: chosen.built.operations().problems.clone(),
            trusted: deployment.trusted,
            files: deployment.files,
            settings: deployment.settings,
        }
    }

    /// Counts that folders and settings are served as they were just read.
    fn count(&self) {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        metrics::gauge!(GENERATION).increment(1.0);
        metrics::gauge!(RELOAD_SUCCESSFUL).set(1.0);
        metrics::gauge!(RELOAD_TIME).set(since_1970.unwrap_or_default().as_secs_f64());
        // `f64` is exact for every number of connectors.
        metrics::gauge!(SET_ASIDE).set(self.problems.len() as f64);
    }
}

impl Reloader {
    /// After the first choice, which is about to be served.
    pub(super) fn start(
        source: SettingsSource,
        strict: bool,
        (deployment, chosen): (Deployment, Chosen<Gateway>),
        observer: Arc<Observer>,
        hangup: Signal,
    ) -> Reloader {
        let settings = deployment.settings.clone();
        let state = State::new(deployment, &chosen, settings, Connectors::new());
        observer.hide(report::masker(&[(&state.settings, &state.served)]));
        report::new_warnings(&Warnings::new(), &state.warnings);
        log_problems(&BTreeMap::new(), &state.problems, &chosen);
        report::operations(&[], &state.of_operations);
        state.count();
        Reloader {
            source,
            strict,
            live: {
                let documents = Arc::clone(&state.trusted.documents);
                Arc::new(LiveGateway::new(chosen.built.trusting(documents)))
            },
            observer,
            hangup,
            state,
        }
    }

    /// The connectors that are served, without those of which only the schema is.
    pub(super) fn served(&self) -> &Connectors {
        &self.state.served
    }

    /// The number of connectors with problems.
    pub(super) fn problems(&self) -> usize {
        self.state.problems.len()
    }

    /// Reloads whenever a file has changed, and on SIGHUP. Never ends.
    pub(super) async fn run(&mut self, server: &Server) {
        loop {
            tokio::select! {
                _ = self.hangup.recv() => {}
                () = self.state.files.changed() => {}
            }
            self.reload(server).await;
        }
    }

    async fn reload(&mut self, server: &Server) {
        let begun = Instant::now();
        let outcome = match self.next().await {
            Ok((deployment, chosen)) => {
                self.renew_certificate(server, &deployment.settings);
                self.replace(deployment, chosen, begun).await;
                "reloaded"
            }
            Err(stop) => {
                report::refused(&stop, "not reloaded: everything is served as before");
                // The next change is one of the files as they are now.
                self.state.files.accept();
                metrics::gauge!(RELOAD_SUCCESSFUL).set(0.0);
                "refused"
            }
        };
        metrics::counter!(RELOADS, "outcome" => outcome).increment(1);
    }

    /// Reads everything, and builds the next generation.
    async fn next(&self) -> Result<(Deployment, Chosen<Gateway>), Stop> {
        let (source, strict) = (self.source.clone(), self.strict);
        let last_good = self.state.last_good.clone();
        let last_trusted = self.state.trusted.clone();
        let current = self.live.current();
        let next = spawn_blocking(move || {
            let deployment = Deployment::read(source.read()?, &last_good, &last_trusted)?;
            if strict {
                deployment.refused_when_strict()?;
            }
            let Deployment {
                candidates,
                settings,
                ..
            } = &deployment;
            let chosen = choose(candidates, settings, |setup| current.successor(setup));
            let mut chosen = chosen.map_err(report::stop)?;
            let named = chosen.built.load_operations(&deployment.operations);
            chosen.findings.extend(named.problems.iter().cloned());
            if strict && !chosen.findings.is_empty() {
                return Err(Stop::with(chosen.findings, Exit::Findings));
            }
            Ok((deployment, chosen))
        });
        match next.await {
            Ok(next) => next,
            Err(_) => {
                tracing::error!("the reload ended abnormally");
                Err(Exit::Failed.into())
            }
        }
    }

    async fn replace(&mut self, deployment: Deployment, chosen: Chosen<Gateway>, begun: Instant) {
        let started_with = self.state.started_with.clone();
        let before = self.state.last_good.clone();
        let state = State::new(deployment, &chosen, started_with, before);
        // Requests that still run may hold secrets of the old generation.
        let both = [&self.state, &state];
        let secrets = both.map(|state| (&state.settings, &state.served));
        self.observer.hide(report::masker(&secrets));
        report::new_warnings(&self.state.warnings, &state.warnings);
        report::needs_restart(&state.started_with, &state.settings);
        log_changes(&self.state.served, &state.served);
        log_problems(&self.state.problems, &state.problems, &chosen);
        report::operations(&self.state.of_operations, &state.of_operations);
        let count = chosen.served.len();
        let documents = Arc::clone(&state.trusted.documents);
        self.live.replace(chosen.built.trusting(documents)).await;
        self.state = state;
        self.state.count();
        self.check_trusted();
        let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(count, ms, "reloaded");
    }

    /// Compiles the trusted documents of the generation that serves now, and logs which of them do not fit its schema.
    pub(super) fn check_trusted(&self) {
        trusted::check(&self.live.current());
    }

    fn renew_certificate(&self, server: &Server, settings: &Settings) {
        match server.renew_certificate(settings) {
            Ok(true) => tracing::info!("the certificate is renewed"),
            Ok(false) => {}
            Err(error) => tracing::error!(
                error = %error,
                "the certificate cannot be renewed: the one before stays"
            ),
        }
    }
}

fn problems(chosen: &Chosen<Gateway>) -> BTreeMap<String, String> {
    let aside = chosen.set_aside.iter();
    aside
        .map(|aside| (aside.connector.clone(), aside.problem.summary()))
        .collect()
}

/// Logs which connectors are others than before.
fn log_changes(before: &Connectors, after: &Connectors) {
    for (name, connector) in after {
        let outcome = match before.get(name) {
            None => "added",
            Some(before) if before.is_same(connector) => continue,
            Some(_) => "changed",
        };
        tracing::info!(connector = name, outcome, "a connector has changed");
    }
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        let outcome = "removed";
        tracing::info!(connector = name, outcome, "a connector has changed");
    }
}

/// Logs the problems that are new, and those that have ended.
fn log_problems(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    chosen: &Chosen<Gateway>,
) {
    for aside in &chosen.set_aside {
        if before.get(&aside.connector) != after.get(&aside.connector) {
            report::set_aside(aside);
        }
    }
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        tracing::info!(connector = name, "a connector has no problem any more");
    }
}
