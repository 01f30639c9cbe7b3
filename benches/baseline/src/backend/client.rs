//! Calls to the upstream, over pooled connections.

use bytes::Bytes;
use reqwest::{Client, RequestBuilder};

use super::Failed;

/// A client with connection reuse, and defaults otherwise.
pub(super) fn client() -> Result<Client, Failed> {
    Ok(Client::builder().no_proxy().build()?)
}

/// The body of a successful response.
pub(super) async fn body(request: RequestBuilder) -> Result<Bytes, Failed> {
    let response = request.send().await?.error_for_status()?;
    Ok(response.bytes().await?)
}
