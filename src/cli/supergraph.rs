//! A supergraph instead of connector folders: each of its graphs is a connector.

use std::path::{Path, PathBuf};

use clap::Args;

use super::folders::{ConnectorFolder, is_selected};
use super::{Exit, Failure, Stop};
use crate::config::{RawSettings, Settings};
use crate::connector::diagnostic::code;
use crate::connector::{Diagnostic, Folder, FolderSettings, SubgraphKind, set_aside};
use crate::gateway::OWN_CONNECTOR;
use crate::graph::{NODE_CONNECTOR, supergraph};

/// The argument of the commands that can read a supergraph.
#[derive(Debug, Args)]
pub(super) struct SupergraphFile {
    /// A supergraph SDL to use instead of connectors [default: `supergraph` of the settings, if it is set].
    #[arg(long, value_name = "FILE", conflicts_with = "connectors")]
    supergraph: Option<PathBuf>,
}

impl SupergraphFile {
    /// Settings with this argument.
    pub(super) fn flags(&self) -> RawSettings {
        let mut flags = RawSettings::default();
        flags.general.supergraph = self.supergraph.clone();
        flags
    }
}

/// The graphs of a supergraph, each as a folder without settings, sorted by name. An error in the file ends the command.
pub(super) fn graphs(file: &Path, settings: &Settings) -> Result<Vec<ConnectorFolder>, Stop> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        let what = format!("the supergraph {} cannot be read: {error}", file.display());
        Failure::of_file(file, what).stop(Exit::Failed)
    })?;
    let (subgraphs, findings) = supergraph::read(&file.display().to_string(), &text);
    if findings.iter().any(Diagnostic::is_error) {
        return Err(Stop::with(findings, Exit::Findings));
    }
    let mut folders = Vec::new();
    for subgraph in subgraphs {
        let in_process = matches!(subgraph.kind, SubgraphKind::Native);
        // A supergraph of `sangam schema --supergraph` has the gateway's own connectors, which every gateway adds.
        let is_own = [OWN_CONNECTOR, NODE_CONNECTOR].contains(&subgraph.name.as_str());
        if in_process && is_own || !is_selected(&subgraph.name, settings) {
            continue;
        }
        if in_process {
            let name = &subgraph.name;
            let what = format!("the graph `{name}` of {} has no URL", file.display());
            let help = format!(
                "write one into its `@join__graph(url:)`; `base_url` of [connector.{name}] can replace it"
            );
            let finding = Diagnostic::error(&code::INVALID_URL, name, what).help(help);
            return Err(Stop::with(vec![finding], Exit::Findings));
        }
        folders.push(ConnectorFolder {
            path: PathBuf::from(&subgraph.name),
            folder: Folder {
                schema_only: Some(set_aside(&subgraph)),
                subgraph: Some(subgraph),
                settings: FolderSettings::default(),
                diagnostics: Vec::new(),
            },
        });
    }
    folders.sort_by(|one, other| one.path.cmp(&other.path));
    let Some(first) = folders.first_mut() else {
        let what = format!("there is no graph in {}", file.display());
        return Err(Failure::of_file(file, what).stop(Exit::Failed));
    };
    // Warnings are about the file as a whole; they are shown once.
    first.folder.diagnostics = findings;
    Ok(folders)
}
