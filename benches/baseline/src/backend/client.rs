//! Calls to the upstream, over connections that are kept.

use bytes::Bytes;
use reqwest::Client;
use reqwest::RequestBuilder;

use super::Failed;

/// The client as somebody sets it up who wants connections to be used again, and no more than that.
pub(super) fn client() -> Result<Client, Failed> {
    Ok(Client::builder().no_proxy().build()?)
}

/// The body of a successful answer.
pub(super) async fn body(request: RequestBuilder) -> Result<Bytes, Failed> {
    let response = request.send().await?.error_for_status()?;
    Ok(response.bytes().await?)
}
