//! Refusals of HTTP requests before they are read as GraphQL: 4xx, 500 and 503, with a body in the form of GraphQL errors.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, SEC_WEBSOCKET_VERSION,
};
use http::{HeaderName, HeaderValue, StatusCode};

use super::response::HttpResponse;
use crate::errors::{ErrorCode, ErrorKind, code};
use crate::gateway::HookRefusal;

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HttpRefusal {
    /// The HTTP status.
    pub(super) status: StatusCode,
    /// `extensions.code`, stable.
    pub(super) code: ErrorCode,
    /// `extensions.sangam.kind`.
    pub(super) kind: ErrorKind,
    /// What is wrong and what to do, for the client's developer.
    pub(super) message: String,
    /// The header that says what is allowed instead.
    pub(super) allowed: Option<(HeaderName, &'static str)>,
}

impl HttpRefusal {
    /// A refusal with the status that its code decides.
    fn new(code: ErrorCode, message: impl Into<String>) -> HttpRefusal {
        let status = code.status().map(StatusCode::from_u16);
        HttpRefusal {
            status: status
                .and_then(Result::ok)
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code,
            kind: ErrorKind::Invalid,
            message: message.into(),
            allowed: None,
        }
    }

    /// The request does not conform to GraphQL over HTTP: 400.
    pub(super) fn malformed(message: impl Into<String>) -> HttpRefusal {
        HttpRefusal::new(code::BAD_REQUEST, message)
    }

    /// The body is longer than allowed: 413.
    pub(super) fn too_large(limit: usize) -> HttpRefusal {
        let message =
            format!("The request's body is longer than {limit} bytes (limits.body_bytes)");
        HttpRefusal {
            kind: ErrorKind::Limit,
            ..HttpRefusal::new(code::REQUEST_TOO_LARGE, message)
        }
    }

    /// A request to `/hooks` that is not accepted: 400, 401, 404, 413 or 503.
    pub(super) fn hook(refusal: HookRefusal) -> HttpRefusal {
        let message = refusal.to_string();
        match refusal {
            HookRefusal::NotFound => HttpRefusal::no_such_path(),
            HookRefusal::Unverified(_) => HttpRefusal {
                kind: ErrorKind::Denied,
                ..HttpRefusal::new(code::WEBHOOK_REFUSED, message)
            },
            HookRefusal::TooLarge(_) => HttpRefusal {
                kind: ErrorKind::Limit,
                ..HttpRefusal::new(code::REQUEST_TOO_LARGE, message)
            },
            HookRefusal::NotJson => HttpRefusal::malformed(message),
            HookRefusal::Busy => HttpRefusal::busy(),
        }
    }

    /// The batch has more requests than allowed: 400.
    pub(super) fn long_batch(most: usize) -> HttpRefusal {
        let message = format!("The batch has more than {most} requests (limits.batch)");
        HttpRefusal {
            kind: ErrorKind::Limit,
            ..HttpRefusal::malformed(message)
        }
    }

    /// The target is longer than allowed: 414.
    pub(super) fn long_uri(limit: usize) -> HttpRefusal {
        let message = format!(
            "The request's path and query are longer than {limit} bytes (limits.uri_bytes); send the request by POST"
        );
        HttpRefusal {
            kind: ErrorKind::Limit,
            ..HttpRefusal::new(code::URI_TOO_LONG, message)
        }
    }

    /// The headers are longer than allowed: 431.
    pub(super) fn long_head(limit: usize) -> HttpRefusal {
        let message =
            format!("The request's headers are longer than {limit} bytes (limits.head_bytes)");
        HttpRefusal {
            kind: ErrorKind::Limit,
            ..HttpRefusal::new(code::HEADERS_TOO_LARGE, message)
        }
    }

    /// The body did not arrive in time: 408. `limit` is the setting that was passed.
    pub(super) fn slow(limit: &str) -> HttpRefusal {
        let message = format!("The request's body did not arrive in time ({limit})");
        HttpRefusal {
            kind: ErrorKind::Timeout,
            ..HttpRefusal::new(code::REQUEST_TIMEOUT, message)
        }
    }

    /// The content type is not JSON: 415. This includes HTML forms, so that a page of another origin cannot send a request
    /// without a CORS preflight.
    pub(super) fn unsupported_media_type() -> HttpRefusal {
        let message = "Send the request as JSON, with the header Content-Type: application/json";
        HttpRefusal::new(code::UNSUPPORTED_MEDIA_TYPE, message)
    }

    /// The body is compressed in a way that is not read: 415 (RFC 9110, section 15.5.16).
    pub(super) fn content_coding() -> HttpRefusal {
        let message = "Send the body uncompressed, or compressed once with zstd, brotli, gzip or deflate, as the header Content-Encoding names it";
        HttpRefusal {
            allowed: Some((ACCEPT_ENCODING, "zstd, br, gzip, deflate")),
            ..HttpRefusal::new(code::UNSUPPORTED_MEDIA_TYPE, message)
        }
    }

    /// The body is compressed, and is of a kind that is read as it was sent: 415.
    pub(super) fn compressed() -> HttpRefusal {
        let message =
            "Send the body of this request uncompressed, without the header Content-Encoding";
        HttpRefusal {
            allowed: Some((ACCEPT_ENCODING, "identity")),
            ..HttpRefusal::new(code::UNSUPPORTED_MEDIA_TYPE, message)
        }
    }

    /// Why a stream ends before its last payload.
    pub(super) fn of_stream(code: ErrorCode, message: &str) -> HttpRefusal {
        let kind = match code {
            code::STREAM_SLOW => ErrorKind::Limit,
            _ => ErrorKind::Busy,
        };
        HttpRefusal {
            kind,
            ..HttpRefusal::new(code, message)
        }
    }

    /// The request is no valid handshake of a WebSocket: 400. Most clients show the status only, so the code is in the log line
    /// too.
    pub(super) fn handshake(message: &str) -> HttpRefusal {
        HttpRefusal::new(code::WEBSOCKET_HANDSHAKE, message)
    }

    /// The client speaks another version of the protocol: 426 (RFC 6455, section 4.4).
    pub(super) fn web_socket_version() -> HttpRefusal {
        HttpRefusal {
            status: StatusCode::UPGRADE_REQUIRED,
            allowed: Some((SEC_WEBSOCKET_VERSION, "13")),
            ..HttpRefusal::handshake("The header Sec-WebSocket-Version must be 13")
        }
    }

    /// There is no event stream with this token: 404.
    pub(super) fn no_stream() -> HttpRefusal {
        let message =
            "There is no event stream with this token; reserve one by PUT and open it at once";
        HttpRefusal {
            kind: ErrorKind::NotFound,
            ..HttpRefusal::new(code::STREAM_NOT_FOUND, message)
        }
    }

    /// The event stream is open already, or has an operation with this id: 409.
    pub(super) fn stream_conflict(message: &str) -> HttpRefusal {
        HttpRefusal::new(code::STREAM_CONFLICT, message)
    }

    /// A page of a foreign origin wants a WebSocket: 403.
    pub(super) fn origin() -> HttpRefusal {
        let message =
            "Pages of this origin may not open a WebSocket (cors.origins, streaming.origins)";
        HttpRefusal {
            kind: ErrorKind::Denied,
            ..HttpRefusal::new(code::ORIGIN_NOT_ALLOWED, message)
        }
    }

    /// The client accepts none of our media types: 406.
    pub(super) fn not_acceptable() -> HttpRefusal {
        let message = "Accept application/graphql-response+json or application/json: responses have no other form";
        HttpRefusal::new(code::NOT_ACCEPTABLE, message)
    }

    /// The endpoint does not support the method: 405.
    pub(super) fn method(allow: &'static str, message: &str) -> HttpRefusal {
        HttpRefusal {
            allowed: Some((ALLOW, allow)),
            ..HttpRefusal::new(code::METHOD_NOT_ALLOWED, message)
        }
    }

    /// There is nothing at this path: 404.
    pub(super) fn no_such_path() -> HttpRefusal {
        HttpRefusal::not_found("There is nothing at this path; the GraphQL endpoint is /graphql")
    }

    /// There is no such thing: 404.
    pub(super) fn not_found(message: impl Into<String>) -> HttpRefusal {
        HttpRefusal {
            kind: ErrorKind::NotFound,
            ..HttpRefusal::new(code::NOT_FOUND, message)
        }
    }

    /// The gateway cannot execute a named operation as it is: 503.
    pub(super) fn not_served(message: impl Into<String>) -> HttpRefusal {
        HttpRefusal {
            kind: ErrorKind::Internal,
            ..HttpRefusal::new(code::OPERATION_NOT_SERVED, message)
        }
    }

    /// The result is larger than allowed: 400, as for an operation that exceeds a limit.
    pub(super) fn too_much(message: impl Into<String>) -> HttpRefusal {
        HttpRefusal {
            status: StatusCode::BAD_REQUEST,
            kind: ErrorKind::Limit,
            ..HttpRefusal::new(code::LIMIT_EXCEEDED, message)
        }
    }

    /// The parameters are not the variables of the operation: 400.
    pub(super) fn variables(message: impl Into<String>) -> HttpRefusal {
        HttpRefusal {
            status: StatusCode::BAD_REQUEST,
            ..HttpRefusal::new(code::INVALID_VARIABLES, message)
        }
    }

    /// A request with files that a page of another origin could send: 400.
    pub(super) fn without_preflight() -> HttpRefusal {
        let message = "Send a request with files with the header Apollo-Require-Preflight: true, so that no page of another origin can send it";
        HttpRefusal::new(code::UPLOAD_NEEDS_PREFLIGHT, message)
    }

    /// A request with files that has several operations: 400.
    pub(super) fn upload_batch() -> HttpRefusal {
        let message = "`operations` is a list: send one operation in a request with files";
        HttpRefusal::new(code::UPLOAD_BATCH, message)
    }

    /// `map` does not fit the variables: 400.
    pub(super) fn upload_map(message: &str) -> HttpRefusal {
        HttpRefusal::new(code::UPLOAD_MAP, message)
    }

    /// A request has too many files: 413.
    pub(super) fn too_many_files(limit: usize) -> HttpRefusal {
        let message = format!("The request has more than {limit} files (files.uploads)");
        HttpRefusal {
            kind: ErrorKind::Limit,
            ..HttpRefusal::new(code::REQUEST_TOO_LARGE, message)
        }
    }

    /// There is no file, or it cannot be passed on.
    pub(super) fn of_file(code: ErrorCode) -> HttpRefusal {
        let (kind, message) = match code {
            code::FILE_NOT_FOUND => (
                ErrorKind::NotFound,
                "There is no such file; request the field again for a new URL",
            ),
            code::FILE_EXPIRED => (
                ErrorKind::NotFound,
                "The time of this URL is over; request the field again for a new one",
            ),
            code::RANGE_NOT_SATISFIABLE => (
                ErrorKind::Invalid,
                "The range begins beyond the end of the file",
            ),
            code::FILE_TOO_LARGE => (
                ErrorKind::Limit,
                "The file is longer than this gateway passes on (files.download_bytes)",
            ),
            code::FILE_UPSTREAM_TIMEOUT => (
                ErrorKind::Timeout,
                "The upstream does not send the file in time",
            ),
            code::OVERLOADED => return HttpRefusal::busy(),
            _ => (ErrorKind::BadAnswer, "The upstream does not send the file"),
        };
        HttpRefusal {
            kind,
            ..HttpRefusal::new(code, message)
        }
    }

    /// The gateway has reached a limit of concurrent work or memory: 503.
    pub(super) fn busy() -> HttpRefusal {
        let message = "The gateway is busy; try again in a moment";
        HttpRefusal {
            kind: ErrorKind::Busy,
            ..HttpRefusal::new(code::OVERLOADED, message)
        }
    }

    /// An internal error: 500. The log has the cause.
    pub(super) fn internal() -> HttpRefusal {
        let message = "Something went wrong in the gateway";
        HttpRefusal {
            kind: ErrorKind::Internal,
            ..HttpRefusal::new(code::INTERNAL, message)
        }
    }
}

impl HttpRefusal {
    /// A GraphQL response with the error.
    pub(super) fn body(&self) -> Bytes {
        let body = serde_json::json!({
            "errors": [{
                "message": self.message,
                "extensions": { "code": self.code.as_str(), "sangam": { "kind": self.kind.as_str() } },
            }],
        });
        Bytes::from(body.to_string())
    }

    /// The HTTP response.
    pub(super) fn http_response(self) -> HttpResponse {
        let mut response = HttpResponse::new(self.body());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some((name, value)) = self.allowed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        // For the log line.
        response.extensions_mut().insert(self.code);
        response
    }
}

impl IntoResponse for HttpRefusal {
    fn into_response(self) -> Response {
        self.http_response().map(Body::from)
    }
}
