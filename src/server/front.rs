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

use super::context::{Answered, observed};
use super::protocol::{Answering, Site};
use super::{Answer, Refusal, Shared, graphql, head};

/// The path of the endpoint.
const GRAPHQL: &str = "/graphql";

/// All paths that clients see.
#[derive(Clone)]
pub(super) struct Front {
    paths: Arc<Paths>,
}

struct Paths {
    graphql: Graphql,
    /// The same within CORS, where that is switched on.
    across_origins: Option<Cors<Graphql>>,
    others: Router,
}

impl Front {
    /// `others` answers what is not for the endpoint.
    pub(super) fn new(shared: Arc<Shared>, cors: Option<CorsLayer>, others: Router) -> Front {
        let graphql = Graphql { shared };
        let paths = Paths {
            across_origins: cors.map(|cors| cors.layer(graphql.clone())),
            graphql,
            others,
        };
        Front {
            paths: Arc::new(paths),
        }
    }
}

impl Site for Front {
    // A future of its own for each way, so that the usual one does not take the memory of the others.
    fn answer(&self, request: Request<Incoming>) -> Answering {
        let paths = &*self.paths;
        let shared = Arc::clone(&paths.graphql.shared);
        let (version, headers) = (request.version(), request.headers());
        if let Err(refusal) = head::check(version, request.uri(), headers, &shared.limits) {
            return Box::pin(refused(shared, request, refusal));
        }
        if request.uri().path() != GRAPHQL {
            return Box::pin(routed(paths.others.clone(), request));
        }
        if let Some(cors) = &paths.across_origins {
            let answered = cors.clone().oneshot(request);
            return Box::pin(async move {
                match answered.await {
                    Ok(answer) => answer,
                    Err(impossible) => match impossible {},
                }
            });
        }
        Box::pin(async move { graphql::any(&shared, request).await })
    }
}

/// A request that is refused whatever it asks.
async fn refused(shared: Arc<Shared>, request: Request<Incoming>, refusal: Refusal) -> Answer {
    let refused = async |_, _: &_| Answered::without_request(refusal.answer());
    observed(&shared.observing, request, refused).await
}

/// The answer of a router. Its bodies are there as a whole, as all of ours are.
pub(super) async fn routed(router: Router, request: Request<Incoming>) -> Answer {
    let (head, body) = match router.oneshot(request).await {
        Ok(answer) => answer.into_parts(),
        Err(impossible) => match impossible {},
    };
    match to_bytes(body, usize::MAX).await {
        Ok(body) => Answer::from_parts(head, body),
        Err(_) => Refusal::internal().answer(),
    }
}

/// The endpoint alone, as what CORS is laid around.
#[derive(Clone)]
struct Graphql {
    shared: Arc<Shared>,
}

impl Service<Request<Incoming>> for Graphql {
    type Response = Answer;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { Ok(graphql::any(&shared, request).await) })
    }
}
