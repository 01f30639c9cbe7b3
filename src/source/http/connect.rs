//! Connects within a timeout, which includes the look-up of the host's addresses.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use ::http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::{BoxError, Service};

use crate::source::dns::Resolver;

/// Makes TCP connections.
#[derive(Debug, Clone)]
pub(super) struct TcpConnector {
    inner: HttpConnector<Resolver>,
    timeout: Duration,
}

impl TcpConnector {
    /// Connects to the addresses of the resolver, within this time.
    pub(super) fn new(resolver: Resolver, timeout: Duration) -> TcpConnector {
        let mut inner = HttpConnector::new_with_resolver(resolver);
        // The connector divides it among the addresses of a host, so that a dead one leaves time for the next.
        inner.set_connect_timeout(Some(timeout));
        inner.set_nodelay(true);
        TcpConnector { inner, timeout }
    }
}

impl Service<Uri> for TcpConnector {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<TokioIo<TcpStream>, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = tokio::time::timeout(self.timeout, self.inner.call(uri));
        Box::pin(async move {
            match connecting.await {
                Ok(connected) => connected.map_err(Into::into),
                Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            }
        })
    }
}
