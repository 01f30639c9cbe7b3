//! The body of a request, as handlers read it.
//!
//! A request that is refused by its head, or because its body is too long, is answered while the client still sends. If
//! the socket were closed then, the rest of the body would reset the connection, and the reset discards the response
//! before the client reads it. So a body that is dropped before its end tells the connection, whose socket takes and
//! drops the rest before it closes ([`super::socket`]).

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::connection::Connection;

/// The body of a request.
pub(super) struct ClientBody {
    body: Incoming,
    /// Until the end of the body was read.
    unread: Option<Arc<Connection>>,
}

impl ClientBody {
    pub(super) fn new(body: Incoming, connection: &Arc<Connection>) -> ClientBody {
        let unread = (!body.is_end_stream()).then(|| Arc::clone(connection));
        ClientBody { body, unread }
    }
}

impl Body for ClientBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) {
            self.unread = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for ClientBody {
    fn drop(&mut self) {
        if let Some(connection) = self.unread.take().filter(|_| !self.body.is_end_stream()) {
            connection.unread_body.store(true, Relaxed);
        }
    }
}
