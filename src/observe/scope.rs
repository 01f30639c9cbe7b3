//! Which request a task works for, so that lines of the log can say it.
//!
//! A span would tell it too; but a span costs more than an answer from the cache does otherwise, and few requests ever
//! have a line. Spans are for traces, and exist where traces are exported.

use std::fmt;
use std::future::Future;

use http::Method;
use tokio::task::futures::TaskLocalFuture;
use tokio::task_local;

use super::TraceContext;
use crate::priority;

task_local! {
    static REQUEST: RequestScope;
}

/// What identifies a request in lines and headers: short, and nothing but letters, digits and `-_.`. Every request has
/// one and hardly any is asked for it again, so that it takes no memory of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId {
    length: u8,
    text: [u8; RequestId::LONGEST],
}

impl RequestId {
    /// In bytes.
    const LONGEST: usize = 64;

    /// A client's own, if it is one.
    pub fn plain(given: &[u8]) -> Option<RequestId> {
        let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        if !(1..=RequestId::LONGEST).contains(&given.len()) || !given.iter().all(fits) {
            return None;
        }
        Some(RequestId::new(given))
    }

    /// The trace's id.
    pub fn of_trace(trace: TraceContext) -> RequestId {
        RequestId::new(&trace.trace_id_digits())
    }

    fn new(given: &[u8]) -> RequestId {
        let mut id = RequestId {
            length: given.len() as u8,
            text: [0; RequestId::LONGEST],
        };
        id.text[..given.len()].copy_from_slice(given);
        id
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        // Nothing but ASCII is ever put in.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// As it stands in a header.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text[..usize::from(self.length)]
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A request, as lines about it name it.
#[derive(Debug, Clone)]
pub struct RequestScope {
    /// Identifies it.
    pub id: RequestId,
    /// Its method.
    pub method: Method,
}

impl RequestScope {
    /// Lines that the future writes name this request.
    pub fn scope_future<F: Future>(self, future: F) -> TaskLocalFuture<RequestScope, F> {
        REQUEST.scope(self, future)
    }

    /// The same for a function.
    pub fn scope_call<T>(self, call: impl FnOnce() -> T) -> T {
        REQUEST.sync_scope(self, call)
    }
}

/// The future as a task of its own, whose lines name the request that it was started for.
pub fn spawn<F>(future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    match REQUEST.try_with(RequestScope::clone) {
        Ok(request) => tokio::spawn(request.scope_future(future)),
        Err(_) => tokio::spawn(future),
    }
}

/// The same for a task that nothing waits for, and that may take long: it moves between the [priorities](priority).
pub fn spawn_detached(future: impl Future<Output = ()> + Send + 'static) {
    match REQUEST.try_with(RequestScope::clone) {
        Ok(request) => priority::spawn(request.scope_future(future)),
        Err(_) => priority::spawn(future),
    }
}

/// Gives what is known of the request that this task works for.
pub(super) fn with_request<T>(read: impl FnOnce(&RequestScope) -> T) -> Option<T> {
    REQUEST.try_with(read).ok()
}
