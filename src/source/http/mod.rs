//! HTTP with JSON or plain text: one source, one pool of connections.
//!
//! The request is sent as it was rendered. The driver adds what the protocol needs (length, encoding, trace context),
//! and an `accept` if the connector gives none. The response is returned whole or not at all.
//!
//! If a call breaks before the head of a response, on a connection that had been used before, the upstream has probably
//! closed the connection at that moment. A read is then sent again, on a new connection. A call that changes something
//! is only sent again if the client library knows that nothing of it was sent, which the library does by itself.
//!
//! A successful status with a body that cannot be read (usually an HTML page of a proxy or a portal) is
//! [`SourceErrorKind::BadAnswer`]. With a failing status, the same page counts as an empty body, and the status is
//! returned, since a connector's `isSuccess` and `errors` mapping need it. If the connect reads nothing of the content, the
//! body is not read either: a `DELETE` that is answered with a page has succeeded.

mod body;
pub(crate) mod caching;
mod client;
mod connect;
mod connections;
mod direct;
mod error;
mod files;
mod pool;
mod proxy;
mod received;
mod reuse;
mod settings;
mod span;
mod status;
mod subscriptions;
mod target;
mod uploads;

use std::sync::Arc;

use ::http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use ::http::{HeaderMap, StatusCode};
use async_trait::async_trait;
use bytes::Bytes;
use url::Url;

pub use settings::{HttpSettings, ProxyChoice};

use super::gate::Gate;
use super::wire::{SetupError, SourceParts, Wire};
use super::{
    CallOptions, Envelope, EventStream, FileOptions, OpenedFile, Source, SourceError,
    SourceErrorKind, SubscribeOptions, SubscriptionLost, UpstreamResponse, WireStatus, wrong_wire,
};
use crate::budget::{Account, Budget};
use crate::config::ResponseFormat;
use crate::connector::{HttpRequest, Request};
use crate::observe::TraceContext;
use body::Format;
use client::{Clients, Connection};
use error::{BrokenCall, from_reqwest, host_and_port};
use received::Received;
use span::RequestSpan;
use target::{Target, TargetCache};

/// Prefers JSON: frameworks that can also write XML choose by this header.
const DEFAULT_ACCEPT: HeaderValue =
    HeaderValue::from_static("application/json, text/plain;q=0.9, */*;q=0.1");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// HTTP.
#[derive(Debug)]
pub struct HttpWire;

impl Wire for HttpWire {
    fn schemes(&self) -> &'static [&'static str] {
        &["https", "http"]
    }

    fn open(&self, parts: &SourceParts) -> Result<Arc<dyn Source>, SetupError> {
        let settings = HttpSettings::of(parts)?;
        let source = HttpSource::with_gate(settings, Arc::clone(&parts.gate))?;
        Ok(Arc::new(source))
    }
}

/// One upstream over HTTP.
#[derive(Debug)]
pub struct HttpSource {
    clients: Clients,
    gate: Arc<Gate>,
    targets: TargetCache,
    budget: Arc<Budget>,
    response_format: ResponseFormat,
}

impl HttpSource {
    /// A source with these settings, without a connection.
    ///
    /// # Errors
    /// The private authority or the proxy is invalid.
    pub fn new(settings: HttpSettings) -> Result<HttpSource, SetupError> {
        let gate = Arc::new(settings.gate());
        HttpSource::with_gate(settings, gate)
    }

    fn with_gate(settings: HttpSettings, gate: Arc<Gate>) -> Result<HttpSource, SetupError> {
        Ok(HttpSource {
            budget: Arc::clone(&settings.budget),
            response_format: settings.response_format,
            clients: Clients::new(settings)?,
            gate,
            targets: TargetCache::new(),
        })
    }

    async fn exchange(
        &self,
        request: &HttpRequest,
        target: &Target,
        options: &CallOptions,
        running: &mut Option<RequestSpan>,
    ) -> Result<UpstreamResponse, SourceError> {
        // A request with files waits for its client, which must not keep other calls from the upstream. These requests have a
        // limit of their own.
        let _permit = match request.upload {
            Some(_) => None,
            None => Some(self.gate.enter().await?),
        };
        let url = &target.url;
        let mut span = running.insert(RequestSpan::begin(request, url, options, 0));
        let sent = self.send(request, target, (options, span), Connection::Any);
        let sent = match sent.await {
            Err(broken) if broken.stale && options.is_read => {
                span.failed(broken.error.kind);
                span = running.insert(RequestSpan::begin(request, url, options, 1));
                self.send(request, target, (options, span), Connection::New)
                    .await
            }
            sent => sent,
        };
        let mut response = sent.map_err(|broken| broken.error)?;
        let status = response.status();
        span.responded(status.as_u16());
        let headers = response.take_headers();
        self.clients.limit_idle_time(&headers);
        // This account ends with the call: the caller charges the response to the operation.
        let account = self.budget.account(options.max_bytes);
        let (format, body) = if options.ignores_content && status.is_success() {
            body::drain(&mut response, url).await;
            (Format::Empty, Bytes::new())
        } else {
            self.receive(&mut response, &headers, &account, url).await?
        };
        let received = body.len();
        let document = match request.is_graphql {
            // A service that has executed the operation may call its JSON plain text.
            true if status.is_success() || is_graphql_response(&headers) => body,
            // From something in between, or from a service without a result.
            true => Bytes::from_static(b"null"),
            false => body::document(body, format, &self.budget, url)?,
        };
        Ok(self::response(status.as_u16(), headers, document, received))
    }

    /// The body and its format, by the rules at the top of this file.
    async fn receive(
        &self,
        response: &mut Received,
        headers: &HeaderMap,
        account: &Account,
        url: &Url,
    ) -> Result<(Format, Bytes), SourceError> {
        let bad = |why: String| {
            SourceError::new(
                SourceErrorKind::BadAnswer,
                format!("{}: {why}", host_and_port(url)),
            )
        };
        let Some(format) = body::format(headers, self.response_format) else {
            if !response.status().is_success() {
                body::drain(response, url).await;
                return Ok((Format::Empty, Bytes::new()));
            }
            if response.status() == StatusCode::NO_CONTENT || body::is_empty(response, url).await? {
                return Ok((Format::Empty, Bytes::new()));
            }
            let kind = body::shown_type(headers);
            return Err(bad(format!(
                "no reader for content type {kind} (the setting `response_format` can name one)"
            )));
        };
        let latin1 = body::declares_latin1(headers);
        let is_text = format == Format::Text;
        let body = body::read(response, account, latin1 && is_text, url).await?;
        if body.is_empty() {
            return Ok((Format::Empty, body));
        }
        let body = body::normalise(body, format, latin1).map_err(|why| bad(why.to_owned()))?;
        Ok((format, body))
    }

    async fn send(
        &self,
        request: &HttpRequest,
        target: &Target,
        (options, span): (&CallOptions, &RequestSpan),
        connection: Connection,
    ) -> Result<Received, BrokenCall> {
        let url = &target.url;
        if let Some(upload) = &request.upload {
            let sent = self.send_files(request, upload, url, options, span.traceparent);
            return Box::pin(sent).await;
        }
        let headers = headers(request, options, span.traceparent);
        let method = request.method.clone();
        let pool = self.clients.pool(connection);
        if let Some((direct, target)) = pool.direct(url).zip(target.direct.as_ref()) {
            let body = request.body.clone();
            return direct.send(method, target, headers, body, url).await;
        }
        let used_within = self.clients.used_within();
        let broken = |error: reqwest::Error| {
            let used = reuse::was_used(&error, used_within);
            BrokenCall::new(from_reqwest(error, url), used)
        };
        let client = pool.full(url).map_err(broken)?;
        let mut builder = client.request(method, url.clone()).headers(headers);
        if !request.body.is_empty() {
            builder = builder.body(request.body.clone());
        }
        let response = builder.send().await.map_err(broken)?;
        reuse::answered(response.extensions());
        Ok(Received::Full(response))
    }
}

#[async_trait]
impl Source for HttpSource {
    async fn call(
        &self,
        request: &Request,
        options: &CallOptions,
    ) -> Result<UpstreamResponse, SourceError> {
        let request = request.of::<HttpRequest>().ok_or_else(wrong_wire)?;
        let target = self.targets.get(&request.url)?;
        let mut span = None;
        let exchange = self.exchange(request, &target, options, &mut span);
        let result = match tokio::time::timeout(options.timeout, exchange).await {
            Ok(result) => result,
            Err(_) => Err(SourceError::new(
                SourceErrorKind::Timeout,
                format!(
                    "{}: no whole response within {:?}",
                    host_and_port(&target.url),
                    options.timeout
                ),
            )),
        };
        if let (Some(span), Err(error)) = (&span, &result) {
            span.failed(error.kind);
        }
        result
    }

    async fn subscribe(
        &self,
        request: &Request,
        options: &SubscribeOptions,
    ) -> Result<EventStream, SubscriptionLost> {
        self.subscription(request, options).await
    }

    async fn open(
        &self,
        request: &Request,
        options: &FileOptions,
    ) -> Result<OpenedFile, SourceError> {
        self.file(request, options).await
    }
}

/// Whether the media type says that the body is a GraphQL response, whatever the status is (GraphQL over HTTP, section
/// 6.4.2).
fn is_graphql_response(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let essence = media_type.and_then(|text| text.split(|byte| *byte == b';').next());
    essence.is_some_and(|essence| {
        let essence = essence.trim_ascii();
        essence.eq_ignore_ascii_case(b"application/graphql-response+json")
    })
}

/// A response with this status and these headers.
pub(crate) fn response(
    status: u16,
    headers: HeaderMap,
    document: Bytes,
    received: usize,
) -> UpstreamResponse {
    let shown = WireStatus {
        wire: "http",
        number: status,
    };
    UpstreamResponse {
        outcome: status::outcome(status),
        document,
        received,
        caching: caching::facts(status, &headers),
        retry_after: caching::retry_after(status, &headers),
        envelope: Envelope::new(Some(shown), headers),
    }
}

fn headers(
    request: &HttpRequest,
    options: &CallOptions,
    traceparent: Option<TraceContext>,
) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(request.headers.len() + 4);
    for (name, value) in &request.headers {
        headers.append(name.clone(), value.clone());
    }
    if !headers.contains_key(ACCEPT) {
        headers.insert(ACCEPT, DEFAULT_ACCEPT);
    }
    if !request.body.is_empty() && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, JSON);
    }
    if let Some(traceparent) = traceparent
        && let Ok(value) = HeaderValue::from_bytes(&traceparent.header())
    {
        headers.insert(TRACEPARENT, value);
    }
    if let Some(tracestate) = &options.tracestate {
        headers.insert(TRACESTATE, tracestate.clone());
    }
    headers
}
