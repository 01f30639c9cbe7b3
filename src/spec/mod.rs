//! Specs: Markdown files in a connector's folder that read as documentation and run as tests.
//!
//! A spec contains recorded HTTP exchanges with the connector's upstream, and operations with their expected responses
//! ([`model`] has its parts, [`parse()`] reads it). To run it, a replay serves the exchanges on a loopback port, and the
//! operations are executed by a real gateway, the same code as in production. `sangam test` and this project's tests use
//! the same runner.

mod compare;
mod config;
mod markdown;
mod matching;
pub mod model;
mod parse;
mod remarks;
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
/// All problems, each with its line.
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
