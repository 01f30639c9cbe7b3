//! What follows on a connection after HTTP/1.1: another protocol, for which a request has asked by `Upgrade`.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};

/// The transport of a connection: its socket, or TLS over it.
pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Transport for T {}

/// Another protocol.
pub(super) trait Protocol: Send {
    /// Unset while the client is waited for to take what was written to it.
    fn waiting(&self) -> Arc<AtomicBool>;

    /// Serves the connection to its end. `read` has the bytes that were read after the request.
    fn serve(self: Box<Self>, transport: Box<dyn Transport>, read: Bytes)
    -> BoxFuture<'static, ()>;
}

/// A protocol with the transport that it takes over.
pub(super) struct Upgrade {
    pub(super) protocol: Box<dyn Protocol>,
    pub(super) transport: Box<dyn Transport>,
    pub(super) read: Bytes,
}
