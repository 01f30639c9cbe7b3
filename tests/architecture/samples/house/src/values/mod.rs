//! Imports in each form. `crate::top` in a comment is none.

mod ring_a;
mod ring_b;
mod ring_c;

#[cfg(test)]
mod tests;

#[cfg(test)]
use crate::top::OnlyForTests;

/// Not an import: `crate::top::run`.
pub struct Value;

// Re-exports are where a name is found, not a use.
pub use ring_a::RingA;

#[cfg(all(test, unix))]
mod inline {
    use crate::top::OnlyForTests;
}

// What follows the first `#[cfg(test)]` counts.
// Breaks: a list over several lines.
use crate::{
    shapes::Shape,
    top::{
        run,
        stop as halt,
    },
};

#[macro_export]
macro_rules! value {
    // Breaks: a path in a macro.
    () => {
        $crate::top::run()
    };
}

/// A text is no import.
pub const TEXT: &str = "crate::top::run";

pub mod block {
    // Breaks: `super` from a block to the root of the crate.
    use super::super::top::Top;

    #[derive(Debug)]
    // Breaks: a path in the text of an attribute.
    #[serde(with = "crate::top::text")]
    pub struct Block(Top);
}
