//! `POST /graphql` and `GET /graphql`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::ETAG;
use http::{HeaderMap, Method, Request, Uri};
use hyper::body::Body;
use tokio::sync::SemaphorePermit;

use super::coded_body::with_body;
use super::media::MediaType;
use super::observe_request::{ExecutedRequest, ObservedResponse, RequestIdentity, observe};
use super::refusal::HttpRefusal;
use super::request::Posted;
use super::response::{HttpResponse, http_response};
use super::state::ServerState;
use super::{
    batch, compression, decompression, etag, landing_page, request, request_body, uploads,
};
use crate::gateway::{
    AcceptedDeliveries, ClientContext, ContentCoding, Draw, GraphqlRequest, GraphqlResponse, Known,
    Payload,
};
use crate::priority;

/// Parsing a body of this many bytes takes a millisecond or more, so the task moves to a thread of lower priority first.
const LONG: usize = 64 * 1024;

/// A request to `/graphql`, whatever its method.
pub(super) async fn respond<B>(state: &ServerState, http: Request<B>) -> HttpResponse
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
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
    B: Body<Data = Bytes> + Unpin + Send + 'static,
{
    let media = MediaType::accepted(&headers).ok_or_else(HttpRefusal::not_acceptable)?;
    if uploads::is_multipart(&headers) {
        return Box::pin(with_files(state, identity, headers, body, media)).await;
    }
    if !request::is_json(&headers) {
        return Err(HttpRefusal::unsupported_media_type());
    }
    let (body, _permit) = read_body(state, &headers, body).await?;
    if let Some((response, payload)) = known(state, &body, &headers).await {
        return Ok(posted_response(state, &headers, media, response, payload).await);
    }
    let posted = request::from_json(&body, state.limits.batch)?;
    let client = client(headers, identity, true);
    let graphql = match posted {
        Posted::One(graphql) => GraphqlRequest {
            sent: Some(body),
            ..graphql
        },
        // Boxed: most requests are no batches, and need no room for the future of one.
        Posted::Batch(requests) => {
            return Box::pin(batch::respond(state, requests, &client, media)).await;
        }
    };
    let (response, payload) = execute(state, graphql, &client).await?;
    Ok(posted_response(state, &client.headers, media, response, payload).await)
}

/// The response to a `POST`.
async fn posted_response(
    state: &ServerState,
    client: &HeaderMap,
    media: MediaType,
    response: GraphqlResponse,
    payload: Payload,
) -> ObservedResponse {
    let negotiated = compression::negotiate(state.compression, client, &payload.body);
    let http = http_response(&response, media, negotiated);
    let http = with_body(http, &payload, negotiated.coding).await;
    observed(http, response, payload.body.len())
}

/// The response to a request of these bytes, with its payload, if the executor knows what they ask for and need not execute it.
pub(super) async fn known(
    state: &ServerState,
    sent: &[u8],
    headers: &HeaderMap,
) -> Option<(GraphqlResponse, Payload)> {
    let known = AssertUnwindSafe(|| state.executor.known(sent, headers));
    // After a panic, the request takes the usual way.
    let mut response = match std::panic::catch_unwind(known).ok()?? {
        Known::Kept(response) => response,
        Known::InFlight(response) => AssertUnwindSafe(response).catch_unwind().await.ok()??,
    };
    let payload = response.payloads.take_only()?;
    Some((response, payload))
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
    let coding = decompression::coding(headers)?;
    let mut body = request_body::read(body, &state.limits, &state.bodies).await?;
    // The permit is taken after the body was read, so that clients which send slowly cannot use up all permits.
    let permit = state.admit()?;
    if let Some(coding) = coding {
        body = decompression::body(body, coding, state.limits.body_bytes.0).await?;
    }
    if body.len() >= LONG {
        priority::lower().await;
    }
    Ok((body, permit))
}

/// `POST` with files. It takes none of the permits of other requests: those are for work, and this waits for the client.
async fn with_files<B>(
    state: &ServerState,
    identity: &RequestIdentity,
    headers: Arc<HeaderMap>,
    body: B,
    media: MediaType,
) -> Result<ObservedResponse, HttpRefusal>
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
{
    let files = state.executor.files();
    let files = files.ok_or_else(HttpRefusal::unsupported_media_type)?;
    let _permit = files.upload().ok_or_else(HttpRefusal::busy)?;
    if !state.connections.has_room() {
        return Err(HttpRefusal::busy());
    }
    let (graphql, uploads) = uploads::read(&headers, body, &files, &state.limits).await?;
    let mut client = client(headers, identity, true);
    client.uploads = uploads.has_files().then(|| Arc::clone(&uploads));
    let executed = execute(state, graphql, &client).await;
    // A client that is too slow gets the response, and its connection is closed.
    let rest = uploads.drain(files.settings.upload_bytes.0);
    let _ = tokio::time::timeout(state.limits.request_read_timeout, rest).await;
    let (response, payload) = executed?;
    Ok(posted_response(state, &client.headers, media, response, payload).await)
}

/// `GET`: queries only, so that a link or an image on a page cannot run a mutation.
async fn get(
    state: &ServerState,
    identity: &RequestIdentity,
    headers: Arc<HeaderMap>,
    uri: &Uri,
) -> Result<ObservedResponse, HttpRefusal> {
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
    let negotiated = compression::negotiate(state.compression, &client.headers, &payload.body);
    let http = http_response(&response, media, negotiated);
    let http = conditional(&client.headers, http, &payload, negotiated.coding).await;
    Ok(observed(http, response, payload.body.len()))
}

/// The response to a `GET` with its body in a coding and its tag, or 304 if the client has it.
pub(super) async fn conditional(
    client: &HeaderMap,
    mut http: HttpResponse,
    payload: &Payload,
    coding: ContentCoding,
) -> HttpResponse {
    if etag::is_for(&http) {
        let tag = etag::of(payload, coding);
        http.headers_mut().insert(ETAG, tag);
    }
    // Before the body is compressed.
    match etag::is_not_modified(client, &http) {
        true => etag::not_modified(http),
        false => with_body(http, payload, coding).await,
    }
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
        uploads: None,
        instant: None,
        batch_cost: None,
        deliveries: AcceptedDeliveries::default(),
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

/// The HTTP response, of so many bytes before compression, with its outcome for the log and the metrics.
pub(super) fn observed(
    http: HttpResponse,
    response: GraphqlResponse,
    bytes: usize,
) -> ObservedResponse {
    ObservedResponse {
        response: http,
        executed: Some(ExecutedRequest {
            outcome: response.outcome,
            bytes,
            has_errors: response.has_errors,
            operation: response.operation,
        }),
        batch: Vec::new(),
    }
}
