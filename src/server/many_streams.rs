//! Requests of a connection that has many of them in work.

tokio::task_local! {
    /// Set while a request is polled whose connection has many requests in work.
    pub(super) static MANY_STREAMS: ();
}

/// Whether the connection of the current request has many requests in work: it may not take the last permits, of which
/// ten connections with a hundred streams each would leave none to others.
pub(super) fn has_many_streams() -> bool {
    MANY_STREAMS.try_with(|_| ()).is_ok()
}
