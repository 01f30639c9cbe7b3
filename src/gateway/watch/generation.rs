//! What watched queries need of a generation of the gateway.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::super::compile::{Compiled, CompiledOperation};
use super::super::refusal::Refusal;
use super::super::{ClientContext, GraphqlRequest, GraphqlResponse};
use super::arguments::LiveArguments;
use super::terms::LiveTerms;
use crate::cache::{EpochsAt, ResponseKey};

/// A generation of the gateway, which executes watched queries.
#[async_trait]
pub(in super::super) trait QueryGeneration: Send + Sync {
    /// Compiles the operation of a live query, coerces its variables, and decides its conditions.
    async fn prepare(
        &self,
        request: &GraphqlRequest,
        client: &ClientContext,
    ) -> Result<Prepared, Refusal>;

    /// Executes a request, whose operation is compiled.
    async fn execute(
        &self,
        compiled: &Arc<Compiled>,
        request: &GraphqlRequest,
        client: &ClientContext,
    ) -> GraphqlResponse;

    /// The epochs of all that a plan may read, as they are now.
    fn epochs(&self, ready: &CompiledOperation) -> EpochsAt;

    /// How much longer the response of this key is fresh in the cache.
    fn fresh_for(&self, key: &ResponseKey) -> Option<Duration>;

    /// Whether clients may share a response that says that it is for one request only.
    fn shares_all(&self) -> bool;

    /// What the settings say.
    fn terms(&self) -> &Arc<LiveTerms>;
}

/// A live query that can be watched.
pub(in super::super) struct Prepared {
    /// Its operation, which is ready.
    pub(in super::super) compiled: Arc<Compiled>,
    /// How the client gets its answers.
    pub(in super::super) arguments: LiveArguments,
    /// What its answers depend on.
    pub(in super::super) key: ResponseKey,
    /// Its responses are cached under this key.
    pub(in super::super) is_cached: bool,
    /// Clients may share its executions, as far as it is known before.
    pub(in super::super) may_share: bool,
}
