//! What is not in the grammar of documents (GraphQL specification, October 2021, appendix B) and `apollo-parser` takes.
//!
//! It leaves out an argument, or a field of an input object, that has a name and no value: `cancel(all)` would be `cancel`.
//! Pure.

use apollo_parser::Parser;
use apollo_parser::SyntaxNode;
use apollo_parser::cst;
use apollo_parser::cst::CstNode;

use super::refusal::MOST_ERRORS;
use super::validate::Violation;
use crate::plan::location_at;

/// What is wrong with a text that has been parsed without an error.
pub(super) fn check(text: &str) -> Vec<Violation> {
    let tree = Parser::new(text).parse();
    let nodes = tree.document().syntax().clone().descendants();
    let without = nodes.filter_map(without_value);
    // A place is found by reading the text up to it.
    without
        .take(MOST_ERRORS)
        .map(|(name, end)| {
            let message = format!("syntax error: expected a colon and a value after `{name}`");
            (message, vec![location_at(text, end)])
        })
        .collect()
}

/// The name of an argument or a field without a value, and where it ends.
fn without_value(node: SyntaxNode) -> Option<(String, usize)> {
    let (name, value) = match cst::Argument::cast(node.clone()) {
        Some(argument) => (argument.name(), argument.value()),
        None => {
            let field = cst::ObjectField::cast(node)?;
            (field.name(), field.value())
        }
    };
    let name = name.filter(|_| value.is_none())?;
    let text = name.text().to_string();
    let end = usize::from(name.syntax().text_range().start()) + text.len();
    Some((text, end))
}
