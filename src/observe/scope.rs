//! Which request a task works for, so that lines of the log can say it.
//!
//! A span would tell it too; but a span costs more than an answer from the cache does otherwise, and few requests ever
//! have a line. Spans are for traces, and exist where traces are exported.

use std::future::Future;
use std::sync::Arc;

use http::Method;
use tokio::task::futures::TaskLocalFuture;
use tokio::task_local;

task_local! {
    static REQUEST: OfRequest;
}

/// A request, as lines about it name it.
#[derive(Debug, Clone)]
pub struct OfRequest {
    /// Identifies it.
    pub id: Arc<str>,
    /// Its method.
    pub method: Method,
}

impl OfRequest {
    /// Lines that the future writes name this request.
    pub fn covers<F: Future>(self, future: F) -> TaskLocalFuture<OfRequest, F> {
        REQUEST.scope(self, future)
    }

    /// The same for a function.
    pub fn covers_call<T>(self, call: impl FnOnce() -> T) -> T {
        REQUEST.sync_scope(self, call)
    }
}

/// The future as a task of its own, whose lines name the request that it was started for.
pub fn spawn<F>(future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    match REQUEST.try_with(OfRequest::clone) {
        Ok(request) => tokio::spawn(request.covers(future)),
        Err(_) => tokio::spawn(future),
    }
}

/// Gives what is known of the request that this task works for.
pub(super) fn with_request<T>(read: impl FnOnce(&OfRequest) -> T) -> Option<T> {
    REQUEST.try_with(read).ok()
}
