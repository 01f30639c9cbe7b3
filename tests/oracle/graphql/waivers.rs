//! The known differences with their reasons: `waivers.toml`.

use std::path::Path;

use serde::Deserialize;

/// A difference that is intended, or a fault of a library.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Waiver {
    /// The kind of the difference.
    kind: String,
    /// A part of the text of the difference.
    text: String,
    /// A part of the operation.
    within: Option<String>,
    /// An operation on the graph of `tests/validation` that shows it.
    pub(super) operation: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    waiver: Vec<Waiver>,
    coercion: Vec<Coercion>,
}

/// Values that are coerced differently.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Coercion {
    types: Vec<String>,
    /// As JSON.
    values: Vec<String>,
    reason: String,
}

fn file() -> File {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/graphql/waivers.toml");
    toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

pub(super) fn of_coercion() -> Vec<Coercion> {
    let waivers = file().coercion;
    assert!(
        waivers
            .iter()
            .all(|waiver| !waiver.reason.trim().is_empty())
    );
    waivers
}

impl Coercion {
    pub(super) fn covers(&self, ty: &str, value: &str) -> bool {
        let has = |list: &[String], wanted: &str| list.iter().any(|listed| listed == wanted);
        has(&self.types, ty) && has(&self.values, value)
    }
}

pub(super) fn read() -> Vec<Waiver> {
    let file = file();
    for waiver in &file.waiver {
        let said = !waiver.reason.trim().is_empty() && !waiver.text.is_empty();
        assert!(said, "{}: no reason or text", waiver.kind);
    }
    file.waiver
}

impl Waiver {
    pub(super) fn covers(&self, operation: &str, kind: &str, text: &str) -> bool {
        let within = self.within.as_ref();
        let within = within.is_none_or(|within| operation.contains(within));
        self.kind == kind && text.contains(&self.text) && within
    }
}
