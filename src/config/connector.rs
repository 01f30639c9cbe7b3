//! The settings of one connector: `[connector.<name>]` in `sangam.toml`, with the folder's `connector.toml` as defaults.

use std::collections::BTreeMap;
use std::fmt;

use super::environment::Environment;
use super::problem::{ConfigError, SettingProblem};
use super::secret::{MASK, Secret, SecretRef};
use super::section::Section;
use super::sections::{ConnectorLimits, RawConnectorLimits};
use super::value::HttpUrl;

/// The settings of a connector as written.
#[derive(Debug, Clone, Default)]
pub struct RawConnectorSettings {
    /// The documented keys.
    pub common: RawConnectorLimits,
    /// `sources.<name>.base_url`
    pub sources: BTreeMap<String, HttpUrl>,
    /// `config`, an object; what the connector reads as `$config`.
    pub config: Option<RawConfig>,
}

/// A value of `config` as written.
#[derive(Clone)]
pub enum RawConfig {
    /// A value that is no secret.
    Plain(serde_json::Value),
    /// A secret by reference.
    Secret(SecretRef),
    /// A list.
    List(Vec<RawConfig>),
    /// A table, in the order of its keys.
    Table(BTreeMap<String, RawConfig>),
}

impl fmt::Debug for RawConfig {
    /// Shows nothing: a plain value may be a secret too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// The resolved settings of a connector.
#[derive(Debug, Clone, Default)]
pub struct ConnectorSettings {
    /// The documented keys.
    pub common: ConnectorLimits,
    /// Addresses by source, where a connector has several.
    pub sources: BTreeMap<String, HttpUrl>,
    /// What the connector reads as `$config`.
    pub config: ConnectorConfig,
    /// What the connector may read as `$env`.
    pub env: BTreeMap<String, Secret>,
}

impl ConnectorSettings {
    /// All secrets: those of `config` and of `env`.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.config.secrets.iter().chain(self.env.values())
    }
}

/// The value of `$config`, including its secrets.
#[derive(Clone)]
pub struct ConnectorConfig {
    value: serde_json::Value,
    secrets: Vec<Secret>,
}

impl ConnectorConfig {
    /// The object itself, for evaluating mappings only.
    pub fn expose(&self) -> &serde_json::Value {
        &self.value
    }
}

impl Default for ConnectorConfig {
    fn default() -> Self {
        ConnectorConfig {
            value: serde_json::Value::Object(serde_json::Map::new()),
            secrets: Vec::new(),
        }
    }
}

impl fmt::Debug for ConnectorConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl RawConnectorSettings {
    /// Overlays `self` on `lower`; `config` is merged key by key.
    pub(crate) fn over(self, lower: RawConnectorSettings) -> RawConnectorSettings {
        let mut sources = lower.sources;
        sources.extend(self.sources);
        let config = match (self.config, lower.config) {
            (Some(RawConfig::Table(upper)), Some(RawConfig::Table(mut below))) => {
                below.extend(upper);
                Some(RawConfig::Table(below))
            }
            (upper, below) => upper.or(below),
        };
        RawConnectorSettings {
            common: self.common.over(lower.common),
            sources,
            config,
        }
    }

    /// Applies the defaults and reads the secrets.
    pub(crate) fn resolve(
        self,
        name: &str,
        environment: &Environment,
    ) -> Result<ConnectorSettings, ConfigError> {
        let mut problems = Vec::new();
        let mut problem = |key: &str, message: String| {
            problems.push(SettingProblem::new(format!(
                "connector.{name}.{key}: {message}"
            )));
        };
        let common = self.common.resolve(environment).unwrap_or_else(|errors| {
            for (key, message) in errors {
                problem(key, message);
            }
            ConnectorLimits::default()
        });
        let mut env = BTreeMap::new();
        for variable in &common.env {
            match SecretRef::Environment(variable.clone()).resolve(environment) {
                Ok(secret) => {
                    env.insert(variable.clone(), secret);
                }
                Err(message) => problem("env", message),
            }
        }
        let mut config = ConnectorConfig::default();
        if let Some(raw) = self.config {
            let mut path = vec!["config".to_owned()];
            config.value = raw.resolve(
                environment,
                &mut path,
                &mut config.secrets,
                &mut |path, message| problem(&path.join("."), message),
            );
        }
        if problems.is_empty() {
            Ok(ConnectorSettings {
                common,
                sources: self.sources,
                config,
                env,
            })
        } else {
            Err(ConfigError { problems })
        }
    }
}

/// Plain values of keys that contain one of these words are masked too: sample keys in specs, and secrets that were
/// written into the file.
const SECRET_WORDS: [&str; 7] = [
    "key",
    "token",
    "secret",
    "password",
    "credential",
    "auth",
    "signature",
];

impl RawConfig {
    fn resolve(
        self,
        environment: &Environment,
        path: &mut Vec<String>,
        secrets: &mut Vec<Secret>,
        problem: &mut dyn FnMut(&[String], String),
    ) -> serde_json::Value {
        match self {
            RawConfig::Plain(value) => {
                if let serde_json::Value::String(text) = &value {
                    let key = path
                        .last()
                        .map(|key| key.to_lowercase())
                        .unwrap_or_default();
                    if !text.is_empty() && SECRET_WORDS.iter().any(|word| key.contains(word)) {
                        secrets.push(Secret::new(text.as_str()));
                    }
                }
                value
            }
            RawConfig::Secret(reference) => match reference.resolve(environment) {
                Ok(secret) => {
                    let value = secret.expose().into();
                    secrets.push(secret);
                    value
                }
                Err(message) => {
                    problem(path, message);
                    serde_json::Value::Null
                }
            },
            RawConfig::List(items) => {
                let items = items.into_iter();
                items
                    .map(|item| item.resolve(environment, path, secrets, problem))
                    .collect()
            }
            RawConfig::Table(table) => {
                let mut object = serde_json::Map::new();
                for (key, item) in table {
                    path.push(key.clone());
                    let value = item.resolve(environment, path, secrets, problem);
                    path.pop();
                    object.insert(key, value);
                }
                serde_json::Value::Object(object)
            }
        }
    }
}
