//! The request to a GraphQL service, by the GraphQL-over-HTTP specification: a JSON body with `query` and `variables`.
//!
//! Other rooms print operations and read responses; this module only writes the body.

use ::http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use ::http::{Method, header};
use bytes::{BufMut, Bytes, BytesMut};

use crate::connector::{HttpRequest, RenderError, Request};
use crate::document::write_json_string;

/// The `accept` header for GraphQL services.
pub const ACCEPTED: HeaderValue =
    HeaderValue::from_static("application/graphql-response+json, application/json;q=0.9");

/// One operation for a GraphQL service, without variables.
#[derive(Debug, Clone)]
pub struct EncodedOperation {
    /// `{"query":"…"`, without the closing brace.
    open: Bytes,
}

impl EncodedOperation {
    /// From the operation's text, which holds exactly one operation.
    pub fn new(text: &str) -> EncodedOperation {
        let mut open = Vec::with_capacity(text.len() + 32);
        open.extend_from_slice(b"{\"query\":");
        write_json_string(text, &mut open);
        EncodedOperation { open: open.into() }
    }

    /// The request's body. `variables` is the JSON text of an object; `None` if the operation has no variables.
    pub fn body(&self, variables: Option<&[u8]>) -> Bytes {
        const VARIABLES: &[u8] = b",\"variables\":";
        let length = variables.map_or(0, |text| VARIABLES.len() + text.len());
        let mut body = BytesMut::with_capacity(self.open.len() + length + 1);
        body.put_slice(&self.open);
        if let Some(text) = variables {
            body.put_slice(VARIABLES);
            body.put_slice(text);
        }
        body.put_u8(b'}');
        body.freeze()
    }
}

/// A rendered request (URL and headers of the service) with an operation's body, which is empty if the operation is not
/// known yet.
///
/// Replaces the connector's content type, since the body is JSON, and keeps its `accept`.
///
/// # Errors
/// The service is not called over HTTP.
pub fn complete(request: Request, body: Bytes) -> Result<Request, RenderError> {
    let Ok(mut request) = request.into_own::<HttpRequest>() else {
        return Err(RenderError::new("a GraphQL service is called over HTTP"));
    };
    request.method = Method::POST;
    request.headers.retain(|(name, _)| *name != CONTENT_TYPE);
    request
        .headers
        .push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    if !has(&request, &header::ACCEPT) {
        request.headers.push((ACCEPT, ACCEPTED));
    }
    request.body = body;
    request.is_graphql = true;
    Ok(Request::new(request))
}

/// A completed request with another body.
pub fn with_body(request: &Request, body: Bytes) -> Request {
    match request.of::<HttpRequest>() {
        Some(request) => Request::new(HttpRequest {
            body,
            ..request.clone()
        }),
        // No such request is completed.
        None => request.clone(),
    }
}

fn has(request: &HttpRequest, wanted: &HeaderName) -> bool {
    request.headers.iter().any(|(name, _)| name == wanted)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn the_text_survives() {
        let text = "query Q($a: String = \"\\u{1F4A7}\") {\n\t\"quo\\te\"\u{1}\r ज़िला }";
        let body = EncodedOperation::new(text).body(Some(br#"{"a":1.10}"#));
        let read: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(read["query"], text);
        assert!(body.ends_with(br#","variables":{"a":1.10}}"#));
    }

    #[test]
    fn without_variables() {
        assert_eq!(
            EncodedOperation::new("{a}").body(None),
            br#"{"query":"{a}"}"#.as_slice()
        );
    }

    #[test]
    fn completes_a_template() {
        let template = Request::new(HttpRequest {
            url: "http://service.example/graphql".to_owned(),
            headers: vec![(CONTENT_TYPE, HeaderValue::from_static("text/plain"))],
            ..HttpRequest::default()
        });
        let completed = complete(template, Bytes::from_static(b"{}")).unwrap();
        let request = completed.of::<HttpRequest>().unwrap();
        assert_eq!(
            (&request.method, &request.body[..]),
            (&Method::POST, &b"{}"[..])
        );
        let headers: Vec<_> = request
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        assert_eq!(
            headers,
            [
                "content-type: application/json",
                "accept: application/graphql-response+json, application/json;q=0.9"
            ]
        );
    }
}
