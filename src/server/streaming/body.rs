//! The body of a response that streams.
//!
//! The connection asks for the next piece when it can send one. So the payloads of a live query or of an incremental response
//! are made for a client that reads. Events come when they come: a task of its own takes them and puts them into a queue with
//! bounds ([`Outbox`]).

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{AbortHandle, BoxFuture, abortable};
use futures_util::stream::{BoxStream, StreamExt, unfold};
use tokio::time::{Instant, sleep_until};

use super::formats::Format;
use super::outbox::{Content, Next, Outbox};
use super::single::{Event, SingleStream};
use super::streams::{OpenStream, Reason};
use super::{framing, pump};
use crate::gateway::{Delivery, Payload, Payloads};
use crate::priority;
use crate::server::response_body::Broken;

/// The pieces of a body.
struct Pieces {
    format: Format,
    source: Source,
    /// Pieces that are ready.
    ready: VecDeque<Bytes>,
    open: OpenStream,
    stopped: BoxFuture<'static, ()>,
    /// When the stream must end.
    deadline: Option<Instant>,
    /// Whether the stream goes on when the server stops: it ends soon.
    is_finite: bool,
    ended: bool,
}

enum Source {
    Payloads(Payloads),
    Queue(Arc<Outbox>, AbortHandle),
    Single(SingleStream),
}

/// What a source gives.
enum Given {
    Payload(Bytes),
    /// An event of one of several operations.
    Event(Event),
    /// Nothing follows.
    End,
}

impl From<Option<Bytes>> for Given {
    fn from(body: Option<Bytes>) -> Given {
        body.map_or(Given::End, Given::Payload)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        if let Source::Queue(_, task) = self {
            task.abort();
        }
    }
}

impl Source {
    fn new(payloads: Payloads, open: &OpenStream) -> Source {
        if payloads.delivery() != Delivery::Events {
            return Source::Payloads(payloads);
        }
        let outbox = Outbox::new(&open.streams);
        let filling = Arc::clone(&outbox);
        let filled = async move { pump::all(&filling, Arc::from(""), payloads, None).await };
        let (filled, task) = abortable(filled);
        priority::spawn(async move {
            let _ = filled.await;
        });
        Source::Queue(outbox, task)
    }

    /// What comes next.
    async fn next(&mut self) -> Result<Given, Reason> {
        match self {
            Source::Payloads(payloads) => {
                let next = pump::next(payloads).await?;
                Ok(next.map(|payload| payload.body).into())
            }
            Source::Queue(outbox, _) => match outbox.next().await {
                Next::End(reason) => Err(reason),
                Next::Message(message) => Ok(match message.content {
                    Content::Next(body) | Content::Refused(body) => Given::Payload(body),
                    Content::Complete => Given::End,
                }),
            },
            Source::Single(stream) => stream.next().await.map(Given::Event),
        }
    }
}

/// The body of a response whose payloads stream; `first` has been taken from them.
pub(super) fn body(
    format: Format,
    first: Option<Payload>,
    payloads: Payloads,
    mut open: OpenStream,
) -> BoxStream<'static, Result<Bytes, Broken>> {
    let mut ready = VecDeque::new();
    format.begin(&mut ready);
    if let Some(first) = first {
        format.payload(first.body, &mut ready);
        open.sent();
    }
    let is_finite = matches!(
        payloads.delivery(),
        Delivery::Incremental(_) | Delivery::Whole
    );
    let source = Source::new(payloads, &open);
    pieces(format, source, ready, open, is_finite)
}

/// The body of an event stream for several operations.
pub(super) fn single_body(
    stream: SingleStream,
    open: OpenStream,
) -> BoxStream<'static, Result<Bytes, Broken>> {
    let source = Source::Single(stream);
    pieces(Format::Events, source, VecDeque::new(), open, false)
}

fn pieces(
    format: Format,
    source: Source,
    ready: VecDeque<Bytes>,
    open: OpenStream,
    is_finite: bool,
) -> BoxStream<'static, Result<Bytes, Broken>> {
    let streams = &open.streams;
    let pieces = Pieces {
        format,
        stopped: Box::pin(streams.stopped()),
        deadline: streams.deadline().filter(|_| !is_finite),
        source,
        ready,
        open,
        is_finite,
        ended: false,
    };
    unfold(Box::new(pieces), async |mut pieces| {
        let next = pieces.next().await?;
        Some((next, pieces))
    })
    .boxed()
}

impl Pieces {
    async fn next(&mut self) -> Option<Result<Bytes, Broken>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Some(Ok(piece));
            }
            if self.ended {
                return None;
            }
            let heartbeat = self.open.streams.heartbeat();
            let heartbeat = heartbeat.map(|interval| Instant::now() + interval);
            let timer = heartbeat.into_iter().chain(self.deadline).min();
            tokio::select! {
                biased;
                () = &mut self.stopped, if !self.is_finite => self.cut(Reason::Stop),
                next = self.source.next() => match next {
                    Ok(Given::Payload(body)) => {
                        self.open.sent();
                        self.format.payload(body, &mut self.ready);
                    }
                    Ok(Given::Event(event)) => {
                        framing::single(&event.id, event.payload, &mut self.ready);
                    }
                    Ok(Given::End) => {
                        self.open.ends(Reason::Complete);
                        self.format.complete(&mut self.ready);
                        self.ended = true;
                    }
                    // A part of a response must not pass for the whole.
                    Err(reason) if self.is_finite => {
                        self.open.ends(reason);
                        self.ended = true;
                        return Some(Err(Broken));
                    }
                    Err(reason) => self.cut(reason),
                },
                () = until(timer), if timer.is_some() => {
                    match self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                        true => self.cut(Reason::Lifetime),
                        false => self.ready.extend(self.format.heartbeat()),
                    }
                }
            }
        }
    }

    /// Ends the stream before its last payload.
    fn cut(&mut self, reason: Reason) {
        self.open.ends(reason);
        // An error would have to be that of an operation.
        if !matches!(self.source, Source::Single(_)) {
            self.format.cut(reason, &mut self.ready);
        }
        self.ended = true;
    }
}

/// Ready at this time, or never.
async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
