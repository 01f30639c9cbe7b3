//! Reads the folders of connectors.

use std::path::PathBuf;

use super::{Exit, Failure, Stop};
use crate::config::Settings;
use crate::connector::{Diagnostic, Folder};
use crate::source::Wires;

/// A connector's folder, or a graph of a supergraph.
#[derive(Debug)]
pub(super) struct ConnectorFolder {
    /// Its path; for a graph, its name.
    pub(super) path: PathBuf,
    /// Its content.
    pub(super) folder: Folder,
}

impl ConnectorFolder {
    /// The connector's name.
    pub(super) fn name(&self) -> &str {
        let name = self.path.file_name().and_then(|name| name.to_str());
        name.unwrap_or_default()
    }
}

/// Whether the settings select the connector with this name.
pub(super) fn is_selected(name: &str, settings: &Settings) -> bool {
    let only = &settings.general.only;
    only.is_empty() || only.iter().any(|wanted| *wanted == name)
}

/// The problems of settings for connectors that do not exist.
pub(super) fn unknown(settings: &Settings, folders: &[ConnectorFolder]) -> Vec<Diagnostic> {
    let mut names: Vec<String> = folders.iter().map(|one| one.name().to_owned()).collect();
    // Settings of a connector that is not selected are right, too.
    if !settings.general.only.is_empty() {
        let paths = paths(settings).unwrap_or_default();
        let all = paths.iter().filter_map(|path| path.file_name());
        names.extend(all.map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    names.dedup();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    settings.unknown_connectors(&names)
}

/// The folders of all connectors, sorted.
pub(super) fn paths(settings: &Settings) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(&settings.general.connectors)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && !name.starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Reads the folders that the settings select, sorted by name.
pub(super) fn of_connectors(settings: &Settings) -> Result<Vec<ConnectorFolder>, Stop> {
    let root = &settings.general.connectors;
    let unreadable = |error: std::io::Error| {
        let what = format!(
            "the connectors' folder {} cannot be read: {error}",
            root.display()
        );
        let help = "name it with --connectors, or with `connectors` in the settings";
        Failure::of_file(root, what).help(help).stop(Exit::Failed)
    };
    let paths = paths(settings).map_err(unreadable)?;
    let schemes = Wires::default().schemes();
    let folders: Vec<ConnectorFolder> = paths
        .into_iter()
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            is_selected(&name, settings)
        })
        .map(|path| ConnectorFolder {
            folder: Folder::read_with(&path, &schemes),
            path,
        })
        .collect();
    if folders.is_empty() {
        let what = format!("there is no connector in {}", root.display());
        return Err(Failure::of_file(root, what).stop(Exit::Failed));
    }
    Ok(folders)
}
