//! What a document says as a page of a paginated list.

use crate::document::Value;

/// What a page says about itself and the list.
#[derive(Debug, Clone)]
pub(crate) struct PageFacts {
    /// The number of elements on the page.
    pub(crate) items: usize,
    /// Whether another page follows.
    pub(crate) more: Option<bool>,
    /// The number of elements of the list.
    pub(crate) total: Option<usize>,
    /// The cursor of the next page.
    pub(crate) next: Option<Value>,
}
