//! Builds a URL from a base, templates, path segments and query parameters.
//!
//! What an expression yields is percent-encoded but for `A-Za-z0-9-._~` (RFC 3986's unreserved characters), so it can
//! never become a separator; what an author wrote keeps its reserved characters. That encoding leaves `.` and `..` as
//! they are, which every URL parser takes for steps to another path, encoded or not; and an empty value leaves a segment
//! out, which many servers take for the resource above it. A value that would be such a segment is refused, or a client's
//! argument could choose another resource than the connector's author did. An empty segment that the author wrote stays.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::request::RenderError;
use super::evaluate::evaluate;
use crate::document::Value;
use crate::mapping::{Piece, Selection, Template, Variables};

/// All characters but the unreserved ones of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A template, or a fixed text.
#[derive(Debug, Clone)]
pub(crate) enum RequestText {
    /// Has no expressions.
    Fixed(String),
    /// Has expressions.
    Template(Template),
}

impl RequestText {
    /// The literal text at its beginning.
    pub(super) fn first_literal(&self) -> &str {
        match self {
            Self::Fixed(text) => text,
            Self::Template(template) => match template.pieces().first() {
                Some(Piece::Literal(text)) => text,
                _ => "",
            },
        }
    }

    /// The text as a URL or a part of one. Expressions must not create segments that lead to another path.
    pub(super) fn render_url(
        &self,
        variables: &Variables,
        part: &str,
    ) -> Result<std::borrow::Cow<'_, str>, RenderError> {
        let text = self.render(variables, part)?;
        if let Self::Template(template) = self {
            let segments = Segments::of(&text);
            if segments.has_dots {
                return Err(leads_elsewhere(part));
            }
            // The usual case: no empty segment but the one before the first slash or in `://`.
            let path = &text[..segments.end];
            if segments.empty > begins_with_empty(template) && has_lost_segment(template, path) {
                return Err(is_empty(part));
            }
        }
        Ok(text)
    }

    /// The text for these variables; `part` of the request names it in errors.
    pub(super) fn render(
        &self,
        variables: &Variables,
        part: &str,
    ) -> Result<std::borrow::Cow<'_, str>, RenderError> {
        match self {
            Self::Fixed(text) => Ok(text.into()),
            Self::Template(template) => render(template, variables, part).map(Into::into),
        }
    }
}

/// Refuses a text with segments that lead to another path.
pub(super) fn check_steps(text: &str, part: &str) -> Result<(), RenderError> {
    match Segments::of(text).has_dots {
        true => Err(leads_elsewhere(part)),
        false => Ok(()),
    }
}

/// Renders a template; its errors name the part of the request.
pub(super) fn render(
    template: &Template,
    variables: &Variables,
    part: &str,
) -> Result<String, RenderError> {
    match template.render(variables) {
        Ok(rendered) => Ok(rendered.text),
        Err(error) => Err(RenderError::new(format!("{part}: {}", error.message))),
    }
}

/// The beginning of a URL: scheme, authority, and what follows them in the same text.
#[derive(Debug, Clone)]
pub(crate) struct UrlStart {
    /// Scheme, authority and path.
    front: String,
    /// The offset of the path.
    path: usize,
    /// The text after `?`.
    query: String,
}

impl UrlStart {
    /// The parts of an absolute URL.
    pub(super) fn of(url: &str) -> Result<UrlStart, RenderError> {
        let (front, query) = split(url);
        let scheme = memchr::memchr(b':', front.as_bytes());
        let authority = scheme
            .filter(|at| front[*at..].starts_with("://"))
            .map(|at| at + 3);
        let Some(authority) = authority.filter(|at| front.len() > *at) else {
            return Err(RenderError::new(
                "the URL is not absolute: scheme or host is lacking",
            ));
        };
        let path = memchr::memchr(b'/', &front.as_bytes()[authority..]);
        Ok(UrlStart {
            front: front.to_owned(),
            path: path.map_or(front.len(), |at| authority + at),
            query: query.to_owned(),
        })
    }

    /// A URL that begins so, with room for so many more bytes. Its query is before the other query parameters.
    pub(super) fn build(&self, room: usize) -> Builder {
        let mut front = String::with_capacity(self.front.len() + room);
        front.push_str(&self.front);
        Builder {
            front,
            path: self.path,
            query: self.query.clone(),
        }
    }
}

/// A URL that is being built.
#[derive(Debug)]
pub(super) struct Builder {
    /// Scheme, authority and path.
    front: String,
    /// The offset of the path.
    path: usize,
    /// The text after `?`.
    query: String,
}

impl Builder {
    /// Adds a path, and its query.
    pub(super) fn append(&mut self, relative: &str) {
        let (path, query) = split(relative);
        if !path.is_empty() {
            self.slash();
            self.front.push_str(path.strip_prefix('/').unwrap_or(path));
        }
        self.pairs(query);
    }

    /// Adds the segments that a `path` mapping yields.
    pub(super) fn segments(
        &mut self,
        mapping: Option<&Selection>,
        variables: &Variables,
    ) -> Result<(), RenderError> {
        let Some(mapping) = mapping else {
            return Ok(());
        };
        let value = evaluate(mapping, None, variables, "path")?;
        let Some(segments) = value.as_ref().and_then(Value::as_array) else {
            return Err(RenderError::new("path: it must yield an array of segments"));
        };
        // Without variables, the author has written all of them.
        let written = mapping.variables().is_empty();
        for segment in segments {
            let Some(text) = scalar(segment) else {
                return Err(RenderError::new(
                    "path: a segment is null, an array or an object",
                ));
            };
            if is_dots(&text) {
                return Err(leads_elsewhere("path"));
            }
            if text.is_empty() && !written {
                return Err(is_empty("path"));
            }
            self.slash();
            self.front.extend(utf8_percent_encode(&text, ENCODED));
        }
        Ok(())
    }

    /// Adds the parameters that a `queryParams` mapping yields.
    pub(super) fn query(
        &mut self,
        mapping: Option<&Selection>,
        variables: &Variables,
    ) -> Result<(), RenderError> {
        let Some(mapping) = mapping else {
            return Ok(());
        };
        let value = evaluate(mapping, None, variables, "queryParams")?;
        let parameters = match &value {
            None | Some(Value::Null) => return Ok(()),
            Some(Value::Object(parameters)) => parameters,
            Some(_) => return Err(RenderError::new("queryParams: it must yield an object")),
        };
        for (name, value) in parameters.iter() {
            let values = match value {
                Value::Array(values) => values.as_slice(),
                single => std::slice::from_ref(single),
            };
            for value in values.iter().filter(|value| !value.is_null()) {
                let Some(text) = scalar(value) else {
                    return Err(RenderError::new(format!(
                        "queryParams: `{name}` is an object or a list in a list"
                    )));
                };
                self.pair(name, &text);
            }
        }
        Ok(())
    }

    /// The URL.
    pub(super) fn finish(mut self) -> String {
        if self.front.len() == self.path {
            self.front.push('/');
        }
        if !self.query.is_empty() {
            self.front.push('?');
            self.front.push_str(&self.query);
        }
        self.front
    }

    /// Ends the path so far with exactly one slash.
    fn slash(&mut self) {
        if !self.front[self.path..].ends_with('/') {
            self.front.push('/');
        }
    }

    fn pairs(&mut self, query: &str) {
        if !query.is_empty() {
            self.separator();
            self.query.push_str(query);
        }
    }

    fn pair(&mut self, name: &str, value: &str) {
        self.separator();
        self.query.extend(utf8_percent_encode(name, ENCODED));
        self.query.push('=');
        self.query.extend(utf8_percent_encode(value, ENCODED));
    }

    fn separator(&mut self) {
        if !self.query.is_empty() {
            self.query.push('&');
        }
    }
}

/// The segments of a path, for the checks that each rendered URL needs. All is found in one pass over the text.
struct Segments {
    /// The offset at which the path ends.
    end: usize,
    /// How many are empty.
    empty: usize,
    /// One is `.` or `..`.
    has_dots: bool,
}

impl Segments {
    fn of(url: &str) -> Segments {
        let mut segments = Segments {
            end: url.len(),
            empty: 0,
            has_dots: false,
        };
        // Only a segment with a dot or a percent sign can be `.` or `..`.
        let (mut start, mut suspicious) = (0, false);
        for (at, byte) in url.bytes().enumerate() {
            match byte {
                b'/' => {
                    segments.add(&url[start..at], suspicious);
                    (start, suspicious) = (at + 1, false);
                }
                b'.' | b'%' => suspicious = true,
                b'?' | b'#' => {
                    segments.end = at;
                    break;
                }
                _ => {}
            }
        }
        segments.add(&url[start..segments.end], suspicious);
        segments
    }

    fn add(&mut self, segment: &str, suspicious: bool) {
        self.empty += usize::from(segment.is_empty());
        self.has_dots |= suspicious && is_dots(segment);
    }
}

/// The number of empty segments in the beginning of a template: of a slash or of a scheme.
fn begins_with_empty(template: &Template) -> usize {
    match template.pieces().first() {
        Some(Piece::Literal(text)) => usize::from(text.starts_with('/') || text.contains("://")),
        _ => 0,
    }
}

/// Whether a segment of a rendered path is empty that consists of expressions in the template. Expressions never yield a
/// separator, so the path has the same segments as the template.
fn has_lost_segment(template: &Template, path: &str) -> bool {
    let mut segments = path.split('/');
    let mut present = segments.next();
    let (mut expressions, mut letters) = (false, false);
    for piece in template.pieces() {
        let Piece::Literal(text) = piece else {
            expressions = true;
            continue;
        };
        let (path, query) = match text.find(['?', '#']) {
            Some(at) => (&text[..at], true),
            None => (&**text, false),
        };
        for (index, part) in path.split('/').enumerate() {
            if index > 0 {
                if expressions && !letters && present == Some("") {
                    return true;
                }
                present = segments.next();
                (expressions, letters) = (false, false);
            }
            letters |= !part.is_empty();
        }
        if query {
            break;
        }
    }
    expressions && !letters && present == Some("")
}

/// `.` and `..`, which URL parsers resolve, even percent-encoded once or twice.
fn is_dots(segment: &str) -> bool {
    let (mut rest, mut dots) = (segment, 0);
    while let Some(after) = [".", "%2e", "%2E", "%252e", "%252E"]
        .iter()
        .find_map(|dot| rest.strip_prefix(dot))
    {
        (rest, dots) = (after, dots + 1);
    }
    rest.is_empty() && matches!(dots, 1 | 2)
}

fn leads_elsewhere(part: &str) -> RenderError {
    RenderError::new(format!(
        "{part}: a segment is `.` or `..`, which leads elsewhere"
    ))
}

fn is_empty(part: &str) -> RenderError {
    RenderError::new(format!("{part}: a segment is empty, which leads elsewhere"))
}

/// Path and query, without the fragment, which is never sent.
pub(super) fn split(url: &str) -> (&str, &str) {
    let before = |mark: u8, text: &str| memchr::memchr(mark, text.as_bytes()).unwrap_or(text.len());
    let url = &url[..before(b'#', url)];
    let (path, query) = url.split_at(before(b'?', url));
    (path, query.strip_prefix('?').unwrap_or_default())
}

/// A scalar as text, with unchanged digits; `None` for null, arrays and objects.
pub(super) fn scalar(value: &Value) -> Option<std::borrow::Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.as_ref().into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(true) => Some("true".into()),
        Value::Bool(false) => Some("false".into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
