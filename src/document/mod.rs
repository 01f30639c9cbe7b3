//! What an upstream answered: a body, its values, and readers over it.

/// A value (its real definition replaces this one).
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Null.
    Null,
}
