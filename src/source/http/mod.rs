//! HTTP with JSON or plain text: one source, one pool of connections.
//!
//! The request goes out as it was rendered; what the driver adds is what the wire needs (length, encoding, trace
//! context) and a plain `accept` where the connector says nothing. The answer comes back whole or not at all.
//!
//! Which answers are not answers: a successful status with a body that no reader is for (HTML above all: a proxy's or
//! a portal's page) is [`SourceErrorKind::BadAnswer`]. The same page under a failing status keeps its status, because
//! that is what a connector's `isSuccess` and error mapping need; its body counts as empty.

mod body;
mod client;
mod error;
mod settings;

use std::sync::Arc;

use ::http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use ::http::{HeaderMap, StatusCode};
use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use bytes::Bytes;
use reqwest::Response;
use url::Url;

pub use settings::{HttpSettings, ProxyChoice};

use super::gate::Gate;
use super::registry::SetupError;
use super::{Answer, CallOptions, Format, Source, SourceError, SourceErrorKind};
use crate::connector::Request;
use client::Clients;
use error::{from_reqwest, place};

/// JSON before anything else: frameworks that can also write XML choose by this header.
const DEFAULT_ACCEPT: HeaderValue =
    HeaderValue::from_static("application/json, text/plain;q=0.9, */*;q=0.1");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// One upstream over HTTP.
#[derive(Debug)]
pub struct HttpSource {
    clients: Clients,
    gate: Gate,
    /// The URL of the last call with a body: such calls mostly go to one URL, which need not be parsed again.
    last: ArcSwapOption<(String, Url)>,
}

impl HttpSource {
    /// A source with these settings; connects to nothing yet.
    ///
    /// # Errors
    /// The private authority or the proxy cannot be used.
    pub fn new(settings: HttpSettings) -> Result<HttpSource, SetupError> {
        let gate = Gate::new(
            settings.max_concurrency,
            settings.max_queue,
            settings.max_queue_wait,
        );
        Ok(HttpSource {
            clients: Clients::new(settings)?,
            gate,
            last: ArcSwapOption::empty(),
        })
    }

    async fn exchange(
        &self,
        request: &Request,
        url: &Url,
        options: &CallOptions,
    ) -> Result<Answer, SourceError> {
        let _turn = self.gate.enter().await?;
        let mut response = self.send(request, url, options).await?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let (format, body) = receive(&mut response, &headers, options.max_bytes, url).await?;
        Ok(Answer {
            status: status.as_u16(),
            headers,
            body,
            format,
        })
    }

    async fn send(
        &self,
        request: &Request,
        url: &Url,
        options: &CallOptions,
    ) -> Result<Response, SourceError> {
        let client = self
            .clients
            .get(url)
            .map_err(|error| from_reqwest(error, url))?;
        let mut builder = client
            .request(request.verb.clone(), url.clone())
            .headers(headers(request, options));
        if !request.body.is_empty() {
            builder = builder.body(request.body.clone());
        }
        builder
            .send()
            .await
            .map_err(|error| from_reqwest(error, url))
    }

    /// The parsed target.
    fn url(&self, request: &Request) -> Result<Url, SourceError> {
        if request.body.is_empty() {
            return parse(&request.target);
        }
        if let Some(last) = self.last.load().as_deref()
            && last.0 == request.target
        {
            return Ok(last.1.clone());
        }
        let url = parse(&request.target)?;
        let entry = (request.target.clone(), url.clone());
        self.last.store(Some(Arc::new(entry)));
        Ok(url)
    }
}

#[async_trait]
impl Source for HttpSource {
    async fn call(&self, request: &Request, options: &CallOptions) -> Result<Answer, SourceError> {
        let url = self.url(request)?;
        let exchange = self.exchange(request, &url, options);
        match tokio::time::timeout(options.timeout, exchange).await {
            Ok(result) => result,
            Err(_) => Err(SourceError::new(
                SourceErrorKind::Timeout,
                format!(
                    "{}: no whole answer within {:?}",
                    place(&url),
                    options.timeout
                ),
            )),
        }
    }
}

fn parse(target: &str) -> Result<Url, SourceError> {
    // The target is not shown: it may hold secrets.
    let url = Url::parse(target).map_err(|error| {
        SourceError::new(
            SourceErrorKind::Unreachable,
            format!("the target is not a URL: {error}"),
        )
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(SourceError::new(
            SourceErrorKind::Unreachable,
            format!("the target's scheme is {}, not http or https", url.scheme()),
        ));
    }
    Ok(url)
}

fn headers(request: &Request, options: &CallOptions) -> HeaderMap {
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
    if let Some(traceparent) = &options.traceparent
        && let Ok(value) = HeaderValue::from_str(traceparent)
    {
        headers.insert(TRACEPARENT, value);
    }
    headers
}

/// The body and its format, by the rules at the top of this file.
async fn receive(
    response: &mut Response,
    headers: &HeaderMap,
    max_bytes: usize,
    url: &Url,
) -> Result<(Format, Bytes), SourceError> {
    let bad = |why: String| {
        SourceError::new(SourceErrorKind::BadAnswer, format!("{}: {why}", place(url)))
    };
    let Some(format) = body::announced_format(headers) else {
        if !response.status().is_success() {
            body::drain(response, url).await;
            return Ok((Format::Empty, Bytes::new()));
        }
        if response.status() == StatusCode::NO_CONTENT || body::is_empty(response, url).await? {
            return Ok((Format::Empty, Bytes::new()));
        }
        let kind = headers.get(CONTENT_TYPE).map(|v| v.as_bytes());
        let kind = String::from_utf8_lossy(kind.unwrap_or_default());
        return Err(bad(format!("no reader for content type {kind:?}")));
    };
    let body = body::read(response, max_bytes, url).await?;
    if body.is_empty() {
        return Ok((Format::Empty, body));
    }
    let body = body::normalise(body, format, headers).map_err(|why| bad(why.to_owned()))?;
    Ok((format, body))
}
