//! Expansion: a parsed text, and its items in the place of a spread.
//!
//! The text of a [`Selection`](super::Selection) is its own text, followed by a copy of the text of each mapping that it
//! spreads. The items that replace a spread have their locations in that copy:
//!
//! ```text
//! text     $.rows { ...&service }⏎id: srvid name
//! spread   at 12..20, its text 23..37
//! ```

use std::ops::Range;
use std::sync::Arc;

use super::ast::{Expr, ExprKind, Item, Path, Start, StepKind, SubSelection};
use crate::document::Str;

/// A parsed text.
#[derive(Debug)]
pub(super) struct ParsedText {
    /// Its syntax tree.
    pub(super) root: Expr,
    /// The text, followed by copies of those that it spreads.
    pub(super) text: Str,
    /// The length of the text itself.
    pub(super) length: usize,
    /// The named mappings that it spreads.
    pub(super) spreads: Vec<Spread>,
    /// How deep it nests.
    pub(super) nesting: usize,
}

/// A spread of a named mapping in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spread {
    /// The name of the mapping.
    pub name: Str,
    /// The location of `&name`: in the text itself, or in the copy of another mapping.
    pub at: Range<usize>,
    /// The location of the copy of the mapping's own text.
    pub text: Range<usize>,
}

impl ParsedText {
    /// Its items, with their locations moved to a copy of its text at an offset.
    pub(super) fn items_at(&self, offset: usize) -> Vec<Item> {
        let mut items = match &self.root.kind {
            ExprKind::Object(selection) => selection.items.to_vec(),
            // A value without a name, as after `...`.
            _ => vec![Item::Spread {
                value: self.root.clone(),
            }],
        };
        items.iter_mut().for_each(|item| move_item(item, offset));
        items
    }

    /// The spreads in it, moved likewise.
    pub(super) fn spreads_at(&self, offset: usize) -> impl Iterator<Item = Spread> {
        self.spreads.iter().map(move |spread| Spread {
            name: spread.name.clone(),
            at: moved(&spread.at, offset),
            text: moved(&spread.text, offset),
        })
    }
}

fn moved(span: &Range<usize>, offset: usize) -> Range<usize> {
    span.start + offset..span.end + offset
}

fn move_item(item: &mut Item, offset: usize) {
    match item {
        Item::Field {
            name_span, value, ..
        } => {
            *name_span = moved(name_span, offset);
            move_expr(value, offset);
        }
        Item::Spread { value } => move_expr(value, offset),
    }
}

fn move_expr(expr: &mut Expr, offset: usize) {
    expr.span = moved(&expr.span, offset);
    match &mut expr.kind {
        ExprKind::Literal(_) => {}
        ExprKind::Array(exprs) | ExprKind::Chain(_, exprs) => {
            let exprs = Arc::make_mut(exprs).iter_mut();
            exprs.for_each(|expr| move_expr(expr, offset));
        }
        ExprKind::Object(selection) => move_selection(selection, offset),
        ExprKind::Path(path) => move_path(path, offset),
    }
}

fn move_selection(selection: &mut SubSelection, offset: usize) {
    selection.span = moved(&selection.span, offset);
    let items = Arc::make_mut(&mut selection.items).iter_mut();
    items.for_each(|item| move_item(item, offset));
}

fn move_path(path: &mut Path, offset: usize) {
    if let Start::Expression(expr) = &mut path.start {
        move_expr(Arc::make_mut(expr), offset);
    }
    for step in Arc::make_mut(&mut path.steps) {
        step.span = moved(&step.span, offset);
        match &mut step.kind {
            StepKind::Key(_) | StepKind::Optional | StepKind::Bind { value: None, .. } => {}
            StepKind::Bind {
                value: Some(value), ..
            } => move_expr(Arc::make_mut(value), offset),
            StepKind::Method(call) => Arc::make_mut(&mut call.arguments)
                .iter_mut()
                .for_each(|argument| move_expr(argument, offset)),
        }
    }
    if let Some(selection) = &mut path.selection {
        move_selection(selection, offset);
    }
}
