//! Decides whether a document may be stored: it can be read to its end, and has what the connect selects.
//!
//! An upstream that fails may respond with status 200 and an HTML page declared as JSON, half a document, `null` or an
//! empty body. The current request gets an error or null; but in a cache, the document would outlive the failure. So
//! before a document is stored, it is read once to its end (a projection skips strings that are not requested, broken
//! ones too), and compared with the selection of its connect:
//!
//! - A document that cannot be read is not stored, whatever `isSuccess` says.
//! - Where the selection enters an object, the document has an object, a list of objects, or nothing; and the whole has
//!   the form of the field's type.
//! - A document of which the selection yields null, or in which it finds none of its keys, is stored only if the schema
//!   declares that as valid: `@cacheNull` gives it a lifetime, or an `isSuccess` that reads the body is true.
//!
//! All this depends on the connect as it is declared, not on the operation that happens to be first. A value that does
//! not fit its leaf (`"n/a"` for a number) is an error at that field, and no reason to call the upstream again.
//!
//! This module decides about caches only. What clients get is decided by reading the document into rows.

use std::sync::Arc;

use crate::cache::{Document, Verdict};
use crate::connector::{
    CacheNull, ClientErrors, Connect, ConnectKind, FieldSet, FieldSetItem, Invalidates, Pagination,
    YieldedType,
};
use crate::document::{JsonReader, Kind, ReadError, Reader, Value};
use crate::mapping::ast::{ExprKind, Item, Start, StepKind};
use crate::mapping::{InputMask, Variables};
use crate::plan::projection::{Projection, Root};
use crate::response::upstream_document::{
    document_value, is_client_error, needed, service_data, service_refused, succeeded,
    with_response,
};

/// The verdict on a document of a connect. Evaluation may hold `most` bytes.
pub(super) fn of_connect(
    connect: &Connect,
    document: &Document,
    variables: &Variables,
    most: usize,
) -> Verdict {
    if says_unchanged(connect, document, variables, most) {
        return Verdict::Unchanged;
    }
    if !succeeded(connect, document, variables, most) {
        return match is_client_error(connect, document, variables, most) {
            true => Verdict::Unchanged,
            false => Verdict::Failed,
        };
    }
    let check = TypeCheck { connect, most };
    match check.json(document, variables) {
        Ok(Yielded::Value) => Verdict::Store,
        Ok(Yielded::Nothing) if success_reads_body(connect, document) => Verdict::Store,
        Ok(Yielded::Nothing) => match connect.options.get::<CacheNull>() {
            Some(cache_null) => Verdict::StoreFor(cache_null.max_age),
            None => Verdict::UseOnce,
        },
        Ok(Yielded::Misfit) | Err(_) => Verdict::UseOnce,
    }
}

/// Whether a mutation's document says that nothing was changed, by its field's `@invalidates(unless:)`.
fn says_unchanged(
    connect: &Connect,
    document: &Document,
    variables: &Variables,
    most: usize,
) -> bool {
    let invalidates = connect.options.get::<Invalidates>();
    let Some(unless) = invalidates.and_then(|invalidates| invalidates.unless.as_ref()) else {
        return false;
    };
    // A document that is cut off proves nothing.
    let Ok(input) = document_value(document, most) else {
        return false;
    };
    let variables = with_response(variables, document);
    unless.evaluate(Some(&input), &variables).value == Some(Value::Bool(true))
}

/// The verdict on a response of a GraphQL service: it is stored if it has no errors, and has a requested field. Its
/// nulls are valid: its schema says which fields are nullable, and a resolver that fails reports an error.
///
/// `refusals` says which errors of a mutation are those of a client's input, with the variables that it reads.
pub(super) fn of_service(
    projection: &Projection,
    document: &Document,
    refusals: Option<&(ClientErrors, Arc<Variables>)>,
    most: usize,
) -> Verdict {
    if let Some((client_errors, variables)) = refusals
        && service_refused(client_errors, document, variables, most)
    {
        return Verdict::Unchanged;
    }
    let node = match &projection.root {
        Root::Object(node) => projection.nodes.get(node.0 as usize),
        _ => None,
    };
    let requested = node.map_or(&[][..], |node| &node.keys);
    let is_requested = |name: &str| requested.iter().any(|key| *key.name == *name);
    match service_data(document, is_requested)
        .map(|has_requested| has_requested || requested.is_empty())
    {
        Some(true) => Verdict::Store,
        Some(false) => Verdict::UseOnce,
        None => Verdict::Failed,
    }
}

/// Whether the connect's `isSuccess` reads the body, and has a body to read: then its verdict is about this content.
fn success_reads_body(connect: &Connect, document: &Document) -> bool {
    let reads_body = |selection: &crate::mapping::Selection| match selection.input_mask() {
        InputMask::Whole => true,
        InputMask::Keys(keys) => !keys.is_empty(),
    };
    let empty = document.body.trim_ascii() == b"null";
    !empty && connect.is_success.as_deref().is_some_and(reads_body)
}

/// What a selection yields for a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Yielded {
    /// A value that fits the field's type.
    Value,
    /// Null, or none of the keys.
    Nothing,
    /// A value that does not fit the field's type.
    Misfit,
}

struct TypeCheck<'a> {
    connect: &'a Connect,
    /// The bytes that evaluation may hold.
    most: usize,
}

impl TypeCheck<'_> {
    /// Reads a document to its end. If the selection is a path of keys, with or without braces, no value is built
    /// and nothing is evaluated.
    fn json(&self, document: &Document, variables: &Variables) -> Result<Yielded, ReadError> {
        let selection = &self.connect.selection;
        let mask = selection.input_mask();
        let plain = match plain_keys(&selection.root().kind) {
            Some(keys) if *mask != InputMask::Keys(Vec::new()) => {
                let mut reader = JsonReader::new(&document.body)?;
                let yielded = self.path(&mut reader, &keys, mask)?;
                yielded.map(|yielded| reader.finish().map(|()| yielded))
            }
            _ => None,
        };
        let is_batch = matches!(self.connect.kind, ConnectKind::Batch { .. });
        match plain.transpose()? {
            // The elements of a batch need their mapped keys: evaluate.
            Some(yielded) if !is_batch || yielded != Yielded::Value => return Ok(yielded),
            Some(_) => {}
            None => {
                let mut reader = JsonReader::new(&document.body)?;
                let fits = fits(&mut reader, mask)?;
                reader.finish()?;
                if !fits {
                    return Ok(Yielded::Misfit);
                }
            }
        }
        let input = needed(&mut JsonReader::new(&document.body)?, mask, &mut {
            self.most
        })?;
        Ok(self.evaluated(&input, document, variables))
    }

    /// Follows the keys to the selected value. `None` if a list is on the way, over which the language maps.
    fn path(
        &self,
        reader: &mut JsonReader<'_>,
        keys: &[&str],
        mask: &InputMask,
    ) -> Result<Option<Yielded>, ReadError> {
        let Some((key, rest)) = keys.split_first() else {
            return self.value(reader, mask).map(Some);
        };
        match reader.peek()? {
            Kind::Object => {}
            Kind::List => {
                reader.enter_list()?;
                // An empty list on the way yields nothing.
                let empty = !reader.next_element()?;
                return Ok(empty.then_some(Yielded::Nothing));
            }
            kind => {
                reader.skip()?;
                return Ok(Some(match kind {
                    Kind::Null => Yielded::Nothing,
                    _ => Yielded::Misfit,
                }));
            }
        }
        let mut yielded = Some(Yielded::Nothing);
        reader.enter_object()?;
        while let Some(name) = reader.next_key()? {
            if name.as_str() != *key {
                reader.skip()?;
                continue;
            }
            yielded = self.path(reader, rest, mask.key(key).unwrap_or(&InputMask::Whole))?;
            if yielded.is_none() {
                return Ok(None);
            }
        }
        Ok(yielded)
    }

    /// Reads the value at the end of the path.
    fn value(&self, reader: &mut JsonReader<'_>, mask: &InputMask) -> Result<Yielded, ReadError> {
        let kind = reader.peek()?;
        let composite = self.connect.yields.of == YieldedType::Composite;
        // Braces that read `$` as a whole make an object of a scalar.
        let wrapped = composite && is_scalar(kind) && *mask == InputMask::Whole;
        let yielded = self.of_kind(if wrapped { Kind::Object } else { kind });
        if wrapped || !composite || yielded != Yielded::Value {
            reader.skip()?;
            return Ok(yielded);
        }
        if kind == Kind::Object {
            let (fits, any) = object(reader, mask)?;
            return Ok(match (fits, any) {
                (false, _) => Yielded::Misfit,
                (true, true) => Yielded::Value,
                (true, false) => Yielded::Nothing,
            });
        }
        let mut seen = ElementsSeen::default();
        let fits = elements(reader, mask, &mut seen)?;
        let fits = fits && (seen.keyed || !seen.objects);
        Ok(if fits {
            Yielded::Value
        } else {
            Yielded::Misfit
        })
    }

    /// Whether a value of this kind fits the field's type.
    fn of_kind(&self, kind: Kind) -> Yielded {
        let yields = self.connect.yields;
        // A page or a batch with one element may be that element without a list.
        let joins = matches!(self.connect.kind, ConnectKind::Batch { .. });
        let single = !yields.list || joins || self.connect.options.get::<Pagination>().is_some();
        let fits = match (kind, yields.of) {
            (Kind::Null, _) => return Yielded::Nothing,
            (_, YieldedType::Any) => true,
            (Kind::List, _) => yields.list,
            (Kind::Object, of) => of == YieldedType::Composite && single,
            (_, of) => of == YieldedType::Leaf && single,
        };
        if fits {
            Yielded::Value
        } else {
            Yielded::Misfit
        }
    }

    /// What the selection yields by evaluation, which is the reference.
    fn evaluated(&self, input: &Value, document: &Document, variables: &Variables) -> Yielded {
        let connect = self.connect;
        let variables = with_response(variables, document);
        let evaluated = connect.selection.evaluate_each(Some(input), &variables);
        let value = evaluated.value.unwrap_or_default();
        let yielded = self.of_kind(value.kind());
        let elements = match value.as_array() {
            Some(elements) if yielded == Yielded::Value => elements,
            _ => return yielded,
        };
        let composite = connect.yields.of == YieldedType::Composite;
        let is_part =
            |element: &Value| matches!(element.kind(), Kind::Object | Kind::List | Kind::Null);
        let fits = !composite || elements.iter().all(is_part);
        let keyed = match &connect.kind {
            ConnectKind::Batch { key, .. } if !elements.is_empty() => {
                elements.iter().any(|element| has_key(element, key))
            }
            _ => true,
        };
        match fits && keyed {
            true => Yielded::Value,
            false => Yielded::Misfit,
        }
    }
}

/// Whether a mapped element of a batch has its key.
fn has_key(element: &Value, key: &FieldSet) -> bool {
    key.items.iter().all(|item| match item {
        FieldSetItem::Field { name, .. } => element.get(name).is_some_and(|value| !value.is_null()),
        FieldSetItem::Fragment { .. } => true,
    })
}

/// The keys of a selection that is only a path of keys; empty if it is only named fields.
fn plain_keys(root: &ExprKind) -> Option<Vec<&str>> {
    let path = match root {
        ExprKind::Path(path) => path,
        ExprKind::Object(selection) => match &*selection.items {
            [Item::Spread { value }] => value.as_path().filter(|path| path.selection.is_some())?,
            items => {
                let named = |item: &Item| matches!(item, Item::Field { .. });
                return items.iter().all(named).then(Vec::new);
            }
        },
        _ => return None,
    };
    if !matches!(path.start, Start::Input | Start::Current) {
        return None;
    }
    let keys = path.steps.iter().map(|step| match &step.kind {
        StepKind::Key(name) => Some(&**name),
        _ => None,
    });
    keys.collect()
}

/// What has been seen of the elements of a list.
#[derive(Debug, Default)]
struct ElementsSeen {
    /// One of them is an object.
    objects: bool,
    /// One of the objects has a key that the selection reads.
    keyed: bool,
}

fn is_scalar(kind: Kind) -> bool {
    matches!(kind, Kind::String | Kind::Number | Kind::Bool)
}

/// Reads the elements of a list from which fields are selected. False if one is no object, list or null, unless the
/// fields read it as a whole.
fn elements(
    reader: &mut JsonReader<'_>,
    mask: &InputMask,
    seen: &mut ElementsSeen,
) -> Result<bool, ReadError> {
    let mut all = true;
    reader.enter_list()?;
    while reader.next_element()? {
        all &= match reader.peek()? {
            // One object with a key suffices: do not look for keys in the others.
            Kind::Object if seen.keyed => fits(reader, mask)?,
            Kind::Object => {
                let (fits, keyed) = object(reader, mask)?;
                (seen.objects, seen.keyed) = (true, keyed);
                fits
            }
            Kind::List => elements(reader, mask, seen)?,
            kind => {
                reader.skip()?;
                kind == Kind::Null || *mask == InputMask::Whole
            }
        };
    }
    Ok(all)
}

/// Reads an object. Returns whether its members fit, and whether it has any of the keys that the selection reads.
fn object(reader: &mut JsonReader<'_>, mask: &InputMask) -> Result<(bool, bool), ReadError> {
    let keys = match mask {
        InputMask::Keys(keys) if !keys.is_empty() => keys,
        _ => {
            reader.skip()?;
            return Ok((true, true));
        }
    };
    let (mut all, mut any) = (true, false);
    reader.enter_object()?;
    while let Some(name) = reader.next_key()? {
        match keys.iter().find(|(key, _)| **key == *name.as_str()) {
            Some((_, mask)) => {
                any = true;
                all &= fits(reader, mask)?;
            }
            None => reader.skip()?,
        }
    }
    Ok((all, any))
}

/// Reads a value to its end. False if the selection reads keys of something that has none, such as a text in place of
/// an object. An empty text and `false` fit: some systems write them for a missing object.
fn fits(reader: &mut JsonReader<'_>, mask: &InputMask) -> Result<bool, ReadError> {
    let keys = match mask {
        InputMask::Keys(keys) if !keys.is_empty() => keys,
        _ => return reader.skip().map(|()| true),
    };
    match reader.peek()? {
        Kind::Object => {
            let deeper = |(_, mask): &(_, InputMask)| matches!(mask, InputMask::Keys(keys) if !keys.is_empty());
            if keys.iter().any(deeper) {
                return object(reader, mask).map(|(fits, _)| fits);
            }
            reader.skip().map(|()| true)
        }
        Kind::List => {
            let mut all = true;
            reader.enter_list()?;
            while reader.next_element()? {
                all &= fits(reader, mask)?;
            }
            Ok(all)
        }
        Kind::Null => reader.skip().map(|()| true),
        Kind::String | Kind::Number | Kind::Bool => {
            let span = reader.capture()?;
            Ok(matches!(span.of(reader.text()), b"\"\"" | b"false"))
        }
    }
}

#[cfg(test)]
#[path = "accept_tests.rs"]
mod tests;
