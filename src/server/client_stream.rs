//! The body of a request as a stream of pieces, for a parser that reads while the client sends.
//!
//! It gives one piece each time that it is polled: the parser would otherwise read on for as long as the client is fast, and
//! hold what is not taken. The client has to keep up the rate of [`Limits`] only while it is waited for.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use hyper::body::Body;
use tokio::time::{Duration, Instant, Sleep, sleep_until};

use crate::config::Limits;
use crate::files::uploads::{BrokenBody, Room, UploadFault};

/// A client's body.
pub(super) struct ClientStream<B> {
    body: B,
    room: Room,
    /// A piece was given, and the parser has not been polled since.
    is_given: bool,
    rate: WaitingRate,
}

/// The rate of a client while it is waited for: `min_rate` over each `stall_timeout` of waiting.
struct WaitingRate {
    stall: Duration,
    least: f64,
    /// Bytes that have arrived since `waited` was zero.
    bytes: f64,
    waited: Duration,
    since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<B> ClientStream<B> {
    pub(super) fn new(body: B, room: Room, limits: &Limits) -> ClientStream<B> {
        ClientStream {
            body,
            room,
            is_given: false,
            rate: WaitingRate {
                stall: limits.stall_timeout,
                least: limits.min_rate.0 as f64 * limits.stall_timeout.as_secs_f64(),
                bytes: 0.0,
                waited: Duration::ZERO,
                since: None,
                timer: None,
            },
        }
    }
}

impl WaitingRate {
    /// A piece has arrived.
    fn arrived(&mut self, bytes: usize) {
        self.timer = None;
        if let Some(since) = self.since.take() {
            self.waited += since.elapsed();
        }
        self.bytes += bytes as f64;
        if self.bytes >= self.least {
            self.bytes = 0.0;
            self.waited = Duration::ZERO;
        }
    }

    /// Ready when the client has been waited for too long.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let since = *self.since.get_or_insert_with(Instant::now);
        let late = since + self.stall.saturating_sub(self.waited);
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(late)));
        timer.as_mut().poll(context)
    }
}

impl<B: Body<Data = Bytes> + Unpin> Stream for ClientStream<B> {
    type Item = Result<Bytes, BrokenBody>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BrokenBody>>> {
        if std::mem::take(&mut self.is_given) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) else {
                ready!(self.rate.poll_late(context));
                return Poll::Ready(Some(Err(BrokenBody(UploadFault::Slow))));
            };
            let Some(frame) = frame else {
                return Poll::Ready(None);
            };
            let Ok(frame) = frame else {
                return Poll::Ready(Some(Err(BrokenBody(UploadFault::Broken))));
            };
            // Trailers are ignored.
            let Ok(piece) = frame.into_data() else {
                continue;
            };
            self.rate.arrived(piece.len());
            self.is_given = true;
            return Poll::Ready(Some(match self.room.count(piece.len()) {
                true => Ok(piece),
                false => Err(BrokenBody(UploadFault::Broken)),
            }));
        }
    }
}
