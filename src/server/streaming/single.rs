//! The single connection mode of `graphql-sse`: one event stream for several operations.
//!
//! A client reserves a stream by PUT and gets a token, opens it by GET, sends each operation by POST with an id of its own, and
//! ends one by DELETE. The token is the only proof that an operation is for a stream, so it is random and not to be guessed; it
//! ends with its stream, or if the stream is not opened in time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{AbortHandle, abortable};
use tokio::time::Instant;

use super::outbox::{Content, Message, Next, Outbox};
use super::pump;
use super::streams::{OpenStream, Reason, Streams};
use crate::gateway::Payloads;
use crate::priority;

/// The streams of all clients.
pub(in crate::server) struct SingleConnections {
    reserved: Mutex<Reserved>,
    /// Streams that may be reserved and not open.
    most: usize,
    /// How long a stream may be reserved and not open.
    time: Duration,
}

#[derive(Default)]
struct Reserved {
    by_token: HashMap<Arc<str>, Arc<Reservation>>,
    /// Those that were not open, the oldest first.
    unopened: VecDeque<(Instant, Arc<str>)>,
}

/// A stream, reserved or open.
pub(super) struct Reservation {
    outbox: Arc<Outbox>,
    state: Mutex<ReservationState>,
}

#[derive(Default)]
struct ReservationState {
    is_open: bool,
    operations: HashMap<Arc<str>, AbortHandle>,
}

/// Why a request for a stream is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// There is no stream with this token.
    Unknown,
    /// It is open already, or runs an operation with this id.
    Conflict,
    /// It runs as many operations as it may.
    Full,
    /// Too many streams are reserved and not open.
    Busy,
}

impl SingleConnections {
    pub(in crate::server) fn new(streams: &Streams) -> SingleConnections {
        SingleConnections {
            reserved: Mutex::default(),
            most: streams.settings.reservations,
            time: streams.settings.init_timeout,
        }
    }

    fn reserved(&self) -> MutexGuard<'_, Reserved> {
        // No code panics while it holds this lock; even if some did, the maps would be valid.
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reserves a stream; returns its token.
    pub(super) fn reserve(&self, streams: &Arc<Streams>) -> Result<Arc<str>, Refused> {
        let mut reserved = self.reserved();
        reserved.expire(self.time);
        if reserved.unopened.len() >= self.most {
            return Err(Refused::Busy);
        }
        let token: Arc<str> = format!("{:032x}", rand::random::<u128>()).into();
        let reservation = Reservation {
            outbox: Outbox::new(streams),
            state: Mutex::default(),
        };
        let entry = (Instant::now(), Arc::clone(&token));
        reserved.unopened.push_back(entry);
        let reservation = Arc::new(reservation);
        reserved.by_token.insert(Arc::clone(&token), reservation);
        Ok(token)
    }

    /// The stream with this token.
    pub(super) fn find(&self, token: &str) -> Result<Arc<Reservation>, Refused> {
        let mut reserved = self.reserved();
        reserved.expire(self.time);
        let found = reserved.by_token.get(token).map(Arc::clone);
        found.ok_or(Refused::Unknown)
    }

    /// Opens the stream with this token, once.
    pub(super) fn open(self: &Arc<Self>, token: &str) -> Result<SingleStream, Refused> {
        let reservation = self.find(token)?;
        if std::mem::replace(&mut reservation.state().is_open, true) {
            return Err(Refused::Conflict);
        }
        let mut reserved = self.reserved();
        reserved
            .unopened
            .retain(|(_, unopened)| **unopened != *token);
        Ok(SingleStream {
            all: Arc::clone(self),
            token: token.into(),
            reservation,
        })
    }
}

impl Reserved {
    /// Ends the streams that were not opened in time.
    fn expire(&mut self, time: Duration) {
        while let Some((since, _)) = self.unopened.front()
            && since.elapsed() > time
            && let Some((_, token)) = self.unopened.pop_front()
        {
            if let Some(reservation) = self.by_token.remove(&token) {
                reservation.end();
            }
        }
    }
}

impl Reservation {
    fn state(&self) -> MutexGuard<'_, ReservationState> {
        // As above.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all operations.
    fn end(&self) {
        self.outbox.end(Reason::Client);
        let operations = std::mem::take(&mut self.state().operations);
        operations.values().for_each(AbortHandle::abort);
    }

    /// Registers an operation, before it is executed.
    pub(super) fn begin(self: &Arc<Self>, id: &str, most: usize) -> Result<Beginning, Refused> {
        let mut state = self.state();
        if state.operations.contains_key(id) {
            return Err(Refused::Conflict);
        }
        if state.operations.len() >= most {
            return Err(Refused::Full);
        }
        let (task, _) = AbortHandle::new_pair();
        let id: Arc<str> = id.into();
        state.operations.insert(Arc::clone(&id), task.clone());
        Ok(Beginning {
            reservation: Arc::clone(self),
            id: Some(id),
            task,
        })
    }

    /// Ends an operation, if it runs.
    pub(super) fn cancel(&self, id: &str) {
        let running = self.state().operations.remove(id);
        if let Some(task) = running {
            task.abort();
            self.outbox.forget(id);
        }
    }
}

/// An operation that is registered and has no payloads yet. Dropping it ends it.
pub(super) struct Beginning {
    reservation: Arc<Reservation>,
    id: Option<Arc<str>>,
    /// Aborted when the client has ended the operation, and may use its id again.
    task: AbortHandle,
}

impl Beginning {
    /// The operation has payloads, which go into the stream from now on. Nothing happens if the client has ended it.
    pub(super) fn run(mut self, payloads: Payloads, open: Option<OpenStream>) {
        let Some(id) = self.id.take().filter(|_| !self.task.is_aborted()) else {
            return;
        };
        let outbox = Arc::clone(&self.reservation.outbox);
        let filling = Arc::clone(&id);
        let filled = async move { pump::all(&outbox, filling, payloads, open).await };
        let (filled, task) = abortable(filled);
        {
            let mut state = self.reservation.state();
            let Some(entry) = state.operations.get_mut(&id) else {
                return;
            };
            *entry = task;
        }
        priority::spawn(async move {
            let _ = filled.await;
        });
    }
}

impl Drop for Beginning {
    fn drop(&mut self) {
        if let Some(id) = self.id.take()
            && !self.task.is_aborted()
        {
            self.reservation.state().operations.remove(&id);
        }
    }
}

/// An open stream; dropping it ends its operations.
pub(super) struct SingleStream {
    all: Arc<SingleConnections>,
    token: Arc<str>,
    reservation: Arc<Reservation>,
}

impl SingleStream {
    /// The next event of any operation.
    pub(super) async fn next(&self) -> Result<Event, Reason> {
        loop {
            let message = match self.reservation.outbox.next().await {
                Next::End(reason) => return Err(reason),
                Next::Message(message) => message,
            };
            let mut state = self.reservation.state();
            if !state.operations.contains_key(&message.id) {
                continue;
            }
            let Message { id, content } = message;
            let payload = match content {
                Content::Next(body) | Content::Refused(body) => Some(body),
                Content::Complete => {
                    state.operations.remove(&id);
                    None
                }
            };
            return Ok(Event { id, payload });
        }
    }
}

impl Drop for SingleStream {
    fn drop(&mut self) {
        self.all.reserved().by_token.remove(&self.token);
        self.reservation.end();
    }
}

/// An event of an operation: a payload, or the end of the operation.
pub(super) struct Event {
    pub(super) id: Arc<str>,
    pub(super) payload: Option<Bytes>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::Settings;

    fn new(change: impl FnOnce(&mut Settings)) -> (Arc<Streams>, Arc<SingleConnections>) {
        let mut settings = Settings::default();
        change(&mut settings);
        let streams = Streams::new(&settings);
        let all = Arc::new(SingleConnections::new(&streams));
        (streams, all)
    }

    #[tokio::test]
    async fn a_token_is_for_one_stream() {
        let (streams, all) = new(|_| {});
        let (first, second) = (
            all.reserve(&streams).unwrap(),
            all.reserve(&streams).unwrap(),
        );
        assert_ne!(first, second);
        assert_eq!(first.len(), 32);
        let open = all.open(&first).ok().unwrap();
        assert_eq!(all.open(&first).err(), Some(Refused::Conflict));
        assert_eq!(all.open("other").err(), Some(Refused::Unknown));
        drop(open);
        assert_eq!(all.open(&first).err(), Some(Refused::Unknown));
        assert!(all.open(&second).is_ok());
    }

    #[tokio::test]
    async fn a_stream_that_is_not_opened_ends() {
        let (streams, all) = new(|settings| {
            settings.streaming.init_timeout = Duration::ZERO;
            settings.streaming.reservations = 1;
        });
        for _ in 0..3 {
            let token = all.reserve(&streams).unwrap();
            while all.find(&token).is_ok() {
                std::thread::yield_now();
            }
        }
        let (streams, all) = new(|settings| settings.streaming.reservations = 1);
        let token = all.reserve(&streams).unwrap();
        assert_eq!(all.reserve(&streams), Err(Refused::Busy));
        let open = all.open(&token);
        assert!(open.is_ok() && all.reserve(&streams).is_ok());
    }

    #[tokio::test]
    async fn an_id_is_for_one_operation() {
        let (streams, all) = new(|_| {});
        let token = all.reserve(&streams).unwrap();
        let stream = all.find(&token).ok().unwrap();
        let first = stream.begin("1", 2).ok().unwrap();
        assert_eq!(stream.begin("1", 2).err(), Some(Refused::Conflict));
        let second = stream.begin("2", 2);
        assert_eq!(stream.begin("3", 2).err(), Some(Refused::Full));
        drop(second);
        drop(first);
        assert!(stream.begin("1", 2).is_ok());
    }
}
