//! `POST /graphql` and `GET /graphql`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::UPGRADE;
use http::{HeaderMap, Method, Request, Uri};
use hyper::body::Body;
use tokio::sync::SemaphorePermit;

use super::media::MediaType;
use super::observe_request::{ExecutedRequest, ObservedResponse, RequestIdentity, observe};
use super::refusal::HttpRefusal;
use super::response::{Encoding, HttpResponse, http_response};
use super::state::ServerState;
use super::{compression, decompression, landing_page, request, request_body};
use crate::gateway::{ClientContext, Draw, GraphqlRequest, GraphqlResponse, Payload};
use crate::priority;

/// Parsing a body of this many bytes takes a millisecond or more, so the task moves to a thread of lower priority first.
const LONG: usize = 64 * 1024;

/// A request to `/graphql`, whatever its method.
pub(super) async fn respond<B>(state: &ServerState, http: Request<B>) -> HttpResponse
where
    B: Body<Data = Bytes> + Unpin,
{
    let respond = async |http: Request<B>, identity: &RequestIdentity| {
        let (mut parts, body) = http.into_parts();
        let headers = Arc::new(std::mem::take(&mut parts.headers));
        let observed = match parts.method {
            Method::POST => post(state, identity, headers, body).await,
            Method::GET | Method::HEAD => get(state, identity, headers, &parts.uri).await,
            // Other methods are refused: they must not be executed as if they were GET or POST.
            _ => Err(other_method()),
        };
        observed
            .unwrap_or_else(|refusal| ObservedResponse::without_request(refusal.http_response()))
    };
    observe(&state.observer, http, respond).await
}

/// `POST`: queries and mutations.
async fn post<B>(
    state: &ServerState,
    identity: &RequestIdentity,
    headers: Arc<HeaderMap>,
    body: B,
) -> Result<ObservedResponse, HttpRefusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    let media = MediaType::accepted(&headers).ok_or_else(HttpRefusal::not_acceptable)?;
    if !request::is_json(&headers) {
        return Err(HttpRefusal::unsupported_media_type());
    }
    let (body, _permit) = read_body(state, &headers, body).await?;
    let graphql = request::from_json(&body)?;
    drop(body);
    let client = client(headers, identity, true);
    let (response, payload) = execute(state, graphql, &client).await?;
    let encoding = encoding(state, &client.headers, &payload).await;
    Ok(observed(response, payload, media, encoding))
}

/// Reads the body of a `POST`, without its compression, and then takes a permit to execute the request: clients that send slowly
/// cannot use up all permits.
pub(super) async fn read_body<'s, B>(
    state: &'s ServerState,
    headers: &HeaderMap,
    body: B,
) -> Result<(Bytes, SemaphorePermit<'s>), HttpRefusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    let gzip = decompression::is_gzip(headers)?;
    let mut body = request_body::read(body, &state.limits, &state.bodies).await?;
    let permit = state.admit()?;
    if gzip {
        body = decompression::body(body, state.limits.body_bytes.0).await?;
    }
    if body.len() >= LONG {
        priority::lower().await;
    }
    Ok((body, permit))
}

/// `GET`: queries only, so that a link or an image on a page cannot run a mutation.
async fn get(
    state: &ServerState,
    identity: &RequestIdentity,
    headers: Arc<HeaderMap>,
    uri: &Uri,
) -> Result<ObservedResponse, HttpRefusal> {
    if wants_web_socket(&headers) {
        return Err(HttpRefusal::web_socket());
    }
    let query = uri.query().unwrap_or_default();
    if query.is_empty() && landing_page::is_browser(&headers) {
        return Ok(ObservedResponse::without_request(landing_page::page(
            &headers,
        )));
    }
    let media = MediaType::accepted(&headers).ok_or_else(HttpRefusal::not_acceptable)?;
    let _permit = state.admit()?;
    let graphql = request::from_query_string(query)?;
    let client = client(headers, identity, false);
    let (response, payload) = execute(state, graphql, &client).await?;
    let encoding = encoding(state, &client.headers, &payload).await;
    Ok(observed(response, payload, media, encoding))
}

/// Whether the request is the opening handshake of a WebSocket (RFC 6455, section 4.1).
fn wants_web_socket(headers: &HeaderMap) -> bool {
    let mut protocols = headers.get_all(UPGRADE).iter();
    protocols.any(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

fn other_method() -> HttpRefusal {
    HttpRefusal::method(
        "GET, POST",
        "Send GraphQL requests by POST, or queries by GET",
    )
}

/// What the gateway learns of the client and the request.
pub(super) fn client(
    headers: Arc<HeaderMap>,
    identity: &RequestIdentity,
    mutations_allowed: bool,
) -> ClientContext {
    ClientContext {
        headers,
        mutations_allowed,
        trace: Some(identity.trace),
        trace_state: identity.trace_state.clone(),
        draw: Draw::Random,
        instant: None,
    }
}

/// Executes the request, up to its only payload. A panic in the gateway fails this request only, not the other requests
/// of the connection.
pub(super) async fn execute(
    state: &ServerState,
    graphql: GraphqlRequest,
    client: &ClientContext,
) -> Result<(GraphqlResponse, Payload), HttpRefusal> {
    let executed = async {
        let mut response = state.executor.execute(graphql, client).await;
        let first = response.payloads.next().await;
        (response, first)
    };
    let executed = AssertUnwindSafe(executed).catch_unwind().await;
    match executed {
        Ok((response, Some(payload))) if payload.is_last => Ok((response, payload)),
        // The body of a JSON response holds one payload: a part of a response must not pass for the whole.
        Ok(_) => {
            tracing::error!("a JSON response has several payloads, or none");
            Err(HttpRefusal::internal())
        }
        Err(_) => {
            tracing::error!(outcome = "panic", "executing a request ended abnormally");
            Err(HttpRefusal::internal())
        }
    }
}

/// How the payload is sent: compressed if the client accepts it and it is worthwhile.
pub(super) async fn encoding(
    state: &ServerState,
    client: &HeaderMap,
    payload: &Payload,
) -> Encoding {
    match state.compression && compression::is_worthwhile(&payload.body) {
        true if compression::is_accepted(client) => match compression::body(payload).await {
            Some(body) => Encoding::Gzip(body),
            None => Encoding::Negotiable,
        },
        true => Encoding::Negotiable,
        false => Encoding::Fixed,
    }
}

/// The HTTP response, with its outcome for the log and the metrics.
pub(super) fn observed(
    response: GraphqlResponse,
    payload: Payload,
    media: MediaType,
    encoding: Encoding,
) -> ObservedResponse {
    let bytes = payload.body.len();
    ObservedResponse {
        response: http_response(&response, payload, media, encoding),
        executed: Some(ExecutedRequest {
            outcome: response.outcome,
            bytes,
            has_errors: response.has_errors,
            operation: response.operation,
        }),
    }
}
