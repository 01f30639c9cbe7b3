//! One case file: its blocks, and writing them back.

use std::path::{Path, PathBuf};

/// A case.
pub(super) struct Case {
    pub(super) file: PathBuf,
    /// Name and SDL.
    pub(super) connectors: Vec<(String, String)>,
    /// A supergraph SDL to start from instead of connectors.
    pub(super) supergraph: Option<String>,
    /// Label and text of each expectation.
    expected: Vec<(String, String)>,
    text: String,
}

impl Case {
    pub(super) fn read(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap();
        let mut case = Self {
            file: file.to_owned(),
            connectors: Vec::new(),
            supergraph: None,
            expected: Vec::new(),
            text: text.clone(),
        };
        for (label, body) in blocks(&text) {
            match label.strip_prefix("connector=") {
                Some(name) => case.connectors.push((name.to_owned(), body)),
                None if label == "given-supergraph" => case.supergraph = Some(body),
                None => case.expected.push((label, body)),
            }
        }
        let given = case.connectors.is_empty() != case.supergraph.is_none();
        assert!(given, "{}: nothing to compose", file.display());
        case
    }

    /// Where what came out differs from what is expected.
    pub(super) fn compare(&self, found: &[(&'static str, String)]) -> Vec<String> {
        let mut differences = Vec::new();
        for (label, text) in found {
            let expected = self.expected.iter().find(|(have, _)| have == label);
            let differs = match expected {
                Some((_, expected)) => expected.trim() != text.trim(),
                None => *label == "diagnostics" && !text.is_empty(),
            };
            if differs {
                let expected = expected.map_or("", |(_, expected)| expected.trim());
                differences.push(format!(
                    "--- expected {label}\n{expected}\n--- found\n{text}\n"
                ));
            }
        }
        differences
    }

    /// Writes what came out into the blocks that are there.
    pub(super) fn update(&mut self, found: &[(&'static str, String)]) {
        let mut out = String::new();
        let mut skipping = false;
        for line in self.text.lines() {
            if skipping {
                skipping = line != "```";
                if skipping {
                    continue;
                }
            }
            out.push_str(line);
            out.push('\n');
            let label = line
                .strip_prefix("```")
                .and_then(|info| info.split_once(' '));
            let found = label.and_then(|(_, label)| found.iter().find(|(have, _)| *have == label));
            if let Some((_, text)) = found {
                let text = text.trim();
                out.push_str(text);
                if !text.is_empty() {
                    out.push('\n');
                }
                skipping = true;
            }
        }
        std::fs::write(&self.file, out).unwrap();
    }
}

/// The fenced blocks that have a label after the language.
pub(crate) fn blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if let Some((_, label)) = info.split_once(' ') {
            blocks.push((label.to_owned(), body.join("\n") + "\n"));
        }
    }
    blocks
}
