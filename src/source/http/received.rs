//! A response of either client, whose body has not been read.

use ::http::{HeaderMap, Response, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tower_http::decompression::DecompressionBody;
use url::Url;

use super::error::{from_body, from_reqwest};
use crate::source::SourceError;

/// A response with its body.
pub(super) enum Received {
    /// Of the direct client.
    Direct(Box<Response<DecompressionBody<Incoming>>>),
    /// Of the full client.
    Full(reqwest::Response),
}

impl Received {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Received::Direct(response) => response.status(),
            Received::Full(response) => response.status(),
        }
    }

    pub(super) fn take_headers(&mut self) -> HeaderMap {
        std::mem::take(match self {
            Received::Direct(response) => response.headers_mut(),
            Received::Full(response) => response.headers_mut(),
        })
    }

    /// The body's length, if it is known from the head.
    pub(super) fn content_length(&self) -> Option<u64> {
        match self {
            Received::Direct(response) => response.body().size_hint().exact(),
            Received::Full(response) => response.content_length(),
        }
    }

    /// The next piece of the body; `None` at its end.
    pub(super) async fn chunk(&mut self, url: &Url) -> Result<Option<Bytes>, SourceError> {
        match self {
            Received::Direct(response) => loop {
                match response.body_mut().frame().await {
                    None => return Ok(None),
                    Some(Err(error)) => return Err(from_body(&*error, url)),
                    // Other frames are trailers, which are not used.
                    Some(Ok(frame)) => {
                        if let Ok(data) = frame.into_data() {
                            return Ok(Some(data));
                        }
                    }
                }
            },
            Received::Full(response) => {
                let piece = response.chunk().await;
                piece.map_err(|error| from_reqwest(error, url))
            }
        }
    }
}
