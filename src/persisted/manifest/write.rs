//! Writes a manifest, for clients that have no tool of their own for this.

use serde_json::{Map, Value, json};

use super::read::{APOLLO_FORMAT, APOLLO_VERSION};

/// A form of manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestFormat {
    /// A list of operations with id, name, type and body.
    Apollo,
    /// Ids and their texts.
    ById,
}

/// An operation text to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenDocument<'d> {
    /// Its id.
    pub id: String,
    /// The name of its operation.
    pub name: &'d str,
    /// `query`, `mutation` or `subscription`.
    pub kind: &'d str,
    /// The text.
    pub text: &'d str,
}

/// The manifest as a JSON text that ends with a newline.
pub fn write(documents: &[WrittenDocument<'_>], format: ManifestFormat) -> String {
    let manifest = match format {
        ManifestFormat::Apollo => {
            let operations = documents.iter().map(|document| {
                json!({
                    "id": document.id,
                    "name": document.name,
                    "type": document.kind,
                    "body": document.text,
                })
            });
            json!({
                "format": APOLLO_FORMAT,
                "version": APOLLO_VERSION.parse::<u32>().unwrap_or(1),
                "operations": operations.collect::<Vec<_>>(),
            })
        }
        ManifestFormat::ById => {
            let members = documents.iter();
            let members = members.map(|one| (one.id.clone(), Value::from(one.text)));
            Value::Object(members.collect::<Map<_, _>>())
        }
    };
    format!("{manifest:#}\n")
}
