//! The corpus: texts of this repository, from which mutation starts.

use std::path::{Path, PathBuf};

use super::input::Language;
use super::tokens::{Class, tokens, unquote};

/// The files below a folder of the repository with one of these extensions, sorted.
pub(super) fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let ending = path.extension().and_then(|ending| ending.to_str());
            if path.is_dir() {
                open.push(path);
            } else if ending.is_some_and(|ending| endings.contains(&ending)) {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

pub(super) fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

/// The fenced blocks of the Markdown files below these folders: info string and text. Cases, specs and pages have different
/// fences; here all are accepted.
pub(super) fn blocks(folders: &[&str]) -> Vec<(String, String)> {
    let paths = folders.iter().flat_map(|folder| files(folder, &["md"]));
    paths.flat_map(|path| blocks_of(&read(&path))).collect()
}

pub(super) fn blocks_of(text: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            out.push((info.to_owned(), body.join("\n") + "\n"));
        }
    }
    out
}

/// Schemas of connectors, with the directives that fetch.
pub(super) fn connectors() -> Vec<String> {
    let schemas = files("connectors", &["graphql"])
        .into_iter()
        .map(|path| read(&path));
    let folders = [
        "tests/connectors",
        "tests/execution",
        "tests/plans",
        "tests/composition",
        "docs",
    ];
    let cases = blocks(&folders).into_iter();
    let cases = cases.filter(|(info, text)| info.starts_with("graphql") && text.contains("@link"));
    schemas.chain(cases.map(|(_, text)| text)).collect()
}

/// Texts in the mapping language, and templates.
pub(super) fn mappings() -> Vec<String> {
    let mut out = Vec::new();
    for text in connectors() {
        for token in tokens(text.as_bytes(), Language::Graphql) {
            if token.class == Class::Text
                && let Some((inner, _)) = unquote(&token.bytes)
            {
                out.push(String::from_utf8_lossy(inner).into_owned());
            }
        }
    }
    for path in files("tests/mapping", &["md"]) {
        for line in read(&path).lines() {
            let keys = [
                "selection ",
                "value-selection ",
                "url ",
                "header ",
                "template ",
            ];
            let rest = keys.iter().find_map(|key| line.strip_prefix(key));
            out.extend(rest.map(|text| text.trim_start().to_owned()));
        }
    }
    out.sort();
    out.dedup();
    out.retain(|text| !text.trim().is_empty());
    out
}

/// JSON texts.
pub(super) fn documents() -> Vec<String> {
    let samples = files("connectors", &["json"]).into_iter();
    let samples = samples
        .map(|path| read(&path))
        .filter(|text| text.len() < 16 * 1024);
    let cases = blocks(&["tests/execution", "connectors"]).into_iter();
    let cases = cases.filter(|(info, _)| info.starts_with("json"));
    samples.chain(cases.map(|(_, text)| text)).collect()
}

/// A case of composition, planning or execution: its subgraphs, and its other blocks.
pub(super) struct Graph {
    /// Folder and file.
    pub(super) name: String,
    pub(super) subgraphs: Vec<(String, String)>,
    pub(super) blocks: Vec<(String, String)>,
}

pub(super) fn graphs(folder: &str) -> Vec<Graph> {
    let mut out = Vec::new();
    for path in files(&format!("tests/{folder}"), &["md"]) {
        let stem = path.file_stem().unwrap().to_string_lossy();
        let blocks = blocks_of(&read(&path));
        let named = |(info, text): &(String, String)| {
            let name = info.strip_prefix("graphql subgraph ");
            name.map(|name| (name.to_owned(), text.clone()))
        };
        out.push(Graph {
            name: format!("{folder}/{stem}"),
            subgraphs: blocks.iter().filter_map(named).collect(),
            blocks,
        });
    }
    out.retain(|graph| !graph.subgraphs.is_empty());
    out
}
