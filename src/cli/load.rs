//! Loads what commands need: settings, connector folders, and the gateway built from them. Reports errors to the user.

use std::path::Path;

use super::folders::ConnectorFolder;
use super::output::{count, diagnostics, message};
use super::{Common, Exit, folders, supergraph};
use crate::config::{
    ConnectorSettings, Environment, HttpUrl, RawSettings, Settings, SourceSettings,
};
use crate::connector::{Diagnostic, Subgraph, SubgraphKind};
use crate::gateway::{ConfiguredConnector, Gateway, SetupProblem};
use crate::graph::compose;

/// The settings file that is read if `--config` is not given and it exists.
const DEFAULT_FILE: &str = "sangam.toml";

/// Reads the settings; prints their problems.
pub(super) fn settings(common: &Common, mut flags: RawSettings) -> Result<Settings, Exit> {
    let default = Path::new(DEFAULT_FILE);
    let file = match &common.config {
        Some(file) => Some(file.as_path()),
        None => default.exists().then_some(default),
    };
    if let Some(connectors) = &common.connectors {
        flags.general.connectors = Some(connectors.clone());
    }
    Settings::load(file, &Environment::of_process(), flags).map_err(|error| {
        message(&format!("error: the settings are wrong\n\n{error}"));
        Exit::Usage
    })
}

/// Reads the connectors that the settings select, sorted by name: folders, or the graphs of a supergraph.
pub(super) fn folders(settings: &Settings) -> Result<Vec<ConnectorFolder>, Exit> {
    match &settings.general.supergraph {
        Some(file) => supergraph::graphs(file, settings),
        None => folders::of_connectors(settings),
    }
}

/// All diagnostics of the folders and of their composition, including warnings.
pub(super) fn findings(folders: &[ConnectorFolder]) -> Vec<Diagnostic> {
    let mut diagnostics: Vec<Diagnostic> = folders
        .iter()
        .flat_map(|one| one.folder.diagnostics.iter().cloned())
        .collect();
    let subgraphs = folders.iter().map(|one| one.folder.subgraph.clone());
    // If a connector is invalid by itself, composing the others would only give misleading errors.
    if let Some(subgraphs) = subgraphs.collect::<Option<Vec<_>>>() {
        diagnostics.extend(compose(subgraphs).1);
    }
    diagnostics
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

/// Prints the errors of the connectors; an error ends the command.
pub(super) fn checked(folders: &[ConnectorFolder]) -> Result<(), Exit> {
    let findings = findings(folders);
    let errors: Vec<Diagnostic> = findings.into_iter().filter(Diagnostic::is_error).collect();
    diagnostics(&errors);
    if errors.is_empty() {
        return Ok(());
    }
    message(&count(errors.len(), "error", "errors"));
    Err(Exit::Findings)
}

/// The connectors with their settings. Without `settings`, no secret is read and no upstream can be called.
pub(super) fn connectors(
    folders: &[ConnectorFolder],
    settings: Option<&Settings>,
) -> Result<Vec<ConfiguredConnector>, Exit> {
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
            Err(error) => problems.push(error.to_string()),
        }
    }
    if let Some(settings) = settings {
        let unknown = folders::unknown(settings, folders);
        problems.extend(unknown.iter().map(ToString::to_string));
    }
    if problems.is_empty() {
        return Ok(connectors);
    }
    message(&format!(
        "error: the settings are wrong\n\n{}",
        problems.join("\n")
    ));
    Err(Exit::Usage)
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
                config: None,
            };
            (source.name.clone(), settings)
        });
        settings.sources.extend(nowhere);
    }
    settings
}

/// Builds the gateway; prints why it cannot be built.
pub(super) fn gateway(
    connectors: Vec<ConfiguredConnector>,
    settings: &Settings,
) -> Result<Gateway, Exit> {
    Gateway::new(connectors, settings).map_err(|problem| match problem {
        SetupProblem::Schema(findings) => {
            diagnostics(&findings);
            Exit::Findings
        }
        SetupProblem::Setting {
            connector,
            message: what,
        } => {
            message(&format!("error: connector.{connector}: {what}"));
            Exit::Usage
        }
    })
}

/// The runtime of all commands except `serve`.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Exit> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| not_started(&error))
}

/// Prints why the runtime cannot be started.
pub(super) fn not_started(error: &std::io::Error) -> Exit {
    message(&format!("error: cannot start: {error}"));
    Exit::Failed
}

/// Installs the cryptography provider of this process.
pub(super) fn install_tls() {
    // Fails when it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
