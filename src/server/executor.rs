//! What the server needs of what stands behind it: the seam between HTTP and GraphQL.

use async_trait::async_trait;
use bytes::Bytes;

use crate::gateway::{ClientContext, Gateway, GraphqlRequest, GraphqlResponse};

/// Executes GraphQL requests. [`Gateway`] is the real one; tests of the server bring their own.
#[async_trait]
pub trait Executor: Send + Sync + 'static {
    /// Executes one request.
    async fn execute(&self, request: GraphqlRequest, client: &ClientContext) -> GraphqlResponse;

    /// The public schema, as SDL.
    fn schema(&self) -> Bytes;

    /// How the departments are, for operators, as JSON.
    async fn details(&self) -> Bytes;
}

#[async_trait]
impl Executor for Gateway {
    async fn execute(&self, request: GraphqlRequest, client: &ClientContext) -> GraphqlResponse {
        Gateway::execute(self, request, client).await
    }

    fn schema(&self) -> Bytes {
        Bytes::copy_from_slice(self.api_sdl().as_bytes())
    }

    async fn details(&self) -> Bytes {
        Gateway::details(self).await
    }
}
