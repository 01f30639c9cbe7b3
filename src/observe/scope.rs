//! The request that a task works for, as a task-local value, so that its log lines have the request id.
//!
//! A `tracing` span could carry it too. But creating a span costs more than serving a cached response, and few requests
//! ever log a line. So spans exist only when traces are exported.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::Either;
use http::Method;
use tokio::task::futures::TaskLocalFuture;
use tokio::task_local;

use super::TraceContext;
use super::operations::ObservedOperation;
use crate::priority;

task_local! {
    static REQUEST: RequestScope;
}

/// The id of a request in log lines and headers: at most 64 letters, digits and `-_.`. Every request has one, so it is
/// stored inline, without an allocation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId {
    length: u8,
    text: [u8; RequestId::LONGEST],
}

impl RequestId {
    /// In bytes.
    const LONGEST: usize = 64;

    /// The id that a client sent; `None` if it is not a valid one.
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
        // Only ASCII bytes are ever stored.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// As the bytes of a header value.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text[..usize::from(self.length)]
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What log lines tell about their request.
#[derive(Debug, Clone)]
pub struct RequestScope {
    /// Identifies it.
    pub id: RequestId,
    /// Its method.
    pub method: Method,
    /// The operation that it executes.
    pub operation: Option<Arc<ObservedOperation>>,
}

impl RequestScope {
    /// The scope of the current task, for what goes on after its request has been answered.
    pub fn current() -> Option<RequestScope> {
        with_request(RequestScope::clone)
    }

    /// Runs the future in this scope: its log lines name this request.
    pub fn scope_future<F: Future>(self, future: F) -> TaskLocalFuture<RequestScope, F> {
        REQUEST.scope(self, future)
    }

    /// Calls a function in this scope.
    pub fn scope_call<T>(self, call: impl FnOnce() -> T) -> T {
        REQUEST.sync_scope(self, call)
    }
}

/// Runs the future in the scope of the current request, whose log lines then name the operation too.
pub fn of_operation<F: Future>(
    operation: &Arc<ObservedOperation>,
    future: F,
) -> Either<TaskLocalFuture<RequestScope, F>, F> {
    match REQUEST.try_with(RequestScope::clone) {
        Ok(mut request) => {
            request.operation = Some(Arc::clone(operation));
            Either::Left(request.scope_future(future))
        }
        Err(_) => Either::Right(future),
    }
}

/// Spawns a task in the scope of the current request.
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

/// Spawns a task that no caller waits for, in the scope of the current request. It may take long, so it moves between the
/// [priorities](priority).
pub fn spawn_detached(future: impl Future<Output = ()> + Send + 'static) {
    match REQUEST.try_with(RequestScope::clone) {
        Ok(request) => priority::spawn(request.scope_future(future)),
        Err(_) => priority::spawn(future),
    }
}

/// Calls `read` with the scope of the current task; `None` outside of a request.
pub(super) fn with_request<T>(read: impl FnOnce(&RequestScope) -> T) -> Option<T> {
    REQUEST.try_with(read).ok()
}
