//! Secrets: given by reference in the file, and as they are in environment variables.

use std::path::Path;

use toml::de::DeValue;

use super::setting::{ParseSetting, Setting, expected};
use crate::config::environment::Environment;
use crate::config::secret::{MASK, Secret, SecretRef};

impl ParseSetting for SecretRef {
    const KIND: &'static str = "a secret by reference: { env = \"NAME\" }, { file = \"path\" } or { credential = \"NAME\" }";

    fn from_toml(value: &DeValue<'_>, base: &Path) -> Result<Self, String> {
        match value {
            DeValue::Table(table) => {
                SecretRef::from_toml(table, base).ok_or_else(|| format!("expected {}", Self::KIND))
            }
            other => Err(expected::<Self>(other)),
        }
    }

    fn from_text(text: &str) -> Result<Self, String> {
        Ok(SecretRef::Given(Secret::new(text)))
    }
}

impl Setting for Secret {
    type Raw = SecretRef;

    fn resolve(written: SecretRef, environment: &Environment) -> Result<Self, String> {
        written.resolve(environment)
    }

    fn show(&self) -> String {
        MASK.to_owned()
    }
}
