//! Static analysis of a selection: what it yields, and what it reads of its input and of each
//! variable.
//!
//! The text is evaluated once over abstract values: positions in a document instead of the values
//! there. A position is *demanded* if it is a part of the result, if a method examines it, or if a
//! condition depends on it; the demanded positions are what the selection reads. So `$({ a: $.x, b:
//! $.y }).a` reads `x` alone, and `$batch { id }` reads the `id` of a batch, not the batch.

mod abstracts;
mod object;
mod variable_use;
mod walk;

pub use variable_use::VariableUse;

use super::ast::Expr;
use super::input_mask::InputMask;
use super::shape::Shape;
use crate::document::Str;

/// The result of the analysis.
#[derive(Debug, Clone)]
pub(super) struct Analysis {
    pub(super) shape: Shape,
    pub(super) mask: InputMask,
    pub(super) variables: Vec<VariableUse>,
    pub(super) bound: Vec<Str>,
}

/// Analyses an expression.
pub(super) fn analyse(expr: &Expr) -> Analysis {
    let mut walk = walk::Walk::new();
    let result = walk.root(expr);
    walk.demand(&result);
    Analysis {
        shape: result.shape(),
        mask: walk.positions.mask(),
        variables: walk.positions.uses(),
        bound: walk.bound,
    }
}
