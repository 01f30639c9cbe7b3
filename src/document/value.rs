//! Values: documents, or parts of them, as trees.

use std::sync::Arc;

use super::json::{JsonReader, unescape};
use super::number::Number;
use super::ordered_map::OrderedMap;
use super::reader::{Fault, Kind, ReadError, Reader, Scalar};

/// Text that is cheap to clone.
pub type Str = Arc<str>;

/// The members of a JSON object.
pub type Object = OrderedMap<Value>;

/// A JSON value that is cheap to clone: parts are shared, never copied.
///
/// There is no value for *missing*: that is `Option::None`. Equality is deep, ignores the order
/// of an object's members and compares numbers by value (`1 == 1.0`).
#[derive(Clone, PartialEq, Default)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number with the digits as received.
    Number(Number),
    /// Text.
    String(Str),
    /// Elements in order.
    Array(Arc<Vec<Value>>),
    /// Members in order.
    Object(Arc<Object>),
}

impl Value {
    /// Reads a whole JSON body.
    ///
    /// If a name repeats within one object, the last value counts, in the position of the first.
    pub fn parse_json(body: &[u8]) -> Result<Value, ReadError> {
        Value::parse_json_within(body, usize::MAX)
    }

    /// As [`parse_json`](Self::parse_json), for a value of at most about `bytes` of memory: a value can take many times as
    /// much as its text.
    pub(crate) fn parse_json_within(body: &[u8], bytes: usize) -> Result<Value, ReadError> {
        let mut reader = JsonReader::new(body)?;
        let value = Value::read_within(&mut reader, &mut { bytes })?;
        reader.finish()?;
        Ok(value)
    }

    /// Reads the next value of a reader.
    pub fn read<'d, R: Reader<'d>>(reader: &mut R) -> Result<Value, ReadError> {
        Value::read_within(reader, &mut { usize::MAX })
    }

    /// As [`read`](Self::read), for a value of at most about `left` bytes of memory, from which it is subtracted.
    pub(crate) fn read_within<'d, R: Reader<'d>>(
        reader: &mut R,
        left: &mut usize,
    ) -> Result<Value, ReadError> {
        let mut memory = Memory {
            names: Names::default(),
            left,
        };
        read(reader, &mut memory)
    }

    /// The kind of this value.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Null => Kind::Null,
            Value::Bool(_) => Kind::Bool,
            Value::Number(_) => Kind::Number,
            Value::String(_) => Kind::String,
            Value::Array(_) => Kind::List,
            Value::Object(_) => Kind::Object,
        }
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The boolean, if this is one.
    pub(crate) fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(bool) = self {
            Some(*bool)
        } else {
            None
        }
    }

    /// The number, if this is one.
    pub(crate) fn as_number(&self) -> Option<&Number> {
        if let Value::Number(number) = self {
            Some(number)
        } else {
            None
        }
    }

    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = self {
            Some(text)
        } else {
            None
        }
    }

    /// The elements, if this is an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        if let Value::Array(elements) = self {
            Some(elements)
        } else {
            None
        }
    }

    /// The members, if this is an object.
    pub fn as_object(&self) -> Option<&Object> {
        if let Value::Object(object) = self {
            Some(object)
        } else {
            None
        }
    }

    /// A member, if this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_object()?.get(name)
    }
}

/// The memory and the shared names of a read.
struct Memory<'m> {
    names: Names,
    /// The bytes that may still be used.
    left: &'m mut usize,
}

/// The bytes of a value apart from its text: itself, and the header of the allocation for its parts.
const VALUE: usize = size_of::<Value>();
const PARTS: usize = 48;
/// The bytes of a member apart from its value, and the capacity of a small object.
const MEMBER: usize = size_of::<Str>();
const ROOM: usize = 3 * (MEMBER + VALUE);

impl Memory<'_> {
    #[inline]
    fn take(&mut self, bytes: usize) -> Result<(), ReadError> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                *self.left = left;
                Ok(())
            }
            // The offset does not matter: the document is too large as a whole.
            None => Err(ReadError {
                offset: 0,
                fault: Fault::TooLarge,
            }),
        }
    }
}

/// Reads a value. The reader bounds the depth of the recursion.
fn read<'d, R: Reader<'d>>(reader: &mut R, memory: &mut Memory<'_>) -> Result<Value, ReadError> {
    match reader.peek()? {
        Kind::Object => {
            memory.take(VALUE + PARTS + ROOM)?;
            reader.enter_object()?;
            let mut object = Object::new();
            while let Some(key) = reader.next_key()? {
                memory.take(MEMBER)?;
                let name = memory.names.share(key.as_str());
                let value = read(reader, memory)?;
                object.insert(name, value);
            }
            Ok(object.into())
        }
        Kind::List => {
            memory.take(VALUE + PARTS)?;
            reader.enter_list()?;
            let mut elements = Vec::new();
            while reader.next_element()? {
                elements.push(read(reader, memory)?);
            }
            Ok(elements.into())
        }
        _ => {
            let scalar = reader.scalar()?;
            memory.take(match scalar {
                Scalar::String(span) | Scalar::Number(span) => VALUE + span.range().len(),
                Scalar::Null | Scalar::True | Scalar::False => VALUE,
            })?;
            Ok(scalar_value(scalar, reader.text()))
        }
    }
}

fn scalar_value(scalar: Scalar, text: &[u8]) -> Value {
    // Spans of readers are valid UTF-8, so the default is never used.
    let slice = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::True => Value::Bool(true),
        Scalar::False => Value::Bool(false),
        Scalar::Number(span) => Value::Number(Number::from_valid(slice(span.of(text)))),
        Scalar::String(span) => Value::String(Str::from(&*unescape(slice(span.of(text))))),
    }
}

/// The last names. The objects of a list repeat the same few names: sharing them saves an
/// allocation for each.
#[derive(Default)]
struct Names {
    slots: Vec<Option<Str>>,
}

impl Names {
    const SLOTS: usize = 64;

    fn share(&mut self, name: &str) -> Str {
        if self.slots.is_empty() {
            self.slots.resize(Self::SLOTS, None);
        }
        let bytes = name.as_bytes();
        let ends = bytes
            .first()
            .zip(bytes.last())
            .map_or(0, |(&a, &b)| a as usize * 7 + b as usize * 31);
        let slot = &mut self.slots[(bytes.len() * 13 + ends) % Self::SLOTS];
        match slot {
            Some(recent) if &**recent == name => recent.clone(),
            _ => slot.insert(Str::from(name)).clone(),
        }
    }
}

impl From<bool> for Value {
    fn from(bool: bool) -> Self {
        Value::Bool(bool)
    }
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Value::Number(int.into())
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Value::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::String(text.into())
    }
}

impl From<Str> for Value {
    fn from(text: Str) -> Self {
        Value::String(text)
    }
}

impl From<Vec<Value>> for Value {
    fn from(elements: Vec<Value>) -> Self {
        Value::Array(Arc::new(elements))
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Value::Object(Arc::new(object))
    }
}

impl<V: Into<Value>> FromIterator<V> for Value {
    fn from_iter<I: IntoIterator<Item = V>>(elements: I) -> Self {
        elements
            .into_iter()
            .map(Into::into)
            .collect::<Vec<Value>>()
            .into()
    }
}

impl From<&serde_json::Value> for Value {
    fn from(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(bool) => Value::Bool(*bool),
            serde_json::Value::Number(number) => {
                Value::Number(Number::from_valid(&number.to_string()))
            }
            serde_json::Value::String(text) => text.as_str().into(),
            serde_json::Value::Array(elements) => elements.iter().collect(),
            serde_json::Value::Object(members) => {
                Object::from_iter(members.iter().map(|(name, value)| (name.as_str(), value))).into()
            }
        }
    }
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        Value::from(&value)
    }
}

impl From<&Value> for serde_json::Value {
    /// Lossy: a number that is neither a 64-bit integer nor a float becomes the nearest float,
    /// and `null` if it is larger than any.
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(bool) => (*bool).into(),
            Value::Number(number) => {
                let text = number.to_string();
                if let Ok(int) = text.parse::<i64>() {
                    int.into()
                } else if let Ok(int) = text.parse::<u64>() {
                    int.into()
                } else {
                    serde_json::Number::from_f64(number.as_f64()).into()
                }
            }
            Value::String(text) => (&**text).into(),
            Value::Array(elements) => elements.iter().map(serde_json::Value::from).collect(),
            Value::Object(object) => serde_json::Value::Object(
                object
                    .iter()
                    .map(|(name, value)| (name.to_string(), serde_json::Value::from(value)))
                    .collect(),
            ),
        }
    }
}

/// Merges a member into an object: objects deeply, of other values the new one counts.
pub(crate) fn merge_member(object: &mut Object, name: &Str, value: &Value) {
    match (object.get_mut(name), value) {
        (Some(Value::Object(existing)), Value::Object(members)) => {
            let existing = Arc::make_mut(existing);
            for (name, value) in members.iter() {
                merge_member(existing, name, value);
            }
        }
        (Some(slot), value) => *slot = value.clone(),
        (None, value) => drop(object.insert(name.clone(), value.clone())),
    }
}
