//! The part of its input that a selection reads.

use crate::document::Str;

/// A part of a document that is read.
///
/// Objects and lists are not distinguished: the part of a list is the part of each of its elements.
/// A value that is neither object nor list is read as it is, whatever the keys are, because the
/// language returns it or warns about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputMask {
    /// All of it.
    Whole,
    /// These keys of it, in the order of their first use. Without keys: only whether it is present
    /// or null, and how many elements it has.
    Keys(Vec<(Str, InputMask)>),
}

impl InputMask {
    /// The part of a key that is read; `None` if it is not read.
    pub fn key(&self, name: &str) -> Option<&InputMask> {
        match self {
            InputMask::Whole => Some(&InputMask::Whole),
            InputMask::Keys(keys) => keys
                .iter()
                .find(|(key, _)| &**key == name)
                .map(|(_, mask)| mask),
        }
    }
}
