//! A request from its head to the last byte of its response.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{AcqRel, Relaxed};

use super::connection::{NEVER, Stream};
use super::connections::ServedConnection;

/// A request from when its head was read until the socket has taken its response, or the request was dropped.
pub(super) struct ActiveRequest {
    pub(super) served: Arc<ServedConnection>,
    /// The key of its response among those of the connection, and the counted bytes.
    response: Option<(u32, usize)>,
}

impl ActiveRequest {
    pub(super) fn begin(served: &Arc<ServedConnection>) -> ActiveRequest {
        let connection = &*served.connection;
        connection.open.fetch_add(1, Relaxed);
        connection.head_since.store(NEVER, Relaxed);
        if !connection.served.load(Relaxed) {
            connection.served.store(true, Relaxed);
        }
        ActiveRequest {
            served: Arc::clone(served),
            response: None,
        }
    }

    /// Counts the response's bytes until the socket has taken them. `false` when there is no room for them.
    pub(super) fn hold(&mut self, bytes: usize, stream: Option<Arc<Stream>>) -> bool {
        if !self.served.all.reserve(bytes) {
            return false;
        }
        let key = self.served.connection.add_pending(bytes, stream, None);
        self.response = Some((key, bytes));
        true
    }

    /// The same for a response that is passed on as it arrives, of which so many bytes are in memory; `waiting` is set while its
    /// content is waited for.
    pub(super) fn hold_streamed(
        &mut self,
        bytes: usize,
        stream: Option<Arc<Stream>>,
        waiting: Arc<AtomicBool>,
    ) -> bool {
        if !self.served.all.reserve(bytes) {
            return false;
        }
        let connection = &self.served.connection;
        let key = connection.add_pending(bytes, stream, Some(waiting));
        self.response = Some((key, bytes));
        true
    }
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        let connection = &*self.served.connection;
        if let Some((key, bytes)) = self.response {
            let abandoned = connection.remove_pending(key);
            if !abandoned {
                connection.listener.release_response(bytes);
            }
        }
        if connection.open.fetch_sub(1, AcqRel) == 1 {
            connection
                .idle_since
                .store(connection.listener.now(), Relaxed);
        }
    }
}
