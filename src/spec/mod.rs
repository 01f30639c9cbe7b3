//! Specs: Markdown files in a connector's folder that read as documentation and run as tests.
//!
//! A spec records exchanges with the department's system and says what the gateway answers on top of them
//! ([`model`] has the form, [`parse()`] reads it). Running one puts a replay of the exchanges on a loopback port and
//! sends the operations through a real gateway, so that a department tests its folder with what production runs. The
//! same runner serves `sangam test` and this project's own tests.

mod compare;
mod config;
mod markdown;
mod matching;
pub mod model;
mod parse;
mod replay;
mod run;

use std::path::{Path, PathBuf};

pub use compare::differences;
pub use model::{RecordedExchange, RecordedResponse, Spec, SpecCase, SpecProblem};
pub use parse::parse;
pub use replay::{Replay, Unexpected};
pub use run::{SpecFailure, SpecReport, Suite};

/// Reads one spec. `folder` is the connector's, to which the paths of recorded bodies are relative.
///
/// # Errors
/// Everything that is wrong with it, each with its line.
pub fn read(folder: &Path, path: &Path) -> Result<Spec, Vec<SpecProblem>> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let message = format!("cannot be read: {error}");
        vec![SpecProblem::new(path, 0, message)]
    })?;
    parse(folder, path, &text)
}

/// The spec files of a connector's folder, by name; none when it has no `specs`.
pub fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder.join("specs")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests;
