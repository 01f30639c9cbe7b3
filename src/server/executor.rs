//! What the server needs of what stands behind it: the seam between HTTP and GraphQL.

use async_trait::async_trait;
use bytes::Bytes;

use crate::gateway::{ClientContext, GraphqlRequest, GraphqlResponse};

/// Executes GraphQL requests. [`Gateway`](crate::gateway) is the real one; tests of the server bring their own.
#[async_trait]
pub trait Executor: Send + Sync + 'static {
    /// Executes one request.
    async fn execute(&self, request: GraphqlRequest, client: &ClientContext) -> GraphqlResponse;

    /// The public schema, as SDL.
    fn schema(&self) -> Bytes;

    /// How the departments are, for operators: one object per connector.
    fn details(&self) -> serde_json::Value;
}
