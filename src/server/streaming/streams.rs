//! The open streams of a server: their number, the memory of their queues, their end, their metrics.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use metrics::{Counter, Gauge};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::config::{AllowedOrigin, LogRequests, Settings, Streaming};
use crate::observe::metrics as names;
use crate::observe::operations::ObservedOperation;
use crate::observe::scope::RequestScope;
use crate::server::refusal::HttpRefusal;

/// How payloads reach a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Transport {
    /// Server-sent events.
    Sse,
    /// Parts of a multipart response.
    Multipart,
    /// Messages over a WebSocket.
    WebSocket,
    /// Not a stream itself: a WebSocket.
    WebSockets,
    /// Not a stream itself: an event stream that several operations use.
    SingleConnections,
}

impl Transport {
    const ALL: [Transport; 5] = [
        Transport::Sse,
        Transport::Multipart,
        Transport::WebSocket,
        Transport::WebSockets,
        Transport::SingleConnections,
    ];

    fn name(self) -> &'static str {
        match self {
            Transport::Sse => "sse",
            Transport::Multipart => "multipart",
            Transport::WebSocket => "websocket",
            Transport::WebSockets => "websockets",
            Transport::SingleConnections => "single_connections",
        }
    }
}

/// Why a stream has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Reason {
    /// All payloads were sent.
    Complete,
    /// The client has closed its connection, or has unsubscribed.
    Client,
    /// The client did not take its events.
    Slow,
    /// The client answered no ping.
    Gone,
    /// It has reached its lifetime.
    Lifetime,
    /// The gateway stops.
    Stop,
    /// The client broke the protocol.
    Protocol,
    /// An internal error.
    Failed,
}

impl Reason {
    const ALL: [Reason; 8] = [
        Reason::Complete,
        Reason::Client,
        Reason::Slow,
        Reason::Gone,
        Reason::Lifetime,
        Reason::Stop,
        Reason::Protocol,
        Reason::Failed,
    ];

    fn name(self) -> &'static str {
        match self {
            Reason::Complete => "complete",
            Reason::Client => "client",
            Reason::Slow => "slow",
            Reason::Gone => "gone",
            Reason::Lifetime => "lifetime",
            Reason::Stop => "stop",
            Reason::Protocol => "protocol",
            Reason::Failed => "failed",
        }
    }

    fn is_problem(self) -> bool {
        matches!(
            self,
            Reason::Slow | Reason::Gone | Reason::Protocol | Reason::Failed
        )
    }
}

/// The open streams of a server.
pub(in crate::server) struct Streams {
    pub(super) settings: Streaming,
    /// The origins of pages that may open WebSockets, besides the gateway's own.
    pub(super) origins: Vec<AllowedOrigin>,
    /// Pages of these origins may send cookies.
    pub(super) credentials: bool,
    /// Clients reach the gateway by TLS.
    pub(super) tls: bool,
    lines: LogRequests,
    open: AtomicUsize,
    queued: AtomicUsize,
    stopping: watch::Sender<bool>,
    metrics: [TransportMetrics; Transport::ALL.len()],
}

/// The metrics of a transport, looked up once.
struct TransportMetrics {
    open: Gauge,
    payloads: Counter,
    ended: [Counter; Reason::ALL.len()],
}

impl TransportMetrics {
    fn new(transport: Transport) -> TransportMetrics {
        let transport = transport.name();
        let ended = |reason: Reason| metrics::counter!(names::STREAMS_ENDED, "transport" => transport, "reason" => reason.name());
        TransportMetrics {
            open: metrics::gauge!(names::STREAMS_OPEN, "transport" => transport),
            payloads: metrics::counter!(names::STREAM_PAYLOADS, "transport" => transport),
            ended: Reason::ALL.map(ended),
        }
    }
}

impl Streams {
    pub(in crate::server) fn new(settings: &Settings) -> Arc<Streams> {
        let streaming = settings.streaming.clone();
        let origins = match streaming.origins.is_empty() {
            true => settings.cors.origins.clone(),
            false => streaming.origins.clone(),
        };
        Arc::new(Streams {
            settings: streaming,
            origins,
            credentials: settings.cors.credentials,
            tls: settings.tls.certificate.is_some(),
            lines: settings.log.requests,
            open: AtomicUsize::new(0),
            queued: AtomicUsize::new(0),
            stopping: watch::Sender::new(false),
            metrics: Transport::ALL.map(TransportMetrics::new),
        })
    }

    /// Opens a stream of the current request; refused when there are as many as the settings allow.
    pub(in crate::server) fn open(
        self: &Arc<Self>,
        transport: Transport,
        operation: Option<Arc<ObservedOperation>>,
    ) -> Result<OpenStream, HttpRefusal> {
        if self.open.fetch_add(1, Relaxed) >= self.settings.streams {
            self.open.fetch_sub(1, Relaxed);
            return Err(HttpRefusal::busy());
        }
        self.metrics[transport as usize].open.increment(1.0);
        let scope = RequestScope::current().map(|scope| RequestScope { operation, ..scope });
        Ok(OpenStream {
            streams: Arc::clone(self),
            transport,
            scope: scope.map(Box::new),
            since: Instant::now(),
            payloads: 0,
            reason: Reason::Client,
        })
    }

    /// Ends all streams, and those that open from now on: the server stops.
    pub(in crate::server) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Ready when the server stops.
    pub(super) fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stopping = self.stopping.subscribe();
        async move {
            // An error would mean that the server is gone.
            let _ = stopping.wait_for(|stopping| *stopping).await;
        }
    }

    /// Counts bytes that wait for a client. `false` if all together are too many: then these are not counted. A message may be
    /// longer if no other waits.
    pub(super) fn queue(&self, bytes: usize) -> bool {
        let before = self.queued.fetch_add(bytes, Relaxed);
        let has_room = before == 0 || before.saturating_add(bytes) <= self.settings.queues_bytes.0;
        if !has_room {
            self.queued.fetch_sub(bytes, Relaxed);
        }
        has_room
    }

    /// Bytes no longer wait.
    pub(super) fn dequeue(&self, bytes: usize) {
        self.queued.fetch_sub(bytes, Relaxed);
    }

    /// Bytes of events that wait for clients.
    pub(in crate::server) fn queued(&self) -> usize {
        self.queued.load(Relaxed)
    }

    /// The streams that may be open.
    pub(in crate::server) fn most(&self) -> usize {
        self.settings.streams
    }

    /// The bytes that may wait for clients.
    pub(in crate::server) fn most_queued(&self) -> usize {
        self.settings.queues_bytes.0
    }

    /// Open streams and their connections.
    #[cfg(test)]
    pub(in crate::server) fn count(&self) -> usize {
        self.open.load(Relaxed)
    }

    /// How long a stream may send nothing.
    pub(super) fn heartbeat(&self) -> Option<Duration> {
        Some(self.settings.heartbeat).filter(|interval| !interval.is_zero())
    }

    /// When a stream that opens now must end.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let lifetime = self.settings.lifetime;
        Some(Instant::now() + lifetime).filter(|_| !lifetime.is_zero())
    }
}

/// A stream, from its start until it is dropped. Unless another reason is given, its client has ended it.
pub(in crate::server) struct OpenStream {
    pub(super) streams: Arc<Streams>,
    transport: Transport,
    /// For the line of the log.
    scope: Option<Box<RequestScope>>,
    since: Instant,
    payloads: u64,
    reason: Reason,
}

impl OpenStream {
    /// Counts a payload.
    pub(super) fn sent(&mut self) {
        self.payloads += 1;
        self.streams.metrics[self.transport as usize]
            .payloads
            .increment(1);
    }

    /// Says which request began the stream.
    pub(super) fn of_request(&mut self, scope: Option<RequestScope>) {
        self.scope = scope.map(Box::new);
    }

    /// Says why the stream ends.
    pub(super) fn ends(&mut self, reason: Reason) {
        self.reason = reason;
    }

    fn log(&mut self) {
        let wanted = match self.streams.lines {
            LogRequests::None => false,
            LogRequests::Problems => self.reason.is_problem(),
            LogRequests::All => true,
        };
        if !wanted {
            return;
        }
        let ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (reason, transport) = (self.reason.name(), self.transport.name());
        let payloads = self.payloads;
        let line = || tracing::info!(reason, transport, payloads, ms, "stream ended");
        match self.scope.take() {
            Some(scope) => scope.scope_call(line),
            None => line(),
        }
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        if self.reason == Reason::Client && *self.streams.stopping.borrow() {
            self.reason = Reason::Stop;
        }
        let metrics = &self.streams.metrics[self.transport as usize];
        metrics.open.decrement(1.0);
        metrics.ended[self.reason as usize].increment(1);
        self.streams.open.fetch_sub(1, Relaxed);
        self.log();
    }
}
