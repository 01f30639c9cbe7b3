//! Reads a connector's folder: `connector.graphql` and `connector.toml`.
//!
//! This file and `settings.rs` are the only ones of the room that touch the file system. All problems are reported at once. A folder with
//! an error yields no subgraph, so a part of a folder is never served.

use std::path::Path;

use super::diagnostic::{Diagnostic, Span, code};
use super::findings::Findings;
use super::model::{Subgraph, SubgraphKind};
use super::schemes::Schemes;
use super::set_aside::set_aside;
use super::settings::FolderSettings;
use super::{connects, schema};

/// A folder as read, with its problems.
#[derive(Debug, Clone)]
pub struct Folder {
    /// The connector; `None` if a diagnostic is an error.
    pub subgraph: Option<Subgraph>,
    /// The same without its upstream ([`set_aside`](super::set_aside())), if its schema alone has no error.
    pub schema_only: Option<Subgraph>,
    /// The settings in `connector.toml`.
    pub settings: FolderSettings,
    /// Errors and warnings, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Folder {
    /// Reads a folder whose upstreams use HTTP; its name is that of the connector.
    pub fn read(path: &Path) -> Self {
        Self::read_with(path, &Schemes::default())
    }

    /// The same for upstreams with addresses of these schemes.
    pub fn read_with(path: &Path, schemes: &Schemes) -> Self {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let mut diagnostics = check_name(&name, path);
        let schema_path = path.join("connector.graphql");
        let shown = schema_path.display().to_string();
        let mut schema_only = None;
        let subgraph = match std::fs::read_to_string(&schema_path) {
            Ok(text) => {
                let (subgraph, of_schema) = read_sdl_with(&name, &shown, &text, schemes);
                diagnostics.extend(of_schema);
                schema_only = match &subgraph {
                    Some(subgraph) => Some(set_aside(subgraph)),
                    None => {
                        let (schema, _) = normalise(&name, &shown, &text);
                        schema.as_ref().map(set_aside)
                    }
                };
                subgraph
            }
            Err(error) => {
                diagnostics.push(
                    Diagnostic::error(
                        &code::UNREADABLE,
                        &name,
                        format!("`{shown}` cannot be read: {error}"),
                    )
                    .at(Some(Span::of_file(&shown)))
                    .help(match error.kind() {
                        std::io::ErrorKind::InvalidData => "save the file as UTF-8",
                        _ => "a connector's folder holds its schema in `connector.graphql`",
                    }),
                );
                None
            }
        };
        let (settings, of_settings) =
            FolderSettings::read_file(&name, &path.join("connector.toml"));
        diagnostics.extend(of_settings);
        let usable = !diagnostics.iter().any(Diagnostic::is_error);
        Self {
            subgraph: subgraph.filter(|_| usable),
            schema_only,
            settings,
            diagnostics,
        }
    }
}

/// Reads a connector from the text of its schema, for tests and supergraphs. Diagnostics show `path`.
pub fn read_sdl(name: &str, path: &str, text: &str) -> (Option<Subgraph>, Vec<Diagnostic>) {
    read_sdl_with(name, path, text, &Schemes::default())
}

/// The same for upstreams with addresses of these schemes.
pub fn read_sdl_with(
    name: &str,
    path: &str,
    text: &str,
    schemes: &Schemes,
) -> (Option<Subgraph>, Vec<Diagnostic>) {
    let (read, mut findings) = schema::read(name, path, text);
    let subgraph = if findings.has_errors() {
        None
    } else {
        subgraph(name, read, schemes, &mut findings)
    };
    let usable = !findings.has_errors();
    (subgraph.filter(|_| usable), findings.into_sorted())
}

/// Reads only the schema, however its fields are fetched: a subgraph of kind [`SubgraphKind::Native`]. For schemas mounted
/// in this process, and for subgraphs of a supergraph whose services are given otherwise.
pub fn normalise(name: &str, path: &str, text: &str) -> (Option<Subgraph>, Vec<Diagnostic>) {
    let (read, findings) = schema::read(name, path, text);
    let usable = !findings.has_errors();
    let subgraph = Subgraph {
        name: name.to_owned(),
        federation: read.links.federation(),
        schema: read.schema,
        kind: SubgraphKind::Native,
    };
    (usable.then_some(subgraph), findings.into_sorted())
}

fn subgraph(
    name: &str,
    read: schema::ReadSchema,
    schemes: &Schemes,
    findings: &mut Findings,
) -> Option<Subgraph> {
    let kind = connects::read(name, &read, schemes, findings)?;
    Some(Subgraph {
        name: name.to_owned(),
        federation: read.links.federation(),
        schema: read.schema,
        kind,
    })
}

/// The name is used in URLs, metrics, file names and configuration keys, so it is limited to characters that all of
/// these allow.
fn check_name(name: &str, path: &Path) -> Vec<Diagnostic> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
    if starts && name.chars().all(plain) && name.len() <= 64 {
        return Vec::new();
    }
    vec![
        Diagnostic::error(
            &code::INVALID_NAME,
            name,
            format!("`{}` is not a connector's name", path.display()),
        )
        .help("lower-case letters, digits, `-` and `_`, a letter first, at most 64"),
    ]
}
