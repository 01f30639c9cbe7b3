//! Where the keys of `sangam.toml` are, for problems that are found after it was read: a secret that is not set, a connector
//! that does not exist.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::environment::Environment;
use crate::connector::diagnostic::{SourceText, Span};

/// The locations of the keys, by their path: `limits.depth`, `connector.lgd.sources.a`.
#[derive(Clone, Default)]
pub(super) struct Places {
    source: Option<Arc<SourceText>>,
    keys: BTreeMap<String, Range<usize>>,
}

impl fmt::Debug for Places {
    /// Shows the keys: the text of the file may hold what is masked elsewhere.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys.keys()).finish()
    }
}

impl Places {
    /// The keys of a file.
    pub(super) fn of(source: &Arc<SourceText>, table: &DeTable<'_>) -> Places {
        let mut places = Places {
            source: Some(Arc::clone(source)),
            keys: BTreeMap::new(),
        };
        places.add("", table);
        places
    }

    fn add(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = format!("{prefix}{}", key.get_ref());
            if let DeValue::Table(inner) = value.get_ref() {
                self.add(&format!("{path}."), inner);
            }
            self.keys.insert(path, key.span());
        }
    }

    /// Removes the keys that variables of the environment set: what is in the file does not count there.
    pub(super) fn without(mut self, environment: &Environment) -> Places {
        for (name, _) in environment.with_prefix("SANGAM_") {
            let name = name.to_lowercase();
            let variable = |key: &str| key.to_lowercase().replace(['.', '-'], "_");
            self.keys.retain(|key, _| variable(key) != name);
        }
        self
    }

    /// The location of a key, or of the table that it would be in.
    pub(super) fn of_key(&self, path: &str) -> Option<Span> {
        let mut path = path;
        loop {
            if let Some(range) = self.keys.get(path) {
                return Some(Span {
                    source: self.source.clone()?,
                    range: range.clone(),
                });
            }
            path = path.rsplit_once('.')?.0;
        }
    }
}
