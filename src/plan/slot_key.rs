//! What a slot is addressed by.
//!
//! A directive of GraphQL services, such as `@upper` in `{ name @upper }`, is a part of the address like an argument: with
//! it, a service may give another value.

use std::sync::Arc;

use apollo_compiler::{Name, Node, ast};

/// A field with its arguments in canonical text: the identity of a value at a position.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotKey {
    /// The field.
    pub field: Name,
    /// The arguments sorted by name, as GraphQL text; empty without arguments.
    pub arguments: Arc<str>,
    /// The directives that are passed on to services, as GraphQL text; `None` without directives.
    pub directives: Option<Arc<str>>,
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
            directives: None,
            response: None,
        }
    }
}

/// The directives of a field or an operation that are passed on to services: those that the gateway does not execute.
pub(super) fn passed_on(
    directives: &ast::DirectiveList,
) -> impl Iterator<Item = &Node<ast::Directive>> {
    let is_executed = |name: &str| matches!(name, "skip" | "include" | "defer" | "stream");
    directives.iter().filter(move |one| !is_executed(&one.name))
}

/// Directives as GraphQL text; `None` without directives.
pub(super) fn text_of<'d>(
    directives: impl IntoIterator<Item = &'d Node<ast::Directive>>,
) -> Option<String> {
    let texts = directives.into_iter();
    let texts: Vec<String> = texts
        .map(|one| one.serialize().no_indent().to_string())
        .collect();
    (!texts.is_empty()).then(|| texts.join(" "))
}
