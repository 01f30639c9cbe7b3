//! Reads the trusted documents of a deployment: the manifests that the settings name, and the folder of named operations.
//!
//! A manifest that cannot be read, or has an error, does not end the trust in its documents: as with a connector, its last
//! version without errors counts, and the problem is reported.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::hash::Sha256;
use super::manifest::{self, Manifest};
use super::trusted::{TrustedDocument, TrustedDocuments};
use crate::config::Settings;
use crate::connector::Diagnostic;
use crate::connector::diagnostic::{SourceText, Span, gateway_code};

/// The trusted documents of a deployment.
#[derive(Debug, Clone, Default)]
pub struct Trusted {
    /// The documents.
    pub documents: Arc<TrustedDocuments>,
    /// What is wrong with the files.
    pub problems: Vec<FileProblem>,
    /// The manifests that were read, or their last versions without errors.
    manifests: BTreeMap<PathBuf, Arc<Manifest>>,
}

/// A file with an error.
#[derive(Debug, Clone)]
pub struct FileProblem {
    /// What is wrong.
    pub problem: Diagnostic,
    /// Whether the last version without errors counts instead.
    pub has_last: bool,
}

impl Trusted {
    /// Reads all files: the manifests of the settings, and the folder of named operations, if there is one. `last` is what
    /// was read before.
    pub fn read(settings: &Settings, named: Option<&Path>, last: &Trusted) -> Trusted {
        let mut trusted = Trusted::default();
        let mut documents = TrustedDocuments::default();
        for path in manifest_files(&settings.persisted.manifests) {
            let before = last.manifests.get(&path);
            match read_manifest(&path, settings.persisted.manifest_bytes.0, before) {
                Ok(manifest) => {
                    trusted.add(&mut documents, &path, &manifest);
                    trusted.manifests.insert(path, manifest);
                }
                Err(problem) => {
                    trusted.problem(*problem, before.is_some());
                    if let Some(before) = before {
                        trusted.add(&mut documents, &path, before);
                        trusted.manifests.insert(path, Arc::clone(before));
                    }
                }
            }
        }
        if let Some(folder) = named {
            trusted.add_named(&mut documents, folder);
        }
        trusted.documents = Arc::new(documents);
        trusted
    }

    fn problem(&mut self, problem: Diagnostic, has_last: bool) {
        self.problems.push(FileProblem { problem, has_last });
    }

    fn add(&mut self, documents: &mut TrustedDocuments, path: &Path, manifest: &Manifest) {
        let file: Arc<str> = path.display().to_string().into();
        for document in &manifest.documents {
            let added = documents.add(TrustedDocument {
                id: Arc::clone(&document.id),
                text: Arc::clone(&document.text),
                hash: Sha256::of(&document.text),
                file: Arc::clone(&file),
                is_named: false,
            });
            if let Err(other) = added {
                let message = format!(
                    "{file}: the id `{}` has another text in {}, which counts",
                    document.id, other.file
                );
                let problem = Diagnostic::error(&gateway_code::INVALID_MANIFEST, "", message);
                self.problem(problem.at(Some(Span::of_file(&*file))), false);
            }
        }
    }

    fn add_named(&mut self, documents: &mut TrustedDocuments, folder: &Path) {
        let files = match files_of(folder, "graphql") {
            Ok(files) => files,
            Err(error) => return self.problem(*unreadable(folder, &error), false),
        };
        for path in files {
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    let hash = Sha256::of(&text);
                    let named = TrustedDocument {
                        id: hash.to_string().into(),
                        text: text.into(),
                        hash,
                        file: path.display().to_string().into(),
                        is_named: true,
                    };
                    // Its id is made from the text, so no other text has it.
                    let _ = documents.add(named);
                }
                Err(error) => self.problem(*unreadable(&path, &error), false),
            }
        }
    }
}

/// The files and folders that [`Trusted::read`] reads.
pub fn watched(settings: &Settings, named: &Path) -> Vec<PathBuf> {
    let mut files = settings.persisted.manifests.clone();
    files.extend(manifest_files(&settings.persisted.manifests));
    files.push(named.to_owned());
    files.extend(files_of(named, "graphql").unwrap_or_default());
    files
}

/// The manifests among files and folders, in this order; those of a folder sorted by name.
pub fn manifest_files(paths: &[PathBuf]) -> Vec<PathBuf> {
    let files = paths.iter().flat_map(|path| match files_of(path, "json") {
        Ok(files) => files,
        // No folder: a file, or nothing that can be read.
        Err(_) => vec![path.clone()],
    });
    files.collect()
}

/// The files of a folder with this extension, sorted.
///
/// # Errors
/// It is no folder that can be read.
pub fn files_of(folder: &Path, extension: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads a manifest as a text, of at most `bytes` bytes.
///
/// # Errors
/// It cannot be read, or is too long.
pub fn manifest_text(path: &Path, bytes: usize) -> Result<Arc<SourceText>, Box<Diagnostic>> {
    let length = std::fs::metadata(path)
        .map_err(|error| unreadable(path, &error))?
        .len();
    if length > bytes as u64 {
        let message = format!(
            "{}: the manifest has {length} bytes, more than {bytes} (persisted.manifest_bytes)",
            path.display()
        );
        return Err(about_file(path, message));
    }
    Ok(Arc::new(SourceText {
        path: path.display().to_string(),
        text: std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?,
    }))
}

/// Reads a manifest; the version `before` if it says the same, so that its texts are in memory once.
fn read_manifest(
    path: &Path,
    bytes: usize,
    before: Option<&Arc<Manifest>>,
) -> Result<Arc<Manifest>, Box<Diagnostic>> {
    let manifest = manifest::read(&manifest_text(path, bytes)?)?;
    match before {
        Some(before) if **before == manifest => Ok(Arc::clone(before)),
        _ => Ok(Arc::new(manifest)),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Box<Diagnostic> {
    about_file(path, format!("{} cannot be read: {error}", path.display()))
}

fn about_file(path: &Path, message: String) -> Box<Diagnostic> {
    let problem = Diagnostic::error(&gateway_code::INVALID_MANIFEST, "", message);
    let whole = Span::of_file(path.display().to_string());
    Box::new(problem.at(Some(whole)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The ids of the documents, and the problems.
    fn read(settings: &Settings, last: &Trusted) -> (Vec<String>, Vec<String>, Trusted) {
        let trusted = Trusted::read(settings, None, last);
        let ids = trusted.documents.iter().map(|one| one.id.to_string());
        let problems = trusted.problems.iter();
        let problems = problems.map(|one| format!("{} {}", one.has_last, one.problem.message));
        (ids.collect(), problems.collect(), trusted)
    }

    #[test]
    fn manifests_are_read_from_files_and_folders() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("apps")).unwrap();
        std::fs::write(path("apps/b.json"), r#"{"b1": "{ b }"}"#).unwrap();
        std::fs::write(path("apps/a.json"), r#"{"a1": "{ a }", "a2": "{ c }"}"#).unwrap();
        std::fs::write(path("apps/notes.txt"), "no manifest").unwrap();
        std::fs::write(path("one.json"), r#"{"o1": "{ o }", "a1": "{ a }"}"#).unwrap();
        let mut settings = Settings::default();
        settings.persisted.manifests = vec![path("apps"), path("one.json")];
        let (ids, problems, last) = read(&settings, &Trusted::default());
        assert_eq!(ids, ["a1", "a2", "b1", "o1"]);
        assert_eq!(problems, [""; 0]);

        // A broken one keeps its last version, and a removed one has none.
        std::fs::write(path("apps/a.json"), "{").unwrap();
        std::fs::remove_file(path("apps/b.json")).unwrap();
        let (ids, problems, last) = read(&settings, &last);
        assert_eq!(ids, ["a1", "a2", "o1"]);
        assert_eq!(problems, ["true the manifest is not JSON: unexpected end"]);
        std::fs::remove_file(path("one.json")).unwrap();
        let (ids, problems, _) = read(&settings, &last);
        assert_eq!(ids, ["a1", "a2", "o1"]);
        assert_eq!(problems.len(), 2, "{problems:?}");

        let (ids, problems, _) = read(&settings, &Trusted::default());
        assert_eq!(ids, [""; 0]);
        assert!(
            problems.iter().all(|problem| problem.starts_with("false ")),
            "{problems:?}"
        );
    }

    #[test]
    fn an_id_of_two_manifests_has_one_text() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.json"), r#"{"1": "{ a }"}"#).unwrap();
        std::fs::write(
            folder.path().join("b.json"),
            r#"{"1": "{ b }", "2": "{ c }"}"#,
        )
        .unwrap();
        let mut settings = Settings::default();
        settings.persisted.manifests = vec![folder.path().to_owned()];
        let (ids, problems, trusted) = read(&settings, &Trusted::default());
        assert_eq!(ids, ["1", "2"]);
        assert!(
            problems[0].contains("the id `1` has another text in"),
            "{problems:?}"
        );
        assert_eq!(&*trusted.documents.iter().next().unwrap().text, "{ a }");
    }

    #[test]
    fn a_manifest_may_not_be_too_long() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.json");
        std::fs::write(&file, r#"{"1": "{ a }"}"#).unwrap();
        let mut settings = Settings::default();
        settings.persisted.manifests = vec![file];
        settings.persisted.manifest_bytes.0 = 10;
        let (ids, problems, _) = read(&settings, &Trusted::default());
        assert_eq!(ids, [""; 0]);
        assert!(
            problems[0].contains("more than 10 (persisted.manifest_bytes)"),
            "{problems:?}"
        );
    }

    #[test]
    fn named_operations_count_by_their_hash() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("A.graphql"), "query A { a }\n").unwrap();
        let of_folder =
            |folder: &Path| Trusted::read(&Settings::default(), Some(folder), &Trusted::default());
        let trusted = of_folder(folder.path());
        let ids: Vec<&str> = trusted.documents.iter().map(|one| &*one.id).collect();
        assert_eq!(ids, [Sha256::of("query A { a }\n").to_string()]);
        assert!(trusted.problems.is_empty());
        assert_eq!(of_folder(&folder.path().join("none")).problems.len(), 1);
    }
}
