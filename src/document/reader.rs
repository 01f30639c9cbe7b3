//! The trait by which a projection reads a document of any format.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// The maximum depth of a document: objects and lists together.
///
/// All recursive functions over documents and values rely on this bound.
pub const MAX_DEPTH: u8 = 128;

/// The kind of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Members with names.
    Object,
    /// Elements in order.
    List,
    /// A piece of text.
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`.
    Null,
}

impl Kind {
    /// In words, with its article: `an array`.
    pub fn describe(self) -> &'static str {
        match self {
            Kind::Object => "an object",
            Kind::List => "an array",
            Kind::String => "a string",
            Kind::Number => "a number",
            Kind::Bool => "a boolean",
            Kind::Null => "null",
        }
    }
}

/// A range of bytes of [`Reader::text`] with exactly one JSON value, without white space around it; a
/// string has its quotes. It can be copied into a JSON response unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ValueSpan {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl ValueSpan {
    /// The span as a range for slicing.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The bytes of this span in `text`; empty if the span is not one of that text.
    pub fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.range()).unwrap_or_default()
    }
}

/// A leaf value, as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    /// `null`.
    Null,
    /// `true`.
    True,
    /// `false`.
    False,
    /// A number, with all its digits.
    Number(ValueSpan),
    /// A string, with its quotes and escapes. [`unescape`](super::unescape) gives its text.
    String(ValueSpan),
}

/// A member's name.
///
/// Borrowed from the body unless it has escapes, so that comparing it with an expected name neither
/// decodes nor allocates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectKey<'d>(pub(super) Cow<'d, str>);

impl<'d> ObjectKey<'d> {
    /// The name, decoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, decoded; borrowed if it has no escapes.
    pub fn into_cow(self) -> Cow<'d, str> {
        self.0
    }
}

impl PartialEq<str> for ObjectKey<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

/// The next member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member<'d> {
    /// The expected one.
    Expected,
    /// Another one: its name, and the span of the name as it is written.
    Other(ObjectKey<'d>, ValueSpan),
    /// None: the object has ended.
    End,
}

/// A pull cursor over one document.
///
/// The cursor is before a value. Each value is consumed by exactly one of
/// [`scalar`](Reader::scalar), [`skip`](Reader::skip), [`capture`](Reader::capture), or
/// by entering it and reading its members or elements to the end:
///
/// ```
/// use sangam::document::{JsonReader, Reader, Scalar};
/// let body = br#"{"name": "Ujjain", "blocks": [1, 2]}"#;
/// let mut reader = JsonReader::new(body)?;
/// reader.enter_object()?;
/// while let Some(key) = reader.next_key()? {
///     match key.as_str() {
///         "name" => assert!(matches!(reader.scalar()?, Scalar::String(_))),
///         _ => reader.skip()?,
///     }
/// }
/// reader.finish()?;
/// # Ok::<(), sangam::document::ReadError>(())
/// ```
///
/// Every method validates the text that it passes. After an error, the reader cannot be used any more.
/// Calls in a wrong order return an error or a meaningless result, and never panic.
pub trait Reader<'d> {
    /// The kind of the next value. Consumes nothing.
    fn peek(&mut self) -> Result<Kind, ReadError>;

    /// Steps into an object; [`next_key`](Reader::next_key) follows.
    fn enter_object(&mut self) -> Result<(), ReadError>;

    /// The name of the next member, with the cursor before its value; `None` when the object
    /// has ended, with the cursor after it. Names may repeat; the caller decides which one counts
    /// ([`Value`](super::Value) uses the last one).
    fn next_key(&mut self) -> Result<Option<ObjectKey<'d>>, ReadError>;

    /// As [`next_key`](Reader::next_key), for a caller that expects a name: the objects of a list often have the same
    /// members in the same order, and then one comparison suffices. `expected` is the text of a span from
    /// [`Member::Other`].
    fn next_member(&mut self, expected: Option<&[u8]>) -> Result<Member<'d>, ReadError>;

    /// Steps into a list; [`next_element`](Reader::next_element) follows.
    fn enter_list(&mut self) -> Result<(), ReadError>;

    /// Whether another element follows, with the cursor before it; `false` when the list has
    /// ended, with the cursor after it.
    fn next_element(&mut self) -> Result<bool, ReadError>;

    /// Consumes a value that is neither object nor list.
    fn scalar(&mut self) -> Result<Scalar, ReadError>;

    /// Consumes a value of any kind.
    fn skip(&mut self) -> Result<(), ReadError>;

    /// Consumes a value of any kind, and returns the span of its JSON text.
    fn capture(&mut self) -> Result<ValueSpan, ReadError>;

    /// Checks that the document has ended.
    fn finish(&mut self) -> Result<(), ReadError>;

    /// The JSON text to which spans refer: the body itself for JSON, a buffer that the reader fills
    /// for other formats.
    fn text(&self) -> &[u8];
}

/// Why and where a document is invalid. It is small, so that results fit into registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{fault} at byte {offset}")]
pub struct ReadError {
    /// The offset of the first wrong byte in the body.
    pub offset: u32,
    /// The fault.
    pub fault: Fault,
}

/// A fault of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This was expected.
    Expected(Wanted),
    /// The document ends too early.
    UnexpectedEnd,
    /// Text follows the document.
    TrailingText,
    /// The body is not UTF-8.
    NotUtf8,
    /// A string has a control character that is not escaped.
    ControlCharacter,
    /// An escape that JSON does not define, or half a surrogate pair.
    BadEscape,
    /// A number has not the syntax of JSON.
    BadNumber,
    /// Objects and lists nest deeper than the reader allows.
    TooDeep,
    /// The body is longer than spans can address (4 GiB).
    TooLong,
    /// The value takes more memory than allowed.
    TooLarge,
}

/// What a reader expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Any value.
    Value,
    /// A value that is neither object nor list.
    Scalar,
    /// An object.
    Object,
    /// A list.
    List,
    /// A member's name.
    Name,
    /// The colon between a name and its value.
    Colon,
    /// A comma or the end, after a member.
    MemberEnd,
    /// A comma or the end, after an element.
    ElementEnd,
    /// The end of the object or list.
    End,
}

impl Wanted {
    fn text(self) -> &'static str {
        match self {
            Wanted::Value => "a value",
            Wanted::Scalar => "a string, number, boolean or null",
            Wanted::Object => "an object",
            Wanted::List => "a list",
            Wanted::Name => "a name in quotes",
            Wanted::Colon => "`:`",
            Wanted::MemberEnd => "`,` or `}`",
            Wanted::ElementEnd => "`,` or `]`",
            Wanted::End => "the end of an object or list",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Expected(what) => write!(f, "expected {}", what.text()),
            Fault::UnexpectedEnd => f.write_str("unexpected end"),
            Fault::TrailingText => f.write_str("text after the end of the document"),
            Fault::NotUtf8 => f.write_str("invalid UTF-8"),
            Fault::ControlCharacter => f.write_str("unescaped control character in a string"),
            Fault::BadEscape => f.write_str("invalid escape in a string"),
            Fault::BadNumber => f.write_str("invalid number"),
            Fault::TooDeep => f.write_str("nested too deep"),
            Fault::TooLong => f.write_str("document too long"),
            Fault::TooLarge => f.write_str("value too large"),
        }
    }
}
