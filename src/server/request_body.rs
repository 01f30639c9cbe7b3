//! Reads the body of a request within limits of size, time and memory.
//!
//! Most bodies arrive together with their heads; they need no clock and are not counted. Other bodies are buffered until
//! the client has sent the rest. The buffered bytes of all clients are counted, and a client that sends too slowly is
//! refused.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use bytes::{Bytes, BytesMut};
use futures_util::future::poll_immediate;
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::time::{Instant, timeout_at};

use super::refusal::HttpRefusal;
use crate::config::Limits;

/// Counts the bytes of bodies that have arrived in part, over all clients.
pub(super) struct PartialBodies {
    held: AtomicUsize,
    limit: usize,
}

impl PartialBodies {
    pub(super) fn new(limit: usize) -> PartialBodies {
        PartialBodies {
            held: AtomicUsize::new(0),
            limit,
        }
    }

    /// The bytes that are buffered now.
    pub(super) fn held(&self) -> usize {
        self.held.load(Relaxed)
    }
}

/// The counted bytes of one body; dropping it ends the count.
struct HeldBytes<'a> {
    bodies: &'a PartialBodies,
    bytes: usize,
}

impl HeldBytes<'_> {
    fn add(&mut self, bytes: usize) -> Result<(), HttpRefusal> {
        let before = self.bodies.held.fetch_add(bytes, Relaxed);
        self.bytes += bytes;
        if before + bytes > self.bodies.limit {
            return Err(HttpRefusal::busy());
        }
        Ok(())
    }
}

impl Drop for HeldBytes<'_> {
    fn drop(&mut self) {
        self.bodies.held.fetch_sub(self.bytes, Relaxed);
    }
}

/// Reads a body completely.
pub(super) async fn read<B>(
    mut body: B,
    limits: &Limits,
    bodies: &PartialBodies,
) -> Result<Bytes, HttpRefusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    let limit = limits.body_bytes.0;
    if body.size_hint().lower() > limit as u64 {
        return Err(HttpRefusal::too_large(limit));
    }
    let mut buffer = BodyBuffer::new(limit);
    while let Some(read) = poll_immediate(part(&mut body)).await {
        match read? {
            Some(part) => buffer.push(part)?,
            None => return Ok(buffer.bytes()),
        }
    }
    let mut held = HeldBytes { bodies, bytes: 0 };
    held.add(buffer.length())?;
    let mut rate = BodyRate::new(limits, buffer.length());
    while let Some(part) = rate.within_limits(part(&mut body)).await? {
        held.add(part.len())?;
        buffer.push(part)?;
        rate.received(buffer.length());
    }
    Ok(buffer.bytes())
}

/// The next part of a body; `None` at its end. Trailers are ignored.
async fn part<B>(body: &mut B) -> Result<Option<Bytes>, HttpRefusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else {
            break;
        };
        let frame = frame.map_err(|_| HttpRefusal::malformed("The request's body broke off"))?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// Enforces the rate of a body: all of it within `request_read_timeout`, and `min_rate` over each `stall_timeout`.
struct BodyRate<'a> {
    limits: &'a Limits,
    deadline: Instant,
    /// Bytes received at `mark_at`, when the rate was last sufficient.
    mark: usize,
    mark_at: Instant,
}

impl BodyRate<'_> {
    fn new(limits: &Limits, length: usize) -> BodyRate<'_> {
        let now = Instant::now();
        BodyRate {
            limits,
            deadline: now + limits.request_read_timeout,
            mark: length,
            mark_at: now,
        }
    }

    /// Waits for a part, but not longer than the limits allow.
    async fn within_limits<T>(
        &self,
        part: impl Future<Output = Result<T, HttpRefusal>>,
    ) -> Result<T, HttpRefusal> {
        let stalled = self.mark_at + self.limits.stall_timeout;
        match timeout_at(self.deadline.min(stalled), part).await {
            Ok(read) => read,
            Err(_) if stalled < self.deadline => Err(HttpRefusal::slow("limits.min_rate")),
            Err(_) => Err(HttpRefusal::slow("limits.request_read_timeout")),
        }
    }

    fn received(&mut self, length: usize) {
        let least = self.limits.min_rate.0 as f64 * self.limits.stall_timeout.as_secs_f64();
        if (length - self.mark) as f64 >= least {
            self.mark = length;
            self.mark_at = Instant::now();
        }
    }
}

/// The parts of a body. A single part, the usual case, is not copied.
struct BodyBuffer {
    first: Option<Bytes>,
    joined: BytesMut,
    limit: usize,
}

impl BodyBuffer {
    fn new(limit: usize) -> BodyBuffer {
        BodyBuffer {
            first: None,
            joined: BytesMut::new(),
            limit,
        }
    }

    fn length(&self) -> usize {
        self.first.as_ref().map_or(self.joined.len(), Bytes::len)
    }

    fn push(&mut self, part: Bytes) -> Result<(), HttpRefusal> {
        if self.length() + part.len() > self.limit {
            return Err(HttpRefusal::too_large(self.limit));
        }
        if self.joined.is_empty() && self.first.is_none() {
            self.first = Some(part);
            return Ok(());
        }
        if let Some(first) = self.first.take() {
            self.joined = BytesMut::from(first);
        }
        self.joined.extend_from_slice(&part);
        Ok(())
    }

    fn bytes(self) -> Bytes {
        self.first.unwrap_or_else(|| self.joined.freeze())
    }
}
