//! The direct client: plain HTTP to the upstream, without TLS, proxy and redirects.
//!
//! In a data centre most calls are of this kind, and an operation makes many of them. The full client (`reqwest`) would
//! parse each URL three times and pass each call through layers that have nothing to do, which is more work than the
//! call itself. Connections, compression and errors are the same as with the full client.

use std::time::Duration;

use ::http::header::{HeaderMap, HeaderValue, USER_AGENT};
use ::http::{Request, Uri};
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower::Service;
use tower_http::decompression::Decompression;
use url::{Host, Url};

use super::HttpSettings;
use super::connect::Connector;
use super::error::{BrokenCall, from_hyper};
use super::received::Received;
use super::reuse;

/// The size of a connection's read buffer. The head of a response must fit into it.
const READ_AT_ONCE: usize = 64 * 1024;

/// The connections of one source.
#[derive(Debug)]
pub(super) struct Direct {
    client: Decompression<Client<Connector, Full<Bytes>>>,
    user_agent: HeaderValue,
}

impl Direct {
    /// `None` if the settings need the full client, or if only that can report what is wrong with them.
    pub(super) fn new(
        settings: &HttpSettings,
        idle_timeout: Duration,
        max_idle: usize,
    ) -> Option<Direct> {
        if settings.redirects > 0 {
            return None;
        }
        let connector = Connector::new(settings.dns.clone(), settings.connect_timeout);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(idle_timeout)
            .pool_max_idle_per_host(max_idle)
            .http1_max_buf_size(READ_AT_ONCE)
            .build(connector);
        Some(Direct {
            client: Decompression::new(client),
            user_agent: HeaderValue::from_str(&settings.user_agent).ok()?,
        })
    }

    /// Sends a request, and reads the head of the response.
    pub(super) async fn send(
        &self,
        method: ::http::Method,
        uri: &Uri,
        mut headers: HeaderMap,
        body: Bytes,
        url: &Url,
        used_within: Duration,
    ) -> Result<Received, BrokenCall> {
        if !headers.contains_key(USER_AGENT) {
            headers.insert(USER_AGENT, self.user_agent.clone());
        }
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = headers;
        // The client is always ready: a call that must wait waits in its future.
        let response = self.client.clone().call(request).await;
        let response = response.map_err(|error| {
            let used = reuse::was_used(&error, used_within);
            BrokenCall::new(from_hyper(&error, error.is_connect(), url), used)
        })?;
        Ok(Received::Direct(Box::new(response)))
    }
}

/// The URI for the direct client, if it can call the URL. The full client turns a user and a password into a header.
pub(super) fn uri(url: &Url) -> Option<Uri> {
    let plain = url.scheme() == "http" && url.username().is_empty() && url.password().is_none();
    plain.then(|| url.as_str().parse().ok()).flatten()
}

/// Whether a host is this machine, for which no proxy of the environment is used.
pub(super) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
