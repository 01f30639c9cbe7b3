//! Settings: reads the file, the environment and the flags, and resolves them.
//!
//! Each section has two types: the raw one, as written ([`RawSettings`], every key optional), and the resolved one
//! ([`Settings`], with defaults applied and secrets read). Flags override the environment, which overrides the file.
//! [`sections`] declares every setting once; its documentation, its default, its environment variable
//! (`SANGAM_LIMITS_DEPTH` for `depth` in `[limits]`) and `docs/configuration.md` are generated from the declaration.
//!
//! An unknown key is an error, with a suggestion; all problems of a file are reported together. This module does not
//! depend on the rest of the gateway: `cli` reads the settings and passes them on.

mod connector;
mod environment;
mod files;
mod places;
mod problem;
mod raw;
mod read;
mod read_environment;
mod secret;
mod section;
mod sections;
mod table;
mod toml_value;
mod value;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::connector::diagnostic::Span;
use crate::connector::{DeploymentValue, Diagnostic, Subgraph, SubgraphKind, unset_values};

use files::SHORTEST_KEY;
use places::Places;
use problem::{problem, suggest};

pub use connector::{
    ConnectorConfig, ConnectorSettings, RawConfig, RawConnectorSettings, RawSourceSettings,
    SourceSettings,
};
pub use environment::Environment;
pub use problem::ConfigError;
pub use raw::RawSettings;
pub use secret::{MASK, Secret, SecretRef};
pub use section::Section;
pub use sections::{
    Admin, Cache, Check, ConnectorLimits, Cors, Cost, Dns, Files, General, Limits, Live, Log,
    Operations, Persisted, RawAdmin, RawCache, RawCheck, RawConnectorLimits, RawCors, RawCost,
    RawDns, RawFiles, RawGeneral, RawLimits, RawLive, RawLog, RawOperations, RawPersisted,
    RawStreaming, RawTls, RawTracing, Streaming, Tls, Tracing,
};
pub use table::markdown;
pub use value::{
    AllowedOrigin, Audience, ByteSize, CostMode, DnsResolver, HttpUrl, LogFormat, LogLevel,
    LogRequests, PassedFile, Percentage, Ratio, ResponseFormat, ShareInFlight, StyleMode,
    TrustMode, WebhookProof,
};

/// The resolved settings.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The keys at the top level.
    pub general: General,
    /// `[limits]`
    pub limits: Limits,
    /// `[cost]`
    pub cost: Cost,
    /// `[check]`
    pub check: Check,
    /// `[cache]`
    pub cache: Cache,
    /// `[persisted]`
    pub persisted: Persisted,
    /// `[dns]`
    pub dns: Dns,
    /// `[admin]`
    pub admin: Admin,
    /// `[tls]`
    pub tls: Tls,
    /// `[cors]`
    pub cors: Cors,
    /// `[operations]`
    pub operations: Operations,
    /// `[files]`
    pub files: Files,
    /// `[live]`
    pub live: Live,
    /// `[streaming]`
    pub streaming: Streaming,
    /// `[log]`
    pub log: Log,
    /// `[tracing]`
    pub tracing: Tracing,
    /// `[override_labels]`
    pub override_labels: BTreeMap<String, Percentage>,
    /// Environment variables `SANGAM_…` that are not settings; `serve` warns about them.
    pub unknown_variables: Vec<String>,
    file: Option<PathBuf>,
    connectors: BTreeMap<String, RawConnectorSettings>,
    /// The settings by variables, under the names that connectors have in these.
    connector_variables: BTreeMap<String, RawConnectorSettings>,
    environment: Environment,
    places: Places,
}

/// The name of a connector or source in variables, in lower case: `land-records` is `land_records`.
fn variable_name(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

impl Settings {
    /// Reads the settings: `file`, if any, overridden by the variables of `environment`, overridden by `flags`.
    ///
    /// # Errors
    /// All problems together.
    pub fn load(
        file: Option<&Path>,
        environment: &Environment,
        flags: RawSettings,
    ) -> Result<Settings, ConfigError> {
        let raw = match file {
            Some(path) => read::file(path)?,
            None => RawSettings::default(),
        };
        let (mut from_environment, unknown_variables) = read_environment::environment(environment)?;
        let connector_variables = std::mem::take(&mut from_environment.connectors);
        let raw = flags.over(from_environment.over(raw));
        let mut settings = raw.resolve(environment, file)?;
        settings.unknown_variables = unknown_variables;
        settings.connector_variables = connector_variables;
        Ok(settings)
    }

    /// The settings of the log, as far as they can be read: errors in settings are logged, too. A value that cannot be read is
    /// that of the file if it was in a variable, else the default.
    pub fn readable_log(file: Option<&Path>, environment: &Environment) -> Log {
        let in_file = file.map(read::readable_log).unwrap_or_default();
        let log = read_environment::readable_log(environment).over(in_file);
        log.resolve(environment).unwrap_or_default()
    }

    /// The settings of one connector: `sangam.toml` and the environment override the folder's `connector.toml` (path and
    /// text), which overrides the defaults.
    pub fn connector(
        &self,
        name: &str,
        connector_toml: Option<(&Path, &str)>,
    ) -> Result<ConnectorSettings, ConfigError> {
        let (settings, problems) = self.connector_with_problems(name, connector_toml)?;
        match problems.is_empty() {
            true => Ok(settings),
            false => Err(ConfigError { problems }),
        }
    }

    /// The same, where values that cannot be read, such as a secret whose file is missing, are absent and are reported.
    ///
    /// # Errors
    /// Settings that are wrong in themselves, all together.
    pub fn connector_with_problems(
        &self,
        name: &str,
        connector_toml: Option<(&Path, &str)>,
    ) -> Result<(ConnectorSettings, Vec<Diagnostic>), ConfigError> {
        let folder_settings = match connector_toml {
            Some((path, text)) => read::connector_toml(name, path, text)?,
            None => RawConnectorSettings::default(),
        };
        let of_variables = self.connector_variables.get(&variable_name(name));
        let of_variables = of_variables.cloned().unwrap_or_default();
        let raw = self.connectors.get(name).cloned().unwrap_or_default();
        let raw = of_variables.over(raw).over(folder_settings);
        Ok(raw.resolve(name, &self.environment, &self.places))
    }

    /// The files that the settings are read from, besides those of the connectors: the file itself, secrets, certificates.
    pub fn files(&self) -> Vec<PathBuf> {
        let Tls { certificate, key } = &self.tls;
        let of_tls = [certificate, key].into_iter().flatten();
        let mut files: Vec<PathBuf> = of_tls.map(|file| file.to_path_buf()).collect();
        let others = [&self.file, &self.general.supergraph];
        files.extend(others.into_iter().flatten().cloned());
        for raw in self.connectors.values() {
            files.extend(raw.files());
        }
        files
    }

    /// Replaces the settings of a connector: a spec has its own.
    pub fn set_connector(&mut self, name: &str, raw: RawConnectorSettings) {
        self.connectors.insert(name.to_owned(), raw);
    }

    /// A problem for each `[connector.<name>]`, each variable `SANGAM_CONNECTOR_<NAME>_…` and each name in `only` that is
    /// none of `connectors`.
    pub fn unknown_connectors(&self, connectors: &[&str]) -> Vec<Diagnostic> {
        let unknown = |message: String, name: &str| {
            suggest(problem(message), name, connectors.iter().copied())
        };
        let is_known = |name: &str| connectors.contains(&name);
        let in_file = self.connectors.keys().filter(|name| !is_known(name));
        let in_file = in_file.map(|name| {
            let problem = unknown(format!("there is no connector `{name}`"), name);
            problem.at(self.place(&format!("connector.{name}")))
        });
        let in_variables = self.connector_variables.keys().filter(|name| {
            let mut connectors = connectors.iter();
            !connectors.any(|connector| variable_name(connector) == **name)
        });
        let in_variables = in_variables.map(|name| {
            let variable = name.to_uppercase();
            unknown(
                format!("SANGAM_CONNECTOR_{variable}_…: there is no connector `{name}`"),
                name,
            )
        });
        let only = self.general.only.iter().filter(|name| !is_known(name));
        let only = only.map(|name| {
            let problem = unknown(format!("only: there is no connector `{name}`"), name);
            problem.at(self.place("only"))
        });
        in_file.chain(in_variables).chain(only).collect()
    }

    /// A problem for each source in the settings of a connector that the connector does not have, and for an address that
    /// could be that of several sources.
    pub fn unknown_sources(&self, subgraph: &Subgraph) -> Vec<Diagnostic> {
        let name = &subgraph.name;
        let Some(raw) = self.connectors.get(name) else {
            return Vec::new();
        };
        let mut keys: Vec<(String, Option<&str>)> = raw
            .sources
            .keys()
            .map(|source| (format!("sources.{source}"), Some(source.as_str())))
            .collect();
        let has_connects = matches!(subgraph.kind, SubgraphKind::Connectors { .. });
        if has_connects && raw.common.base_url.is_some() {
            keys.push(("base_url".to_owned(), None));
        }
        let problems = keys.into_iter().filter_map(|(key, source)| {
            let error = subgraph.source_index(source).err()?;
            let place = self.place(&format!("connector.{name}.{key}"));
            Some(problem(error.message).at(place))
        });
        problems.collect()
    }

    /// A problem for each mapping of errors in the settings of a connector that is wrong.
    pub fn wrong_error_mappings(&self, subgraph: &Subgraph) -> Vec<Diagnostic> {
        let name = &subgraph.name;
        let Some(raw) = self.connectors.get(name) else {
            return Vec::new();
        };
        let (mut subgraph, mut problems) = (subgraph.clone(), Vec::new());
        let mut check = |key: &str, checked: Result<(), String>| {
            if let Err(message) = checked {
                let key = format!("connector.{name}.{key}");
                let place = self.place(&key);
                problems.push(problem(format!("{key}: {message}")).at(place));
            }
        };
        if let Some(text) = &raw.common.error_message {
            check("error_message", subgraph.set_error_message(text));
        }
        if let Some(text) = &raw.common.error_extensions {
            check("error_extensions", subgraph.set_error_extensions(text));
        }
        problems
    }

    /// Warnings about the values of `$config` and `$env` that a connector reads and the settings do not give. A secret counts
    /// as given without being read.
    pub fn unset_values(&self, subgraph: &Subgraph) -> Vec<Diagnostic> {
        let name = &subgraph.name;
        let of_variables = self.connector_variables.get(&variable_name(name));
        let raw = [of_variables, self.connectors.get(name)];
        let raw: Vec<_> = raw.into_iter().flatten().collect();
        let env = raw.iter().find_map(|raw| raw.common.env.as_ref());
        let is_set = |value: &DeploymentValue, source: Option<&str>| {
            let of_source = source.map(|source| (source, variable_name(source)));
            let of_sources = raw.iter().filter_map(|raw| {
                let (name, in_variables) = of_source.as_ref()?;
                let of_source = raw.sources.get(*name);
                of_source.or_else(|| raw.sources.get(in_variables))
            });
            let of_sources: Vec<_> = of_sources.collect();
            let has_base_url = || {
                let mut of_sources = of_sources.iter();
                let of_source = of_sources.any(|source| source.base_url.is_some());
                of_source || raw.iter().any(|raw| raw.common.base_url.is_some())
            };
            match value.variable {
                _ if value.in_base_url && has_base_url() => true,
                "$env" => {
                    env.is_some_and(|names| value.path.iter().all(|name| names.contains(name)))
                }
                _ => {
                    let of_sources = of_sources.iter();
                    let of_sources = of_sources.filter_map(|source| source.config.as_ref());
                    let of_connector = raw.iter().filter_map(|raw| raw.config.as_ref());
                    let mut config = of_connector.chain(of_sources);
                    config.any(|config| config.gives(&value.path))
                }
            }
        };
        unset_values(subgraph, &is_set)
    }

    /// Where a key is in `sangam.toml`, or the table that it would be in: `connector.lgd.base_url`. `None` if the file has
    /// neither, or a variable of the environment sets the key.
    pub fn place(&self, key: &str) -> Option<Span> {
        self.places.of_key(key)
    }

    /// The file that was read.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

impl RawSettings {
    fn resolve(
        self,
        environment: &Environment,
        file: Option<&Path>,
    ) -> Result<Settings, ConfigError> {
        let mut resolving = Resolving {
            environment,
            places: self.places.without(environment),
            problems: Vec::new(),
        };
        let settings = Settings {
            general: resolving.section(self.general, ""),
            limits: resolving.section(self.limits, "limits."),
            cost: resolving.section(self.cost, "cost."),
            check: resolving.section(self.check, "check."),
            cache: resolving.section(self.cache, "cache."),
            persisted: resolving.section(self.persisted, "persisted."),
            dns: resolving.section(self.dns, "dns."),
            admin: resolving.section(self.admin, "admin."),
            tls: resolving.section(self.tls, "tls."),
            cors: resolving.section(self.cors, "cors."),
            operations: resolving.section(self.operations, "operations."),
            files: resolving.section(self.files, "files."),
            live: resolving.section(self.live, "live."),
            streaming: resolving.section(self.streaming, "streaming."),
            log: resolving.section(self.log, "log."),
            tracing: resolving.section(self.tracing, "tracing."),
            override_labels: self.override_labels,
            unknown_variables: Vec::new(),
            file: file.map(Path::to_owned),
            connectors: self.connectors,
            connector_variables: BTreeMap::new(),
            environment: environment.clone(),
            places: resolving.places,
        };
        let mut problems = resolving.problems;
        if problems.is_empty() {
            contradictions(&settings, &mut problems);
        }
        if problems.is_empty() {
            Ok(settings)
        } else {
            Err(ConfigError { problems })
        }
    }
}

/// Resolves sections, and collects their problems.
struct Resolving<'a> {
    environment: &'a Environment,
    places: Places,
    problems: Vec<Diagnostic>,
}

impl Resolving<'_> {
    /// `prefix` is the name of the section and a point, if it has a name.
    fn section<S: Section>(&mut self, section: S, prefix: &str) -> S::Resolved
    where
        S::Resolved: Default,
    {
        section.resolve(self.environment).unwrap_or_else(|errors| {
            for (key, message) in errors {
                let path = format!("{prefix}{key}");
                let problem = problem(format!("{path}: {message}"));
                self.problems.push(problem.at(self.places.of_key(&path)));
            }
            S::Resolved::default()
        })
    }
}

/// Finds settings that contradict each other.
fn contradictions(settings: &Settings, problems: &mut Vec<Diagnostic>) {
    let problem =
        |key: &str, message: String| problem(format!("{key}{message}")).at(settings.place(key));
    if let Some(listen) = settings.admin.listen {
        if !listen.ip().is_loopback() && settings.admin.token.is_none() {
            problems.push(
                problem("admin.listen", format!(": {listen} can be reached from other machines, and there is no token"))
                    .help("set admin.token, for example { file = \"/run/secrets/admin\" }, or listen on 127.0.0.1"),
            );
        }
        if listen == settings.general.listen && listen.port() != 0 {
            problems.push(problem(
                "admin.listen",
                format!(": {listen} is the address for clients too"),
            ));
        }
    }
    if let Some(listen) = settings
        .operations
        .listen
        .filter(|listen| listen.port() != 0)
    {
        let others = [
            (Some(settings.general.listen), "listen"),
            (settings.admin.listen, "admin.listen"),
        ];
        for (_, other) in others.iter().filter(|(other, _)| *other == Some(listen)) {
            let message = format!(": {listen} is the address of `{other}` too");
            problems.push(problem("operations.listen", message));
        }
    }
    match (&settings.tls.certificate, &settings.tls.key) {
        (Some(_), None) => problems.push(problem(
            "tls.certificate",
            " is set and tls.key is not".to_owned(),
        )),
        (None, Some(_)) => problems.push(problem(
            "tls.key",
            " is set and tls.certificate is not".to_owned(),
        )),
        _ => {}
    }
    if settings.files.has_short_key() {
        let message = format!(" has a key with fewer than {SHORTEST_KEY} characters");
        let help = "make one with `openssl rand -base64 32`";
        problems.push(problem("files.key", message).help(help));
    }
    let cors = &settings.cors;
    if cors.credentials && cors.origins.contains(&AllowedOrigin::Any) {
        problems.push(
            problem(
                "cors.credentials",
                ": browsers send no cookies where any origin may ask".to_owned(),
            )
            .help("name the origins instead of \"*\""),
        );
    }
    if cors.credentials && cors.headers.iter().any(|name| name == "*") {
        problems.push(
            problem(
                "cors.headers",
                ": browsers take \"*\" as a name where they send cookies".to_owned(),
            )
            .help("name the headers instead of \"*\""),
        );
    }
}
