//! All named operations of a gateway.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::openapi::Types;
use super::operation::NamedOperation;
use super::similar::similar;
use crate::connector::Diagnostic;

/// The name under which the description of all operations is found: no operation may have it.
pub const DESCRIPTION: &str = "openapi";

/// What a name stands for.
#[derive(Debug)]
pub enum Named {
    /// An operation that can be executed.
    Ready(NamedOperation),
    /// An operation that the gateway refuses, and why.
    Refused(String),
}

/// The named operations of a gateway.
#[derive(Debug, Default)]
pub struct NamedOperations {
    pub(super) by_name: BTreeMap<Arc<str>, Named>,
    /// What is wrong with the files.
    pub problems: Vec<Diagnostic>,
    /// The JSON Schemas of the input types and enums that they use, by name.
    pub(super) types: Types,
    /// The description of all of them, when it was asked for.
    pub(super) described: OnceLock<String>,
}

impl NamedOperations {
    /// What a name stands for.
    pub fn get(&self, name: &str) -> Option<&Named> {
        self.by_name.get(name)
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Named)> {
        self.by_name.iter().map(|(name, named)| (&**name, named))
    }

    /// The number of those that can be executed.
    pub fn ready(&self) -> usize {
        let ready = |named: &&Named| matches!(named, Named::Ready(_));
        self.by_name.values().filter(ready).count()
    }

    /// The names that are similar to this one, at most three, the most similar first.
    pub fn similar(&self, name: &str) -> Vec<&str> {
        similar(name, self.by_name.keys().map(|known| &**known))
    }
}
