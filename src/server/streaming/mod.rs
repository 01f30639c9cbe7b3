//! Responses that stream: subscriptions, live queries and incremental responses.
//!
//! [`http`] answers requests whose clients accept a stream, in one of the [`formats`]; [`body`] makes its body, with the texts of
//! [`framing`]. [`streams`] counts all streams, and ends them when the server stops. What waits for a client is in its
//! [`outbox`], which [`pump`] fills.

mod body;
mod formats;
mod framing;
mod http;
mod outbox;
mod pump;
pub(super) mod sse;
mod streams;

use std::sync::Arc;

use ::http::{HeaderMap, Method, Request};
use bytes::Bytes;
use hyper::body::Body;

use self::formats::Formats;
use self::http::StreamRequest;
use super::observe_request::{ObservedResponse, RequestIdentity, observe};
use super::response::HttpResponse;
use super::state::ServerState;
use super::uploads;

#[allow(unused_imports)]
pub(super) use self::streams::{Streams, Transport};

/// Whether a request to `/graphql` is one for [`respond`]: its client accepts a stream.
pub(super) fn is_wanted(method: &Method, headers: &HeaderMap) -> bool {
    matches!(*method, Method::GET | Method::POST)
        && Formats::accepted(headers).is_some()
        // A response to files does not stream.
        && !uploads::is_multipart(headers)
}

/// A request to `/graphql` that [`is_wanted`].
pub(super) async fn respond<B>(state: Arc<ServerState>, http: Request<B>) -> HttpResponse
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
{
    let state = &*state;
    let respond = async |http: Request<B>, identity: &RequestIdentity| {
        let (parts, body) = http.into_parts();
        let request = StreamRequest {
            state,
            identity,
            formats: Formats::accepted(&parts.headers).unwrap_or_default(),
            headers: parts.headers,
        };
        let observed = match parts.method {
            Method::POST => request.post(body).await,
            _ => request.get(&parts.uri).await,
        };
        observed
            .unwrap_or_else(|refusal| ObservedResponse::without_request(refusal.http_response()))
    };
    observe(&state.observer, http, respond).await
}
