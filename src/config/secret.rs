//! Secrets: settings name them by reference, and they are masked when printed.
//!
//! A [`SecretRef`] says where a secret is stored (`{ env = "DGGI_KEY" }`, `{ file = "/run/secrets/dggi" }`,
//! `{ credential = "dggi" }`). Resolving it
//! gives a [`Secret`], whose `Debug` and `Display` print a mask. [`Secret::expose`] is the only access to the text, so a
//! search for it finds every use.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::DeTable;

use super::environment::Environment;

/// A text that must not appear in logs, responses or errors.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

/// Printed in place of a secret.
pub const MASK: &str = "***";

impl Secret {
    /// Takes a text as a secret.
    pub fn new(text: impl Into<Arc<str>>) -> Secret {
        Secret(text.into())
    }

    /// The text itself, for sending it to its upstream or comparing it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares in constant time: the duration does not tell where the texts differ.
    pub fn matches(&self, other: &str) -> bool {
        let (a, b) = (self.0.as_bytes(), other.as_bytes());
        let mut difference = u8::from(a.len() != b.len());
        for (index, byte) in a.iter().enumerate() {
            difference |= byte ^ b.get(index).copied().unwrap_or(0);
        }
        difference == 0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// Where a secret is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// In an environment variable.
    Environment(String),
    /// In a file, without its trailing line break.
    File(PathBuf),
    /// In a file that systemd passes to the service (`LoadCredential=`).
    Credential(String),
    /// The text itself, from a variable of the gateway such as `SANGAM_ADMIN_TOKEN`, or a sample.
    Given(Secret),
}

impl SecretRef {
    /// The reference in a table that is exactly `{ env = "NAME" }`, `{ file = "path" }` or `{ credential = "NAME" }`, or
    /// `{ sample = "text" }`: a secret that is none, for demonstrations and tests.
    pub(crate) fn from_toml(table: &DeTable<'_>, base: &Path) -> Option<SecretRef> {
        let mut entries = table.iter();
        let (Some((key, value)), None) = (entries.next(), entries.next()) else {
            return None;
        };
        let text = value.get_ref().as_str()?;
        match key.get_ref().as_ref() {
            "env" => Some(SecretRef::Environment(text.to_owned())),
            "file" => Some(SecretRef::File(base.join(text))),
            "credential" => Some(SecretRef::Credential(text.to_owned())),
            "sample" => Some(SecretRef::Given(Secret::new(text))),
            _ => None,
        }
    }

    /// Reads the secret. An error names the variable or file, never the content.
    pub fn resolve(&self, environment: &Environment) -> Result<Secret, String> {
        match self {
            SecretRef::Given(secret) => Ok(secret.clone()),
            SecretRef::Environment(name) => match environment.get(name) {
                Some(text) if !text.is_empty() => Ok(Secret::new(text)),
                Some(_) => Err(format!("the environment variable {name} is empty")),
                None => Err(format!("the environment variable {name} is not set")),
            },
            SecretRef::File(path) => in_file(path),
            SecretRef::Credential(name) => in_file(&credential(name, environment)?),
        }
    }
}

fn in_file(path: &Path) -> Result<Secret, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let text = text.trim_end_matches(['\r', '\n']);
            if text.is_empty() {
                return Err(format!("{} is empty", path.display()));
            }
            Ok(Secret::new(text))
        }
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
    }
}

/// The variable by which systemd says in which folder the credentials of a service are.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// The file of a credential.
pub(super) fn credential(name: &str, environment: &Environment) -> Result<PathBuf, String> {
    if name.contains('/') || name.is_empty() {
        return Err(format!("{name:?} is no name of a credential"));
    }
    match environment.get(CREDENTIALS) {
        Some(folder) => Ok(Path::new(folder).join(name)),
        None => Err(format!(
            "the credential {name} is not there: {CREDENTIALS} is not set, which systemd sets for LoadCredential="
        )),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn shows_nothing() {
        let secret = Secret::new("canary-7731");
        assert_eq!(
            format!("{secret} {secret:?} {:?}", SecretRef::Given(secret.clone())),
            "*** *** Given(***)"
        );
        assert!(secret.matches("canary-7731"));
        assert!(!secret.matches("canary-773"));
        assert!(!secret.matches("canary-77310"));
        assert!(!secret.matches(""));
    }

    #[test]
    fn reads_a_file_without_its_line_break() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "s3cret\n").unwrap();
        let secret = SecretRef::File(path)
            .resolve(&Environment::default())
            .unwrap();
        assert_eq!(secret.expose(), "s3cret");
    }

    #[test]
    fn reads_a_credential_in_the_folder_that_systemd_names() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("dggi"), "s3cret\n").unwrap();
        let path = folder.path().display().to_string();
        let environment = Environment::from_iter([(CREDENTIALS, path)]);
        let read = |name: &str, environment| {
            let secret = SecretRef::Credential(name.to_owned()).resolve(environment);
            secret.map(|secret| secret.expose().to_owned())
        };
        assert_eq!(read("dggi", &environment).unwrap(), "s3cret");
        assert!(
            read("umang", &environment)
                .unwrap_err()
                .starts_with("cannot read ")
        );
        assert_eq!(
            read("../dggi", &environment).unwrap_err(),
            "\"../dggi\" is no name of a credential"
        );
        assert!(
            read("dggi", &Environment::default())
                .unwrap_err()
                .starts_with("the credential dggi is not there: CREDENTIALS_DIRECTORY is not set")
        );
    }

    #[test]
    fn names_the_place_that_is_missing() {
        let error = SecretRef::Environment("DGGI_KEY".into())
            .resolve(&Environment::default())
            .unwrap_err();
        assert_eq!(error, "the environment variable DGGI_KEY is not set");
    }
}
