//! The interface between the HTTP server and the GraphQL gateway.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;

use crate::budget::Account;
use crate::errors::code;
use crate::files::Files;
use crate::gateway::{
    ClientContext, Download, DownloadRequest, Gateway, GraphqlRequest, GraphqlResponse,
    HookRefusal, HookRequest, Hooked, Known, LiveGateway, NoDownload,
};
use crate::named::NamedOperations;
use crate::observe::Samples;

/// Executes GraphQL requests. [`Gateway`] implements it; the server's tests have implementations of their own.
#[async_trait]
pub trait Executor: Send + Sync + 'static {
    /// Executes one request.
    async fn execute(&self, request: GraphqlRequest, client: &ClientContext) -> GraphqlResponse;

    /// The response to a request of these bytes ([`GraphqlRequest::sent`]), if the executor knows what they ask for and need not
    /// execute it. `None` says nothing about the request.
    fn known(&self, _sent: &[u8], _headers: &HeaderMap) -> Option<Known> {
        None
    }

    /// The operations that clients call by name.
    fn operations(&self) -> Arc<NamedOperations>;

    /// Executes the requests of a batch; the responses have the same order.
    async fn execute_batch(
        &self,
        requests: Vec<GraphqlRequest>,
        client: &ClientContext,
    ) -> Vec<GraphqlResponse>;

    /// An account for the memory of what is made of one response.
    fn account(&self) -> Account;

    /// The settings of files, if there are files.
    fn files(&self) -> Option<Arc<Files>> {
        None
    }

    /// Opens the file of a URL below [`PATH`](crate::files::PATH).
    async fn download(&self, _: DownloadRequest<'_>) -> Result<Download, NoDownload> {
        Err(code::FILE_NOT_FOUND.into())
    }

    /// Receives what the upstream of a connector sends.
    async fn hook(&self, _: HookRequest<'_>) -> Result<Hooked, HookRefusal> {
        Err(HookRefusal::NotFound)
    }

    /// Clients reach this gateway at `address`, such as `http://127.0.0.1:4000`, unless the settings say otherwise.
    fn listening(&self, _address: String) {}

    /// The public schema, as SDL.
    fn schema(&self) -> Bytes;

    /// The state of each connector's upstream, for operators, as JSON.
    async fn details(&self) -> Bytes;

    /// The names and states of the connectors, for every client, as a JSON list; `None` if clients may not see
    /// them.
    async fn states(&self) -> Option<Bytes>;

    /// Adds its figures to the metrics.
    fn measure(&self, samples: &mut Samples);
}

#[async_trait]
impl Executor for Gateway {
    async fn execute(&self, request: GraphqlRequest, client: &ClientContext) -> GraphqlResponse {
        Gateway::execute(self, request, client).await
    }

    fn known(&self, sent: &[u8], headers: &HeaderMap) -> Option<Known> {
        Gateway::known(self, sent, headers)
    }

    fn operations(&self) -> Arc<NamedOperations> {
        Arc::clone(Gateway::operations(self))
    }

    async fn execute_batch(
        &self,
        requests: Vec<GraphqlRequest>,
        client: &ClientContext,
    ) -> Vec<GraphqlResponse> {
        Gateway::execute_batch(self, requests, client).await
    }

    fn account(&self) -> Account {
        self.file_account()
    }

    async fn download(&self, request: DownloadRequest<'_>) -> Result<Download, NoDownload> {
        Gateway::download(self, request).await
    }

    async fn hook(&self, request: HookRequest<'_>) -> Result<Hooked, HookRefusal> {
        Gateway::hook(self, request).await
    }

    fn files(&self) -> Option<Arc<Files>> {
        Some(Arc::clone(Gateway::files(self)))
    }

    fn listening(&self, address: String) {
        Gateway::files(self).listening(address);
    }

    fn schema(&self) -> Bytes {
        Bytes::copy_from_slice(self.api_sdl().as_bytes())
    }

    async fn details(&self) -> Bytes {
        Gateway::details(self).await
    }

    async fn states(&self) -> Option<Bytes> {
        Gateway::states(self).await
    }

    fn measure(&self, samples: &mut Samples) {
        Gateway::measure(self, samples);
    }
}

#[async_trait]
impl Executor for LiveGateway {
    async fn execute(&self, request: GraphqlRequest, client: &ClientContext) -> GraphqlResponse {
        LiveGateway::execute(self, request, client).await
    }

    fn known(&self, sent: &[u8], headers: &HeaderMap) -> Option<Known> {
        LiveGateway::known(self, sent, headers)
    }

    fn operations(&self) -> Arc<NamedOperations> {
        Arc::clone(self.current().operations())
    }

    async fn execute_batch(
        &self,
        requests: Vec<GraphqlRequest>,
        client: &ClientContext,
    ) -> Vec<GraphqlResponse> {
        LiveGateway::execute_batch(self, requests, client).await
    }

    fn account(&self) -> Account {
        self.current().file_account()
    }

    async fn download(&self, request: DownloadRequest<'_>) -> Result<Download, NoDownload> {
        self.current().download(request).await
    }

    async fn hook(&self, request: HookRequest<'_>) -> Result<Hooked, HookRefusal> {
        self.current().hook(request).await
    }

    fn files(&self) -> Option<Arc<Files>> {
        Executor::files(&*self.current())
    }

    fn listening(&self, address: String) {
        Executor::listening(&*self.current(), address);
    }

    fn schema(&self) -> Bytes {
        Executor::schema(&*self.current())
    }

    async fn details(&self) -> Bytes {
        self.current().details().await
    }

    async fn states(&self) -> Option<Bytes> {
        self.current().states().await
    }

    fn measure(&self, samples: &mut Samples) {
        self.current().measure(samples);
    }
}
