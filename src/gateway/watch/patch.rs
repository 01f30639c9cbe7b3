//! JSON Patches (RFC 6902) from one JSON text to another. Pure.
//!
//! Values are compared by their texts: both texts are of the same writer, so equal values have equal texts, and numbers keep
//! their digits. Where two objects differ, their members are compared; where two lists differ, the elements that both have in the same
//! order are left as they are, and what is between them is compared in pairs. So a patch for one inserted row has one operation.
//! A patch that is no shorter than the whole text is not worth it: then one operation replaces everything.

use std::borrow::Cow;

use bytes::Bytes;

use crate::document::{JsonReader, Kind, ReadError, Reader, write_json_string};

/// In longer lists (the product of their lengths), elements are compared in pairs, but for those at the beginning and at the end.
const MOST_PAIRS: usize = 250_000;

/// A patch that makes `after` of `before`.
pub(super) fn patch(before: &[u8], after: &[u8]) -> Bytes {
    let whole = replace(after);
    let mut patch = PatchWriter {
        out: vec![b'['],
        path: String::new(),
        most: whole.len(),
    };
    match patch.difference(before, after) {
        Ok(()) if patch.out.len() < whole.len() => {
            patch.out.push(b']');
            patch.out.into()
        }
        // Also if a text cannot be read, which the gateway has written.
        _ => whole,
    }
}

/// A patch that replaces everything.
pub(super) fn replace(after: &[u8]) -> Bytes {
    let head = &b"[{\"op\":\"replace\",\"path\":\"\",\"value\":"[..];
    Bytes::from([head, after, b"}]"].concat())
}

struct PatchWriter {
    out: Vec<u8>,
    /// The JSON Pointer (RFC 6901) of what is compared.
    path: String,
    /// A patch of so many bytes is too long.
    most: usize,
}

impl PatchWriter {
    fn difference(&mut self, before: &[u8], after: &[u8]) -> Result<(), ReadError> {
        if before == after || self.out.len() >= self.most {
            return Ok(());
        }
        match (kind(before)?, kind(after)?) {
            (Kind::Object, Kind::Object) => self.objects(&members(before)?, &members(after)?),
            (Kind::List, Kind::List) => self.lists(&elements(before)?, &elements(after)?),
            _ => {
                self.write("replace", Some(after));
                Ok(())
            }
        }
    }

    fn objects(&mut self, before: &[Entry<'_>], after: &[Entry<'_>]) -> Result<(), ReadError> {
        for (index, (name, _)) in before.iter().enumerate() {
            if find(after, index, name).is_none() {
                self.at(name, |patch| {
                    patch.write("remove", None);
                    Ok(())
                })?;
            }
        }
        for (index, (name, text)) in after.iter().enumerate() {
            let old = find(before, index, name);
            self.at(name, |patch| match old {
                Some(old) => patch.difference(old, text),
                None => {
                    patch.write("add", Some(text));
                    Ok(())
                }
            })?;
        }
        Ok(())
    }

    fn lists(&mut self, before: &[&[u8]], after: &[&[u8]]) -> Result<(), ReadError> {
        let pairs = before.iter().zip(after);
        let start = pairs.take_while(|(old, new)| old == new).count();
        let (before, after) = (&before[start..], &after[start..]);
        let pairs = before.iter().rev().zip(after.iter().rev());
        let end = pairs.take_while(|(old, new)| old == new).count();
        let (before, after) = (&before[..before.len() - end], &after[..after.len() - end]);
        let (mut at, mut old, mut new) = (start, 0, 0);
        for (same_old, same_new) in common(before, after) {
            at = self.gap(at, &before[old..same_old], &after[new..same_new])? + 1;
            (old, new) = (same_old + 1, same_new + 1);
        }
        self.gap(at, &before[old..], &after[new..])?;
        Ok(())
    }

    /// Elements that come in the place of others, from this index on. Returns the index after them.
    fn gap(&mut self, at: usize, before: &[&[u8]], after: &[&[u8]]) -> Result<usize, ReadError> {
        let both = before.len().min(after.len());
        for (index, (old, new)) in before.iter().zip(after).enumerate() {
            self.at(&(at + index).to_string(), |patch| {
                patch.difference(old, new)
            })?;
        }
        let rest = (at + both).to_string();
        for _ in both..before.len() {
            self.at(&rest, |patch| {
                patch.write("remove", None);
                Ok(())
            })?;
        }
        for (index, new) in after.iter().enumerate().skip(both) {
            self.at(&(at + index).to_string(), |patch| {
                patch.write("add", Some(new));
                Ok(())
            })?;
        }
        Ok(at + after.len())
    }

    /// Goes on at a member or an element.
    fn at(
        &mut self,
        name: &str,
        go_on: impl FnOnce(&mut PatchWriter) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let length = self.path.len();
        self.path.push('/');
        for letter in name.chars() {
            match letter {
                '~' => self.path.push_str("~0"),
                '/' => self.path.push_str("~1"),
                other => self.path.push(other),
            }
        }
        let result = go_on(self);
        self.path.truncate(length);
        result
    }

    fn write(&mut self, operation: &str, value: Option<&[u8]>) {
        if self.out.len() > 1 {
            self.out.push(b',');
        }
        self.out.extend_from_slice(b"{\"op\":\"");
        self.out.extend_from_slice(operation.as_bytes());
        self.out.extend_from_slice(b"\",\"path\":");
        write_json_string(&self.path, &mut self.out);
        if let Some(value) = value {
            self.out.extend_from_slice(b",\"value\":");
            self.out.extend_from_slice(value);
        }
        self.out.push(b'}');
    }
}

/// The places of a longest sequence of elements that both lists have in the same order; none if that takes too long to find.
fn common(before: &[&[u8]], after: &[&[u8]]) -> Vec<(usize, usize)> {
    let (rows, columns) = (before.len() + 1, after.len() + 1);
    if rows.saturating_mul(columns) > MOST_PAIRS {
        return Vec::new();
    }
    // The length of the longest one behind each pair of places.
    let mut lengths = vec![0_u32; rows * columns];
    for (row, old) in before.iter().enumerate().rev() {
        for (column, new) in after.iter().enumerate().rev() {
            let place = row * columns + column;
            lengths[place] = match old == new {
                true => lengths[place + columns + 1] + 1,
                false => lengths[place + 1].max(lengths[place + columns]),
            };
        }
    }
    let mut pairs = Vec::new();
    let (mut row, mut column) = (0, 0);
    while row < before.len() && column < after.len() {
        let place = row * columns + column;
        if before[row] == after[column] {
            pairs.push((row, column));
            (row, column) = (row + 1, column + 1);
        } else if lengths[place + 1] >= lengths[place + columns] {
            column += 1;
        } else {
            row += 1;
        }
    }
    pairs
}

/// The text of a member. Usually both objects have the same members in the same order.
fn find<'d>(entries: &[Entry<'d>], index: usize, name: &str) -> Option<&'d [u8]> {
    let guess = entries.get(index).filter(|(known, _)| known == name);
    let found = guess.or_else(|| entries.iter().find(|(known, _)| known == name));
    found.map(|(_, text)| *text)
}

/// A member: its name, and the text of its value.
type Entry<'d> = (Cow<'d, str>, &'d [u8]);

fn kind(text: &[u8]) -> Result<Kind, ReadError> {
    JsonReader::new(text)?.peek()
}

fn members(text: &[u8]) -> Result<Vec<Entry<'_>>, ReadError> {
    let mut reader = JsonReader::new(text)?;
    let mut members = Vec::new();
    reader.enter_object()?;
    while let Some(key) = reader.next_key()? {
        let value = reader.capture()?.of(text);
        members.push((key.into_cow(), value));
    }
    Ok(members)
}

fn elements(text: &[u8]) -> Result<Vec<&[u8]>, ReadError> {
    let mut reader = JsonReader::new(text)?;
    let mut elements = Vec::new();
    reader.enter_list()?;
    while reader.next_element()? {
        elements.push(reader.capture()?.of(text));
    }
    Ok(elements)
}

#[cfg(test)]
#[path = "patch_tests.rs"]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
