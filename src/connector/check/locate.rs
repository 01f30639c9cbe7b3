//! Finds the part of a selection's text that yields a field.

use std::ops::Range;

use crate::document::Str;
use crate::mapping::ast::{Expr, ExprKind, Item, Path, Start, StepKind, SubSelection};

/// The location of the name at the end of a path of names; `None` if no part of the text writes it.
pub(super) fn locate(expr: &Expr, path: &[Str]) -> Option<Range<usize>> {
    find(expr, path).map(|(name_span, _)| name_span.clone())
}

/// The name at the end of a path of names, and the expression of its value.
pub(super) fn find<'e>(expr: &'e Expr, path: &[Str]) -> Option<(&'e Range<usize>, &'e Expr)> {
    if path.is_empty() {
        return None;
    }
    match &expr.kind {
        ExprKind::Literal(_) => None,
        ExprKind::Array(elements) | ExprKind::Chain(_, elements) => {
            elements.iter().find_map(|element| find(element, path))
        }
        ExprKind::Object(selection) => in_selection(selection, path),
        ExprKind::Path(of) => in_path(of, path),
    }
}

fn in_path<'e>(of: &'e Path, path: &[Str]) -> Option<(&'e Range<usize>, &'e Expr)> {
    let selected = of.selection.as_ref();
    if let Some(location) = selected.and_then(|selection| in_selection(selection, path)) {
        return Some(location);
    }
    let in_steps = of.steps.iter().find_map(|step| match &step.kind {
        StepKind::Method(call) => call
            .arguments
            .iter()
            .find_map(|argument| find(argument, path)),
        StepKind::Bind { value, .. } => value.as_ref().and_then(|value| find(value, path)),
        StepKind::Key(_) | StepKind::Optional => None,
    });
    in_steps.or_else(|| match &of.start {
        Start::Expression(inner) => find(inner, path),
        Start::Input | Start::Current | Start::Variable(_) => None,
    })
}

fn in_selection<'e>(
    selection: &'e SubSelection,
    path: &[Str],
) -> Option<(&'e Range<usize>, &'e Expr)> {
    let (first, rest) = path.split_first()?;
    selection.items.iter().find_map(|item| match item {
        Item::Field {
            name,
            name_span,
            value,
        } if name == first => match rest {
            [] => Some((name_span, value)),
            _ => find(value, rest),
        },
        Item::Field { .. } => None,
        Item::Spread { value } => find(value, path),
    })
}
