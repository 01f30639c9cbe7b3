//! Bad weather: the ways in which a department's system fails.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Response, StatusCode, header};
use futures_util::stream;

/// How a stand-in behaves, whatever it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weather {
    /// It answers.
    #[default]
    Fine,
    /// Connections are reset, those that are open already included.
    Dead,
    /// It answers, after this long.
    Slow(Duration),
    /// It answers every request with this status, in plain text.
    Status(u16),
    /// It answers 200 with a page of HTML, as a login wall or a maintenance notice does.
    Html,
    /// It answers 200 with JSON that breaks off in the middle.
    InvalidJson,
    /// It answers 200 with JSON that has nothing to do with what it should have.
    WrongShape,
    /// It answers 200 with a body that never ends.
    Endless,
}

impl Weather {
    /// The answer that takes the place of the department's own, if there is one.
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

/// Valid JSON so far, for ever.
fn endless() -> Body {
    let more = Bytes::from(r#"{"row": "and another one"},"#.repeat(300));
    let start = Bytes::from_static(b"[");
    Body::from_stream(stream::unfold(start, move |chunk| {
        let more = more.clone();
        async move { Some((Ok::<_, std::convert::Infallible>(chunk), more)) }
    }))
}
