//! What is known of one connection, by everything that acts on it: the task that serves it, its socket, its requests, and
//! the sweep that ends what takes too long ([`super::connections`]).
//!
//! A request writes a few numbers here and arms no timer: times are those of the sweep's last round, and only the sweep
//! compares them with limits. What it wants done it leaves as an order, which the connection's task carries out.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use super::connections::Connections;

/// Finish what is in work, then close: no further request is read.
pub(super) const FINISH: u8 = 1;

/// Close now, whatever is in work.
pub(super) const END: u8 = 2;

/// One open connection.
pub(super) struct Connection {
    pub(super) all: Arc<Connections>,
    /// It speaks HTTP/2. HTTP/1 until that is known.
    pub(super) http2: AtomicBool,
    /// It has had a request.
    pub(super) served: AtomicBool,
    /// Requests whose answers have not been handed over completely.
    pub(super) open: AtomicU32,
    /// Since when there is no request in work.
    pub(super) idle_since: AtomicU64,
    /// Since when the next request's head is being read; [`NEVER`] while nothing of it has come.
    pub(super) head_since: AtomicU64,
    /// Bytes that the socket has taken.
    pub(super) written: AtomicU64,
    /// What it has done since its task was last polled.
    pub(super) poll_budget: PollBudget,
    /// Since when it is being closed; [`NEVER`] if it is not.
    pub(super) finishing_since: AtomicU64,
    orders: AtomicU8,
    waker: AtomicWaker,
    pending: Mutex<Vec<PendingResponse>>,
}

/// In place of a time.
pub(super) const NEVER: u64 = u64::MAX;

/// What a connection may do before its task lets others have the thread. HTTP reads and answers as long as there is
/// something to read, which is up to the client.
#[derive(Default)]
pub(super) struct PollBudget {
    read: AtomicUsize,
    requests: AtomicUsize,
}

impl PollBudget {
    /// Bytes after which no more is read in one turn: as frames without a meaning, they take a tenth of a millisecond.
    const READ: usize = 8 * 1024;

    /// Requests that are begun in one turn of HTTP/1, where a client sends them without waiting for answers.
    const REQUESTS: usize = 2;

    /// The task is polled.
    pub(super) fn begin(&self) {
        self.read.store(0, Relaxed);
        self.requests.store(0, Relaxed);
    }

    /// Pending, and woken at once, if this turn may read no more.
    pub(super) fn poll_read(&self, context: &Context<'_>) -> Poll<()> {
        PollBudget::poll(self.read.load(Relaxed) < PollBudget::READ, context)
    }

    /// Pending, and woken at once, if this turn may begin no more requests; counts one otherwise.
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

/// One stream of an HTTP/2 connection: a request and its answer.
#[derive(Default)]
pub(super) struct Stream {
    /// Bytes of the answer that the stream has taken.
    pub(super) taken: AtomicU64,
    ended: AtomicBool,
    waker: AtomicWaker,
}

/// An answer that its client has not taken completely.
pub(super) struct PendingResponse {
    key: u32,
    pub(super) bytes: usize,
    pub(super) since: u64,
    /// What had been taken when the answer was ready, and when the rate was last good enough.
    pub(super) taken_before: u64,
    pub(super) taken_mark: u64,
    pub(super) mark_at: u64,
    /// It was given up, and its bytes are no longer counted.
    pub(super) ended: bool,
    stream: Option<Arc<Stream>>,
}

impl Connection {
    pub(super) fn new(all: Arc<Connections>) -> Connection {
        let now = all.now();
        Connection {
            all,
            http2: AtomicBool::new(false),
            served: AtomicBool::new(false),
            open: AtomicU32::new(0),
            idle_since: AtomicU64::new(now),
            // The first request is due at once, and the handshake of TLS is a part of it.
            head_since: AtomicU64::new(now),
            written: AtomicU64::new(0),
            poll_budget: PollBudget::default(),
            finishing_since: AtomicU64::new(NEVER),
            orders: AtomicU8::new(0),
            waker: AtomicWaker::new(),
            pending: Mutex::default(),
        }
    }

    /// The client speaks HTTP/2. It has no request under way until one has come: what limits it is the idle timeout.
    pub(super) fn begin_http2(&self) {
        self.http2.store(true, Relaxed);
        self.head_since.store(NEVER, Relaxed);
    }

    /// The connection is being closed, by an order or by HTTP itself.
    pub(super) fn finishing(&self) {
        let now = self.all.now();
        let _ = self
            .finishing_since
            .compare_exchange(NEVER, now, Relaxed, Relaxed);
    }

    /// Leaves an order for the connection's task.
    pub(super) fn order(&self, order: u8) {
        if order == FINISH {
            self.finishing();
        }
        self.orders.fetch_or(order, Release);
        self.waker.wake();
    }

    /// The orders so far; the task is woken by further ones.
    pub(super) fn poll_orders(&self, context: &Context<'_>) -> u8 {
        self.waker.register(context.waker());
        self.orders.load(Acquire)
    }

    /// The socket has given so many bytes.
    pub(super) fn read(&self, bytes: usize) {
        self.poll_budget.read.fetch_add(bytes, Relaxed);
        if self.open.load(Relaxed) == 0
            && self.head_since.load(Relaxed) == NEVER
            && !self.http2.load(Relaxed)
        {
            self.head_since.store(self.all.now(), Relaxed);
        }
    }

    /// The answers that wait for the client.
    pub(super) fn pending(&self) -> MutexGuard<'_, Vec<PendingResponse>> {
        // Nothing panics while it holds this; if something did, the list would still be one.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn taken(&self, stream: Option<&Stream>) -> u64 {
        stream
            .map_or(&self.written, |stream| &stream.taken)
            .load(Relaxed)
    }
}

impl PendingResponse {
    /// Bytes that the client has taken since the answer was ready.
    pub(super) fn taken(&self, connection: &Connection) -> u64 {
        connection.taken(self.stream.as_deref()) - self.taken_before
    }

    /// Gives the answer up: ends its stream, or the connection where that is the same or where the stream cannot end by itself.
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
            connection.all.release(self.bytes);
        }
    }
}

impl Stream {
    /// Ready once the stream is to end.
    pub(super) fn poll_ended(&self, context: &Context<'_>) -> Poll<()> {
        self.waker.register(context.waker());
        match self.ended.load(Acquire) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

/// A request from when its head was read until its answer has left for the socket, or was dropped.
pub(super) struct ActiveRequest {
    pub(super) connection: Arc<Connection>,
    response: Option<(u32, usize)>,
}

impl ActiveRequest {
    pub(super) fn begin(connection: &Arc<Connection>) -> ActiveRequest {
        connection.open.fetch_add(1, Relaxed);
        connection.head_since.store(NEVER, Relaxed);
        if !connection.served.load(Relaxed) {
            connection.served.store(true, Relaxed);
        }
        ActiveRequest {
            connection: Arc::clone(connection),
            response: None,
        }
    }

    /// Counts the answer's bytes until it has been handed over. `false`: there are too many already.
    pub(super) fn hold(&mut self, bytes: usize, stream: Option<Arc<Stream>>) -> bool {
        let connection = &*self.connection;
        if !connection.all.reserve(bytes) {
            return false;
        }
        let now = connection.all.now();
        let taken = connection.taken(stream.as_deref());
        let mut pending = connection.pending();
        // Keys need to differ only from those in the list, which is shorter than the numbers are many.
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
        });
        drop(pending);
        self.response = Some((key, bytes));
        true
    }
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        let connection = &*self.connection;
        if let Some((key, bytes)) = self.response {
            let mut pending = connection.pending();
            let at = pending.iter().position(|response| response.key == key);
            // In order: the last one has the greatest key.
            let ended = at.is_some_and(|at| pending.remove(at).ended);
            drop(pending);
            if !ended {
                connection.all.release(bytes);
            }
        }
        if connection.open.fetch_sub(1, AcqRel) == 1 {
            connection.idle_since.store(connection.all.now(), Relaxed);
        }
    }
}
