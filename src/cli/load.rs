//! What commands read before they begin: settings, connectors' folders, the graph that they compose to.

use std::path::{Path, PathBuf};

use super::output::message;
use super::{Common, Exit};
use crate::config::{Environment, RawSettings, Settings};
use crate::connector::{Diagnostic, Folder};
use crate::graph::{Composed, compose};

/// The settings file that is read when none is named and it exists.
const DEFAULT_FILE: &str = "sangam.toml";

/// Reads the settings; says what is wrong with them.
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

/// A connector's folder.
#[derive(Debug)]
pub(super) struct ConnectorFolder {
    /// Where it is.
    pub(super) path: PathBuf,
    /// What it holds.
    pub(super) folder: Folder,
}

impl ConnectorFolder {
    /// The connector's name.
    pub(super) fn name(&self) -> &str {
        let name = self.path.file_name().and_then(|name| name.to_str());
        name.unwrap_or_default()
    }
}

/// Reads the folders that the settings name, sorted by name.
pub(super) fn folders(settings: &Settings) -> Result<Vec<ConnectorFolder>, Exit> {
    let root = &settings.general.connectors;
    let unreadable = |error: std::io::Error| {
        message(&format!(
            "error: the connectors' folder {} cannot be read: {error}\n  help: name it with --connectors, or with \
             `connectors` in the settings",
            root.display()
        ));
        Exit::Failed
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(root).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden {
            paths.push(path);
        }
    }
    paths.sort();
    let only = &settings.general.only;
    let found: Vec<ConnectorFolder> = paths
        .into_iter()
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            only.is_empty() || only.iter().any(|wanted| *wanted == name)
        })
        .map(|path| ConnectorFolder {
            folder: Folder::read(&path),
            path,
        })
        .collect();
    if found.is_empty() {
        message(&format!(
            "error: there is no connector in {}",
            root.display()
        ));
        return Err(Exit::Failed);
    }
    Ok(found)
}

/// Composes the folders' connectors, if each of them is right by itself. The diagnostics are those of the folders and
/// of the composition.
pub(super) fn composed(folders: &[ConnectorFolder]) -> (Option<Composed>, Vec<Diagnostic>) {
    let mut diagnostics: Vec<Diagnostic> = folders
        .iter()
        .flat_map(|one| one.folder.diagnostics.iter().cloned())
        .collect();
    let subgraphs: Vec<_> = folders
        .iter()
        .filter_map(|one| one.folder.subgraph.clone())
        .collect();
    if subgraphs.len() < folders.len() {
        return (None, diagnostics);
    }
    let (composed, found) = compose(subgraphs);
    diagnostics.extend(found);
    (composed, diagnostics)
}
