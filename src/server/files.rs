//! `GET /files/…`: files of upstreams, passed on to clients.
//!
//! The token in the path says which file, and until when ([`crate::files`]). The content is not trusted: it is of a type that
//! runs no scripts, or is saved and not shown; a sandbox and `nosniff` keep browsers from treating it as anything else. The
//! URL is a secret as long as it is valid, so no cache keeps the response, and links in a file do not send the URL on.

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, StreamExt};
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_RANGE, LAST_MODIFIED, RANGE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};

use super::client_body::ClientBody;
use super::observe_request::{ObservedResponse, observe};
use super::refusal::HttpRefusal;
use super::response::HttpResponse;
use super::response_body::{Broken, Streamed};
use super::state::ServerState;
use crate::errors::code;
use crate::files::PATH;
use crate::files::presentation::disposition;
use crate::gateway::{Download, DownloadRequest, NoDownload};

/// A page of another origin may show a file, and a script of it may read one if CORS allows that.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What the upstream says of the file that clients need to continue a download.
const PASSED_ON: [HeaderName; 4] = [ACCEPT_RANGES, CONTENT_RANGE, ETAG, LAST_MODIFIED];

/// Whether a path is that of a file.
pub(super) fn is_file(path: &str) -> bool {
    path.starts_with(PATH)
}

/// A request below [`PATH`], whatever its method.
pub(super) async fn respond(state: &ServerState, request: Request<ClientBody>) -> HttpResponse {
    let respond = async |request: Request<ClientBody>,
                         identity: &super::observe_request::RequestIdentity| {
        let token = request.uri().path().strip_prefix(PATH).unwrap_or_default();
        let method = request.method();
        if !matches!(*method, Method::GET | Method::HEAD) {
            let refusal = HttpRefusal::method("GET, HEAD", "Download files by GET");
            return ObservedResponse::without_request(refusal.http_response());
        }
        let download = state.executor.download(DownloadRequest {
            token,
            headers: request.headers(),
            wanted: wanted(request.headers()),
            trace: identity.trace,
        });
        let response = match AssertUnwindSafe(download).catch_unwind().await {
            Ok(Ok(download)) => file(download, method == Method::HEAD),
            Ok(Err(none)) => refusal(none),
            Err(_) => {
                tracing::error!(outcome = "panic", "a download ended abnormally");
                HttpRefusal::internal().http_response()
            }
        };
        ObservedResponse::without_request(response)
    };
    observe(&state.observer, request, respond).await
}

/// The wanted range. Several ranges would be a content of another type: then the whole file is sent, as RFC 9110 allows.
fn wanted(headers: &HeaderMap) -> HeaderMap {
    let mut wanted = HeaderMap::new();
    let range = headers.get(RANGE).filter(|range| {
        let text = range.to_str().unwrap_or_default();
        text.starts_with("bytes=") && !text.contains(',')
    });
    if let Some(range) = range {
        wanted.insert(RANGE, range.clone());
        if let Some(condition) = headers.get(IF_RANGE) {
            wanted.insert(IF_RANGE, condition.clone());
        }
    }
    wanted
}

fn file(download: Download, only_head: bool) -> HttpResponse {
    let mut response = HttpResponse::default();
    if download.is_part {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    let headers = response.headers_mut();
    for name in PASSED_ON {
        if let Some(value) = download.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    let content_type = HeaderValue::try_from(&download.content_type);
    let unknown = HeaderValue::from_static(crate::files::presentation::UNKNOWN_TYPE);
    headers.insert(CONTENT_TYPE, content_type.unwrap_or(unknown));
    let disposition = disposition(download.inline, &download.name);
    headers.insert(CONTENT_DISPOSITION, disposition);
    protect(headers);
    if only_head {
        if let Some(length) = download.length {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        return response;
    }
    let permit = download.permit;
    let chunks = download.content.map(move |piece| {
        let _counted = &permit;
        piece.map_err(|error| {
            let (kind, error) = (error.kind.as_str(), error.detail);
            tracing::warn!(kind, error, "a download broke off");
            Broken
        })
    });
    let streamed = Streamed::new(chunks.boxed(), download.length);
    response.extensions_mut().insert(streamed);
    response
}

/// The headers that keep browsers and caches from making anything else of a response.
fn protect(headers: &mut HeaderMap) {
    for (name, value) in [
        (CACHE_CONTROL, "private, no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (RESOURCE_POLICY, "cross-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn refusal(none: NoDownload) -> HttpResponse {
    let mut response = HttpRefusal::of_file(none.code).http_response();
    if none.code == code::RANGE_NOT_SATISFIABLE
        && let Some(range) = none.headers.get(CONTENT_RANGE)
    {
        response.headers_mut().insert(CONTENT_RANGE, range.clone());
    }
    protect(response.headers_mut());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_range_is_passed_on() {
        for (range, passed) in [
            ("bytes=0-9", true),
            ("bytes=5-", true),
            ("bytes=-5", true),
            ("bytes=0-1,4-5", false),
            ("items=0-1", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, HeaderValue::from_static(range));
            headers.insert(IF_RANGE, HeaderValue::from_static("\"a\""));
            let wanted = wanted(&headers);
            assert_eq!(wanted.contains_key(RANGE), passed, "{range}");
            assert_eq!(wanted.contains_key(IF_RANGE), passed, "{range}");
        }
    }
}
