//! Responses that stream: subscriptions, live queries and incremental responses.
//!
//! [`http`] answers requests whose clients accept a stream, in one of the [`formats`]; [`body`] makes its body, with the texts of
//! [`framing`]. [`streams`] counts all streams, and ends them when the server stops. What waits for a client is in its
//! [`outbox`], which [`pump`] fills. [`single`] has event
//! streams that several operations share, and [`websocket`] a protocol of its own.

mod body;
mod formats;
mod framing;
mod http;
mod outbox;
mod pump;
mod single;
mod single_requests;
pub(super) mod sse;
mod streams;
mod websocket;

use std::sync::Arc;

use ::http::{HeaderMap, Method, Request};
use bytes::Bytes;
use hyper::body::Body;

use self::formats::Formats;
use self::http::StreamRequest;
use self::single_requests::SingleRequest;
use super::observe_request::{ObservedResponse, RequestIdentity, observe};
use super::refusal::HttpRefusal;
use super::response::HttpResponse;
use super::state::ServerState;
use super::uploads;

pub(super) use self::framing::one_line;
pub(super) use self::http::compact;
pub(super) use self::single::SingleConnections;
pub(super) use self::streams::{Streams, Transport};
pub(super) use self::websocket::Following;

/// Whether a request to `/graphql` is one for [`respond`]: its client accepts a stream, or opens a
/// WebSocket.
pub(super) fn is_wanted(method: &Method, headers: &HeaderMap) -> bool {
    if *method == Method::GET && websocket::is_wanted(headers) {
        return true;
    }
    if single_requests::is_wanted(method, headers) {
        return true;
    }
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
    let respond = async |http: Request<B>, identity: &RequestIdentity| {
        let (parts, body) = http.into_parts();
        if parts.method == Method::GET && websocket::is_wanted(&parts.headers) {
            let opened = websocket::open(&state, &parts);
            let response = opened.unwrap_or_else(HttpRefusal::http_response);
            return ObservedResponse::without_request(response);
        }
        if single_requests::is_wanted(&parts.method, &parts.headers)
            || single_requests::has_token(&parts)
        {
            let request = SingleRequest {
                state: &state,
                identity,
            };
            let observed = request.respond(parts, body).await;
            return observed.unwrap_or_else(|refusal| {
                ObservedResponse::without_request(refusal.http_response())
            });
        }
        let request = StreamRequest {
            state: &state,
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
