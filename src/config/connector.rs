//! The settings of one connector: `[connector.<name>]` in `sangam.toml`, with the folder's `connector.toml` as defaults.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::environment::Environment;
use super::places::Places;
use super::problem;
use super::secret::{MASK, Secret, SecretRef};
use super::section::Section;
use super::sections::{ConnectorLimits, RawConnectorLimits};
use super::value::{HttpUrl, ShareInFlight};
use crate::connector::{Diagnostic, is_secret_name};

/// The settings of a connector as written.
#[derive(Debug, Clone, Default)]
pub struct RawConnectorSettings {
    /// The documented keys.
    pub common: RawConnectorLimits,
    /// `sources.<name>`
    pub sources: BTreeMap<String, RawSourceSettings>,
    /// `config`, an object; what the connector reads as `$config`.
    pub config: Option<RawConfig>,
}

/// The settings of one source as written.
#[derive(Debug, Clone, Default)]
pub struct RawSourceSettings {
    /// `base_url`
    pub base_url: Option<HttpUrl>,
    /// `share_in_flight`
    pub share_in_flight: Option<ShareInFlight>,
    /// `config`, an object; its keys replace those of the connector for the connects of this source.
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

impl RawConfig {
    /// The key of a plain text that looks like a secret.
    pub(crate) fn plain_secret(&self) -> Option<&str> {
        match self {
            RawConfig::Table(table) => table.iter().find_map(|(key, value)| match value {
                RawConfig::Plain(plain) if plain.is_string() && is_secret_name(key) => {
                    Some(key.as_str())
                }
                value => value.plain_secret(),
            }),
            RawConfig::List(items) => items.iter().find_map(RawConfig::plain_secret),
            RawConfig::Plain(_) | RawConfig::Secret(_) => None,
        }
    }

    fn collect_files(&self, files: &mut Vec<PathBuf>) {
        match self {
            // A credential stays the same while the service runs.
            RawConfig::Secret(SecretRef::File(file)) => files.push(file.clone()),
            RawConfig::List(items) => items.iter().for_each(|item| item.collect_files(files)),
            RawConfig::Table(table) => table.values().for_each(|item| item.collect_files(files)),
            RawConfig::Plain(_) | RawConfig::Secret(_) => {}
        }
    }

    /// Whether there is a value at this path.
    pub(crate) fn gives(&self, path: &[String]) -> bool {
        match (self, path) {
            (RawConfig::Plain(value), []) => !value.is_null(),
            (_, []) => true,
            (RawConfig::Table(table), [key, rest @ ..]) => {
                table.get(key).is_some_and(|value| value.gives(rest))
            }
            _ => false,
        }
    }
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
    /// Settings by source, where a connector has several.
    pub sources: BTreeMap<String, SourceSettings>,
    /// What the connector reads as `$config`.
    pub config: ConnectorConfig,
    /// What the connector may read as `$env`.
    pub env: BTreeMap<String, Secret>,
}

/// The resolved settings of one source.
#[derive(Debug, Clone, Default)]
pub struct SourceSettings {
    /// Its address, in place of that of the folder.
    pub base_url: Option<HttpUrl>,
    /// Whether its reads share calls, if that is not what holds for the connector.
    pub share_in_flight: Option<ShareInFlight>,
    /// What its connects read as `$config`, if that is not what the connector reads.
    pub config: Option<ConnectorConfig>,
}

impl ConnectorSettings {
    /// All secrets: those of `config`, also of sources, and of `env`.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let of_sources = self
            .sources
            .values()
            .filter_map(|source| source.config.as_ref());
        let configs = std::iter::once(&self.config).chain(of_sources);
        configs
            .flat_map(|config| &config.secrets)
            .chain(self.env.values())
            .chain(&self.common.webhook_secret)
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
        for (name, upper) in self.sources {
            let below = sources.remove(&name).unwrap_or_default();
            let source = RawSourceSettings {
                base_url: upper.base_url.or(below.base_url),
                share_in_flight: upper.share_in_flight.or(below.share_in_flight),
                config: overlaid(upper.config, below.config),
            };
            sources.insert(name, source);
        }
        RawConnectorSettings {
            common: self.common.over(lower.common),
            sources,
            config: overlaid(self.config, lower.config),
        }
    }

    /// The files of its secrets and of its certificate authorities.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let of_sources = self.sources.values();
        let of_sources = of_sources.filter_map(|source| source.config.as_ref());
        let mut files: Vec<PathBuf> = self.common.ca.iter().cloned().collect();
        if let Some(SecretRef::File(file)) = &self.common.webhook_secret {
            files.push(file.clone());
        }
        for config in self.config.iter().chain(of_sources) {
            config.collect_files(&mut files);
        }
        files
    }

    /// Applies the defaults and reads the secrets. A value that cannot be read is absent, and there is a problem for it.
    pub(super) fn resolve(
        self,
        name: &str,
        environment: &Environment,
        places: &Places,
    ) -> (ConnectorSettings, Vec<Diagnostic>) {
        let mut problems = Vec::new();
        let mut problem = |key: &str, message: String| {
            let key = format!("connector.{name}.{key}");
            let problem = problem::problem(format!("{key}: {message}"));
            problems.push(problem.at(places.of_key(&key)));
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
        let mut resolved = |raw: RawConfig, path: &[&str]| {
            let mut config = ConnectorConfig::default();
            let mut path = path.iter().map(|key| (*key).to_owned()).collect();
            config.value = raw.resolve(
                environment,
                &mut path,
                &mut config.secrets,
                &mut |path, message| problem(&path.join("."), message),
            );
            config
        };
        let sources = self.sources.into_iter().map(|(name, source)| {
            let config = source.config.map(|own| {
                let all = overlaid(Some(own.clone()), self.config.clone());
                resolved(all.unwrap_or(own), &["sources", &name, "config"])
            });
            let source = SourceSettings {
                base_url: source.base_url,
                share_in_flight: source.share_in_flight,
                config,
            };
            (name, source)
        });
        let sources = sources.collect();
        let config = self.config.map(|raw| resolved(raw, &["config"]));
        let config = config.unwrap_or_default();
        let settings = ConnectorSettings {
            common,
            sources,
            config,
            env,
        };
        (settings, problems)
    }
}

/// A table over another one, key by key.
fn overlaid(upper: Option<RawConfig>, lower: Option<RawConfig>) -> Option<RawConfig> {
    match (upper, lower) {
        (Some(RawConfig::Table(upper)), Some(RawConfig::Table(mut below))) => {
            below.extend(upper);
            Some(RawConfig::Table(below))
        }
        (upper, below) => upper.or(below),
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
