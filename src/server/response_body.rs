//! The body of a response, as the HTTP library takes it.
//!
//! The body is complete in memory. HTTP/1 takes it in one chunk and writes it as fast as the socket accepts it. HTTP/2
//! gets chunks of one frame: the library buffers what it has taken until the client's flow-control window opens, which
//! may be never. The last chunk owns the [`ActiveRequest`], so the request counts as active until its last byte is sent.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use hyper::body::{Body, Frame, SizeHint};

use super::active_request::ActiveRequest;
use super::connection::Stream;

/// Bytes of one chunk of an HTTP/2 stream: one frame.
const CHUNK: usize = 16 * 1024;

/// The body of a response.
pub(super) struct ResponseBody {
    rest: Bytes,
    active: Option<ActiveRequest>,
    stream: Option<Arc<Stream>>,
}

impl ResponseBody {
    pub(super) fn new(
        body: Bytes,
        active: ActiveRequest,
        stream: Option<Arc<Stream>>,
    ) -> ResponseBody {
        ResponseBody {
            rest: body,
            active: Some(active),
            stream,
        }
    }
}

impl Body for ResponseBody {
    type Data = Chunk;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Chunk>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = match &self.stream {
            Some(stream) => {
                let length = self.rest.len().min(CHUNK);
                stream.taken.fetch_add(length as u64, Relaxed);
                length
            }
            None => self.rest.len(),
        };
        let bytes = self.rest.split_to(length);
        let active = match self.rest.is_empty() {
            true => self.active.take(),
            false => None,
        };
        Poll::Ready(Some(Ok(Frame::data(Chunk {
            bytes,
            _active: active,
        }))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// A part of a response's body.
pub(super) struct Chunk {
    bytes: Bytes,
    _active: Option<ActiveRequest>,
}

impl Buf for Chunk {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }
}
