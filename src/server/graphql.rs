//! `POST /graphql` and `GET /graphql`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, Method, Request, Uri};
use hyper::body::Body;
use tokio::sync::SemaphorePermit;

use super::media::MediaType;
use super::observe_request::{ObservedResponse, RequestIdentity, observe};
use super::protocol::has_many_streams;
use super::refusal::HttpRefusal;
use super::response::{Encoding, http_response};
use super::{HttpResponse, ServerState, compression, landing_page, request, request_body};
use crate::gateway::{ClientContext, Draw, GraphqlRequest, GraphqlResponse};
use crate::priority;

/// Parsing a body of this many bytes takes a millisecond or more, so the task moves to a thread of lower priority first.
const LONG: usize = 64 * 1024;

/// A request to `/graphql`, whatever its method.
pub(super) async fn any<B>(state: &ServerState, http: Request<B>) -> HttpResponse
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
    let body = request_body::read(body, &state.limits, &state.bodies).await?;
    // The permit is taken after the body was read, so that clients which send slowly cannot use up all permits.
    let _permit = state.admit()?;
    if body.len() >= LONG {
        priority::lower().await;
    }
    let graphql = request::from_json(&body)?;
    drop(body);
    let client = client(headers, identity, true);
    let response = execute(state, graphql, &client).await?;
    Ok(observed(state, &client.headers, response, media).await)
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
    let response = execute(state, graphql, &client).await?;
    Ok(observed(state, &client.headers, response, media).await)
}

fn other_method() -> HttpRefusal {
    HttpRefusal::method(
        "GET, POST",
        "Send GraphQL requests by POST, or queries by GET",
    )
}

fn client(
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
    }
}

/// Executes the request. A panic in the gateway fails this request only, not the other requests of the connection.
async fn execute(
    state: &ServerState,
    graphql: GraphqlRequest,
    client: &ClientContext,
) -> Result<GraphqlResponse, HttpRefusal> {
    let executed = AssertUnwindSafe(state.executor.execute(graphql, client));
    executed.catch_unwind().await.map_err(|_| {
        tracing::error!(outcome = "panic", "executing a request ended abnormally");
        HttpRefusal::internal()
    })
}

/// The HTTP response, compressed if the client accepts it, with its outcome for the log and the metrics.
async fn observed(
    state: &ServerState,
    client: &HeaderMap,
    response: GraphqlResponse,
    media: MediaType,
) -> ObservedResponse {
    let (outcome, bytes) = (response.outcome, response.body.len());
    let encoding = match state.compression && compression::is_worthwhile(&response.body) {
        true if compression::is_accepted(client) => match compression::body(&response).await {
            Some(body) => Encoding::Gzip(body),
            None => Encoding::Negotiable,
        },
        true => Encoding::Negotiable,
        false => Encoding::Fixed,
    };
    ObservedResponse {
        response: http_response(response, media, encoding),
        executed: Some((outcome, bytes)),
    }
}

impl ServerState {
    /// A permit to execute a request. Refused when all permits are taken, or when there is no memory for the response. The
    /// last quarter of the permits is for connections with few requests in work.
    fn admit(&self) -> Result<SemaphorePermit<'_>, HttpRefusal> {
        let few_left = self.permits.available_permits() <= self.limits.concurrent_requests / 4;
        if !self.connections.has_room() || (few_left && has_many_streams()) {
            return Err(HttpRefusal::busy());
        }
        self.permits.try_acquire().map_err(|_| HttpRefusal::busy())
    }
}
