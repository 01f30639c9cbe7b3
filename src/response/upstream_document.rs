//! An upstream's document before it is ingested: whether it is a success, its value for expressions, and the variables
//! `$status` and `$response`.

use std::sync::Arc;

use crate::cache::Document;
use crate::connector::{ClientErrors, Connect};
use crate::document::{Fault, JsonReader, Kind, ReadError, Reader, Value, ValueSpan};
use crate::mapping::{Evaluated, Selection, Variables};
use crate::plan::list_of_key;
use crate::source::{Outcome, WireStatus};

/// The document as a tree, which takes at most `most` bytes of memory.
pub(crate) fn document_value(document: &Document, most: usize) -> Result<Value, ReadError> {
    Value::parse_json_within(&document.body, most)
}

/// The variables with `$status` and `$response`.
pub(crate) fn with_response(variables: &Variables, document: &Document) -> Variables {
    document.envelope.variables(variables)
}

/// Evaluates a selection on a document. Only the part of the document that it needs is read, into at most `most` bytes.
pub(crate) fn read_of(
    document: &Document,
    selection: &Selection,
    variables: &Variables,
    most: usize,
) -> Result<Evaluated, ReadError> {
    let mut reader = JsonReader::new(&document.body)?;
    let input = needed(&mut reader, selection.input_mask(), &mut { most })?;
    Ok(selection.evaluate(Some(&input), variables))
}

/// Whether the value of a selection depends on nothing but the document.
pub(crate) fn follows_from_document(selection: &Selection) -> bool {
    let is_of_document = |name: &str| matches!(name, "$status" | "$response");
    selection
        .variables()
        .iter()
        .all(|used| is_of_document(&used.name))
}

/// Whether a document says that the client's input is wrong, by the `@clientErrors` of its connect.
pub(crate) fn is_client_error(
    connect: &Connect,
    document: &Document,
    variables: &Variables,
    most: usize,
) -> bool {
    let Some(declared) = connect.options.get::<ClientErrors>() else {
        return false;
    };
    let status = document.envelope.status().map(|status| status.number);
    if declared.has_status(status) {
        return true;
    }
    let Some(when) = &declared.when else {
        return false;
    };
    let variables = with_response(variables, document);
    let evaluated = read_of(document, when, &variables, most);
    // A document that is cut off proves nothing.
    evaluated.is_ok_and(|evaluated| evaluated.value == Some(Value::Bool(true)))
        && document_value(document, most).is_ok()
}

/// The mappings that decide whether a document is a success.
pub(crate) fn judging(connect: &Connect) -> impl Iterator<Item = &Arc<Selection>> {
    let client_errors = connect.options.get::<ClientErrors>();
    let when = client_errors.and_then(|declared| declared.when.as_ref());
    connect.is_success.iter().chain(when)
}

/// Whether a connect's document is a success: by `isSuccess`, or else if the upstream calls it one; and no error of the client.
pub(crate) fn succeeded(
    connect: &Connect,
    document: &Document,
    variables: &Variables,
    most: usize,
) -> bool {
    if is_client_error(connect, document, variables, most) {
        return false;
    }
    let Some(is_success) = &connect.is_success else {
        return document.outcome == Outcome::Success;
    };
    let variables = with_response(variables, document);
    let evaluated = read_of(document, is_success, &variables, most);
    evaluated.is_ok_and(|evaluated| evaluated.value == Some(Value::Bool(true)))
}

/// Whether a document must be a success: it was one when it was stored, and that depends on nothing but it.
pub(crate) fn known_to_have_succeeded(connect: &Connect, document: &Document) -> bool {
    let mut judging = judging(connect).peekable();
    document.lifetime.is_some()
        && judging.peek().is_some()
        && judging.all(|mapping| follows_from_document(mapping))
}

/// About the bytes of an object or a list.
const PART: usize = 96;

/// Reads the part of a document that an expression needs, as a tree, and skips the rest.
pub(crate) fn needed<'d>(
    reader: &mut JsonReader<'d>,
    mask: &crate::mapping::InputMask,
    left: &mut usize,
) -> Result<Value, ReadError> {
    let crate::mapping::InputMask::Keys(_) = mask else {
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
                match mask.key(key.as_str()) {
                    Some(mask) => {
                        let value = needed(reader, mask, left)?;
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
                items.push(needed(reader, mask, left)?);
            }
            Ok(Value::Array(Arc::new(items)))
        }
        _ => Value::read_within(reader, left),
    }
}

/// Whether the `data` of a GraphQL service's response has one of the requested fields; `None` if the response has
/// errors.
pub(crate) fn service_data(
    document: &Document,
    is_requested: impl Fn(&str) -> bool,
) -> Option<bool> {
    of_data(document, |reader| {
        if reader.peek()? != Kind::Object {
            reader.skip()?;
            return Ok(None);
        }
        let mut has_requested = false;
        reader.enter_object()?;
        while let Some(name) = reader.next_key()? {
            has_requested |= is_requested(name.as_str());
            reader.skip()?;
        }
        Ok(Some(has_requested))
    })
}

/// Whether an error of a GraphQL service's response is one of the client's input; `variables` have `$status` and `$response`.
pub(crate) fn is_client_error_of_service(
    declared: &ClientErrors,
    status: Option<WireStatus>,
    error: &Value,
    variables: &Variables,
) -> bool {
    let when = || {
        let when = declared.when.as_ref()?;
        when.evaluate(Some(error), variables).value
    };
    declared.has_status(status.map(|status| status.number)) || when() == Some(Value::Bool(true))
}

/// Whether a GraphQL service has refused a mutation because of the client's input. No root field has a value, unless it is a
/// payload that says so; and all errors are of that kind and of no field below a root field, because an error below one may be
/// found after the change was made.
pub(crate) fn service_refused(
    declared: &ClientErrors,
    document: &Document,
    variables: &Variables,
    most: usize,
) -> bool {
    let Ok(response) = document_value(document, most) else {
        return false;
    };
    let variables = with_response(variables, document);
    let errors = response.get("errors").and_then(Value::as_array);
    let errors = errors.unwrap_or_default();
    let is_refused = |(_, value): (_, &Value)| match value.is_null() {
        true => !errors.is_empty(),
        false => is_refused_payload(declared, value, &variables),
    };
    let changes_nothing = match response.get("data") {
        None | Some(Value::Null) => !errors.is_empty(),
        Some(Value::Object(fields)) => {
            (!errors.is_empty() || !fields.is_empty()) && fields.iter().all(is_refused)
        }
        Some(_) => false,
    };
    let status = document.envelope.status();
    let is_refusal = |error: &Value| {
        let path = error.get("path").and_then(Value::as_array);
        path.is_none_or(|path| path.len() < 2)
            && is_client_error_of_service(declared, status, error, &variables)
    };
    changes_nothing && errors.iter().all(is_refusal)
}

/// Whether the value of a root field of a mutation says that a GraphQL service refuses the client's input.
fn is_refused_payload(declared: &ClientErrors, value: &Value, variables: &Variables) -> bool {
    let payload = declared.payload.as_ref();
    payload.is_some_and(|payload| {
        payload.evaluate(Some(value), variables).value == Some(Value::Bool(true))
    })
}

/// The texts of the entities in an `_entities` response, if it may be stored; `lists` has the list of each entity.
pub(crate) fn entity_texts(document: &Document, lists: &[u16]) -> Option<Vec<ValueSpan>> {
    of_data(document, |reader| {
        if reader.peek()? != Kind::Object {
            reader.skip()?;
            return Ok(None);
        }
        let (mut texts, mut fits) = (vec![None; lists.len()], true);
        reader.enter_object()?;
        while let Some(key) = reader.next_key()? {
            let list = list_of_key(key.as_str());
            let start = lists.partition_point(|entity_list| Some(*entity_list) < list);
            let end = lists.partition_point(|entity_list| Some(*entity_list) <= list);
            if list.is_none() || start == end || reader.peek()? != Kind::List {
                reader.skip()?;
                continue;
            }
            let mut entity_texts = texts[start..end].iter_mut();
            reader.enter_list()?;
            while reader.next_element()? {
                let kind = reader.peek()?;
                let text = reader.capture()?;
                fits &= match kind {
                    // At least one field is selected, so an empty object is a fault of the service.
                    Kind::Object => !is_empty_object(text.of(reader.text())),
                    kind => kind == Kind::Null,
                };
                match entity_texts.next() {
                    Some(entity_text) => *entity_text = Some(text),
                    // Entities are matched by position: with one more, none can be trusted.
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

/// What `read` returns for the `data` of a GraphQL service's response, which is read to its end; `None` if it has
/// errors.
fn of_data<T>(
    document: &Document,
    mut read: impl FnMut(&mut JsonReader<'_>) -> Result<Option<T>, ReadError>,
) -> Option<T> {
    if document.outcome != Outcome::Success {
        return None;
    }
    let data = JsonReader::new(&document.body).and_then(|mut reader| {
        let mut data = None;
        reader.enter_object()?;
        while let Some(key) = reader.next_key()? {
            match key.as_str() {
                "errors" => return Ok(None),
                "data" => data = read(&mut reader)?,
                _ => reader.skip()?,
            }
        }
        reader.finish()?;
        Ok(data)
    });
    data.ok().flatten()
}
