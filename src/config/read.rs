//! Reads raw settings from TOML: `sangam.toml`, and a folder's `connector.toml`.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::connector::{RawConfig, RawConnectorSettings, RawSourceSettings};
use super::places::Places;
use super::problem::{ConfigError, problem, suggest};
use super::raw::RawSettings;
use super::section::Section;
use super::sections::{RawConnectorLimits, RawGeneral, RawLog};
use super::toml_value;
use super::value::{HttpUrl, ParseSetting, Percentage, ShareInFlight};
use crate::connector::Diagnostic;
use crate::connector::diagnostic::{SourceText, Span};

/// Reads one file and collects its problems.
struct SettingsReader<'a> {
    source: Arc<SourceText>,
    /// The folder of the file: paths in it are relative to this.
    base: &'a Path,
    problems: Vec<Diagnostic>,
}

type TomlKey<'i> = Spanned<std::borrow::Cow<'i, str>>;

impl<'a> SettingsReader<'a> {
    fn new(file: &'a Path, text: &str) -> SettingsReader<'a> {
        SettingsReader {
            source: Arc::new(SourceText {
                path: file.display().to_string(),
                text: text.to_owned(),
            }),
            base: file.parent().unwrap_or(Path::new("")),
            problems: Vec::new(),
        }
    }

    fn problem(&mut self, message: String, range: Range<usize>) {
        let problem = self.located(message, range);
        self.problems.push(problem);
    }

    /// A problem that is not yet added.
    fn located(&self, message: String, range: Range<usize>) -> Diagnostic {
        let source = Arc::clone(&self.source);
        problem(message).at(Some(Span { source, range }))
    }

    fn unknown(&mut self, key: &TomlKey<'_>, section: &str, names: &[&str]) {
        let name = key.get_ref().as_ref();
        let message = if section.is_empty() {
            format!("there is no setting `{name}`")
        } else {
            format!("there is no setting `{name}` in [{section}]")
        };
        let problem = self.located(message, key.span());
        let problem = suggest(problem, name, names.iter().copied());
        self.problems.push(problem);
    }

    /// Reads a value that must be a table.
    fn table<'t, 'i>(
        &mut self,
        name: &str,
        value: &'t Spanned<DeValue<'i>>,
    ) -> Option<&'t DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.problem(
                format!("{name} is a table, written as [{name}]"),
                value.span(),
            );
        }
        table
    }

    fn section<S: Section>(&mut self, section: &mut S, name: &str, value: &Spanned<DeValue<'_>>) {
        let Some(table) = self.table(name, value) else {
            return;
        };
        for (key, value) in table {
            if !self.set(section, key, value) {
                self.unknown(key, name, S::NAMES);
            }
        }
    }

    /// Sets a key of a section; false when it has no such key.
    fn set<S: Section>(
        &mut self,
        section: &mut S,
        key: &TomlKey<'_>,
        value: &Spanned<DeValue<'_>>,
    ) -> bool {
        match section.set(key.get_ref(), value.get_ref(), self.base) {
            Some(Ok(())) => true,
            Some(Err(message)) => {
                self.problem(format!("{}: {message}", key.get_ref()), value.span());
                true
            }
            None => false,
        }
    }

    fn settings(&mut self, table: &DeTable<'_>) -> RawSettings {
        let mut raw = RawSettings {
            places: Places::of(&self.source, table),
            ..RawSettings::default()
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "limits" => self.section(&mut raw.limits, "limits", value),
                "dns" => self.section(&mut raw.dns, "dns", value),
                "cost" => self.section(&mut raw.cost, "cost", value),
                "check" => self.section(&mut raw.check, "check", value),
                "cache" => self.section(&mut raw.cache, "cache", value),
                "persisted" => self.section(&mut raw.persisted, "persisted", value),
                "admin" => self.section(&mut raw.admin, "admin", value),
                "tls" => self.section(&mut raw.tls, "tls", value),
                "cors" => self.section(&mut raw.cors, "cors", value),
                "operations" if value.get_ref().is_table() => {
                    self.section(&mut raw.operations, "operations", value);
                }
                "operations" => self.operations_folder(&mut raw, value),
                "files" => self.section(&mut raw.files, "files", value),
                "live" => self.section(&mut raw.live, "live", value),
                "streaming" => self.section(&mut raw.streaming, "streaming", value),
                "log" => self.section(&mut raw.log, "log", value),
                "tracing" => self.section(&mut raw.tracing, "tracing", value),
                "override_labels" => self.override_labels(&mut raw, value),
                "connector" => {
                    let Some(table) = self.table("connector", value) else {
                        continue;
                    };
                    for (name, value) in table {
                        let section = format!("connector.{}", name.get_ref());
                        if let Some(table) = self.table(&section, value) {
                            let connector = self.connector(&section, table);
                            self.refuse_plain_secrets(&connector, table);
                            raw.connectors
                                .insert(name.get_ref().as_ref().to_owned(), connector);
                        }
                    }
                }
                _ => {
                    if !self.set(&mut raw.general, key, value) {
                        let mut names = RawGeneral::NAMES.to_vec();
                        names.extend(SECTIONS);
                        self.unknown(key, "", &names);
                    }
                }
            }
        }
        raw
    }

    /// `operations = "path"` at the top level.
    fn operations_folder(&mut self, raw: &mut RawSettings, value: &Spanned<DeValue<'_>>) {
        let set = raw.operations.set("folder", value.get_ref(), self.base);
        if let Some(Err(message)) = set {
            self.problem(format!("operations: {message}"), value.span());
        }
    }

    fn override_labels(&mut self, raw: &mut RawSettings, value: &Spanned<DeValue<'_>>) {
        let Some(table) = self.table("override_labels", value) else {
            return;
        };
        for (label, value) in table {
            let label = label.get_ref().as_ref();
            if label.starts_with("percent(") {
                let message =
                    format!("override_labels: \"{label}\" says itself how often it holds");
                self.problem(message, value.span());
                continue;
            }
            match Percentage::from_toml(value.get_ref(), self.base) {
                Ok(percentage) => {
                    raw.override_labels.insert(label.to_owned(), percentage);
                }
                Err(message) => {
                    self.problem(format!("{label}: {message}"), value.span());
                }
            }
        }
    }

    /// A spec may have plain texts in its `config`, which are samples; the settings of a deployment may not.
    fn refuse_plain_secrets(&mut self, raw: &RawConnectorSettings, table: &DeTable<'_>) {
        let of_sources = raw.sources.values().map(|source| &source.config);
        let mut configs = std::iter::once(&raw.config).chain(of_sources).flatten();
        let Some(key) = configs.find_map(RawConfig::plain_secret) else {
            return;
        };
        let within = table.get("config").or_else(|| table.get("sources"));
        let problem = self.located(
            format!("config: `{key}` looks like a secret, which is given by reference"),
            within.map_or(0..0, Spanned::span),
        );
        self.problems.push(problem.help(format!(
            "write `{key} = {{ env = \"NAME\" }}` or `{key} = {{ file = \"path\" }}`; a text that is no secret is \
             `{{ sample = \"text\" }}`"
        )));
    }

    fn connector(&mut self, section: &str, table: &DeTable<'_>) -> RawConnectorSettings {
        let mut raw = RawConnectorSettings::default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "config" => raw.config = self.config(value),
                "sources" => self.sources(&mut raw, section, value),
                _ => {
                    if !self.set(&mut raw.common, key, value) {
                        let mut names = RawConnectorLimits::NAMES.to_vec();
                        names.extend(["config", "sources"]);
                        self.unknown(key, section, &names);
                    }
                }
            }
        }
        raw
    }

    /// The table that mappings read as `$config`.
    fn config(&mut self, value: &Spanned<DeValue<'_>>) -> Option<RawConfig> {
        let message = match toml_value::config(value.get_ref(), self.base) {
            Ok(config) if value.get_ref().is_table() => return Some(config),
            Ok(_) => "config is a table: what the connector reads as $config".to_owned(),
            Err(message) => format!("config: {message}"),
        };
        self.problem(message, value.span());
        None
    }

    fn sources(
        &mut self,
        raw: &mut RawConnectorSettings,
        section: &str,
        value: &Spanned<DeValue<'_>>,
    ) {
        let Some(sources) = self.table(&format!("{section}.sources"), value) else {
            return;
        };
        for (name, value) in sources {
            let section = format!("{section}.sources.{}", name.get_ref());
            let Some(source) = self.table(&section, value) else {
                continue;
            };
            let mut settings = RawSourceSettings::default();
            for (key, value) in source {
                match key.get_ref().as_ref() {
                    "base_url" => match HttpUrl::from_toml(value.get_ref(), self.base) {
                        Ok(url) => settings.base_url = Some(url),
                        Err(message) => {
                            self.problem(format!("base_url: {message}"), value.span());
                        }
                    },
                    "share_in_flight" => {
                        match ShareInFlight::from_toml(value.get_ref(), self.base) {
                            Ok(sharing) => settings.share_in_flight = Some(sharing),
                            Err(message) => {
                                self.problem(format!("share_in_flight: {message}"), value.span());
                            }
                        }
                    }
                    "config" => settings.config = self.config(value),
                    _ => {
                        let known = ["base_url", "config", "share_in_flight"];
                        self.unknown(key, &section, &known);
                    }
                }
            }
            raw.sources
                .insert(name.get_ref().as_ref().to_owned(), settings);
        }
    }

    fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        let mut problems = self.problems;
        if problems.is_empty() {
            return Ok(value);
        }
        let start = |problem: &Diagnostic| problem.labels.first().map(|at| at.span.range.start);
        problems.sort_by_key(start);
        Err(ConfigError { problems })
    }

    /// Parses the text and reads its top table.
    fn read<T>(
        mut self,
        read: impl FnOnce(&mut Self, &DeTable<'_>) -> T,
    ) -> Result<T, ConfigError> {
        let source = Arc::clone(&self.source);
        match DeTable::parse(&source.text) {
            Ok(table) => {
                let value = read(&mut self, table.get_ref());
                self.finish(value)
            }
            Err(error) => {
                let span = error.span().unwrap_or_default();
                self.problem(error.message().replace('\n', "; "), span);
                Err(ConfigError {
                    problems: self.problems,
                })
            }
        }
    }
}

/// The sections of the file.
const SECTIONS: [&str; 17] = [
    "admin",
    "cache",
    "check",
    "connector",
    "cors",
    "cost",
    "dns",
    "files",
    "limits",
    "live",
    "log",
    "operations",
    "override_labels",
    "persisted",
    "streaming",
    "tls",
    "tracing",
];

/// Reads `sangam.toml`.
pub(crate) fn file(path: &Path) -> Result<RawSettings, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let whole = Span::of_file(path.display().to_string());
        problem(format!("cannot read {}: {error}", path.display())).at(Some(whole))
    })?;
    file_text(path, &text)
}

/// Reads what can be read of `[log]`, in a file that may have any error.
pub(super) fn readable_log(path: &Path) -> RawLog {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let (table, _) = DeTable::parse_recoverable(&text);
    let mut log = RawLog::default();
    if let Some(value) = table.get_ref().get("log") {
        // Its problems are reported when the settings are read as a whole.
        SettingsReader::new(path, &text).section(&mut log, "log", value);
    }
    log
}

/// Reads the text of `sangam.toml`.
pub(super) fn file_text(path: &Path, text: &str) -> Result<RawSettings, ConfigError> {
    SettingsReader::new(path, text).read(SettingsReader::settings)
}

impl RawConnectorSettings {
    /// Reads the keys of `[connector.<name>]` from a separate text: the settings of a spec. `path` is the file that contains
    /// the text; paths in the text are relative to it.
    pub fn read(path: &Path, text: &str) -> Result<RawConnectorSettings, ConfigError> {
        SettingsReader::new(path, text).read(|reader, table| reader.connector("connector", table))
    }
}

/// The keys of a folder's `connector.toml`: those that do not depend on the deployment.
const FOLDER_KEYS: [&str; 10] = [
    "owner",
    "description",
    "timeout",
    "connect_timeout",
    "max_response_bytes",
    "response_format",
    "in_flight",
    "concurrency",
    "queue",
    "latency_varies",
];

/// Reads a folder's `connector.toml`.
pub(crate) fn connector_toml(
    connector: &str,
    path: &Path,
    text: &str,
) -> Result<RawConnectorSettings, ConfigError> {
    let read = SettingsReader::new(path, text).read(|reader, table| {
        let mut raw = RawConnectorSettings::default();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if matches!(name, "owner" | "description") {
                // `connector::Folder` reads these.
                continue;
            }
            if FOLDER_KEYS.contains(&name) {
                reader.set(&mut raw.common, key, value);
            } else if RawConnectorLimits::NAMES.contains(&name)
                || matches!(name, "config" | "sources")
            {
                let problem = reader.located(
                    format!("`{name}` is a matter of the deployment, not of the connector"),
                    key.span(),
                );
                let help = format!("set it in sangam.toml, under [connector.{connector}]");
                reader.problems.push(problem.help(help));
            } else {
                reader.unknown(key, "", &FOLDER_KEYS);
            }
        }
        raw
    });
    read.map_err(|mut error| {
        for problem in &mut error.problems {
            problem.connector = connector.to_owned();
        }
        error
    })
}
