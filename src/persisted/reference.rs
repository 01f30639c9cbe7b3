//! How a request refers to an operation text that the gateway may have.
//!
//! | in the request | sent by |
//! |---|---|
//! | `extensions.persistedQuery { version: 1, sha256Hash }` | Apollo Client, urql: the SHA-256 of the text, or an id of a manifest |
//! | `documentId: "sha256:…"` | the draft of GraphQL over HTTP, GraphQL Code Generator: the SHA-256 of the text |
//! | `documentId`, `doc_id`, `id` | the same draft, and Relay: an id of a manifest |

use super::hash::Sha256;
use crate::document::Value;

/// The member of `extensions`.
const EXTENSION: &str = "persistedQuery";

/// The prefix of a `documentId` that is a hash.
const PREFIX: &str = "sha256:";

/// A reference to an operation text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference<'r> {
    /// The id as it was sent.
    pub sent: &'r str,
    /// The id without the prefix of a hash.
    pub id: &'r str,
    /// The id, if it can be the SHA-256 of a text.
    pub hash: Option<Sha256>,
    /// Whether the client says that the id is a hash of the text.
    pub is_hash: bool,
}

/// A reference that cannot be read. It displays as the message for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedReference {
    /// The extension is no object.
    #[error("`extensions.persistedQuery` must be an object")]
    NoObject,
    /// The extension has no version, or an unknown one.
    #[error("`extensions.persistedQuery.version` must be 1; no other version is supported")]
    Version,
    /// The extension has no hash.
    #[error("`extensions.persistedQuery.sha256Hash` must be a string")]
    Hash,
    /// The prefix of a hash without one.
    #[error("`documentId` begins with `sha256:`, and 64 hexadecimal digits must follow")]
    Digits,
    /// Two references.
    #[error("Send either `documentId` or `extensions.persistedQuery`, not both")]
    Two,
}

/// Whether a request refers to a text by its extensions.
pub fn is_in(extensions: Option<&Value>) -> bool {
    extension(extensions).is_some()
}

/// The extension, unless it is null.
fn extension(extensions: Option<&Value>) -> Option<&Value> {
    let extension = extensions?.get(EXTENSION)?;
    (!extension.is_null()).then_some(extension)
}

impl<'r> Reference<'r> {
    /// The reference of a request; `None` if it has none.
    ///
    /// # Errors
    /// The reference cannot be read, or there are two.
    pub fn of(
        document_id: Option<&'r str>,
        extensions: Option<&'r Value>,
    ) -> Result<Option<Reference<'r>>, MalformedReference> {
        match (document_id, extension(extensions)) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(MalformedReference::Two),
            (Some(id), None) => Reference::of_id(id).map(Some),
            (None, Some(extension)) => Reference::of_extension(extension).map(Some),
        }
    }

    fn of_id(id: &'r str) -> Result<Reference<'r>, MalformedReference> {
        match id.strip_prefix(PREFIX) {
            Some(digits) => Ok(Reference {
                sent: id,
                id: digits,
                hash: Some(Sha256::parse(digits).ok_or(MalformedReference::Digits)?),
                is_hash: true,
            }),
            None => Ok(Reference {
                sent: id,
                id,
                hash: Sha256::parse(id),
                is_hash: false,
            }),
        }
    }

    fn of_extension(extension: &'r Value) -> Result<Reference<'r>, MalformedReference> {
        if extension.as_object().is_none() {
            return Err(MalformedReference::NoObject);
        }
        let version = extension.get("version").and_then(Value::as_number);
        if version.and_then(|version| version.as_i64()) != Some(1) {
            return Err(MalformedReference::Version);
        }
        let id = extension.get("sha256Hash").and_then(Value::as_str);
        let sent = id.ok_or(MalformedReference::Hash)?;
        let id = sent.strip_prefix(PREFIX).unwrap_or(sent);
        Ok(Reference {
            sent,
            id,
            hash: Sha256::parse(id),
            is_hash: true,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(id: Option<&str>, extensions: &str) -> Result<Option<(String, bool, bool)>, String> {
        let extensions = Value::parse_json(extensions.as_bytes()).unwrap();
        assert_eq!(
            is_in(Some(&extensions)),
            extension(Some(&extensions)).is_some()
        );
        let reference = Reference::of(id, Some(&extensions));
        let reference = reference.map_err(|error| error.to_string())?;
        Ok(reference.map(|one| (one.id.to_owned(), one.hash.is_some(), one.is_hash)))
    }

    #[test]
    fn reads_what_clients_send() {
        let hash = "a".repeat(64);
        let by_hash = format!(r#"{{"persistedQuery":{{"version":1,"sha256Hash":"{hash}"}}}}"#);
        assert_eq!(of(None, &by_hash), Ok(Some((hash.clone(), true, true))));
        let prefixed = by_hash.replace(&hash, &format!("sha256:{hash}"));
        assert_eq!(of(None, &prefixed), Ok(Some((hash.clone(), true, true))));
        // Older versions of GraphQL Code Generator hash with SHA-1.
        let sha1 = "b".repeat(40);
        let by_sha1 = by_hash.replace(&hash, &sha1);
        assert_eq!(of(None, &by_sha1), Ok(Some((sha1, false, true))));
        let with_prefix = format!("sha256:{hash}");
        assert_eq!(
            of(Some(&with_prefix), "{}"),
            Ok(Some((hash.clone(), true, true)))
        );
        assert_eq!(of(Some(&hash), "{}"), Ok(Some((hash.clone(), true, false))));
        assert_eq!(
            of(Some("DistrictCard"), "{}"),
            Ok(Some(("DistrictCard".to_owned(), false, false)))
        );
        assert_eq!(of(None, r#"{"sangam":{}}"#), Ok(None));
        assert_eq!(of(None, r#"{"persistedQuery":null}"#), Ok(None));
    }

    #[test]
    fn says_what_is_wrong() {
        use MalformedReference::{Digits, Hash, NoObject, Two, Version};
        let cases = [
            (None, r#"{"persistedQuery":true}"#, NoObject),
            (None, r#"{"persistedQuery":"a"}"#, NoObject),
            (None, r#"{"persistedQuery":{}}"#, Version),
            (
                None,
                r#"{"persistedQuery":{"version":2,"sha256Hash":"a"}}"#,
                Version,
            ),
            (
                None,
                r#"{"persistedQuery":{"version":"1","sha256Hash":"a"}}"#,
                Version,
            ),
            (None, r#"{"persistedQuery":{"version":1}}"#, Hash),
            (
                None,
                r#"{"persistedQuery":{"version":1,"sha256Hash":5}}"#,
                Hash,
            ),
            (Some("sha256:abc"), "{}", Digits),
            (
                Some("a"),
                r#"{"persistedQuery":{"version":1,"sha256Hash":"a"}}"#,
                Two,
            ),
        ];
        for (id, extensions, expected) in cases {
            assert_eq!(
                of(id, extensions),
                Err(expected.to_string()),
                "{extensions}"
            );
        }
    }
}
