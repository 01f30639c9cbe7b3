//! `POST /graphql` and `GET /graphql`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, Method, Request, Uri};
use hyper::body::Body;
use tokio::sync::SemaphorePermit;

use super::answer::{Encoding, answer};
use super::context::{Answered, RequestContext, observed};
use super::media::Media;
use super::refusal::Refusal;
use super::{Answer, Shared, compression, incoming, landing, request};
use crate::gateway::{ClientContext, Draw, GraphqlRequest, GraphqlResponse};
use crate::priority;

/// Reading a body of so many bytes, and what it asks for, takes a millisecond or more.
const LONG: usize = 64 * 1024;

/// A request to `/graphql`, whatever its method.
pub(super) async fn any<B>(shared: &Shared, http: Request<B>) -> Answer
where
    B: Body<Data = Bytes> + Unpin,
{
    let answer = async |http: Request<B>, context: &RequestContext| {
        let (mut parts, body) = http.into_parts();
        let headers = Arc::new(std::mem::take(&mut parts.headers));
        let answered = match parts.method {
            Method::POST => post(shared, context, headers, body).await,
            Method::GET | Method::HEAD => get(shared, context, headers, &parts.uri).await,
            // Any other may not be safe to answer as if it were one of these.
            _ => Err(other_method()),
        };
        answered.unwrap_or_else(|refusal| Answered::without_request(refusal.answer()))
    };
    observed(&shared.observing, http, answer).await
}

/// `POST`: queries and mutations.
async fn post<B>(
    shared: &Shared,
    context: &RequestContext,
    headers: Arc<HeaderMap>,
    body: B,
) -> Result<Answered, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    let media = Media::accepted(&headers).ok_or_else(Refusal::not_acceptable)?;
    if !request::is_json(&headers) {
        return Err(Refusal::unsupported_media_type());
    }
    let body = incoming::body(body, &shared.limits, &shared.bodies).await?;
    // Only a request that is there as a whole takes a place: one that is never sent cannot keep others out.
    let _permit = shared.admit()?;
    if body.len() >= LONG {
        priority::lower().await;
    }
    let graphql = request::from_json(&body)?;
    drop(body);
    let client = client(headers, context, true);
    let response = execute(shared, graphql, &client).await?;
    Ok(answered(shared, &client.headers, response, media).await)
}

/// `GET`: queries only, so that no link and no image can change anything.
async fn get(
    shared: &Shared,
    context: &RequestContext,
    headers: Arc<HeaderMap>,
    uri: &Uri,
) -> Result<Answered, Refusal> {
    let query = uri.query().unwrap_or_default();
    if query.is_empty() && landing::wants_text(&headers) {
        return Ok(Answered::without_request(landing::page(&headers)));
    }
    let media = Media::accepted(&headers).ok_or_else(Refusal::not_acceptable)?;
    let _permit = shared.admit()?;
    let graphql = request::from_query_string(query)?;
    let client = client(headers, context, false);
    let response = execute(shared, graphql, &client).await?;
    Ok(answered(shared, &client.headers, response, media).await)
}

fn other_method() -> Refusal {
    Refusal::method(
        "GET, POST",
        "Send GraphQL requests by POST, or queries by GET",
    )
}

fn client(
    headers: Arc<HeaderMap>,
    context: &RequestContext,
    mutations_allowed: bool,
) -> ClientContext {
    ClientContext {
        headers,
        mutations_allowed,
        trace: Some(context.trace),
        trace_state: context.trace_state.clone(),
        draw: Draw::Random,
    }
}

/// A panic in the gateway ends one request, not the connection that others share.
async fn execute(
    shared: &Shared,
    graphql: GraphqlRequest,
    client: &ClientContext,
) -> Result<GraphqlResponse, Refusal> {
    let executed = AssertUnwindSafe(shared.executor.execute(graphql, client));
    executed.catch_unwind().await.map_err(|_| {
        tracing::error!(outcome = "panic", "executing a request ended abnormally");
        Refusal::internal()
    })
}

/// The answer, compressed where that is wanted, with its outcome for the log and the metrics.
async fn answered(
    shared: &Shared,
    client: &HeaderMap,
    response: GraphqlResponse,
    media: Media,
) -> Answered {
    let (outcome, bytes) = (response.outcome, response.body.len());
    let encoding = match shared.compression && compression::is_worthwhile(&response.body) {
        true if compression::is_accepted(client) => match compression::body(&response).await {
            Some(body) => Encoding::Gzip(body),
            None => Encoding::Negotiable,
        },
        true => Encoding::Negotiable,
        false => Encoding::Fixed,
    };
    Answered {
        answer: answer(response, media, encoding),
        executed: Some((outcome, bytes)),
    }
}

impl Shared {
    /// A place among the requests being worked on, where there is one and room for the answer.
    fn admit(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        if !self.connections.has_room() {
            return Err(Refusal::busy());
        }
        self.places.try_acquire().map_err(|_| Refusal::busy())
    }
}
