//! The state of one connection, shared by the task that serves it, its socket, its requests, and the sweep that ends
//! connections which take too long ([`super::sweep`]).
//!
//! A request writes a few numbers here and starts no timer. The times are those of the sweep's last round, and only the
//! sweep compares them with limits. To close a connection the sweep sets an order ([`FINISH`], [`END`]), which the
//! connection's task carries out.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use super::listener_state::ListenerState;
use super::upgrade::Protocol;

/// Order: finish the active requests, then close. No further request is read.
pub(super) const FINISH: u8 = 1;

/// Order: close now, even with active requests.
pub(super) const END: u8 = 2;

/// One open connection.
pub(super) struct Connection {
    pub(super) listener: Arc<ListenerState>,
    /// The connection speaks HTTP/2. False until that is known.
    pub(super) http2: AtomicBool,
    /// At least one request has arrived.
    pub(super) served: AtomicBool,
    /// Active requests: those whose responses the socket has not taken completely.
    pub(super) open: AtomicU32,
    /// When the last active request ended.
    pub(super) idle_since: AtomicU64,
    /// When the first byte of the next request's head arrived; [`NEVER`] while none has.
    pub(super) head_since: AtomicU64,
    /// Bytes that the socket has taken.
    pub(super) written: AtomicU64,
    /// The body of a request was dropped before its end: the client may still send the rest.
    pub(super) unread_body: AtomicBool,
    /// How much the connection has done since its task was last polled.
    pub(super) poll_budget: PollBudget,
    /// When closing began; [`NEVER`] if it has not.
    pub(super) finishing_since: AtomicU64,
    orders: AtomicU8,
    waker: AtomicWaker,
    pending: Mutex<Vec<PendingResponse>>,
    /// What follows HTTP on this connection, when the response to the request for it has been sent.
    following: Mutex<Option<Box<dyn Protocol>>>,
}

/// Stands for "no time".
pub(super) const NEVER: u64 = u64::MAX;

/// How much a connection may do in one poll of its task. Without a limit the HTTP library reads and responds for as long as
/// the client sends, and other tasks do not get the thread.
#[derive(Default)]
pub(super) struct PollBudget {
    read: AtomicUsize,
    requests: AtomicUsize,
}

impl PollBudget {
    /// Bytes that may be read in one poll. As frames that do nothing, they take a tenth of a millisecond.
    const READ: usize = 8 * 1024;

    /// Requests that may start in one poll of an HTTP/1 connection, when the client pipelines them.
    const REQUESTS: usize = 2;

    /// Resets the budget: the task is polled again.
    pub(super) fn begin(&self) {
        self.read.store(0, Relaxed);
        self.requests.store(0, Relaxed);
    }

    /// `Pending`, with an immediate wake-up, when this poll may not read any more.
    pub(super) fn poll_read(&self, context: &Context<'_>) -> Poll<()> {
        PollBudget::poll(self.read.load(Relaxed) < PollBudget::READ, context)
    }

    /// Counts a request. `Pending`, with an immediate wake-up, when this poll may not start any more.
    pub(super) fn poll_request(&self, context: &Context<'_>) -> Poll<()> {
        PollBudget::poll(
            self.requests.fetch_add(1, Relaxed) < PollBudget::REQUESTS,
            context,
        )
    }

    fn poll(may: bool, context: &Context<'_>) -> Poll<()> {
        if may {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// One stream of an HTTP/2 connection: a request and its response.
#[derive(Default)]
pub(super) struct Stream {
    /// Bytes of the response that the HTTP library has taken for this stream.
    pub(super) taken: AtomicU64,
    ended: AtomicBool,
    waker: AtomicWaker,
}

/// A response that its client has not taken completely.
pub(super) struct PendingResponse {
    key: u32,
    pub(super) bytes: usize,
    pub(super) since: u64,
    /// Bytes taken when the response was ready.
    taken_before: u64,
    /// Bytes taken at `mark_at`, when the client's rate was last sufficient.
    pub(super) taken_mark: u64,
    pub(super) mark_at: u64,
    /// The server has abandoned it; its bytes are no longer counted.
    pub(super) ended: bool,
    stream: Option<Arc<Stream>>,
    /// Of a response that is passed on as it arrives: whether its content is waited for.
    waiting: Option<Arc<AtomicBool>>,
}

impl Connection {
    pub(super) fn new(listener: Arc<ListenerState>) -> Connection {
        let now = listener.now();
        Connection {
            listener,
            http2: AtomicBool::new(false),
            served: AtomicBool::new(false),
            open: AtomicU32::new(0),
            idle_since: AtomicU64::new(now),
            // The first request is due at once; the time for it includes the TLS handshake.
            head_since: AtomicU64::new(now),
            written: AtomicU64::new(0),
            unread_body: AtomicBool::new(false),
            poll_budget: PollBudget::default(),
            finishing_since: AtomicU64::new(NEVER),
            orders: AtomicU8::new(0),
            waker: AtomicWaker::new(),
            pending: Mutex::default(),
            following: Mutex::default(),
        }
    }

    /// Records that the client speaks HTTP/2. Until its first request arrives, the idle timeout applies.
    pub(super) fn begin_http2(&self) {
        self.http2.store(true, Relaxed);
        self.head_since.store(NEVER, Relaxed);
    }

    /// Another protocol follows the response that is sent next.
    pub(super) fn follow(&self, protocol: Box<dyn Protocol>) {
        *self.following() = Some(protocol);
    }

    /// Takes the protocol that follows, if there is one.
    pub(super) fn take_following(&self) -> Option<Box<dyn Protocol>> {
        self.following().take()
    }

    fn following(&self) -> MutexGuard<'_, Option<Box<dyn Protocol>>> {
        let following = self.following.lock();
        following.unwrap_or_else(PoisonError::into_inner)
    }

    /// Records when closing began, whether by an order or by the HTTP library.
    pub(super) fn finishing(&self) {
        let now = self.listener.now();
        let _ = self
            .finishing_since
            .compare_exchange(NEVER, now, Relaxed, Relaxed);
    }

    /// Gives an order to the connection's task.
    pub(super) fn order(&self, order: u8) {
        if order == FINISH {
            self.finishing();
        }
        self.orders.fetch_or(order, Release);
        self.waker.wake();
    }

    /// The orders so far. A further order wakes the task.
    pub(super) fn poll_orders(&self, context: &Context<'_>) -> u8 {
        self.waker.register(context.waker());
        self.orders.load(Acquire)
    }

    /// Counts bytes that the socket has read.
    pub(super) fn read(&self, bytes: usize) {
        self.poll_budget.read.fetch_add(bytes, Relaxed);
        if self.open.load(Relaxed) == 0
            && self.head_since.load(Relaxed) == NEVER
            && !self.http2.load(Relaxed)
            && self.finishing_since.load(Relaxed) == NEVER
        {
            self.head_since.store(self.listener.now(), Relaxed);
        }
    }

    /// The responses that the client has not taken completely.
    pub(super) fn pending(&self) -> MutexGuard<'_, Vec<PendingResponse>> {
        // No code panics while it holds this lock; even if some did, the list would be valid.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a response that the client has yet to take; returns its key.
    pub(super) fn add_pending(
        &self,
        bytes: usize,
        stream: Option<Arc<Stream>>,
        waiting: Option<Arc<AtomicBool>>,
    ) -> u32 {
        let now = self.listener.now();
        let taken = self.taken(stream.as_deref());
        let mut pending = self.pending();
        // A key must differ only from the other keys in the list, so wrapping is harmless.
        let key = pending.last().map_or(0, |last| last.key.wrapping_add(1));
        pending.push(PendingResponse {
            key,
            bytes,
            since: now,
            taken_before: taken,
            taken_mark: 0,
            mark_at: now,
            ended: false,
            stream,
            waiting,
        });
        key
    }

    /// Removes a response. `true` if it was abandoned, so that its bytes are no longer counted.
    pub(super) fn remove_pending(&self, key: u32) -> bool {
        let mut pending = self.pending();
        let at = pending.iter().position(|response| response.key == key);
        // `remove` keeps the order, so the last element has the greatest key.
        at.is_some_and(|at| pending.remove(at).ended)
    }

    fn taken(&self, stream: Option<&Stream>) -> u64 {
        stream
            .map_or(&self.written, |stream| &stream.taken)
            .load(Relaxed)
    }
}

impl PendingResponse {
    /// Bytes that the client has taken since the response was ready.
    pub(super) fn taken(&self, connection: &Connection) -> u64 {
        connection.taken(self.stream.as_deref()) - self.taken_before
    }

    /// Whether the gateway has nothing to send at the moment, so that the client is not slow.
    pub(super) fn waits(&self) -> bool {
        let waiting = self.waiting.as_ref();
        waiting.is_some_and(|waiting| waiting.load(Relaxed))
    }

    /// From when its client's rate counts: the bytes that it had taken then, and the time. A streamed response may have waited
    /// for hours.
    pub(super) fn rate_since(&self) -> (u64, u64) {
        match self.waiting {
            Some(_) => (self.taken_mark, self.mark_at),
            None => (0, self.since),
        }
    }

    /// The bytes that are still held for it, of which the client has taken `taken`: of a streamed one always the same.
    pub(super) fn held(&self, taken: u64) -> u64 {
        match self.waiting {
            Some(_) => self.bytes as u64,
            None => (self.bytes as u64).saturating_sub(taken),
        }
    }

    /// Abandons the response: ends its HTTP/2 stream. Ends the connection for HTTP/1, and when the stream was ended before
    /// and is still there.
    pub(super) fn end(&mut self, connection: &Connection) {
        match &self.stream {
            Some(stream) if !self.ended => {
                stream.ended.store(true, Release);
                stream.waker.wake();
            }
            _ => connection.order(END),
        }
        if !self.ended {
            self.ended = true;
            connection.listener.release_response(self.bytes);
        }
    }
}

impl Stream {
    /// Ready once the stream must end.
    pub(super) fn poll_ended(&self, context: &Context<'_>) -> Poll<()> {
        self.waker.register(context.waker());
        match self.ended.load(Acquire) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}
