//! What a connection's requests come to: `/graphql` is answered right here, any other path by a router.
//!
//! Nearly every request is for the one path, and a router takes longer to find it than a kept answer takes to be found.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use tower::{Layer, Service, ServiceExt};
use tower_http::cors::{Cors, CorsLayer};

use super::{Answer, Shared, graphql};

/// The path of the endpoint.
const GRAPHQL: &str = "/graphql";

type Sent = Response<Either<Full<Bytes>, Body>>;
type Answering<T> = Pin<Box<dyn Future<Output = Result<T, Infallible>> + Send>>;

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

impl Service<Request<Incoming>> for Front {
    type Response = Sent;
    type Error = Infallible;
    type Future = Answering<Sent>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let paths = Arc::clone(&self.paths);
        if request.uri().path() != GRAPHQL {
            let others = paths.others.clone();
            return Box::pin(async move { Ok(others.oneshot(request).await?.map(Either::Right)) });
        }
        Box::pin(async move {
            let answer = match &paths.across_origins {
                Some(cors) => cors.clone().oneshot(request).await?,
                None => graphql::any(&paths.graphql.shared, request).await,
            };
            Ok(answer.map(Either::Left))
        })
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
    type Future = Answering<Answer>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { Ok(graphql::any(&shared, request).await) })
    }
}
