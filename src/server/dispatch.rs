//! What clients' requests come to: `/graphql` is answered right here, any other path by a router.
//!
//! Nearly every request is for the one path, and a router takes longer to find it than a kept answer takes to be found.

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
use super::{HttpRefusal, HttpResponse, ServerState, graphql, head};

/// The path of the endpoint.
const GRAPHQL: &str = "/graphql";

/// All paths that clients see.
#[derive(Clone)]
pub(super) struct Dispatch {
    paths: Arc<Paths>,
}

struct Paths {
    graphql: Graphql,
    /// The same within CORS, where that is switched on.
    across_origins: Option<Cors<Graphql>>,
    others: Router,
}

impl Dispatch {
    /// `others` answers what is not for the endpoint.
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
    // A future of its own for each way, so that the usual one does not take the memory of the others.
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
        Box::pin(async move { graphql::any(&state, request).await })
    }
}

/// A request that is refused whatever it asks.
async fn refused(
    state: Arc<ServerState>,
    request: Request<Incoming>,
    refusal: HttpRefusal,
) -> HttpResponse {
    let refused = async |_, _: &_| ObservedResponse::without_request(refusal.http_response());
    observe(&state.observer, request, refused).await
}

/// The answer of a router. Its bodies are there as a whole, as all of ours are.
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

/// The endpoint alone, as what CORS is laid around.
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
        Box::pin(async move { Ok(graphql::any(&state, request).await) })
    }
}
