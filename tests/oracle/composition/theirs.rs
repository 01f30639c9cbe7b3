//! The compositions by the oracle: one Node process for all sets.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::json;

use super::ours::Ours;
use super::sets::Set;

/// The composition of a set, or its errors.
#[derive(Debug, Deserialize)]
pub(super) struct Theirs {
    pub(super) supergraph: Option<String>,
    /// The public schema.
    pub(super) api: Option<Reading>,
    #[serde(default)]
    pub(super) errors: Vec<TheirError>,
    /// The result of reading our supergraph.
    pub(super) reading: Option<Reading>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TheirError {
    pub(super) code: String,
    pub(super) message: String,
}

impl TheirError {
    /// Whether the error says of one subgraph both that it lacks a field and that it has it.
    ///
    /// Such an error reads `- from subgraph "a":`, then `- cannot find field "T.f".`, then
    /// `- cannot move to subgraph "a", which has field "T.f", because …`.
    pub(super) fn contradicts_itself(&self) -> bool {
        let mut subgraph = "";
        let mut missing = "";
        for line in self.message.lines() {
            let names: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
            let line = line.trim_start_matches([' ', '-']);
            match names[..] {
                [from] if line.starts_with("from subgraph ") => subgraph = from,
                [field] if line.starts_with("cannot find field ") => missing = field,
                [to, field, ..] if line.starts_with("cannot move to subgraph ") => {
                    let contradicts = to == subgraph && field == missing;
                    if contradicts {
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }
}

/// A public schema, or the errors.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Reading {
    Api(String),
    Error(String),
}

/// Composes all sets by the oracle, which is installed in `folder`.
pub(super) fn compose(folder: &Path, sets: &[Set], ours: &[Ours]) -> Vec<Theirs> {
    let asked: Vec<_> = sets
        .iter()
        .zip(ours)
        .map(|(set, ours)| {
            let subgraphs = set.subgraphs.iter();
            let subgraphs: Vec<_> = subgraphs
                .map(|given| json!({"name": given.name, "sdl": given.theirs}))
                .collect();
            json!({"subgraphs": subgraphs, "supergraph": ours.supergraph})
        })
        .collect();
    let mut node = Command::new("node")
        .arg(folder.join("compose.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node");
    let mut stdin = node.stdin.take().unwrap();
    stdin
        .write_all(&serde_json::to_vec(&asked).unwrap())
        .unwrap();
    drop(stdin);
    let answer = node.wait_with_output().unwrap();
    assert!(answer.status.success(), "the oracle: {}", answer.status);
    let text = String::from_utf8(answer.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
