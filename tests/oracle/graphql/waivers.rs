//! Differences that are known, each with its reason: `waivers.toml`.

use std::path::Path;

use serde::Deserialize;

/// A difference that is meant, or that others have to settle.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Waiver {
    /// What differs.
    kind: String,
    /// What the difference says somewhere.
    text: String,
    /// An operation on the graph of `tests/validation` that shows it.
    pub(super) operation: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    waiver: Vec<Waiver>,
}

pub(super) fn read() -> Vec<Waiver> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/graphql/waivers.toml");
    let file: File = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    for waiver in &file.waiver {
        let said = !waiver.reason.trim().is_empty() && !waiver.text.is_empty();
        assert!(said, "{}: no reason or text", waiver.kind);
    }
    file.waiver
}

impl Waiver {
    pub(super) fn covers(&self, kind: &str, text: &str) -> bool {
        self.kind == kind && text.contains(&self.text)
    }
}
