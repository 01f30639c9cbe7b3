//! Writes the URLs of files.

use super::Writer;
use super::leaves::kind;
use super::out::Halt;
use super::stack::Completion;
use crate::files::LONGEST_VALUE;
use crate::plan::output::OutputField;
use crate::response::failure::Failure;
use crate::response::store::Cell;

/// An empty text, as JSON.
const EMPTY: &[u8] = b"\"\"";

impl<'w> Writer<'w> {
    /// Writes the URL of the file that a value leads to.
    pub(super) fn file(
        &mut self,
        cell: Cell,
        file: u32,
        field: &'w OutputField,
    ) -> Result<Completion, Halt> {
        let value = match cell {
            Cell::String(text) | Cell::Number(text) => self.store.text(text),
            _ => &[],
        };
        if value.is_empty() || value == EMPTY || value.len() > LONGEST_VALUE {
            let found = match value.len() {
                0 => kind(cell),
                2 => "an empty text",
                _ => "a text that is too long",
            };
            let failure =
                || Failure::wrong_shape(&field.coordinate, "the address of a file", found);
            return Err(self.fail(failure, field));
        }
        let file = &self.output.files[file as usize];
        let declared = &*file.field;
        let url = self.files.url(
            &file.subgraph,
            &declared.coordinate,
            value,
            declared.lifetime,
        );
        self.out.ensure(url.len() + 2)?;
        self.quote(url.as_bytes());
        Ok(Completion::Written)
    }
}
