//! What a slot is addressed by.

use std::sync::Arc;

use apollo_compiler::{Name, Node, ast};

/// A field with its arguments in canonical text: the identity of a value at a position.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotKey {
    /// The field.
    pub field: Name,
    /// The arguments sorted by name, as GraphQL text; empty without arguments.
    pub arguments: Arc<str>,
    /// The response key, where a response field has a slot of its own: each root field of a mutation, which is an
    /// execution of its own, and the fields of
    /// [`Position::separated`](super::requested::Position::separated).
    pub response: Option<Name>,
}

impl SlotKey {
    /// The key of a field, independent of the order of its arguments.
    pub(super) fn of(field: &Name, arguments: &[Node<ast::Argument>]) -> Self {
        let mut texts: Vec<String> = arguments
            .iter()
            .map(|argument| {
                let value = argument.value.serialize().no_indent();
                format!("{}: {value}", argument.name)
            })
            .collect();
        texts.sort();
        SlotKey {
            field: field.clone(),
            arguments: Arc::from(texts.join(", ")),
            response: None,
        }
    }
}
