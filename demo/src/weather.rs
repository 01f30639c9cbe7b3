//! The *weather* of a stand-in: the ways in which a department's system fails.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Response, StatusCode, header};
use futures_util::stream;

/// How a stand-in responds to all requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weather {
    /// The department responds.
    #[default]
    Fine,
    /// Connections are reset, including open ones.
    Dead,
    /// The department responds after this time.
    Slow(Duration),
    /// Every response has this status, and is plain text.
    Status(u16),
    /// Every response is 200 with an HTML page, such as a login page or a maintenance notice.
    Html,
    /// Every response is 200 with JSON that is cut off.
    InvalidJson,
    /// Every response is 200 with JSON of another shape.
    WrongShape,
    /// Every response is 200 with an endless body.
    Endless,
}

impl Weather {
    /// The response instead of the department's, if any.
    pub(crate) fn answer(self) -> Option<Response<Body>> {
        let (status, media_type, body) = match self {
            Weather::Fine | Weather::Dead | Weather::Slow(_) => return None,
            Weather::Status(code) => (
                StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                "text/plain",
                Body::from("The service is not available\n"),
            ),
            Weather::Html => (
                StatusCode::OK,
                "text/html; charset=utf-8",
                Body::from(
                    "<!DOCTYPE html><html><head><title>Site under maintenance</title></head>\
                     <body><h1>We will be back shortly</h1></body></html>\n",
                ),
            ),
            Weather::InvalidJson => (
                StatusCode::OK,
                "application/json",
                Body::from(r#"{"status": "ok", "data": [{"id": 1, "name": "Ana"#),
            ),
            Weather::WrongShape => (
                StatusCode::OK,
                "application/json",
                Body::from(r#"{"unexpected": {"shape": [true, 7, "seven"]}}"#),
            ),
            Weather::Endless => (StatusCode::OK, "application/json", endless()),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static(media_type),
        );
        Some(response)
    }
}

/// An endless body: the beginning of a JSON text.
fn endless() -> Body {
    let more = Bytes::from(r#"{"row": "and another one"},"#.repeat(300));
    let start = Bytes::from_static(b"[");
    Body::from_stream(stream::unfold(start, move |chunk| {
        let more = more.clone();
        async move { Some((Ok::<_, std::convert::Infallible>(chunk), more)) }
    }))
}
