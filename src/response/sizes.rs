//! How large the parts of an execution are.

/// The sizes of an execution, measured or expected. Buffers are allocated with the expected sizes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sizes {
    /// Bytes of the response.
    pub(crate) answer: usize,
    /// Rows.
    pub(crate) rows: usize,
    /// Cells of all rows and lists.
    pub(crate) cells: usize,
}

impl Sizes {
    /// The expected sizes after these were measured: an eighth more, up to what is cheap to allocate in vain.
    #[must_use]
    pub fn expected(self) -> Sizes {
        let more = |seen: usize, most: usize| (seen + seen / 8).min(most);
        Sizes {
            answer: more(self.answer, 1024 * 1024).max(1024),
            rows: more(self.rows, 32 * 1024).max(8),
            cells: more(self.cells, 128 * 1024).max(32),
        }
    }
}
