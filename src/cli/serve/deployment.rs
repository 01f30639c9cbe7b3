//! What `serve` reads: the settings and the folders, as versions of connectors that can be served.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::folders::{self, ConnectorFolder};
use super::super::{Common, Exit, Stop, documents, load, operations};
use super::files::WatchedFiles;
use crate::config::{ConnectorSettings, Environment, Log, RawSettings, Settings};
use crate::connector::Diagnostic;
use crate::gateway::{Candidate, ConfiguredConnector, Served};
use crate::named::OperationFile;
use crate::persisted::folder::{Trusted, watched};

/// Where the settings are read from, at the start and at every reload.
#[derive(Debug, Clone)]
pub(super) struct SettingsSource {
    pub(super) common: Common,
    /// What the command line says.
    pub(super) flags: RawSettings,
}

impl SettingsSource {
    pub(super) fn read(&self) -> Result<Settings, Stop> {
        load::settings(&self.common, self.flags.clone())
    }

    /// The settings of the log, as far as they can be read.
    pub(super) fn readable_log(&self) -> Log {
        let file = load::settings_file(&self.common);
        Settings::readable_log(file, &Environment::of_process())
    }
}

/// Versions of connectors, by name.
pub(super) type Connectors = BTreeMap<String, ConfiguredConnector>;

/// What was read.
#[derive(Debug)]
pub(super) struct Deployment {
    pub(super) settings: Settings,
    /// The connectors, sorted by name.
    pub(super) candidates: Vec<Candidate>,
    /// The errors in folders and their settings.
    pub(super) errors: Vec<Diagnostic>,
    /// Values that requests need and that the settings do not give.
    pub(super) unset: Vec<Diagnostic>,
    /// Settings for connectors that do not exist.
    pub(super) unknown: Vec<Diagnostic>,
    /// The files of named operations.
    pub(super) operations: Vec<OperationFile>,
    /// The trusted documents, and the errors in their files.
    pub(super) trusted: Trusted,
    /// The files on which all this depends.
    pub(super) files: WatchedFiles,
}

impl Deployment {
    /// Reads the folders. The errors of a folder are no errors of the deployment: another version of it is served.
    pub(super) fn read(
        settings: Settings,
        last_good: &Connectors,
        last_trusted: &Trusted,
    ) -> Result<Deployment, Stop> {
        let mut files = settings.files();
        files.extend(watched(&settings, operations::folder(&settings)));
        if settings.general.supergraph.is_none() {
            files.push(settings.general.connectors.clone());
            let folders = folders::paths(&settings).unwrap_or_default();
            let of_folder = |folder: PathBuf| {
                ["connector.graphql", "connector.toml"].map(|file| folder.join(file))
            };
            files.extend(folders.into_iter().flat_map(of_folder));
        }
        files.extend(operations::watched(&settings));
        // Before they are read, so that no change is missed.
        let files = WatchedFiles::new(files, settings.general.watch);
        let folders = load::folders(&settings)?;
        let unset = load::unset_values(&settings, &folders);
        let unknown = folders::unknown(&settings, &folders);
        let operations = operations::files(None, &settings)?;
        let (mut candidates, mut errors) = (Vec::new(), Vec::new());
        for folder in &folders {
            let (candidate, of_folder) = candidate(folder, &settings, last_good);
            candidates.push(candidate);
            errors.extend(of_folder);
        }
        let named = documents::named_folder(&settings);
        let trusted = Trusted::read(&settings, named.as_deref(), last_trusted);
        Ok(Deployment {
            candidates,
            errors,
            unset,
            unknown,
            operations,
            trusted,
            settings,
            files,
        })
    }

    /// Everything that `--strict` refuses, apart from errors of composition.
    pub(super) fn refused_when_strict(&self) -> Result<(), Stop> {
        let of_files = self.trusted.problems.iter();
        let of_files = of_files.map(|file| file.problem.clone());
        let errors: Vec<Diagnostic> = self.errors.iter().cloned().chain(of_files).collect();
        if !errors.is_empty() {
            return Err(Stop::with(errors, Exit::Findings));
        }
        let unset = self.unknown.iter().chain(&self.unset).cloned();
        let findings: Vec<Diagnostic> = unset.collect();
        match findings.is_empty() {
            true => Ok(()),
            false => Err(Stop {
                findings,
                failure: None,
                exit: Exit::Usage,
            }),
        }
    }
}

/// The versions of one connector, and its errors.
fn candidate(
    one: &ConnectorFolder,
    settings: &Settings,
    last_good: &Connectors,
) -> (Candidate, Vec<Diagnostic>) {
    let (name, folder) = (one.name(), &one.folder);
    let with = |subgraph, settings| ConfiguredConnector {
        subgraph,
        owner: folder.settings.owner.clone(),
        description: folder.settings.description.clone(),
        settings,
    };
    let found = folder.diagnostics.iter();
    let mut errors: Vec<Diagnostic> = found.filter(|one| one.is_error()).cloned().collect();
    let (mut versions, mut lacks_values) = (Vec::new(), false);
    let file = folder.settings.source.as_ref();
    let file = file.map(|source| (Path::new(&source.path), source.text.as_str()));
    match settings.connector_with_problems(name, file) {
        Ok((settings, problems)) => {
            // A value that cannot be read fails only the calls that read it.
            lacks_values = !problems.is_empty();
            errors.extend(problems);
            let subgraph = folder.subgraph.clone();
            versions.extend(subgraph.map(|subgraph| (Served::Current, with(subgraph, settings))));
        }
        Err(wrong) => errors.extend(wrong.problems),
    }
    if let Some(last) = last_good.get(name) {
        let current = versions.first();
        if !current.is_some_and(|(_, current)| current.is_same(last)) {
            // A version that had all its values is better than one that lacks some.
            let at = if lacks_values { 0 } else { versions.len() };
            versions.insert(at, (Served::LastGood, last.clone()));
        }
    }
    let schema = folder.schema_only.clone();
    let schema = schema.map(|schema| with(schema, ConnectorSettings::default()));
    versions.extend(schema.map(|schema| (Served::Schema, schema)));
    let candidate = Candidate {
        connector: name.to_owned(),
        owner: folder.settings.owner.clone(),
        description: folder.settings.description.clone(),
        versions,
        problem: errors.first().cloned(),
    };
    (candidate, errors)
}
