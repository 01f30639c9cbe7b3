//! Reads the rows of a table from the data of a response.
//!
//! One pass over the data for each table. Values are spans of the data: nothing is copied, and numbers keep their digits.
//! The fields of an object may come in any order; in that of the operation, one comparison for each suffices.

use std::borrow::Cow;

use super::error::FormatError;
use super::table::{Part, Picks, Table, Take};
use crate::document::{JsonReader, Kind, Member, Reader, unescape};

/// The cells of a row, each as JSON; `None` for null and for what the response does not have.
pub(super) type Cells<'d> = [Option<&'d str>];

/// Calls `visit` with each row.
///
/// # Errors
/// The data is not that of the operation, or `visit` fails.
pub(super) fn rows<'d>(
    table: &Table,
    data: &'d [u8],
    visit: &mut dyn FnMut(&Cells<'d>) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let mut reader = JsonReader::new(data)?;
    let mut rows = Rows {
        table,
        cells: vec![None; table.columns.len()],
        visit,
    };
    match reader.peek()? {
        Kind::Null => reader.skip()?,
        _ => rows.element(&mut reader, 0)?,
    }
    Ok(reader.finish()?)
}

struct Rows<'d, 't> {
    table: &'t Table,
    cells: Vec<Option<&'d str>>,
    visit: &'t mut dyn FnMut(&Cells<'d>) -> Result<(), FormatError>,
}

impl<'d> Rows<'d, '_> {
    /// Reads an element of the list that leads to a level.
    fn element(&mut self, reader: &mut JsonReader<'d>, level: usize) -> Result<(), FormatError> {
        let table = self.table;
        let Some(of) = table.levels.get(level) else {
            return Err(FormatError::Unfit);
        };
        self.cells[of.columns.clone()].fill(None);
        let elements = match &of.part {
            Part::Object(picks) => self.object(reader, picks)?,
            Part::Leaf => {
                self.cells[of.columns.start] = leaf(reader)?;
                None
            }
        };
        if level + 1 == table.levels.len() {
            return (self.visit)(&self.cells);
        }
        match elements {
            Some((text, lists)) => self.list(&mut JsonReader::over(text)?, level + 1, lists),
            None => Ok(()),
        }
    }

    /// Reads what is picked of an object into the cells. Returns the list with the elements of the next level, and how many
    /// lists are inside each other.
    fn object(
        &mut self,
        reader: &mut JsonReader<'d>,
        picks: &Picks,
    ) -> Result<Option<(&'d str, u8)>, FormatError> {
        match reader.peek()? {
            Kind::Null => {
                reader.skip()?;
                return Ok(None);
            }
            Kind::Object => reader.enter_object()?,
            _ => return Err(FormatError::Unfit),
        }
        let mut elements = None;
        let mut next = 0;
        loop {
            let expected = picks.0.get(next);
            let at = match reader.next_member(expected.map(|pick| &*pick.key))? {
                Member::End => return Ok(elements),
                Member::Expected => Some(next),
                Member::Other(key, _) => {
                    let mut picks = picks.0.iter();
                    picks.position(|pick| pick.name == key.as_str())
                }
            };
            let Some(at) = at else {
                reader.skip()?;
                continue;
            };
            next = at + 1;
            match &picks.0[at].take {
                Take::Nothing => reader.skip()?,
                Take::Cell(column) => self.cells[*column] = leaf(reader)?,
                Take::Object(picks) => elements = self.object(reader, picks)?.or(elements),
                Take::Elements(lists) => {
                    let span = reader.capture()?;
                    elements = Some((reader.slice(span), *lists));
                }
            }
        }
    }

    fn list(
        &mut self,
        reader: &mut JsonReader<'d>,
        level: usize,
        lists: u8,
    ) -> Result<(), FormatError> {
        match reader.peek()? {
            Kind::Null => return Ok(reader.skip()?),
            Kind::List => reader.enter_list()?,
            _ => return Err(FormatError::Unfit),
        }
        while reader.next_element()? {
            match lists > 1 {
                true => self.list(reader, level, lists - 1)?,
                false => self.element(reader, level)?,
            }
        }
        Ok(())
    }
}

/// A value of any kind, as JSON; `None` if it is null.
fn leaf<'d>(reader: &mut JsonReader<'d>) -> Result<Option<&'d str>, FormatError> {
    let span = reader.capture()?;
    Ok(Some(reader.slice(span)).filter(|text| *text != "null"))
}

/// The text of a JSON value: of a string its characters, of a list its elements with `; ` between them, of others the JSON.
pub(super) fn text_of(json: &str, is_list: bool) -> Result<Cow<'_, str>, FormatError> {
    match json.as_bytes().first() {
        Some(b'"') => Ok(unescape(json)),
        Some(b'[') if is_list => {
            let mut text = String::new();
            let mut count = 0usize;
            elements(&mut JsonReader::over(json)?, &mut |element| {
                if count > 0 {
                    text.push_str("; ");
                }
                count += 1;
                if element != "null" {
                    text.push_str(&unescaped(element));
                }
            })?;
            Ok(Cow::Owned(text))
        }
        _ => Ok(Cow::Borrowed(json)),
    }
}

/// The characters of a string, and the JSON of another value.
pub(super) fn unescaped(json: &str) -> Cow<'_, str> {
    match json.starts_with('"') {
        true => unescape(json),
        false => Cow::Borrowed(json),
    }
}

/// The elements of a list, and those of lists in it.
pub(super) fn elements<'d>(
    reader: &mut JsonReader<'d>,
    visit: &mut dyn FnMut(&'d str),
) -> Result<(), FormatError> {
    reader.enter_list()?;
    while reader.next_element()? {
        match reader.peek()? {
            Kind::List => elements(reader, visit)?,
            _ => {
                let span = reader.capture()?;
                visit(reader.slice(span));
            }
        }
    }
    Ok(())
}
