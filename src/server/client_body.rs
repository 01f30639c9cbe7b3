//! The body of a request, as handlers read it.
//!
//! A request that is refused by its head, or because its body is too long, is answered while the client still sends. The
//! client must be able to send the rest, or it may not read the response:
//! - HTTP/1: if the socket were closed then, the rest would reset the connection, and the reset discards the response. So
//!   the socket takes and drops the rest before it closes ([`super::socket`]).
//! - HTTP/2: the HTTP library would reset the stream, which some clients take for a failure. So a task takes and drops the
//!   rest.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::runtime::Handle;

use super::connections::ServedConnection;
use super::socket::REST;

/// The body of a request.
pub(super) struct ClientBody {
    /// `None` after it was taken on drop.
    body: Option<Incoming>,
    /// Until the end of the body was read.
    unread: Option<Arc<ServedConnection>>,
}

impl ClientBody {
    pub(super) fn new(body: Incoming, served: &Arc<ServedConnection>) -> ClientBody {
        let unread = (!body.is_end_stream()).then(|| Arc::clone(served));
        ClientBody {
            body: Some(body),
            unread,
        }
    }
}

impl Body for ClientBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) {
            self.unread = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let empty = || SizeHint::with_exact(0);
        self.body.as_ref().map_or_else(empty, Body::size_hint)
    }
}

impl Drop for ClientBody {
    fn drop(&mut self) {
        let Some(served) = self.unread.take().filter(|_| !self.is_end_stream()) else {
            return;
        };
        if !served.connection.http2.load(Relaxed) {
            served.connection.unread_body.store(true, Relaxed);
        } else if let (Ok(runtime), Some(rest)) = (Handle::try_current(), self.body.take()) {
            runtime.spawn(drop_rest(rest, served.all.limits.stall));
        }
    }
}

/// Reads the rest of a body and drops it: at most [`REST`] bytes, and for at most so many milliseconds.
async fn drop_rest(mut body: Incoming, milliseconds: u64) {
    let dropped = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            bytes += frame.data_ref().map_or(0, Bytes::len);
            if bytes > REST {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_millis(milliseconds), dropped).await;
}
