//! What comes with a document: the variables `$status` and `$response` of the mapping language.
//!
//! Only mappings read it, through [`Envelope::variables`]; whether a response is a success, and how long it may be kept,
//! is said by the [response](super::UpstreamResponse) itself.

use std::fmt;
use std::sync::Arc;

use ::http::header::LINK;
use ::http::{HeaderMap, HeaderName};

use crate::document::{Object, Str, Value};
use crate::mapping::Variables;

/// The number by which a wire protocol tells the outcome of a call. People see it in errors, in the log and in
/// `explain`, and mappings read it as `$status`. It decides nothing: that is for the
/// [outcome](super::UpstreamResponse::outcome).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireStatus {
    /// The wire protocol, as the `extensions` of errors name it.
    pub wire: &'static str,
    /// The number.
    pub number: u16,
}

/// The number.
impl fmt::Display for WireStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number.fmt(f)
    }
}

/// The status and the headers of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    status: Option<WireStatus>,
    headers: HeaderMap,
}

/// Which headers are kept with a document: those that its mapping reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredHeaders {
    /// These names, in lower case, sorted.
    Named(Vec<String>),
    /// All: the mapping reads the headers as a whole.
    All,
}

impl StoredHeaders {
    /// No header at all.
    pub const NONE: StoredHeaders = StoredHeaders::Named(Vec::new());
}

impl Envelope {
    /// The envelope of a response. A wire without statuses has none.
    pub fn new(status: Option<WireStatus>, headers: HeaderMap) -> Envelope {
        Envelope { status, headers }
    }

    /// The status; `None` on a wire without statuses.
    pub fn status(&self) -> Option<WireStatus> {
        self.status
    }

    /// The variables with `$status` and `$response`.
    pub fn variables(&self, variables: &Variables) -> Variables {
        let status = self
            .status
            .map(|status| Value::from(i64::from(status.number)));
        let mut response = Object::with_capacity(1);
        response.insert(Str::from("headers"), headers_value(&self.headers));
        let variables = variables.clone();
        variables
            .with("$status", status.unwrap_or_default())
            .with("$response", Value::Object(Arc::new(response)))
    }

    /// The address in the `Link` headers with `rel="next"` (RFC 8288, section 3).
    pub fn next_link(&self) -> Option<String> {
        let headers = self.headers.get_all(LINK).iter();
        let mut texts = headers.filter_map(|value| value.to_str().ok());
        texts.find_map(next_link).map(str::to_owned)
    }

    /// The envelope with only these headers.
    #[must_use]
    pub fn only(self, stored: &StoredHeaders) -> Envelope {
        let headers = match stored {
            StoredHeaders::All => self.headers,
            StoredHeaders::Named(names) if names.is_empty() => HeaderMap::new(),
            StoredHeaders::Named(names) => {
                let mut kept = HeaderMap::new();
                for name in names {
                    for value in self.headers.get_all(name.as_str()) {
                        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
                            kept.append(name, value.clone());
                        }
                    }
                }
                kept
            }
        };
        Envelope { headers, ..self }
    }

    /// About the bytes of memory that it holds.
    pub fn weight(&self) -> usize {
        let headers = self.headers.iter();
        headers
            .map(|(name, value)| name.as_str().len() + value.len() + 64)
            .sum()
    }
}

/// The target of the first link with the relation `next` in a `Link` header: `<address>; rel="next", …`.
fn next_link(mut header: &str) -> Option<&str> {
    loop {
        let (_, rest) = header.split_once('<')?;
        let (address, rest) = rest.split_once('>')?;
        let end = end_of_parameters(rest);
        let (parameters, others) = rest.split_at(end);
        let mut parameters = parameters.split(';').filter_map(|one| one.split_once('='));
        let is_next = parameters.any(|(name, value)| {
            let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
            name.trim().eq_ignore_ascii_case("rel")
                && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(address);
        }
        header = others;
    }
}

/// The position of the comma that ends the parameters of a link; one in quotes does not.
fn end_of_parameters(text: &str) -> usize {
    let mut quoted = false;
    let end = text.find(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    end.unwrap_or(text.len())
}

/// Headers as the mapping language sees them: lists of strings by name in lower case.
pub(crate) fn headers_value(headers: &HeaderMap) -> Value {
    let mut all = Object::with_capacity(headers.keys_len());
    for name in headers.keys() {
        let values = headers.get_all(name).iter();
        let values = values
            .map(|value| Value::from(String::from_utf8_lossy(value.as_bytes()).as_ref()))
            .collect();
        all.insert(Str::from(name.as_str()), Value::Array(Arc::new(values)));
    }
    Value::Object(Arc::new(all))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use ::http::HeaderValue;

    use super::*;

    fn status(number: u16) -> WireStatus {
        WireStatus {
            wire: "toy",
            number,
        }
    }

    #[test]
    fn the_next_link_is_found_among_others() {
        for (header, expected) in [
            (
                "<https://a.example/?page=2>; rel=\"next\"",
                Some("https://a.example/?page=2"),
            ),
            (
                "</?p=1,2>; rel=prev, </?p=3>; title=\"a, <b>\"; rel=\"last NEXT\"",
                Some("/?p=3"),
            ),
            ("</?p=9>; rel=\"last\"", None),
            ("</?p=9", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(LINK, HeaderValue::from_static(header));
            let next = Envelope::new(None, headers).next_link();
            assert_eq!(next.as_deref(), expected, "{header}");
        }
    }

    #[test]
    fn keeps_the_headers_that_are_read() {
        let mut headers = HeaderMap::new();
        headers.insert("x-total", HeaderValue::from_static("20"));
        headers.insert("set-cookie", HeaderValue::from_static("secret=1"));
        let envelope = Envelope::new(Some(status(200)), headers);
        let stored = StoredHeaders::Named(vec!["x-total".to_owned()]);
        let kept = envelope.clone().only(&stored);
        assert_eq!(kept.headers.len(), 1);
        assert_eq!(kept.headers["x-total"], "20");
        assert_eq!(kept.status(), Some(status(200)));
        assert_eq!(envelope.clone().only(&StoredHeaders::All), envelope);
    }
}
