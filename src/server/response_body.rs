//! The body of a response, as the HTTP library takes it.
//!
//! The body is complete in memory, or a file or a stream of payloads that is passed on ([`Streamed`]). HTTP/1 takes a complete one in one chunk and
//! writes it as fast as the socket accepts it. HTTP/2 gets chunks of one frame: the library buffers what it has taken until
//! the client's flow-control window opens, which may be never. The last chunk owns the [`ActiveRequest`], so the request
//! counts as active until its last byte is sent; if the length of a file is not known, until its end.
//!
//! The library takes the next chunk of a file when it has sent the one before, and the file is read when a chunk is taken. So
//! a slow client makes the upstream slow, and only some chunks are in memory.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_util::stream::BoxStream;
use http::Response;
use hyper::body::{Body, Frame, SizeHint};

use super::active_request::ActiveRequest;
use super::connection::Stream;
use super::response::HttpResponse;

/// Bytes of one chunk of an HTTP/2 stream: one frame.
const CHUNK: usize = 16 * 1024;

/// The body of a response.
pub(super) struct ResponseBody {
    rest: Bytes,
    /// What follows `rest`.
    streamed: Option<Box<StreamedContent>>,
    active: Option<ActiveRequest>,
    stream: Option<Arc<Stream>>,
}

/// A body that is passed on as it arrives. It travels in the extensions of a response with an empty body, so that all other
/// responses are complete by their type.
#[derive(Clone)]
pub(super) struct Streamed(Arc<Mutex<Option<Box<StreamedContent>>>>);

/// The content of a [`Streamed`] body.
pub(super) struct StreamedContent {
    chunks: BoxStream<'static, Result<Bytes, Broken>>,
    /// The bytes that are still to come, if that is known.
    left: Option<u64>,
    /// The content is waited for: the client is not to blame if nothing is sent.
    pub(super) waiting: Arc<AtomicBool>,
    /// The bytes that are in memory at the same time.
    pub(super) held: usize,
}

/// The content of a response has ended before its end: the connection is closed, or the stream reset.
#[derive(Debug)]
pub(super) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the content broke off")
    }
}

impl std::error::Error for Broken {}

/// The bytes of a file that are in memory: some chunks, here and in the client of the upstream.
const FILE: usize = 256 * 1024;

/// The bytes of payloads that are in memory for one client. Most streams are idle, and the clients of a live query share them.
const EVENTS: usize = 2 * 1024;

impl Streamed {
    /// A file of `length` bytes, if that is known.
    pub(super) fn new(
        chunks: BoxStream<'static, Result<Bytes, Broken>>,
        length: Option<u64>,
    ) -> Streamed {
        Streamed::holding(chunks, length, FILE)
    }

    /// A body of payloads that come at any time.
    pub(super) fn events(chunks: BoxStream<'static, Result<Bytes, Broken>>) -> Streamed {
        Streamed::holding(chunks, None, EVENTS)
    }

    fn holding(
        chunks: BoxStream<'static, Result<Bytes, Broken>>,
        length: Option<u64>,
        held: usize,
    ) -> Streamed {
        let content = StreamedContent {
            chunks,
            left: length,
            waiting: Arc::new(AtomicBool::new(true)),
            held,
        };
        Streamed(Arc::new(Mutex::new(Some(Box::new(content)))))
    }

    /// Takes the content of a response that has one.
    pub(super) fn take(response: &mut HttpResponse) -> Option<Box<StreamedContent>> {
        let Streamed(content) = response.extensions_mut().remove()?;
        content
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl ResponseBody {
    pub(super) fn new(
        body: Bytes,
        active: ActiveRequest,
        stream: Option<Arc<Stream>>,
    ) -> ResponseBody {
        ResponseBody {
            rest: body,
            streamed: None,
            active: Some(active),
            stream,
        }
    }

    /// The response with a body that is passed on.
    pub(super) fn streamed(
        response: HttpResponse,
        content: Box<StreamedContent>,
        active: ActiveRequest,
        stream: Option<Arc<Stream>>,
    ) -> Response<ResponseBody> {
        response.map(|_| ResponseBody {
            rest: Bytes::new(),
            streamed: Some(content),
            active: Some(active),
            stream,
        })
    }

    /// Takes the next piece of a streamed body into `rest`. Ready without one at the end.
    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        while let Some(content) = &mut self.streamed {
            match ready!(content.poll(context)) {
                Some(Ok(bytes)) if bytes.is_empty() => {}
                Some(Ok(bytes)) => {
                    self.rest = bytes;
                    if content.left == Some(0) {
                        self.streamed = None;
                    }
                    return Poll::Ready(Ok(()));
                }
                Some(Err(broken)) => {
                    self.streamed = None;
                    return Poll::Ready(Err(broken));
                }
                None => self.streamed = None,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl StreamedContent {
    /// The next piece. More or less than was announced is an error.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        let polled = self.chunks.as_mut().poll_next(context);
        self.waiting.store(polled.is_pending(), Relaxed);
        Poll::Ready(match (ready!(polled), &mut self.left) {
            (Some(Ok(bytes)), Some(left)) => match left.checked_sub(bytes.len() as u64) {
                Some(rest) => {
                    *left = rest;
                    Some(Ok(bytes))
                }
                None => Some(Err(Broken)),
            },
            (None, Some(1..)) => Some(Err(Broken)),
            (piece, _) => piece,
        })
    }
}

impl Body for ResponseBody {
    type Data = Chunk;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Chunk>, Broken>>> {
        if self.rest.is_empty() {
            if self.streamed.is_none() {
                return Poll::Ready(None);
            }
            if let Err(broken) = ready!(self.poll_rest(context)) {
                return Poll::Ready(Some(Err(broken)));
            }
            if self.rest.is_empty() {
                self.active = None;
                return Poll::Ready(None);
            }
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
        let active = match self.rest.is_empty() && self.streamed.is_none() {
            true => self.active.take(),
            false => None,
        };
        Poll::Ready(Some(Ok(Frame::data(Chunk {
            bytes,
            _active: active,
        }))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.streamed.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        match &self.streamed {
            None => SizeHint::with_exact(rest),
            Some(content) => match content.left {
                Some(left) => SizeHint::with_exact(rest + left),
                None => SizeHint::default(),
            },
        }
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
