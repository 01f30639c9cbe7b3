//! `connector.toml`: the owner of a connector, and defaults of its settings.
//!
//! Only what describes the connector is read here. Timeouts, limits and lifetimes are the gateway's settings, written
//! with the same keys as in `sangam.toml`; `config` reads them from the text that is passed on here and lets the
//! deployment override them. Secrets are refused everywhere: a folder is public.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, SourceText, Span, code};

/// The settings in `connector.toml`.
#[derive(Debug, Clone, Default)]
pub struct FolderSettings {
    /// Who is responsible for the upstream.
    pub owner: Option<String>,
    /// What the connector covers, in one line.
    pub description: Option<String>,
    /// The file, for the settings in it; `None` if there is none, or it is not TOML.
    pub source: Option<Arc<SourceText>>,
}

/// Words in a name that mark its value as a secret.
const SECRET_WORDS: [&str; 9] = [
    "password",
    "passwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "private_key",
    "credential",
    "authorization",
];

/// Whether the name of a key, header or parameter suggests that its value is a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_lowercase().replace('-', "_");
    SECRET_WORDS.iter().any(|word| name.contains(word)) || name == "cookie"
}

impl FolderSettings {
    /// Reads the file, if there is one.
    pub(crate) fn read_file(connector: &str, path: &Path) -> (Self, Vec<Diagnostic>) {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::read(connector, &path.display().to_string(), &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Default::default(),
            Err(error) => {
                let message = format!("`{}` cannot be read: {error}", path.display());
                let diagnostic = Diagnostic::error(&code::UNREADABLE, connector, message);
                let file = Span::of_file(path.display().to_string());
                (Self::default(), vec![diagnostic.at(Some(file))])
            }
        }
    }

    /// Reads the text of a `connector.toml`; `path` is what diagnostics show.
    pub fn read(connector: &str, path: &str, text: &str) -> (Self, Vec<Diagnostic>) {
        let source = Arc::new(SourceText {
            path: path.to_owned(),
            text: text.to_owned(),
        });
        let mut settings = Self {
            source: Some(source.clone()),
            ..Self::default()
        };
        let mut reader = FolderSettingsReader {
            connector,
            source,
            diagnostics: Vec::new(),
        };
        match DeTable::parse(text) {
            Ok(table) => {
                let table = table.get_ref();
                settings.owner = reader.text(table, "owner");
                settings.description = reader.text(table, "description");
                reader.refuse_secrets(table);
            }
            Err(error) => {
                // Nothing else reads the file: it is not TOML, which is said once.
                settings.source = None;
                let span = reader.span(error.span().unwrap_or(0..0));
                let message = error.message().replace('\n', "; ");
                reader
                    .push(Diagnostic::error(&code::INVALID_SETTINGS, connector, message).at(span));
            }
        }
        (settings, reader.diagnostics)
    }
}

struct FolderSettingsReader<'a> {
    connector: &'a str,
    source: Arc<SourceText>,
    diagnostics: Vec<Diagnostic>,
}

impl FolderSettingsReader<'_> {
    fn span(&self, range: Range<usize>) -> Option<Span> {
        Some(Span {
            source: self.source.clone(),
            range,
        })
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn text(&mut self, table: &DeTable<'_>, key: &str) -> Option<String> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                let message = format!("`{key}` is a text");
                let span = self.span(value.span());
                self.push(
                    Diagnostic::error(&code::INVALID_SETTINGS, self.connector, message)
                        .at(span)
                        .help(format!("write `{key} = \"…\"`")),
                );
                None
            }
        }
    }

    /// Refuses keys that look like secrets, at any depth.
    fn refuse_secrets(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            if is_secret_name(key.get_ref()) {
                let message = format!("`{}` looks like a secret", key.get_ref());
                let span = self.span(key.span());
                self.push(
                    Diagnostic::error(&code::SECRET_IN_FOLDER, self.connector, message)
                        .label(span, "a connector's folder is public")
                        .help(format!(
                            "put it into `sangam.toml` under `[connector.{}]`: \
                             `config = {{ {} = {{ env = \"…\" }} }}`",
                            self.connector,
                            key.get_ref()
                        )),
                );
            }
            self.refuse_inside(value);
        }
    }

    fn refuse_inside(&mut self, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(inner) => self.refuse_secrets(inner),
            DeValue::Array(items) => {
                for item in items.iter() {
                    self.refuse_inside(item);
                }
            }
            _ => {}
        }
    }
}
