//! Files of this service that a service manager may pass: a path, or the name of a credential.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use toml::de::DeValue;

use super::setting::{ParseSetting, Setting, expected};
use crate::config::environment::Environment;
use crate::config::secret::{SecretRef, credential};

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileRef {
    /// At a path.
    Path(PathBuf),
    /// Among the credentials that systemd passes to the service.
    Credential(String),
}

/// A file, which may be one that systemd passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedFile(PathBuf);

impl From<PathBuf> for PassedFile {
    fn from(path: PathBuf) -> PassedFile {
        PassedFile(path)
    }
}

impl Deref for PassedFile {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl ParseSetting for FileRef {
    const KIND: &'static str =
        "a path (relative to the settings file), or a credential: { credential = \"NAME\" }";

    fn from_toml(value: &DeValue<'_>, base: &Path) -> Result<Self, String> {
        let reference = match value {
            DeValue::String(path) => return Ok(FileRef::Path(base.join(path.as_ref()))),
            DeValue::Table(table) => SecretRef::from_toml(table, base),
            _ => None,
        };
        match reference {
            Some(SecretRef::Credential(name)) => Ok(FileRef::Credential(name)),
            _ => Err(expected::<Self>(value)),
        }
    }

    fn from_text(text: &str) -> Result<Self, String> {
        Ok(FileRef::Path(PathBuf::from(text)))
    }
}

impl Setting for PassedFile {
    type Raw = FileRef;

    /// A credential that is not passed gives a path that does not exist: only `serve` needs the file.
    fn resolve(written: FileRef, environment: &Environment) -> Result<Self, String> {
        Ok(PassedFile(match written {
            FileRef::Path(path) => path,
            FileRef::Credential(name) => credential(&name, environment)
                .unwrap_or_else(|_| Path::new("$CREDENTIALS_DIRECTORY").join(name)),
        }))
    }

    fn show(&self) -> String {
        format!("{:?}", self.display().to_string())
    }
}
