//! Named operations: the files of a folder as operations that clients call by name.
//!
//! [`NamedOperations::load`] compiles the texts of the files. A file that the gateway would refuse gives a diagnostic, and its name
//! stays with the reason ([`Named::Refused`]), so that a client learns it; the others are not affected. [`parameters`] coerces the
//! parameters of a URL to variables, by their types. [`openapi`] describes all of them for programs. Pure.

mod comment;
mod load;
mod openapi;
mod parameters;
mod problems;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

pub use self::load::OperationFile;
pub use self::openapi::{DescribedFormat, Formats};
pub use self::parameters::{Given, Parameter, RESERVED_PARAMETERS, UnfitParameters};
use crate::connector::Diagnostic;
use crate::document::Value;

/// The name under which the description of all operations is found: no operation may have it.
pub const DESCRIPTION: &str = "openapi";

/// An operation that clients call by name.
#[derive(Debug)]
pub struct NamedOperation {
    /// Its name.
    pub name: Arc<str>,
    /// The name with which it is chosen from its text; `None` if it has none there.
    pub operation_name: Option<Arc<str>>,
    /// The first paragraph of the comment above it, on one line; empty if there is none.
    pub description: String,
    /// The text of its file.
    pub text: Arc<str>,
    /// Whether it is a mutation, else it is a query.
    pub is_mutation: bool,
    /// Its variables.
    pub parameters: Vec<Parameter>,
    /// Example variables, by name, from `<Name>.variables.json`.
    pub example: Option<Value>,
    /// The JSON Schema of its data.
    pub(crate) data: serde_json::Value,
}

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
    by_name: BTreeMap<Arc<str>, Named>,
    /// What is wrong with the files.
    pub problems: Vec<Diagnostic>,
    /// The JSON Schemas of the input types and enums that they use, by name.
    types: openapi::Types,
    /// The description of all of them, when it was asked for.
    described: OnceLock<String>,
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

/// The names that are similar to `name`, at most three, the most similar first.
fn similar<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    // A longer name is none that was misspelt, and comparing takes time.
    const LONGEST: usize = 100;
    if name.len() > LONGEST {
        return Vec::new();
    }
    let lower = name.to_lowercase();
    let mut near: Vec<(usize, &str)> = known
        .map(|known| {
            (
                strsim::damerau_levenshtein(&lower, &known.to_lowercase()),
                known,
            )
        })
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, known)| known).collect()
}
