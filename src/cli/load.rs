//! Loads what commands need: settings, connector folders, and the gateway built from them.

use std::path::Path;

use super::folders::ConnectorFolder;
use super::{Common, Exit, Failure, Stop, folders, supergraph};
use crate::config::{
    ConnectorSettings, Environment, HttpUrl, RawSettings, Settings, SourceSettings,
};
use crate::connector::{Diagnostic, Subgraph, SubgraphKind};
use crate::gateway::{ConfiguredConnector, Gateway, SetupProblem};
use crate::graph::compose;

/// The settings file that is read if `--config` is not given and it exists.
const DEFAULT_FILE: &str = "sangam.toml";

/// The settings file; `None` if none is named and there is none.
pub(super) fn settings_file(common: &Common) -> Option<&Path> {
    let default = Path::new(DEFAULT_FILE);
    match &common.config {
        Some(file) => Some(file.as_path()),
        None => default.exists().then_some(default),
    }
}

/// Reads the settings.
pub(super) fn settings(common: &Common, mut flags: RawSettings) -> Result<Settings, Stop> {
    let file = settings_file(common);
    if let Some(connectors) = &common.connectors {
        flags.general.connectors = Some(connectors.clone());
    }
    Settings::load(file, &Environment::of_process(), flags)
        .map_err(|error| Stop::with(error.problems, Exit::Usage))
}

/// Reads the connectors that the settings select, sorted by name: folders, or the graphs of a supergraph.
pub(super) fn folders(settings: &Settings) -> Result<Vec<ConnectorFolder>, Stop> {
    match &settings.general.supergraph {
        Some(file) => supergraph::graphs(file, settings),
        None => folders::of_connectors(settings),
    }
}

/// All diagnostics of the folders and of their composition, including warnings.
pub(super) fn findings(folders: &[ConnectorFolder]) -> Vec<Diagnostic> {
    let mut diagnostics: Vec<Diagnostic> = folders.iter().flat_map(of_folder).collect();
    let subgraphs = folders.iter().map(|one| one.folder.subgraph.clone());
    // If a connector is invalid by itself, composing the others would only give misleading errors.
    if let Some(subgraphs) = subgraphs.collect::<Option<Vec<_>>>() {
        diagnostics.extend(compose(subgraphs).1);
    }
    diagnostics
}

/// The diagnostics of a folder, including those of the settings in its `connector.toml`. Secrets are not read, so that a
/// check runs without them.
fn of_folder(one: &ConnectorFolder) -> Vec<Diagnostic> {
    let mut found = one.folder.diagnostics.clone();
    if let Some(source) = &one.folder.settings.source {
        let file = (Path::new(&source.path), source.text.as_str());
        let settings = Settings::default().connector(one.name(), Some(file));
        let problems = settings.err().map(|error| error.problems);
        // A key that looks like a secret is reported as such.
        let first = |finding: &Diagnostic| finding.labels.first().map(|label| label.span.clone());
        let known: Vec<_> = found.iter().map(first).collect();
        let problems = problems.into_iter().flatten();
        found.extend(problems.filter(|problem| !known.contains(&first(problem))));
    }
    found
}

/// Warnings about values that the connectors read and the settings do not give.
pub(super) fn unset_values(settings: &Settings, folders: &[ConnectorFolder]) -> Vec<Diagnostic> {
    let subgraphs = folders
        .iter()
        .filter_map(|one| one.folder.subgraph.as_ref());
    subgraphs
        .flat_map(|subgraph| settings.unset_values(subgraph))
        .collect()
}

/// The problems of settings that do not fit their connectors: sources that do not exist, and wrong mappings of errors.
pub(super) fn unfit_settings(settings: &Settings, folders: &[ConnectorFolder]) -> Vec<Diagnostic> {
    let subgraphs = folders
        .iter()
        .filter_map(|one| one.folder.subgraph.as_ref());
    let problems = subgraphs.flat_map(|subgraph| {
        let sources = settings.unknown_sources(subgraph).into_iter();
        sources.chain(settings.wrong_error_mappings(subgraph))
    });
    problems.collect()
}

/// An error of the connectors ends the command.
pub(super) fn checked(folders: &[ConnectorFolder]) -> Result<(), Stop> {
    let findings = findings(folders);
    match findings.iter().any(Diagnostic::is_error) {
        true => Err(Stop::with(findings, Exit::Findings)),
        false => Ok(()),
    }
}

/// The connectors with their settings. Without `settings`, no secret is read and no upstream can be called.
pub(super) fn connectors(
    folders: &[ConnectorFolder],
    settings: Option<&Settings>,
) -> Result<Vec<ConfiguredConnector>, Stop> {
    let mut connectors = Vec::new();
    let mut problems = Vec::new();
    for one in folders {
        let Some(subgraph) = one.folder.subgraph.clone() else {
            continue;
        };
        let folder_toml = one.folder.settings.source.as_ref();
        let folder_toml = folder_toml.map(|source| (Path::new(&source.path), source.text.as_str()));
        let resolved = settings.map(|settings| settings.connector(one.name(), folder_toml));
        match resolved.transpose() {
            Ok(resolved) => connectors.push(ConfiguredConnector {
                settings: resolved.unwrap_or_else(|| without_calls(&subgraph)),
                subgraph,
                owner: one.folder.settings.owner.clone(),
                description: one.folder.settings.description.clone(),
            }),
            Err(error) => problems.extend(error.problems),
        }
    }
    if let Some(settings) = settings {
        problems.extend(folders::unknown(settings, folders));
    }
    match problems.is_empty() {
        true => Ok(connectors),
        false => Err(Stop::with(problems, Exit::Usage)),
    }
}

/// Settings for a gateway that makes no calls. A source whose address only settings say (`{$env.BASE_URL}`) gets one that leads
/// nowhere: those settings may be secrets, which are not read.
fn without_calls(subgraph: &Subgraph) -> ConnectorSettings {
    let mut settings = ConnectorSettings::default();
    if let SubgraphKind::Connectors { sources, .. } = &subgraph.kind {
        let without_address = sources.iter().filter(|source| source.address.is_some());
        let nowhere = without_address.map(|source| {
            let base_url = HttpUrl::new("https://address.invalid");
            let settings = SourceSettings {
                base_url,
                ..SourceSettings::default()
            };
            (source.name.clone(), settings)
        });
        settings.sources.extend(nowhere);
    }
    settings
}

/// Builds the gateway.
pub(super) fn gateway(
    connectors: Vec<ConfiguredConnector>,
    settings: &Settings,
) -> Result<Gateway, Stop> {
    Gateway::new(connectors, settings).map_err(|problem| {
        let exit = match &problem {
            SetupProblem::Schema(_) => Exit::Findings,
            SetupProblem::Setting(_) => Exit::Usage,
        };
        Stop::with(problem.into_diagnostics(), exit)
    })
}

/// The runtime of all commands except `serve`.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Stop> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| not_started(&error))
}

/// The runtime cannot be started.
pub(super) fn not_started(error: &std::io::Error) -> Stop {
    Failure::new(format!("cannot start: {error}")).stop(Exit::Failed)
}

/// Installs the cryptography provider of this process.
pub(super) fn install_tls() {
    // Fails when it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
