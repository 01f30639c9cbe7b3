//! A selection of a list, as one of a connection: the object around the list of which clients read a part.
//!
//! `$.items { code name }` becomes what this text would be:
//!
//! ```text
//! nodes: $.items { code name }
//! edges: $.items { cursor: $("") node: $ { code name } }
//! pageInfo: { hasNextPage: $(false) hasPreviousPage: $(false) startCursor: $(null) endCursor: $(null) }
//! totalCount: $(null)
//! ```
//!
//! So everything that reads selections (checks, projections, `explain`) knows connections without code of its own. Who
//! joins the pages replaces the literals. All spans are those of the list, so that diagnostics point to the text.

use std::ops::Range;
use std::sync::Arc;

use super::ast::{Expr, ExprKind, Item, Path, Start, SubSelection};
use super::selection::Selection;
use crate::document::{Str, Value};

impl Selection {
    /// The same as a connection; `None` if it does not end with braces, so that the fields of an element are not known.
    pub fn as_connection(&self) -> Option<Selection> {
        let list = list_of(self.root())?;
        let span = self.root().span.clone();
        let fields = list.selection.clone()?;
        let edge = SubSelection {
            items: Arc::new([
                field("cursor", literal(Value::from(""), &span), &span),
                field("node", path(input(Some(fields)), &span), &span),
            ]),
            span: span.clone(),
        };
        let edges = Path {
            selection: Some(edge),
            ..list.clone()
        };
        let page_info = [
            ("hasNextPage", Value::Bool(false)),
            ("hasPreviousPage", Value::Bool(false)),
            ("startCursor", Value::Null),
            ("endCursor", Value::Null),
        ];
        let page_info = page_info.map(|(name, value)| field(name, literal(value, &span), &span));
        let page_info = ExprKind::Object(SubSelection {
            items: page_info.into(),
            span: span.clone(),
        });
        let page_info = Expr {
            kind: page_info,
            span: span.clone(),
        };
        let connection = SubSelection {
            items: Arc::new([
                field("nodes", path(list, &span), &span),
                field("edges", path(edges, &span), &span),
                field("pageInfo", page_info, &span),
                field("totalCount", literal(Value::Null, &span), &span),
            ]),
            span: span.clone(),
        };
        Some(self.with_root(Expr {
            kind: ExprKind::Object(connection),
            span,
        }))
    }
}

/// The path that leads to the list, with the fields of an element in its braces.
fn list_of(root: &Expr) -> Option<Path> {
    match &root.kind {
        ExprKind::Path(path) => Some(path.clone()),
        ExprKind::Object(selection) => match &*selection.items {
            [Item::Spread { value }] => value.as_path().cloned(),
            // Named fields select from each element of the document.
            _ => Some(input(Some(selection.clone()))),
        },
        _ => None,
    }
}

fn input(selection: Option<SubSelection>) -> Path {
    Path {
        start: Start::Input,
        bare: false,
        steps: Arc::default(),
        selection,
    }
}

fn path(path: Path, span: &Range<usize>) -> Expr {
    Expr {
        kind: ExprKind::Path(path),
        span: span.clone(),
    }
}

fn literal(value: Value, span: &Range<usize>) -> Expr {
    Expr {
        kind: ExprKind::Literal(value),
        span: span.clone(),
    }
}

fn field(name: &str, value: Expr, span: &Range<usize>) -> Item {
    Item::Field {
        name: Str::from(name),
        name_span: span.clone(),
        value,
    }
}
