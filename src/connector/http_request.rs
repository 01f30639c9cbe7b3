//! A request over HTTP, also for GraphQL services.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use url::Url;

use super::fingerprint::Fingerprint;
use super::request::{RenderError, Request, ShownRequest, WireRequest};

/// Headers that carry trace identifiers (W3C Trace Context, B3).
const TRACE_HEADERS: [&str; 8] = [
    "b3",
    "tracestate",
    "traceparent",
    "x-b3-flags",
    "x-b3-spanid",
    "x-b3-sampled",
    "x-b3-traceid",
    "x-b3-parentspanid",
];

/// A request over HTTP.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct HttpRequest {
    /// `GET`, `POST`, …
    pub method: Method,
    /// The absolute URL.
    pub url: String,
    /// Headers in the order they are sent, names in lower case.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body; empty for none.
    pub body: Bytes,
    /// Files of the client that are sent in place of `body`.
    pub upload: Option<Arc<UploadBody>>,
    /// It is for a GraphQL service, whose response is JSON, whatever its content type.
    pub is_graphql: bool,
    /// The address for traces: without credentials, and with `REDACTED` for what the request computes.
    pub address: Arc<str>,
}

/// A body with files of the client's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadBody {
    /// The fields of the form before the files.
    pub fields: Vec<(String, String)>,
    /// The files, by their numbers in the client's request.
    pub files: Vec<usize>,
    /// The only file is the body, and there is no form.
    pub raw: bool,
    /// The name of the files' field in the form.
    pub field: String,
    /// The name of the files in the form, in place of those that the client gives.
    pub name: Option<String>,
    /// The content types that are allowed; empty for those of the settings.
    pub types: Arc<[String]>,
    /// The greatest length of a file, if that is less than the settings say.
    pub max_bytes: Option<u64>,
    /// The upstream must know the length.
    pub needs_length: bool,
}

impl fmt::Debug for HttpRequest {
    /// Shows only the names of headers and the size of the body: the values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.url.split(['?', '#']).next().unwrap_or_default();
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        write!(
            f,
            "{} {path} {names:?} ({} bytes)",
            self.method,
            self.body.len()
        )
    }
}

impl WireRequest for HttpRequest {
    fn fingerprint(&self, out: &mut Fingerprint<'_>) {
        // A new field does not compile until it is here.
        let HttpRequest {
            method,
            url,
            headers,
            body,
            // A request with files is neither cached nor shared.
            upload: _,
            // The same for all requests of an endpoint.
            is_graphql: _,
            address: _,
        } = self;
        out.part(body);
        out.part(method.as_str().as_bytes());
        out.part(url.as_bytes());
        // Last, because they have no count.
        for (name, value) in headers {
            let name = name.as_str();
            if !is_trace_header(name) {
                out.part(name.as_bytes());
                out.part(value.as_bytes());
            }
        }
    }

    fn to_address(&self, address: &str) -> Result<Request, RenderError> {
        let base = Url::parse(&self.url);
        let base = base.map_err(|_| RenderError::new("the request's URL is not valid"))?;
        let url = base
            .join(address)
            .map_err(|_| RenderError::new("the address is not valid"))?;
        if url.origin() != base.origin() {
            return Err(RenderError::new("the address is of another host"));
        }
        Ok(Request::new(HttpRequest {
            url: url.into(),
            ..self.clone()
        }))
    }

    fn shown(&self) -> ShownRequest {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = self.headers.iter();
        ShownRequest {
            line: vec![
                ("method", self.method.as_str().to_owned()),
                ("url", self.url.clone()),
            ],
            headers: headers
                .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())))
                .collect(),
            body: text(&self.body),
        }
    }
}

/// Whether a header carries trace identifiers. They differ with every request, and change no document.
pub(crate) fn is_trace_header(name: &str) -> bool {
    matches!(name.as_bytes().first(), Some(b'b' | b't' | b'x')) && TRACE_HEADERS.contains(&name)
}
