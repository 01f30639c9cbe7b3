//! Groups of rows with the same inputs: one representation or one key serves the whole group.

use std::borrow::Cow;

use ahash::AHashMap;

use crate::response::inputs::NoCall;
use crate::response::store::RowId;

/// The rows of one representation or key, with its JSON text.
pub(super) struct Group {
    pub(super) text: Vec<u8>,
    pub(super) rows: Vec<RowId>,
}

/// The bytes of a group without its text: its variables and its part of a request.
const GROUP: usize = 512;

/// Room for the text of a group: a type's name and a key.
pub(super) const TEXT: usize = 48;

/// Groups of rows by the text of their inputs, or by a key that identifies the text.
#[derive(Default)]
pub(super) struct Groups<'s> {
    pub(super) all: Vec<Group>,
    /// About the bytes that they and their requests take.
    pub(super) size: usize,
    /// The number of all rows, if known.
    rows: usize,
    indexes: AHashMap<Cow<'s, [u8]>, usize>,
    /// The last key and its group: rows with the same key often follow each other.
    last: Option<(&'s [u8], usize)>,
}

impl<'s> Groups<'s> {
    /// No groups yet, for this number of rows.
    pub(super) fn of(rows: usize) -> Self {
        Groups {
            rows,
            ..Groups::default()
        }
    }

    /// Adds a row to the group that has this text.
    pub(super) fn add(&mut self, text: &[u8], row: RowId) {
        match self.indexes.get(text) {
            Some(&index) => self.all[index].rows.push(row),
            None => {
                self.indexes
                    .insert(Cow::Owned(text.to_vec()), self.all.len());
                self.push(Group {
                    text: text.to_vec(),
                    rows: vec![row],
                });
            }
        }
    }

    fn push(&mut self, group: Group) {
        // The text is held here and in the request.
        self.size += GROUP + 2 * group.text.len();
        self.all.push(group);
    }

    /// Adds a row whose text follows from `key`. The text is written only for the first row with the key.
    ///
    /// # Errors
    /// The text cannot be written.
    pub(super) fn add_by_key(
        &mut self,
        key: &'s [u8],
        row: RowId,
        text: impl FnOnce() -> Result<Vec<u8>, NoCall>,
    ) -> Result<(), NoCall> {
        let last = self.last.filter(|(last_key, _)| *last_key == key);
        let last_index = last.map(|(_, index)| index);
        let index = match last_index.or_else(|| self.indexes.get(key).copied()) {
            Some(index) => index,
            None => {
                // If there are many rows and few groups, a group is likely to get several rows: reserve some room.
                let room = (self.rows / (self.all.len() + 1)).clamp(1, 16);
                self.push(Group {
                    text: text()?,
                    rows: Vec::with_capacity(room),
                });
                self.indexes.insert(Cow::Borrowed(key), self.all.len() - 1);
                self.all.len() - 1
            }
        };
        self.all[index].rows.push(row);
        self.last = Some((key, index));
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_one_key_are_together_wherever_they_stand() {
        let mut groups = Groups::default();
        for (row, key) in ["1", "1", "2", "1", "2"].iter().enumerate() {
            let text = || Ok(format!("{{\"id\":{key}}}").into_bytes());
            let row = RowId(row as u32);
            groups.add_by_key(key.as_bytes(), row, text).unwrap();
        }
        let unwritten = groups.add_by_key(b"3", RowId(5), || Err(NoCall::NoKey));
        assert_eq!(unwritten, Err(NoCall::NoKey));
        // As other rows of the same fetch may be distinguished.
        groups.add(b"{\"id\":true}", RowId(6));
        groups.add(b"{\"id\":true}", RowId(7));
        let all: Vec<(&[u8], Vec<u32>)> = groups
            .all
            .iter()
            .map(|group| (&*group.text, group.rows.iter().map(|row| row.0).collect()))
            .collect();
        let expected: [(&[u8], Vec<u32>); 3] = [
            (b"{\"id\":1}", vec![0, 1, 3]),
            (b"{\"id\":2}", vec![2, 4]),
            (b"{\"id\":true}", vec![6, 7]),
        ];
        assert_eq!(all, expected);
    }
}
