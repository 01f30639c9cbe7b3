//! The messages that wait for one client: a queue with bounds, between the tasks that execute operations and the one that
//! writes to the client.
//!
//! Events are put in as they come, and too many of them end the stream ([`Outbox::put_event`]). All other payloads are produced
//! when there is room ([`Outbox::room`]), so that a client which does not read has one of them waiting, and a live query gives
//! it the latest response when it reads again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

use super::streams::{Reason, Streams};

/// A message for a client, of the operation that the client has given this id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) id: Arc<str>,
    pub(super) content: Content,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// A payload.
    Next(Bytes),
    /// The operation was refused: the response, which has `errors` and no `data`.
    Refused(Bytes),
    /// The operation has ended.
    Complete,
}

impl Content {
    fn bytes(&self) -> usize {
        match self {
            Content::Next(body) | Content::Refused(body) => body.len(),
            Content::Complete => 0,
        }
    }
}

/// The messages that wait for one client.
pub(super) struct Outbox {
    streams: Arc<Streams>,
    queue: Mutex<Queue>,
    /// A message has come, or the end.
    filled: Notify,
    /// The last message was taken, or the end has come.
    emptied: Notify,
}

#[derive(Default)]
struct Queue {
    messages: VecDeque<Message>,
    bytes: usize,
    end: Option<Reason>,
}

/// What the writer does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Write this message.
    Message(Message),
    /// End the connection.
    End(Reason),
}

impl Outbox {
    pub(super) fn new(streams: &Arc<Streams>) -> Arc<Outbox> {
        Arc::new(Outbox {
            streams: Arc::clone(streams),
            queue: Mutex::default(),
            filled: Notify::new(),
            emptied: Notify::new(),
        })
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // No code panics while it holds this lock; even if some did, the queue would be valid.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message in, whatever waits. `false` after the end.
    pub(super) fn put(&self, message: Message) -> bool {
        let mut queue = self.queue();
        if queue.end.is_some() {
            return false;
        }
        let bytes = message.content.bytes();
        if !self.streams.queue(bytes) {
            self.end_locked(&mut queue, Reason::Slow);
            return false;
        }
        queue.bytes += bytes;
        queue.messages.push_back(message);
        drop(queue);
        self.filled.notify_one();
        true
    }

    /// Puts an event in. Ends everything if too many wait; then, and after the end, returns `false`.
    pub(super) fn put_event(&self, message: Message) -> bool {
        let settings = &self.streams.settings;
        let mut queue = self.queue();
        let is_full = queue.messages.len() >= settings.queue
            || (queue.bytes > 0 && queue.bytes + message.content.bytes() > settings.queue_bytes.0);
        if is_full && queue.end.is_none() {
            self.end_locked(&mut queue, Reason::Slow);
        }
        drop(queue);
        self.put(message)
    }

    /// Ends everything: no message is taken any more.
    pub(super) fn end(&self, reason: Reason) {
        self.end_locked(&mut self.queue(), reason);
    }

    fn end_locked(&self, queue: &mut Queue, reason: Reason) {
        self.streams.dequeue(std::mem::take(&mut queue.bytes));
        queue.messages = VecDeque::new();
        queue.end.get_or_insert(reason);
        self.filled.notify_one();
        self.emptied.notify_waiters();
    }

    /// Removes the messages of an operation that the client has ended.
    pub(super) fn forget(&self, id: &str) {
        let mut queue = self.queue();
        let mut bytes = 0;
        queue.messages.retain(|message| {
            let is_other = *message.id != *id;
            bytes += if is_other { 0 } else { message.content.bytes() };
            is_other
        });
        queue.bytes -= bytes;
        self.streams.dequeue(bytes);
    }

    /// Waits until no message waits. `false` after the end.
    pub(super) async fn room(&self) -> bool {
        loop {
            let emptied = self.emptied.notified();
            {
                let queue = self.queue();
                if queue.end.is_some() {
                    return false;
                }
                if queue.messages.is_empty() {
                    return true;
                }
            }
            emptied.await;
        }
    }

    /// The next message, or the end. Only one task calls this.
    pub(super) async fn next(&self) -> Next {
        loop {
            {
                let mut queue = self.queue();
                if let Some(reason) = queue.end {
                    return Next::End(reason);
                }
                if let Some(message) = queue.messages.pop_front() {
                    let bytes = message.content.bytes();
                    queue.bytes -= bytes;
                    if queue.messages.is_empty() {
                        // Few streams ever have several: the memory for these is given back.
                        queue.messages.shrink_to(4);
                        self.emptied.notify_waiters();
                    }
                    drop(queue);
                    self.streams.dequeue(bytes);
                    return Next::Message(message);
                }
            }
            self.filled.notified().await;
        }
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let bytes = self.queue().bytes;
        self.streams.dequeue(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ByteSize, Settings};

    fn outbox(change: impl FnOnce(&mut Settings)) -> (Arc<Streams>, Arc<Outbox>) {
        let mut settings = Settings::default();
        change(&mut settings);
        let streams = Streams::new(&settings);
        let outbox = Outbox::new(&streams);
        (streams, outbox)
    }

    fn event(id: &str, text: &'static str) -> Message {
        Message {
            id: id.into(),
            content: Content::Next(Bytes::from_static(text.as_bytes())),
        }
    }

    #[tokio::test]
    async fn messages_come_in_their_order_and_are_counted() {
        let (streams, outbox) = outbox(|_| {});
        assert!(outbox.put_event(event("a", "12")) && outbox.put_event(event("b", "345")));
        assert_eq!(streams.queued(), 5);
        assert_eq!(outbox.next().await, Next::Message(event("a", "12")));
        assert_eq!(streams.queued(), 3);
        outbox.forget("b");
        assert_eq!(streams.queued(), 0);
        assert!(outbox.room().await);
        outbox.put(event("c", "1"));
        drop(outbox);
        assert_eq!(streams.queued(), 0);
    }

    #[tokio::test]
    async fn too_many_events_end_the_stream() {
        let (streams, outbox) = outbox(|settings| settings.streaming.queue = 2);
        assert!(outbox.put_event(event("a", "1")) && outbox.put_event(event("a", "2")));
        assert!(!outbox.put_event(event("a", "3")));
        assert_eq!(outbox.next().await, Next::End(Reason::Slow));
        assert!(!outbox.put(event("a", "4")) && !outbox.room().await);
        assert_eq!(streams.queued(), 0);
    }

    #[tokio::test]
    async fn too_many_bytes_end_the_stream_unless_it_is_one_event() {
        let (_, outbox) = outbox(|settings| settings.streaming.queue_bytes = ByteSize(3));
        assert!(outbox.put_event(event("a", "12345")));
        assert!(!outbox.put_event(event("a", "1")));
        assert_eq!(outbox.next().await, Next::End(Reason::Slow));
    }

    #[tokio::test]
    async fn the_memory_of_all_queues_is_bounded() {
        let mut settings = Settings::default();
        settings.streaming.queues_bytes = ByteSize(4);
        let streams = Streams::new(&settings);
        let (first, second) = (Outbox::new(&streams), Outbox::new(&streams));
        assert!(first.put_event(event("a", "123")));
        assert!(!second.put_event(event("a", "12")));
        assert_eq!(second.next().await, Next::End(Reason::Slow));
        assert_eq!(first.next().await, Next::Message(event("a", "123")));
        assert_eq!(streams.queued(), 0);
    }
}
