//! `POST /hooks/<connector>`: the upstream of a connector sends an event.
//!
//! The body is read as it was sent, since it is what is signed: one that is compressed is refused. A connector without a webhook
//! has the response of a path that is not there.

use std::panic::AssertUnwindSafe;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};

use super::client_body::ClientBody;
use super::observe_request::{ObservedResponse, observe};
use super::refusal::HttpRefusal;
use super::response::HttpResponse;
use super::state::ServerState;
use super::{decompression, request_body};
use crate::gateway::{HOOKS_PATH, HookRequest, Hooked};

/// Whether a path is that of a webhook.
pub(super) fn is_hook(path: &str) -> bool {
    path.starts_with(HOOKS_PATH)
}

/// A request below [`HOOKS_PATH`], whatever its method.
pub(super) async fn respond(state: &ServerState, request: Request<ClientBody>) -> HttpResponse {
    let respond = async |request: Request<ClientBody>,
                         _: &super::observe_request::RequestIdentity| {
        let received = AssertUnwindSafe(receive(state, request)).catch_unwind();
        let response = match received.await {
            Ok(Ok(hooked)) => accepted(hooked),
            Ok(Err(refusal)) => refusal.http_response(),
            Err(_) => {
                tracing::error!(outcome = "panic", "an event ended abnormally");
                HttpRefusal::internal().http_response()
            }
        };
        ObservedResponse::without_request(response)
    };
    observe(&state.observer, request, respond).await
}

async fn receive(state: &ServerState, request: Request<ClientBody>) -> Result<Hooked, HttpRefusal> {
    if *request.method() != Method::POST {
        return Err(HttpRefusal::method("POST", "Send events by POST"));
    }
    let (head, body) = request.into_parts();
    if !matches!(decompression::coding(&head.headers), Ok(None)) {
        return Err(HttpRefusal::compressed());
    }
    let body = request_body::read(body, &state.limits, &state.bodies).await?;
    let _permit = state.admit()?;
    let hook = HookRequest {
        connector: head.uri.path().strip_prefix(HOOKS_PATH).unwrap_or_default(),
        headers: &head.headers,
        body,
    };
    state.executor.hook(hook).await.map_err(HttpRefusal::hook)
}

/// What the sender gets: of how many fields it is an event, or that it was received before.
fn accepted(hooked: Hooked) -> HttpResponse {
    let body = match hooked {
        Hooked::Event(fields) => format!("{{\"fields\":{fields}}}"),
        Hooked::Repeated => "{\"repeated\":true}".to_owned(),
    };
    let mut response = HttpResponse::new(Bytes::from(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
