//! A connector that is set aside: its schema without its upstream.
//!
//! The public schema keeps its fields, so that operations which select them and fields of other connectors stay valid. Each
//! of its fields is null, with an error.

use std::sync::Arc;

use http::HeaderMap;

use super::model::{
    ErrorMappings, GraphqlService, Reads, ServiceSubscriptions, Subgraph, SubgraphKind,
};
use super::request::{RenderError, RenderErrorPlace, Request, RequestTemplate};
use crate::mapping::Variables;

/// The connector with the same schema, and with requests that fail before they are sent. It is a GraphQL service, which can
/// resolve every field that its schema has, whatever its connects resolve.
pub fn set_aside(subgraph: &Subgraph) -> Subgraph {
    Subgraph {
        kind: SubgraphKind::Service(GraphqlService {
            template: Arc::new(NoRequest),
            errors: ErrorMappings::default(),
            client_errors: None,
            reads: Reads::default(),
            subscriptions: ServiceSubscriptions::default(),
        }),
        ..subgraph.clone()
    }
}

/// A request that cannot be made.
#[derive(Debug)]
struct NoRequest;

impl RequestTemplate for NoRequest {
    fn render(&self, _: &Variables, _: &HeaderMap) -> Result<Request, RenderError> {
        Err(RenderError {
            message: "the connector is set aside, because its folder or its settings have errors"
                .to_owned(),
            place: RenderErrorPlace::Deployment,
        })
    }

    fn scheme(&self) -> &'static str {
        "http"
    }

    fn with_base_url(&self, _: &str) -> Result<Arc<dyn RequestTemplate>, RenderError> {
        Ok(Arc::new(NoRequest))
    }
}
