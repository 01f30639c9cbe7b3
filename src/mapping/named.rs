//! Named mappings: texts that other texts spread by `...&name`.
//!
//! A spread is expanded when a text is parsed: the items of the named mapping take its place, as if they had been written
//! there. So everything that reads a syntax tree sees through it, and `$`, `@` and the variables mean what they mean at the
//! place of the spread.
//!
//! A mapping that spreads two mappings, which spread two mappings each, and so on, doubles with each level. So a text with the
//! copies of what it spreads has a greatest length, like a text without spreads; and so have all copies in a folder together.

use std::cell::Cell;
use std::collections::HashMap;

use super::expand::ParsedText;
use crate::document::Str;

/// The most bytes of copies in all texts of a folder.
const MAX_COPIES: usize = 4 * 1024 * 1024;

/// The named mappings of a folder.
#[derive(Debug)]
pub struct NamedMappings {
    mappings: Vec<NamedMapping>,
    by_name: HashMap<Str, usize>,
    /// The bytes that copies may still take.
    left: Cell<usize>,
}

#[derive(Debug)]
struct NamedMapping {
    name: Str,
    /// `None` if it does not parse.
    parsed: Option<ParsedText>,
    is_spread: Cell<bool>,
}

/// What a lookup of a name finds.
pub(super) enum Lookup<'m> {
    Found(&'m ParsedText),
    /// It exists, and has problems of its own.
    Broken,
    Unknown,
}

impl Default for NamedMappings {
    /// None.
    fn default() -> Self {
        Self::new([])
    }
}

impl NamedMappings {
    /// Mappings with these unique names, not parsed yet.
    pub(super) fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let names = names.into_iter().map(|name| NamedMapping {
            name: Str::from(name),
            parsed: None,
            is_spread: Cell::new(false),
        });
        let mappings: Vec<NamedMapping> = names.collect();
        let by_name = mappings.iter().enumerate();
        NamedMappings {
            by_name: by_name
                .map(|(index, mapping)| (mapping.name.clone(), index))
                .collect(),
            mappings,
            left: Cell::new(MAX_COPIES),
        }
    }

    /// Sets a mapping, which may be spread from now on.
    pub(super) fn set(&mut self, index: usize, parsed: ParsedText) {
        self.mappings[index].parsed = Some(parsed);
    }

    /// The index of a name.
    pub(super) fn index(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Their names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.mappings.iter().map(|mapping| &*mapping.name)
    }

    /// Looks a mapping up to spread it.
    pub(super) fn spread(&self, name: &str) -> Lookup<'_> {
        let Some(index) = self.index(name) else {
            return Lookup::Unknown;
        };
        let mapping = &self.mappings[index];
        mapping.is_spread.set(true);
        match &mapping.parsed {
            Some(parsed) => Lookup::Found(parsed),
            None => Lookup::Broken,
        }
    }

    /// Whether a text spreads the mapping of this index.
    pub fn is_spread(&self, index: usize) -> bool {
        let mapping = self.mappings.get(index);
        mapping.is_some_and(|mapping| mapping.is_spread.get())
    }

    /// Takes bytes for a copy; false if not so many are left.
    pub(super) fn take(&self, bytes: usize) -> bool {
        let left = self.left.get().checked_sub(bytes);
        if let Some(left) = left {
            self.left.set(left);
        }
        left.is_some()
    }
}
