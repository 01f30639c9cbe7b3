//! What a selection reads of its input.

use crate::document::Str;

/// A part of a document that is read.
///
/// Objects and lists are distinguished nowhere: what is needed of a list is needed of each of its
/// elements. A value that turns out to be neither object nor list is needed as it is, whatever
/// the keys say, because the language gives it back or warns about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// All of it.
    Whole,
    /// These keys of it, in the order of their first use. None: only whether it is there, is
    /// null, and how many elements it has.
    Keys(Vec<(Str, Need)>),
}

impl Need {
    /// What is needed of a key; `None` if it is not read.
    pub fn key(&self, name: &str) -> Option<&Need> {
        match self {
            Need::Whole => Some(&Need::Whole),
            Need::Keys(keys) => keys
                .iter()
                .find(|(key, _)| &**key == name)
                .map(|(_, need)| need),
        }
    }
}
