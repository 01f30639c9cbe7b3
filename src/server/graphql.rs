//! `POST /graphql` and `GET /graphql`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::request::Parts;
use http::{HeaderMap, Request};
use tokio::sync::SemaphorePermit;

use super::answer::answer;
use super::context::RequestContext;
use super::media::Media;
use super::refusal::Refusal;
use super::{Shared, landing, request};
use crate::gateway::{ClientContext, GraphqlRequest, GraphqlResponse, Outcome};

/// `POST`: queries and mutations.
pub(super) async fn post(
    State(shared): State<Arc<Shared>>,
    Extension(context): Extension<RequestContext>,
    http: Request<Body>,
) -> Response {
    let (parts, body) = http.into_parts();
    let handled = async {
        let media = Media::accepted(&parts.headers).ok_or_else(Refusal::not_acceptable)?;
        if !request::is_json(&parts.headers) {
            return Err(Refusal::unsupported_media_type());
        }
        let _permit = shared.admit()?;
        let limits = &shared.limits;
        let body = request::body(
            &parts.headers,
            body,
            limits.body_bytes.0,
            limits.request_read_timeout,
        );
        let graphql = request::from_json(&body.await?)?;
        let client = client(parts.headers, &context, true);
        let response = execute(&shared, graphql, &client).await?;
        Ok(answered(response, media))
    };
    handled.await.unwrap_or_else(Refusal::into_response)
}

/// `GET`: queries only, so that no link and no image can change anything.
pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    Extension(context): Extension<RequestContext>,
    parts: Parts,
) -> Response {
    let query = parts.uri.query().unwrap_or_default();
    if query.is_empty() && landing::wants_text(&parts.headers) {
        return landing::page(&parts.headers);
    }
    let handled = async {
        let media = Media::accepted(&parts.headers).ok_or_else(Refusal::not_acceptable)?;
        let _permit = shared.admit()?;
        let graphql = request::from_query_string(query)?;
        let client = client(parts.headers, &context, false);
        let response = execute(&shared, graphql, &client).await?;
        Ok(answered(response, media))
    };
    handled.await.unwrap_or_else(Refusal::into_response)
}

/// Any other method.
pub(super) async fn other_method() -> Refusal {
    Refusal::method(
        "GET, POST",
        "Send GraphQL requests by POST, or queries by GET",
    )
}

fn client(headers: HeaderMap, context: &RequestContext, mutations_allowed: bool) -> ClientContext {
    ClientContext {
        headers,
        mutations_allowed,
        request_id: context.request_id.to_string(),
        trace: Some(context.trace),
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

/// The answer, with its outcome for the log and the metrics.
fn answered(response: GraphqlResponse, media: Media) -> Response {
    let (outcome, bytes) = (response.outcome, response.body.len());
    let mut answer = answer(response, media);
    answer.extensions_mut().insert(Answered { outcome, bytes });
    answer
}

/// What the observing layer reads of an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answered {
    pub(super) outcome: Outcome,
    pub(super) bytes: usize,
}

impl Shared {
    /// A place among the requests being worked on.
    fn admit(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        self.places.try_acquire().map_err(|_| Refusal::busy())
    }
}
