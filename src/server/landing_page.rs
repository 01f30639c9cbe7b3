//! The page for a person who opens the endpoint in a browser: a short text with URLs and a command to try.

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HOST, VARY};
use http::{HeaderMap, HeaderValue};

use super::response::HttpResponse;

/// Whether the client is a browser, which accepts HTML.
pub(super) fn is_browser(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/html"))
}

/// The page.
pub(super) fn page(headers: &HeaderMap) -> HttpResponse {
    // Only characters of a host and a port are echoed to the client.
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host
        .filter(|host| {
            host.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
        })
        .unwrap_or("localhost:4000");
    let text = format!(
        "Sangam: one GraphQL endpoint in front of your systems.\n\n\
         endpoint  http://{host}/graphql\n\
         schema    http://{host}/schema.graphql\n\
         health    http://{host}/health/ready\n\n\
         Try:\n\n  \
         curl -s http://{host}/graphql -H 'Content-Type: application/json' \\\n    \
         -d '{{\"query\": \"{{ __schema {{ queryType {{ fields {{ name description }} }} }} }}\"}}'\n"
    );
    let mut response = HttpResponse::new(Bytes::from(text));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("accept"));
    response
}
