//! Subscriptions of GraphQL services: over WebSocket, server-sent events and multipart.
//!
//! Each has a connection of its own, over HTTP/1.1, that is no part of the pool of calls. The connector's gate is entered until the
//! service has accepted the subscription: one that runs must not keep calls from the upstream.
//!
//! What a service sends is bounded: an event of more bytes than allowed ends the subscription, and so does what is no response of
//! GraphQL.

mod message;
mod multipart;
mod sse;
mod websocket;

use ::http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use ::http::{Method, StatusCode};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::{Client, Response};
use tokio::time::timeout;
use url::Url;

use self::message::is_response;
use super::error::{from_reqwest, host_and_port};
use super::{HttpSource, headers};
use crate::connector::{HttpRequest, Request, SubscriptionProtocol};
use crate::source::{
    CallOptions, EventStream, SourceError, SourceErrorKind, SubscribeOptions, SubscriptionLost,
    UpstreamResponse, wrong_wire,
};

/// Bytes of the body of a refusal that are read.
const REFUSAL: usize = 64 << 10;

/// A subscription that is being opened.
struct Opening<'a> {
    client: &'a Client,
    request: &'a HttpRequest,
    url: Url,
    max_bytes: usize,
}

impl HttpSource {
    /// Opens a subscription.
    pub(super) async fn subscription(
        &self,
        request: &Request,
        options: &SubscribeOptions,
    ) -> Result<EventStream, SubscriptionLost> {
        let request = request.of::<HttpRequest>();
        let request = request
            .ok_or_else(wrong_wire)
            .map_err(SubscriptionLost::for_now)?;
        let url = address(options.url.as_deref().unwrap_or(&request.url))?;
        let _permit = self.gate.enter().await.map_err(SubscriptionLost::for_now)?;
        let client = self.clients.streaming(&url);
        let client =
            client.map_err(|error| SubscriptionLost::for_now(from_reqwest(error, &url)))?;
        let opening = Opening {
            client: &client,
            request,
            url: url.clone(),
            max_bytes: options.max_bytes,
        };
        let opened = async {
            match options.protocol {
                SubscriptionProtocol::WebSocket => opening.web_socket().await,
                SubscriptionProtocol::Sse => opening.server_sent_events().await,
                SubscriptionProtocol::Multipart => opening.multipart().await,
            }
        };
        match timeout(options.timeout, opened).await {
            Ok(opened) => opened,
            Err(_) => Err(SubscriptionLost::for_now(SourceError::new(
                SourceErrorKind::Timeout,
                format!(
                    "{}: no subscription within {:?}",
                    host_and_port(&url),
                    options.timeout
                ),
            ))),
        }
    }
}

/// The address, in terms of HTTP.
fn address(text: &str) -> Result<Url, SubscriptionLost> {
    let as_http = text
        .strip_prefix("ws")
        .filter(|rest| rest.starts_with("://") || rest.starts_with("s://"));
    let url = match as_http {
        Some(rest) => Url::parse(&format!("http{rest}")),
        None => Url::parse(text),
    };
    url.map_err(|_| {
        SubscriptionLost::finally(SourceErrorKind::Internal, "the address is not valid")
    })
}

impl Opening<'_> {
    /// Posts the operation, and reads the head of the response. `Err(Ok(…))`: the service refuses it with a response of GraphQL.
    async fn post(
        &self,
        accept: &'static str,
    ) -> Result<Response, Result<EventStream, SubscriptionLost>> {
        let mut sent = headers(self.request, &CallOptions::default(), None);
        sent.insert(ACCEPT, HeaderValue::from_static(accept));
        // A compressed event may wait in a buffer for the next one.
        sent.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let builder = self.client.request(Method::POST, self.url.clone());
        let response = builder
            .headers(sent)
            .body(self.request.body.clone())
            .send()
            .await;
        let response = response.map_err(|error| Err(self.lost(error)))?;
        let content = essence(response.headers());
        let wanted = accept.split(';').next().unwrap_or_default();
        if response.status() == StatusCode::OK && content == wanted {
            return Ok(response);
        }
        Err(self.refused(response).await)
    }

    /// What a response that is no stream says.
    async fn refused(&self, response: Response) -> Result<EventStream, SubscriptionLost> {
        let status = response.status();
        let mut body = Vec::new();
        let mut content = response.bytes_stream();
        while let Some(Ok(part)) = content.next().await {
            body.extend_from_slice(&part);
            if body.len() > REFUSAL {
                break;
            }
        }
        if is_response(&body) {
            // Its errors say why.
            let response = UpstreamResponse::new(Bytes::from(body));
            return Ok(stream::iter([Ok(response)]).boxed());
        }
        let host = host_and_port(&self.url);
        Err(of_status(status, &host))
    }

    fn lost(&self, error: reqwest::Error) -> SubscriptionLost {
        SubscriptionLost::for_now(from_reqwest(error, &self.url))
    }
}

/// Why a service that responds with this status has no events.
fn of_status(status: StatusCode, host: &str) -> SubscriptionLost {
    let detail = format!("{host}: no subscription: status {}", status.as_u16());
    let is_busy = matches!(
        status,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
    );
    match status.is_server_error() || is_busy {
        true => SubscriptionLost::for_now(SourceError::new(SourceErrorKind::Unreachable, detail)),
        false => SubscriptionLost::finally(SourceErrorKind::BadAnswer, detail),
    }
}

/// The media type, without its parameters, in lower case.
fn essence(headers: &HeaderMap) -> String {
    let content = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = content.and_then(|content| content.split(';').next());
    essence.unwrap_or_default().trim().to_ascii_lowercase()
}

/// The connection ended, and the service did not say that the subscription is complete.
fn broken(host: &str) -> SubscriptionLost {
    let detail = format!("{host}: the connection of a subscription ended");
    SubscriptionLost::for_now(SourceError::new(SourceErrorKind::Unreachable, detail))
}

/// An event is longer than allowed.
fn too_large(host: &str, max_bytes: usize) -> SubscriptionLost {
    let detail = format!("{host}: an event of a subscription is longer than {max_bytes} bytes");
    SubscriptionLost::finally(SourceErrorKind::TooLarge, detail)
}

/// What the service sends is not what the protocol says.
fn garbage(host: &str, why: &str) -> SubscriptionLost {
    SubscriptionLost::finally(SourceErrorKind::BadAnswer, format!("{host}: {why}"))
}

/// An event with this response of GraphQL.
fn event(response: Bytes, host: &str) -> Result<UpstreamResponse, SubscriptionLost> {
    match is_response(&response) {
        true => Ok(UpstreamResponse::new(response)),
        false => Err(garbage(host, "an event is not a GraphQL response")),
    }
}
