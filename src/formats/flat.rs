//! The values at a path of the response, as JSON: through lists one flat array, otherwise the value itself.

use super::error::{FormatError, quoted};
use super::output::Output;
use super::selected::{Content, Field, Selected};
use super::shape::Shape;
use crate::budget::Account;
use crate::document::{JsonReader, Kind, Member, Reader};

/// Writes the values at a path: response names with a dot between them, such as `districts.works.nodes`. `data` is the JSON
/// of `data` in the response.
///
/// If the type of a field on the path, or of the last, is a list, the result is an array, which has the elements of all
/// lists. A value that is null is in it as null; a list that is null adds nothing. Otherwise the result is the value.
///
/// # Errors
/// The operation has no such path, the account may not hold the result, or the data is not that of the operation.
pub fn flat(
    shape: &Shape,
    data: &[u8],
    path: &str,
    account: &Account,
) -> Result<Vec<u8>, FormatError> {
    let steps = steps(&shape.selected, path)?;
    let mut reader = JsonReader::new(data)?;
    let is_list = steps.iter().any(|field| field.lists > 0);
    let mut flat = Flat {
        output: Output::new(account, 0)?,
    };
    if is_list {
        flat.output.write(b"[")?;
    }
    flat.fields(&mut reader, &steps)?;
    reader.finish()?;
    if is_list {
        flat.output.write(b"]")?;
    }
    Ok(flat.output.finish())
}

impl Shape {
    /// Checks that the operation has a path, as [`flat`] reads it.
    ///
    /// # Errors
    /// It has none.
    pub fn check_path(&self, path: &str) -> Result<(), FormatError> {
        steps(&self.selected, path).map(|_| ())
    }
}

/// The fields of a path.
fn steps<'s>(selected: &'s Selected, path: &str) -> Result<Vec<&'s Field>, FormatError> {
    let mut steps: Vec<&Field> = Vec::new();
    let mut content = Content::Object(0);
    let mut place = format!("the operation {}", selected.name);
    for step in path.split('.') {
        let Content::Object(object) = content else {
            return Err(FormatError::BelowLeaf(place));
        };
        let fields = &selected.objects[object].fields;
        let Some(field) = fields.iter().find(|field| field.name == step) else {
            return Err(FormatError::UnknownField {
                step: quoted(step),
                place,
                fields: fields.iter().map(|field| field.name.to_string()).collect(),
            });
        };
        content = field.content;
        place = field.name.to_string();
        steps.push(field);
    }
    Ok(steps)
}

struct Flat<'a> {
    output: Output<'a>,
}

impl Flat<'_> {
    /// Reads an object, and writes what is at the path in it.
    fn fields(&mut self, reader: &mut JsonReader, steps: &[&Field]) -> Result<(), FormatError> {
        let Some((field, below)) = steps.split_first() else {
            let span = reader.capture()?;
            return self.value(reader.slice(span));
        };
        match reader.peek()? {
            Kind::Null => {
                reader.skip()?;
                return self.absent(steps);
            }
            Kind::Object => reader.enter_object()?,
            _ => return Err(FormatError::Unfit),
        }
        let mut is_found = false;
        loop {
            match reader.next_member(None)? {
                Member::End | Member::Expected => break,
                Member::Other(key, _) if !is_found && field.name == key.as_str() => {
                    is_found = true;
                    self.elements(reader, field.lists, below)?;
                }
                Member::Other(..) => reader.skip()?,
            }
        }
        match is_found {
            true => Ok(()),
            false => self.absent(steps),
        }
    }

    /// Reads a value that is so many lists inside each other.
    fn elements(
        &mut self,
        reader: &mut JsonReader,
        lists: u8,
        below: &[&Field],
    ) -> Result<(), FormatError> {
        if lists == 0 {
            return self.fields(reader, below);
        }
        match reader.peek()? {
            Kind::Null => return Ok(reader.skip()?),
            Kind::List => reader.enter_list()?,
            _ => return Err(FormatError::Unfit),
        }
        while reader.next_element()? {
            self.elements(reader, lists - 1, below)?;
        }
        Ok(())
    }

    /// What is null on the way, or not in the response, is null at the end of the way, unless there is a list between.
    fn absent(&mut self, steps: &[&Field]) -> Result<(), FormatError> {
        match steps.iter().any(|field| field.lists > 0) {
            true => Ok(()),
            false => self.value("null"),
        }
    }

    fn value(&mut self, json: &str) -> Result<(), FormatError> {
        if !matches!(self.output.last(), None | Some(b'[')) {
            self.output.write(b",")?;
        }
        Ok(self.output.write(json.as_bytes())?)
    }
}
