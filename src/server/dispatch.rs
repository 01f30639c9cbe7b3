//! Dispatches the requests of clients: `/graphql` and named operations are handled directly, any other path by an `axum` router.
//! If the settings allow an origin, the CORS layer is around all of them, refusals included: without its headers a page cannot
//! read why its request was refused. Named operations may have a layer of their own, and single ones another; files always have
//! one.
//!
//! Nearly every request is for `/graphql`, and routing a request takes longer than looking up a cached response.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::to_bytes;
use futures_util::FutureExt;
use futures_util::future::Map;
use http::Request;
use tower::{Layer, Service, ServiceExt};
use tower_http::cors::{Cors, CorsLayer};

use super::client_body::ClientBody;
use super::observe_request::{ObservedResponse, observe};
use super::operation_origins::OperationOrigins;
use super::protocol::{Handler, ResponseFuture};
use super::refusal::HttpRefusal;
use super::response::HttpResponse;
use super::state::ServerState;
use super::{files, graphql, head, hooks, operations, streaming};

/// Handles the requests of the client listener.
#[derive(Clone)]
pub(super) struct Dispatch {
    paths: Arc<Paths>,
    /// The paths inside the CORS layer, when CORS is on.
    across_origins: Option<Cors<Endpoints>>,
    /// Those of files, which have a layer of their own.
    files_across_origins: Cors<Endpoints>,
    /// Those of named operations, if they have a layer of their own.
    operations_across_origins: Option<Cors<Endpoints>>,
    /// The layers of operations that name their origins themselves.
    origins: Arc<OperationOrigins>,
}

struct Paths {
    state: Arc<ServerState>,
    others: Router,
    /// Whether the listener has the endpoint `/graphql`.
    has_endpoint: bool,
}

/// The CORS layers of a listener.
pub(super) struct Layers {
    /// Of all paths.
    pub(super) all: Option<CorsLayer>,
    /// Of files.
    pub(super) files: CorsLayer,
    /// Of named operations, if it is another one.
    pub(super) operations: Option<CorsLayer>,
    /// Of single operations.
    pub(super) of_operation: OperationOrigins,
}

impl Dispatch {
    /// `others` handles every path but the endpoint's, if there is one, and those of named operations.
    pub(super) fn new(
        state: Arc<ServerState>,
        cors: Layers,
        has_endpoint: bool,
        others: Router,
    ) -> Dispatch {
        let paths = Arc::new(Paths {
            state,
            others,
            has_endpoint,
        });
        let around = |cors: CorsLayer| cors.layer(Endpoints(Arc::clone(&paths)));
        Dispatch {
            files_across_origins: around(cors.files),
            across_origins: cors.all.map(around),
            operations_across_origins: cors.operations.map(around),
            origins: Arc::new(cors.of_operation),
            paths,
        }
    }

    /// The paths inside the CORS layer of this one; `None` if it has none.
    fn cors(&self, path: &str) -> Option<Cors<Endpoints>> {
        if !operations::is_path(path) {
            return match files::is_file(path) {
                true => Some(self.files_across_origins.clone()),
                false => self.across_origins.clone(),
            };
        }
        if let Some(name) = operations::name(path) {
            let operations = self.paths.state.executor.operations();
            if let Some(own) = self.origins.of(name, operations) {
                return own.map(|layer| layer.layer(Endpoints(Arc::clone(&self.paths))));
            }
        }
        let of_operations = self.operations_across_origins.as_ref();
        of_operations.or(self.across_origins.as_ref()).cloned()
    }
}

impl Handler for Dispatch {
    fn handle(&self, request: Request<ClientBody>) -> ResponseFuture {
        let Some(cors) = self.cors(request.uri().path()) else {
            return self.paths.respond(request);
        };
        let response = cors.oneshot(request);
        Box::pin(async move {
            match response.await {
                Ok(response) => response,
                Err(impossible) => match impossible {},
            }
        })
    }
}

impl Paths {
    // One boxed future per case, so that the usual case does not allocate the size of the largest one.
    fn respond(&self, request: Request<ClientBody>) -> ResponseFuture {
        let state = Arc::clone(&self.state);
        let (version, headers) = (request.version(), request.headers());
        if let Err(refusal) = head::check(version, request.uri(), headers, &state.limits) {
            return Box::pin(refused(state, request, refusal));
        }
        let path = request.uri().path();
        if self.has_endpoint && is_endpoint(path) {
            if streaming::is_wanted(request.method(), headers) {
                return Box::pin(streaming::respond(state, request));
            }
            return Box::pin(async move { graphql::respond(&state, request).await });
        }
        if files::is_file(path) {
            return Box::pin(async move { files::respond(&state, request).await });
        }
        if hooks::is_hook(path) {
            return Box::pin(async move { hooks::respond(&state, request).await });
        }
        if operations::is_path(path) {
            return Box::pin(async move { operations::respond(&state, request).await });
        }
        Box::pin(routed(self.others.clone(), request))
    }
}

/// Whether the path is that of the GraphQL endpoint. Some clients and proxies add a slash.
fn is_endpoint(path: &str) -> bool {
    matches!(path, "/graphql" | "/graphql/")
}

/// The response to a request whose head is refused.
async fn refused(
    state: Arc<ServerState>,
    request: Request<ClientBody>,
    refusal: HttpRefusal,
) -> HttpResponse {
    let refused = async |_, _: &_| ObservedResponse::without_request(refusal.http_response());
    observe(&state.observer, request, refused).await
}

/// The response of a router. All our handlers have complete bodies, so collecting the body does not wait.
pub(super) async fn routed(router: Router, request: Request<ClientBody>) -> HttpResponse {
    let (head, body) = match router.oneshot(request).await {
        Ok(response) => response.into_parts(),
        Err(impossible) => match impossible {},
    };
    match to_bytes(body, usize::MAX).await {
        Ok(body) => HttpResponse::from_parts(head, body),
        Err(_) => HttpRefusal::internal().http_response(),
    }
}

/// All paths as a service, for the CORS layer.
#[derive(Clone)]
struct Endpoints(Arc<Paths>);

impl Service<Request<ClientBody>> for Endpoints {
    type Response = HttpResponse;
    type Error = Infallible;
    type Future = Map<ResponseFuture, fn(HttpResponse) -> Result<HttpResponse, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ClientBody>) -> Self::Future {
        self.0.respond(request).map(Ok)
    }
}
