//! A delivery group: what is delivered in one payload.
//!
//! A query or a mutation has one group, whose root is the root of the operation. Nulls propagate to the root of their
//! group and not beyond it, because another group may have been sent already.

use super::error_list::ErrorList;
use super::store::RowId;

/// A delivery group while its fetches are executed.
#[derive(Debug)]
pub(crate) struct DeliveryGroup {
    /// The row from which its payload is written.
    pub(crate) root: RowId,
    /// The errors of its payload.
    pub(crate) errors: ErrorList,
}
