//! The connections of the direct client: HTTP/1.1, each for one call at a time, and used again.
//!
//! The library's own client could do this, but it serves any protocol and any connector, so for each call it copies its
//! settings, hashes the host letter by letter and prepares a new connection that it seldom needs. That took as long as
//! the call's own work, and 3 KB of memory for each call that waits.
//!
//! A call takes the idle connection that was used last. If there is none, it waits for whatever comes first: a
//! connection that another call has finished with, or a new one. If the former comes first, the new connection is still
//! completed, and is idle then.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use ::http::{Request, Response, Uri};
use bytes::Bytes;
use futures_util::future::{Either, select};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use tokio::sync::oneshot;
use tower::{BoxError, ServiceExt};

use super::connect::TcpConnector;

/// The size of a connection's read buffer. The head of a response must fit into it.
const READ_AT_ONCE: usize = 64 * 1024;

/// Idle connections are searched for expired ones no more often than this.
const MIN_CHECK: Duration = Duration::from_millis(90);

/// While there are so few hosts, a host without connections keeps its place for the next call.
const KEPT_HOSTS: usize = 64;

/// Where a request is sent.
#[derive(Debug)]
pub(super) struct Origin {
    /// `http://host:port/`
    pub(super) uri: Uri,
    /// `host:port`, the port only if it is not 80.
    pub(super) name: Arc<str>,
}

/// Why a call has no response.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// There is no connection.
    #[error("client error (Connect)")]
    Connect(#[source] BoxError),
    /// The connection broke before the head of the response.
    #[error("client error ({step})")]
    Broken {
        /// What the connection was doing.
        step: &'static str,
        /// The connection had been used before.
        used: bool,
        /// The error of the library.
        #[source]
        error: hyper::Error,
    },
}

/// The connections to the hosts of one source.
#[derive(Debug)]
pub(super) struct ConnectionPool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    connector: TcpConnector,
    idle_timeout: Duration,
    max_idle: usize,
    hosts: Mutex<Hosts>,
}

#[derive(Debug, Default)]
struct Hosts {
    by_name: HashMap<Arc<str>, HostConnections, ahash::RandomState>,
    /// A task closes connections that have been idle for too long.
    is_watched: bool,
}

#[derive(Debug, Default)]
struct HostConnections {
    /// Those that were used last are at the end.
    idle: Vec<Idle>,
    /// Calls that wait for a connection.
    waiting: VecDeque<oneshot::Sender<PooledConnection>>,
}

#[derive(Debug)]
struct Idle {
    connection: PooledConnection,
    since: Instant,
}

/// A connection to a host.
#[derive(Debug)]
struct PooledConnection {
    requests: SendRequest<Full<Bytes>>,
    /// It has had a response.
    used: bool,
}

type Connecting = Pin<Box<dyn Future<Output = Result<PooledConnection, CallError>> + Send>>;

impl ConnectionPool {
    /// Keeps up to `max_idle` idle connections per host, for this time; none if it is 0.
    pub(super) fn new(connector: TcpConnector, idle_timeout: Duration, max_idle: usize) -> Self {
        ConnectionPool {
            shared: Arc::new(Shared {
                connector,
                idle_timeout,
                max_idle,
                hosts: Mutex::default(),
            }),
        }
    }

    /// Sends a request, and reads the head of the response.
    #[allow(
        clippy::manual_async_fn,
        reason = "an `async fn` would hold the request twice"
    )]
    pub(super) fn call<'c>(
        &'c self,
        origin: &'c Origin,
        mut request: Request<Full<Bytes>>,
    ) -> impl Future<Output = Result<Response<Incoming>, CallError>> + Send + 'c {
        async move {
            loop {
                let mut connection = match self.shared.take(&origin.name) {
                    Some(idle) => idle,
                    // Boxed because it is rare: the future of a call is as large as the largest that it may wait for.
                    None => Box::pin(self.shared.wait(origin)).await?,
                };
                let used = connection.used;
                match connection.requests.try_send_request(request).await {
                    Ok(response) => {
                        connection.used = true;
                        self.shared.give_back(&origin.name, connection);
                        return Ok(response);
                    }
                    Err(mut broken) => match broken.take_message() {
                        // Nothing of it was sent: the host had closed an idle connection.
                        Some(unsent) if used => request = unsent,
                        unsent => {
                            return Err(CallError::Broken {
                                step: unsent.map_or("SendRequest", |_| "Canceled"),
                                used,
                                error: broken.into_error(),
                            });
                        }
                    },
                }
            }
        }
    }
}

impl Shared {
    fn hosts(&self) -> MutexGuard<'_, Hosts> {
        // A panic under the lock leaves the lists valid: every change is one call.
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The idle connection that was used last.
    fn take(&self, host: &str) -> Option<PooledConnection> {
        let now = Instant::now();
        let mut hosts = self.hosts();
        let idle = &mut hosts.by_name.get_mut(host)?.idle;
        let mut connection = None;
        while let Some(last) = idle.pop() {
            if now.saturating_duration_since(last.since) > self.idle_timeout {
                // The others have been idle for longer.
                idle.clear();
            } else if last.connection.requests.is_ready() {
                connection = Some(last.connection);
                break;
            }
        }
        hosts.tidy(host);
        connection
    }

    /// Waits for a connection that another call has finished with, or for a new one.
    async fn wait(self: &Arc<Self>, origin: &Origin) -> Result<PooledConnection, CallError> {
        let connecting = self.connect(origin.uri.clone());
        if self.max_idle == 0 {
            return connecting.await;
        }
        let mut waiter = ConnectionWaiter::new(self, &origin.name);
        match select(&mut waiter.given, connecting).await {
            Either::Left((Ok(given), connecting)) if given.requests.is_ready() => {
                let (shared, host) = (Arc::downgrade(self), Arc::clone(&origin.name));
                tokio::spawn(async move {
                    if let (Ok(new), Some(shared)) = (connecting.await, shared.upgrade()) {
                        shared.put(&host, new);
                    }
                });
                Ok(given)
            }
            // It was closed on the way.
            Either::Left((_, connecting)) => connecting.await,
            Either::Right((connected, _)) => connected,
        }
    }

    fn connect(&self, uri: Uri) -> Connecting {
        let connector = self.connector.clone();
        Box::pin(async move {
            let stream = connector.oneshot(uri).await.map_err(CallError::Connect)?;
            let broken = |error| CallError::Broken {
                step: "SendRequest",
                used: false,
                error,
            };
            let mut builder = Builder::new();
            let handshake = builder.max_buf_size(READ_AT_ONCE).handshake(stream);
            let (mut requests, connection) = handshake.await.map_err(broken)?;
            let (sender, ended) = oneshot::channel();
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    // Only read if it ends before it has begun.
                    let _ = sender.send(error);
                }
            });
            if let Err(closed) = requests.ready().await {
                return Err(broken(ended.await.unwrap_or(closed)));
            }
            Ok(PooledConnection {
                requests,
                used: false,
            })
        })
    }

    /// Makes a connection idle, as soon as the response has been read to its end.
    fn give_back(self: &Arc<Self>, host: &Arc<str>, mut connection: PooledConnection) {
        if self.max_idle == 0 || connection.requests.is_closed() {
            return;
        }
        if connection.requests.is_ready() {
            return self.put(host, connection);
        }
        let (shared, host) = (Arc::downgrade(self), Arc::clone(host));
        tokio::spawn(async move {
            if let (Ok(()), Some(shared)) = (connection.requests.ready().await, shared.upgrade()) {
                shared.put(&host, connection);
            }
        });
    }

    /// Gives a connection to a call that waits for one, or makes it idle.
    fn put(self: &Arc<Self>, host: &Arc<str>, mut connection: PooledConnection) {
        let now = Instant::now();
        let mut hosts = self.hosts();
        let connections = hosts.of(host);
        while let Some(waiting) = connections.waiting.pop_front() {
            match waiting.send(connection) {
                Ok(()) => return,
                // It waits no longer.
                Err(refused) => connection = refused,
            }
        }
        if connections.idle.len() < self.max_idle {
            connections.idle.push(Idle {
                connection,
                since: now,
            });
        }
        self.watch(&mut hosts);
    }

    /// Starts the task that closes connections, unless it runs.
    fn watch(self: &Arc<Self>, hosts: &mut Hosts) {
        if !std::mem::replace(&mut hosts.is_watched, true) {
            let (shared, every) = (Arc::downgrade(self), self.idle_timeout.max(MIN_CHECK));
            tokio::spawn(close_expired(shared, every));
        }
    }

    /// Closes connections that have been idle for too long. Returns whether there is anything left to watch.
    fn close_expired(&self) -> bool {
        let now = Instant::now();
        let mut hosts = self.hosts();
        for connections in hosts.by_name.values_mut() {
            connections.idle.retain(|idle| {
                idle.connection.requests.is_ready()
                    && now.saturating_duration_since(idle.since) <= self.idle_timeout
            });
        }
        hosts
            .by_name
            .retain(|_, connections| !connections.is_empty());
        hosts.is_watched = !hosts.by_name.is_empty();
        hosts.is_watched
    }
}

impl Hosts {
    fn of(&mut self, host: &Arc<str>) -> &mut HostConnections {
        self.by_name.entry(Arc::clone(host)).or_default()
    }

    /// Forgets a host that has neither idle connections nor calls that wait for one, if many are known.
    fn tidy(&mut self, host: &str) {
        if self.by_name.len() > KEPT_HOSTS
            && self
                .by_name
                .get(host)
                .is_some_and(HostConnections::is_empty)
        {
            self.by_name.remove(host);
        }
    }
}

impl HostConnections {
    fn is_empty(&self) -> bool {
        self.idle.is_empty() && self.waiting.is_empty()
    }
}

/// A call that waits for a connection that another call has finished with.
struct ConnectionWaiter<'a> {
    shared: &'a Arc<Shared>,
    host: &'a Arc<str>,
    given: oneshot::Receiver<PooledConnection>,
}

impl<'a> ConnectionWaiter<'a> {
    fn new(shared: &'a Arc<Shared>, host: &'a Arc<str>) -> Self {
        let (sender, given) = oneshot::channel();
        shared.hosts().of(host).waiting.push_back(sender);
        ConnectionWaiter {
            shared,
            host,
            given,
        }
    }
}

impl Drop for ConnectionWaiter<'_> {
    fn drop(&mut self) {
        self.given.close();
        // It came too late: another call can have it.
        if let Ok(given) = self.given.try_recv() {
            self.shared.put(self.host, given);
        }
        let mut hosts = self.shared.hosts();
        let waiting = &mut hosts.of(self.host).waiting;
        waiting.retain(|waiting| !waiting.is_closed());
        hosts.tidy(self.host);
    }
}

async fn close_expired(shared: Weak<Shared>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        match shared.upgrade() {
            Some(shared) if shared.close_expired() => {}
            _ => return,
        }
    }
}
