//! What an upstream's answer is before it is mapped: a success or not, a value, variables of its own.

use std::sync::Arc;

use super::context::headers_value;
use super::context::object;
use crate::cache::Document;
use crate::connector::Connect;
use crate::document::Fault;
use crate::document::JsonReader;
use crate::document::Kind;
use crate::document::ReadError;
use crate::document::Reader;
use crate::document::Span;
use crate::document::Value;
use crate::mapping::Selection;
use crate::mapping::Variables;
use crate::plan::list_of_key;
use crate::source::Format;

/// The document as one value, which takes `most` bytes of memory at the most.
pub(crate) fn document_value(document: &Document, most: usize) -> Result<Value, ReadError> {
    match document.format {
        Format::Json => Value::parse_json_within(&document.body, most),
        Format::Text => Ok(Value::from(
            String::from_utf8_lossy(&document.body).as_ref(),
        )),
        Format::Empty => Ok(Value::Null),
    }
}

/// `$status` and `$response` beside the other variables.
pub(crate) fn with_response(variables: &Variables, document: &Document) -> Variables {
    let variables = variables.clone();
    variables.with("$status", i64::from(document.status)).with(
        "$response",
        object([("headers", headers_value(&document.headers))]),
    )
}

/// What a selection that must be a value yields of a document, of which only the needed part is read, which takes `most`
/// bytes of memory at the most.
pub(crate) fn read_of(
    document: &Document,
    selection: &Selection,
    variables: &Variables,
    most: usize,
) -> Result<Option<Value>, ReadError> {
    let input = match document.format {
        Format::Json => JsonReader::new(&document.body)
            .and_then(|mut reader| needed(&mut reader, selection.needs(), &mut { most }))?,
        _ => document_value(document, most)?,
    };
    Ok(selection.evaluate(Some(&input), variables).value)
}

/// Whether what a selection yields follows from the document alone.
pub(crate) fn follows_from_document(selection: &Selection) -> bool {
    let own = |name: &str| matches!(name, "$status" | "$response");
    selection.variables().iter().all(|used| own(&used.name))
}

/// Whether a status says success, where nothing else decides.
pub(crate) fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Whether a connect's answer is a success: 2xx, unless `isSuccess` says otherwise.
pub(crate) fn succeeded(
    connect: &Connect,
    document: &Document,
    variables: &Variables,
    most: usize,
) -> bool {
    let Some(own) = &connect.is_success else {
        return is_success(document.status);
    };
    let variables = with_response(variables, document);
    read_of(document, own, &variables, most) == Ok(Some(Value::Bool(true)))
}

/// Whether a document was found to be a success when it was kept, so that it need not be found out again.
pub(crate) fn known_to_have_succeeded(connect: &Connect, document: &Document) -> bool {
    let own = connect.is_success.as_ref();
    document.lifetime.is_some() && own.is_some_and(|own| follows_from_document(own))
}

/// About what an object or a list takes of which a part is read.
const PART: usize = 96;

/// Reads the part of a document that an expression needs, and skips the rest.
pub(super) fn needed<'d>(
    reader: &mut JsonReader<'d>,
    need: &crate::mapping::Need,
    left: &mut usize,
) -> Result<Value, ReadError> {
    let crate::mapping::Need::Keys(_) = need else {
        return Value::read_within(reader, left);
    };
    *left = left.checked_sub(PART).ok_or(ReadError {
        offset: 0,
        fault: Fault::TooLarge,
    })?;
    match reader.peek()? {
        Kind::Object => {
            let mut object = crate::document::Object::new();
            reader.enter_object()?;
            while let Some(key) = reader.next_key()? {
                match need.key(key.as_str()) {
                    Some(need) => {
                        let value = needed(reader, need, left)?;
                        object.insert(crate::document::Str::from(key.as_str()), value);
                    }
                    None => reader.skip()?,
                }
            }
            Ok(Value::Object(Arc::new(object)))
        }
        Kind::List => {
            let mut items = Vec::new();
            reader.enter_list()?;
            while reader.next_element()? {
                items.push(needed(reader, need, left)?);
            }
            Ok(Value::Array(Arc::new(items)))
        }
        _ => Value::read_within(reader, left),
    }
}

/// Whether the `data` of a GraphQL service's answer has one of the fields that were asked for; `None` where anything in
/// the answer has failed.
pub(super) fn service_data(document: &Document, is_asked: impl Fn(&str) -> bool) -> Option<bool> {
    of_data(document, |reader| {
        if reader.peek()? != Kind::Object {
            reader.skip()?;
            return Ok(None);
        }
        let mut found = false;
        reader.enter_object()?;
        while let Some(name) = reader.next_key()? {
            found |= is_asked(name.as_str());
            reader.skip()?;
        }
        Ok(Some(found))
    })
}

/// The texts of the entities in an answer of `_entities`, if it may be kept; `lists` says in which of its lists each of them
/// is to be.
pub(crate) fn entity_texts(document: &Document, lists: &[u16]) -> Option<Vec<Span>> {
    of_data(document, |reader| {
        if reader.peek()? != Kind::Object {
            reader.skip()?;
            return Ok(None);
        }
        let (mut texts, mut fits) = (vec![None; lists.len()], true);
        reader.enter_object()?;
        while let Some(key) = reader.next_key()? {
            let list = list_of_key(key.as_str());
            let start = lists.partition_point(|own| Some(*own) < list);
            let end = lists.partition_point(|own| Some(*own) <= list);
            if list.is_none() || start == end || reader.peek()? != Kind::List {
                reader.skip()?;
                continue;
            }
            let mut places = texts[start..end].iter_mut();
            reader.enter_list()?;
            while reader.next_element()? {
                let kind = reader.peek()?;
                let text = reader.capture()?;
                fits &= match kind {
                    // Something is always selected.
                    Kind::Object => !is_empty_object(text.of(reader.text())),
                    kind => kind == Kind::Null,
                };
                match places.next() {
                    Some(place) => *place = Some(text),
                    // Which entity is which follows from their order alone.
                    None => fits = false,
                }
            }
        }
        Ok(texts.into_iter().collect::<Option<_>>().filter(|_| fits))
    })
}

/// Whether the text of an object has no member.
fn is_empty_object(text: &[u8]) -> bool {
    let inner = text
        .strip_prefix(b"{")
        .and_then(|text| text.strip_suffix(b"}"));
    inner.is_some_and(|inner| inner.trim_ascii().is_empty())
}

/// What `read` finds in the `data` of a GraphQL service's answer, which is read to its end; `None` where anything in it
/// has failed.
fn of_data<T>(
    document: &Document,
    mut read: impl FnMut(&mut JsonReader<'_>) -> Result<Option<T>, ReadError>,
) -> Option<T> {
    if !is_success(document.status) {
        return None;
    }
    let found = JsonReader::new(&document.body).and_then(|mut reader| {
        let mut found = None;
        reader.enter_object()?;
        while let Some(key) = reader.next_key()? {
            match key.as_str() {
                "errors" => return Ok(None),
                "data" => found = read(&mut reader)?,
                _ => reader.skip()?,
            }
        }
        reader.finish()?;
        Ok(found)
    });
    found.ok().flatten()
}
