//! The direct client: plain HTTP to the upstream, without TLS, proxy and redirects.
//!
//! In a data centre most calls are of this kind, and an operation makes many of them. The full client (`reqwest`) would
//! parse each URL three times and pass each call through layers that have nothing to do, which is more work than the
//! call itself. ConnectionPool, compression and errors are the same as with the full client.

use std::time::Duration;

use ::http::header::{HOST, HeaderMap, HeaderValue, USER_AGENT};
use ::http::uri::{Parts, Scheme};
use ::http::{Method, Request, Uri};
use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::Full;
use tower::{Service, service_fn};
use tower_http::decompression::Decompression;
use url::Url;

use super::connect::TcpConnector;
use super::connections::{CallError, ConnectionPool, Origin};
use super::error::{BrokenCall, from_direct};
use super::received::Received;
use super::settings::HttpSettings;

/// The connections of one source.
#[derive(Debug)]
pub(super) struct Direct {
    connections: ConnectionPool,
    user_agent: HeaderValue,
}

/// A URL that the direct client can call.
#[derive(Debug)]
pub(super) struct DirectTarget {
    origin: Origin,
    host: HeaderValue,
    /// The path and the query.
    path: Uri,
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
        let connector = TcpConnector::new(settings.dns.clone(), settings.connect_timeout);
        Some(Direct {
            connections: ConnectionPool::new(connector, idle_timeout, max_idle),
            user_agent: HeaderValue::from_str(&settings.user_agent).ok()?,
        })
    }

    /// Sends a request, and reads the head of the response.
    ///
    /// No `async fn`: that would hold the request several times, and there is one such future for each call under way.
    pub(super) fn send<'c>(
        &'c self,
        method: Method,
        target: &'c DirectTarget,
        mut headers: HeaderMap,
        body: Bytes,
        url: &'c Url,
    ) -> impl Future<Output = Result<Received, BrokenCall>> + Send + 'c {
        if !headers.contains_key(USER_AGENT) {
            headers.insert(USER_AGENT, self.user_agent.clone());
        }
        headers.entry(HOST).or_insert_with(|| target.host.clone());
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = target.path.clone();
        *request.headers_mut() = headers;
        let call = service_fn(|request| self.connections.call(&target.origin, request));
        let response = Decompression::new(call).call(request);
        response.map(|response| match response {
            Ok(response) => Ok(Received::Direct(Box::new(response))),
            Err(error) => {
                let used = matches!(error, CallError::Broken { used: true, .. });
                Err(BrokenCall::new(from_direct(&error, url), used))
            }
        })
    }
}

impl DirectTarget {
    /// `None` if the direct client cannot call the URL. The full client turns a user and a password into a header.
    pub(super) fn new(url: &Url) -> Option<DirectTarget> {
        if url.scheme() != "http" || !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let uri: Uri = url.as_str().parse().ok()?;
        let authority = uri.authority()?.clone();
        let name = authority.as_str().into();
        let host = HeaderValue::from_str(authority.as_str()).ok()?;
        let mut path = Parts::default();
        path.path_and_query = uri.path_and_query().cloned();
        let mut origin = Parts::default();
        origin.scheme = Some(Scheme::HTTP);
        origin.authority = Some(authority);
        origin.path_and_query = Some("/".parse().ok()?);
        Some(DirectTarget {
            origin: Origin {
                uri: Uri::from_parts(origin).ok()?,
                name,
            },
            host,
            path: Uri::from_parts(path).ok()?,
        })
    }
}
