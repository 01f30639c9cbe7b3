//! Persisted operations: clients send the id or the hash of an operation text instead of the text.
//!
//! - [`hash`]: the SHA-256 of a text.
//! - [`reference`](mod@reference): how a request refers to a text: `documentId`, or `extensions.persistedQuery`.
//! - [`manifest`]: the files in which clients' build tools list the texts of an app, read and written.
//! - [`folder`]: reads the manifests that the settings name, and the named operations; keeps the last version of a file that
//!   has an error.
//! - [`trusted`]: all these texts, by id, by hash, and by what they say.
//!
//! Texts that clients register at run time (automatic persisted queries) are in the cache. This room executes and compiles
//! nothing: `gateway/` decides what a reference means for a request.

pub mod folder;
mod hash;
pub mod manifest;
mod reference;
mod trusted;

pub use hash::Sha256;
pub use reference::{MalformedReference, Reference, is_in};
pub use trusted::{TrustedDocument, TrustedDocuments};
