//! Syntax errors (GraphQL specification, October 2021, appendix B) that `apollo-parser` accepts.
//!
//! The parser drops an argument, or a field of an input object, that has a name and no value: it would execute
//! `cancel(all)` as `cancel`. This check refuses such a text. It does no IO.

use apollo_parser::cst::CstNode;
use apollo_parser::{Parser, SyntaxNode, cst};

use super::rejection::{MOST_VIOLATIONS, Violation};
use crate::plan::location_at;

/// The syntax errors of a text that was parsed without an error.
pub(super) fn check(text: &str) -> Vec<Violation> {
    let tree = Parser::new(text).parse();
    let nodes = tree.document().syntax().clone().descendants();
    let without = nodes.filter_map(without_value);
    // Limited first: computing a location reads the text from its beginning.
    without
        .take(MOST_VIOLATIONS)
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
