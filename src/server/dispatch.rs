//! Dispatches the requests of clients: `/graphql` is handled directly, any other path by an `axum` router.
//!
//! Nearly every request is for `/graphql`, and routing a request takes longer than looking up a cached response.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::to_bytes;
use http::Request;
use hyper::body::Incoming;
use tower::{Layer, Service, ServiceExt};
use tower_http::cors::{Cors, CorsLayer};

use super::observe_request::{ObservedResponse, observe};
use super::protocol::{Handler, ResponseFuture};
use super::refusal::HttpRefusal;
use super::response::HttpResponse;
use super::state::ServerState;
use super::{graphql, head};

/// The path of the GraphQL endpoint.
const GRAPHQL: &str = "/graphql";

/// Handles the requests of the client listener.
#[derive(Clone)]
pub(super) struct Dispatch {
    paths: Arc<Paths>,
}

struct Paths {
    graphql: Graphql,
    /// The endpoint inside the CORS layer, when CORS is on.
    across_origins: Option<Cors<Graphql>>,
    others: Router,
}

impl Dispatch {
    /// `others` handles every path but the endpoint's.
    pub(super) fn new(
        state: Arc<ServerState>,
        cors: Option<CorsLayer>,
        others: Router,
    ) -> Dispatch {
        let graphql = Graphql { state };
        let paths = Paths {
            across_origins: cors.map(|cors| cors.layer(graphql.clone())),
            graphql,
            others,
        };
        Dispatch {
            paths: Arc::new(paths),
        }
    }
}

impl Handler for Dispatch {
    // One boxed future per case, so that the usual case does not allocate the size of the largest one.
    fn handle(&self, request: Request<Incoming>) -> ResponseFuture {
        let paths = &*self.paths;
        let state = Arc::clone(&paths.graphql.state);
        let (version, headers) = (request.version(), request.headers());
        if let Err(refusal) = head::check(version, request.uri(), headers, &state.limits) {
            return Box::pin(refused(state, request, refusal));
        }
        if request.uri().path() != GRAPHQL {
            return Box::pin(routed(paths.others.clone(), request));
        }
        if let Some(cors) = &paths.across_origins {
            let response = cors.clone().oneshot(request);
            return Box::pin(async move {
                match response.await {
                    Ok(response) => response,
                    Err(impossible) => match impossible {},
                }
            });
        }
        Box::pin(async move { graphql::respond(&state, request).await })
    }
}

/// The response to a request whose head is refused.
async fn refused(
    state: Arc<ServerState>,
    request: Request<Incoming>,
    refusal: HttpRefusal,
) -> HttpResponse {
    let refused = async |_, _: &_| ObservedResponse::without_request(refusal.http_response());
    observe(&state.observer, request, refused).await
}

/// The response of a router. All our handlers have complete bodies, so collecting the body does not wait.
pub(super) async fn routed(router: Router, request: Request<Incoming>) -> HttpResponse {
    let (head, body) = match router.oneshot(request).await {
        Ok(response) => response.into_parts(),
        Err(impossible) => match impossible {},
    };
    match to_bytes(body, usize::MAX).await {
        Ok(body) => HttpResponse::from_parts(head, body),
        Err(_) => HttpRefusal::internal().http_response(),
    }
}

/// The endpoint as a service, for the CORS layer.
#[derive(Clone)]
struct Graphql {
    state: Arc<ServerState>,
}

impl Service<Request<Incoming>> for Graphql {
    type Response = HttpResponse;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let state = Arc::clone(&self.state);
        Box::pin(async move { Ok(graphql::respond(&state, request).await) })
    }
}
