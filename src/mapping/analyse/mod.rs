//! What can be said of a selection without evaluating it: what it yields, what it reads of its
//! input, and what of each variable.
//!
//! The text is evaluated once over abstract values: a position in a document instead of the
//! value there. What a result holds, a method looks into, or a condition depends on, is *demanded*;
//! the demanded positions are what the selection reads. So `$({ a: $.x, b: $.y }).a` reads `x`
//! alone, and `$batch { id }` reads the `id` of a batch, not the batch.

mod abstracts;
mod object;
mod variable_use;
mod walk;

pub use variable_use::VariableUse;

use super::ast::Expr;
use super::needs::Need;
use super::shape::Shape;

/// What is known of a selection.
#[derive(Debug, Clone)]
pub(super) struct Analysis {
    pub(super) shape: Shape,
    pub(super) need: Need,
    pub(super) variables: Vec<VariableUse>,
}

/// Analyses an expression.
pub(super) fn analyse(expr: &Expr) -> Analysis {
    let mut walk = walk::Walk::new();
    let result = walk.root(expr);
    walk.demand(&result);
    Analysis {
        shape: result.shape(),
        need: walk.positions.need(),
        variables: walk.positions.uses(),
    }
}
