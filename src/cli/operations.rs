//! Reads the folder of named operations.

use std::path::{Path, PathBuf};

use super::{Exit, Failure, Stop};
use crate::config::Settings;
use crate::named::OperationFile;

/// The folder, if no setting names one and there is such a folder.
const DEFAULT: &str = "schema/operations";

/// The folder of named operations. It may not exist if no setting names it.
pub(super) fn folder(settings: &Settings) -> &Path {
    let named = settings.operations.folder.as_deref();
    named.unwrap_or(Path::new(DEFAULT))
}

/// The paths of the folder on which its operations depend, for one who looks for changes.
pub(super) fn watched(settings: &Settings) -> Vec<PathBuf> {
    let folder = folder(settings);
    let mut watched = vec![folder.to_owned()];
    for path in paths(folder).unwrap_or_default() {
        watched.push(path.with_extension("variables.json"));
        watched.push(path);
    }
    watched
}

/// The files of the folder, sorted by their names. `named` is the folder that an argument names instead of the settings.
pub(super) fn files(named: Option<&Path>, settings: &Settings) -> Result<Vec<OperationFile>, Stop> {
    let (named, folder) = match named {
        Some(named) => (true, named),
        None => (settings.operations.folder.is_some(), folder(settings)),
    };
    if !named && !folder.is_dir() {
        return Ok(Vec::new());
    }
    let paths = paths(folder).map_err(|error| {
        let message = format!("{} cannot be read: {error}", folder.display());
        Failure::of_file(folder, message).stop(Exit::Failed)
    })?;
    Ok(paths.iter().map(|path| file(path)).collect())
}

fn paths(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "graphql")
        {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn file(path: &Path) -> OperationFile {
    let stem = path.file_stem().unwrap_or_default();
    OperationFile {
        path: path.display().to_string(),
        stem: stem.to_string_lossy().into_owned(),
        text: std::fs::read_to_string(path).map_err(|error| error.to_string()),
        example: std::fs::read_to_string(path.with_extension("variables.json")).ok(),
    }
}
