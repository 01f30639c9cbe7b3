//! Serves a WebSocket, from the end of its handshake to its close.
//!
//! One task reads the messages of the client, writes what waits in the [`Outbox`], and watches the times. Each operation has a
//! task of its own. While the client does not take a message, nothing is read from it, and the [`sweep`](crate::server::sweep)
//! limits the time.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{AbortHandle, BoxFuture, abortable};
use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message as Frames};

use super::super::outbox::{Content, Message, Next, Outbox};
use super::super::streams::{OpenStream, Reason};
use super::close::Close;
use super::message::{self, ClientMessage};
use super::operation::{Operation, too_many};
use crate::document::Value;
use crate::gateway::GraphqlRequest;
use crate::priority;
use crate::server::refusal::HttpRefusal;
use crate::server::socket::REST;
use crate::server::state::ServerState;
use crate::server::upgrade::{Protocol, Transport};

/// Bytes that are read at once. Most messages are shorter, and each connection has a buffer of this size.
const READ: usize = 2 * 1024;

/// A longer message is sent in fragments of this many bytes: the library copies what it sends, and keeps the buffer.
const FRAGMENT: usize = 32 * 1024;

/// How long a client may take to close its side.
const CLOSING: Duration = Duration::from_secs(1);

/// A WebSocket whose handshake is complete.
pub(super) struct Session {
    state: Arc<ServerState>,
    /// The headers of the handshake.
    headers: HeaderMap,
    is_acceptable: bool,
    open: OpenStream,
    waiting: Arc<AtomicBool>,
}

impl Session {
    pub(super) fn new(
        state: &Arc<ServerState>,
        headers: HeaderMap,
        is_acceptable: bool,
        open: OpenStream,
    ) -> Session {
        Session {
            state: Arc::clone(state),
            headers,
            is_acceptable,
            open,
            waiting: Arc::new(AtomicBool::new(true)),
        }
    }
}

impl Protocol for Session {
    fn waiting(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.waiting)
    }

    fn serve(
        self: Box<Self>,
        transport: Box<dyn Transport>,
        read: Bytes,
    ) -> BoxFuture<'static, ()> {
        Box::pin(self.run(transport, read))
    }
}

impl Session {
    async fn run(self: Box<Self>, transport: Box<dyn Transport>, read: Bytes) {
        let session = *self;
        let most = session.state.streams.settings.message_bytes.0;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ)
            .write_buffer_size(0)
            .max_message_size(Some(most))
            .max_frame_size(Some(most));
        let socket = WebSocketStream::from_partially_read(
            transport,
            read.to_vec(),
            Role::Server,
            Some(config),
        );
        let mut serving = Serving::new(session, socket.await);
        let close = match serving.is_acceptable {
            true => serving.serve().await,
            false => Some(Close::SUBPROTOCOL),
        };
        serving.operations.clear();
        serving.outbox.end(Reason::Client);
        let reason = close.as_ref().map_or(Reason::Client, |close| close.reason);
        serving.open.ends(reason);
        if let Some(close) = close {
            serving.close(&close).await;
        }
    }
}

/// An operation that runs; it ends when this is dropped.
struct Running {
    id: Arc<str>,
    task: AbortHandle,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A WebSocket that is served.
struct Serving {
    socket: WebSocketStream<Box<dyn Transport>>,
    state: Arc<ServerState>,
    outbox: Arc<Outbox>,
    operations: HashMap<Arc<str>, Running>,
    headers: Arc<HeaderMap>,
    is_acceptable: bool,
    /// `connection_init` has come.
    is_acknowledged: bool,
    stopped: BoxFuture<'static, ()>,
    init_until: Instant,
    deadline: Option<Instant>,
    next_ping: Option<Instant>,
    /// The pings since the client was heard. They are counted, and not the time: after a pause of this process, what the client
    /// has sent meanwhile may be read later than a timer.
    unanswered: u32,
    waiting: Arc<AtomicBool>,
    open: OpenStream,
}

/// What happens next.
enum Event {
    Stop,
    Outbox(Next),
    Frames(Option<Result<Frames, Error>>),
    Time,
}

impl Serving {
    fn new(session: Session, socket: WebSocketStream<Box<dyn Transport>>) -> Serving {
        let streams = &session.state.streams;
        let now = Instant::now();
        Serving {
            socket,
            outbox: Outbox::new(streams),
            operations: HashMap::new(),
            headers: Arc::new(session.headers),
            is_acceptable: session.is_acceptable,
            is_acknowledged: false,
            stopped: Box::pin(streams.stopped()),
            init_until: now + streams.settings.init_timeout,
            deadline: streams.deadline(),
            next_ping: streams.heartbeat().map(|interval| now + interval),
            unanswered: 0,
            waiting: session.waiting,
            open: session.open,
            state: session.state,
        }
    }

    /// Serves the client until the connection must be closed; `None` if it is closed or broken already.
    async fn serve(&mut self) -> Option<Close> {
        loop {
            let timer = self.timer();
            let event = tokio::select! {
                () = &mut self.stopped => Event::Stop,
                next = self.outbox.next() => Event::Outbox(next),
                frames = self.socket.next() => Event::Frames(frames),
                () = until(timer) => Event::Time,
            };
            let served = match event {
                Event::Stop => return Some(Close::STOP),
                Event::Outbox(Next::End(reason)) => return Some(Close::of_reason(reason)),
                Event::Outbox(Next::Message(message)) => self.write(message).await,
                Event::Frames(None) => return None,
                Event::Frames(Some(Err(error))) => return Close::of_error(&error),
                Event::Frames(Some(Ok(frames))) => self.read(frames).await,
                Event::Time => self.on_time().await,
            };
            match served {
                Ok(()) => {}
                Err(Ended::Close(close)) => return Some(close),
                Err(Ended::Broken) => return None,
            }
        }
    }

    /// When the next time is over.
    fn timer(&self) -> Option<Instant> {
        let init = (!self.is_acknowledged).then_some(self.init_until);
        let times = [init, self.deadline, self.next_ping];
        times.into_iter().flatten().min()
    }

    async fn on_time(&mut self) -> Result<(), Ended> {
        let now = Instant::now();
        if !self.is_acknowledged && self.init_until <= now {
            return Err(Close::INIT_TIMEOUT.into());
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return Err(Close::LIFETIME.into());
        }
        let interval = self.state.streams.heartbeat();
        let due = self.next_ping.is_some_and(|ping| ping <= now);
        let Some(interval) = interval.filter(|_| due) else {
            return Ok(());
        };
        if self.unanswered >= 2 {
            return Err(Close::GONE.into());
        }
        self.unanswered += 1;
        self.next_ping = Some(now + interval);
        self.send([Frames::Ping(Bytes::new())]).await
    }

    async fn read(&mut self, frames: Frames) -> Result<(), Ended> {
        self.unanswered = 0;
        let text = match frames {
            Frames::Text(text) => text,
            Frames::Binary(_) => return Err(Close::invalid("Messages must be texts").into()),
            // The library answers these.
            Frames::Ping(_) | Frames::Pong(_) | Frames::Close(_) | Frames::Frame(_) => {
                return Ok(());
            }
        };
        match ClientMessage::read(&text)? {
            ClientMessage::Init(payload) => self.init(payload).await,
            ClientMessage::Ping(answer) => self.send([text_frame(answer)]).await,
            ClientMessage::Pong => Ok(()),
            ClientMessage::Subscribe(id, request) => self.subscribe(id, request).await,
            ClientMessage::Complete(id) => {
                if self.operations.remove(id.as_str()).is_some() {
                    self.outbox.forget(&id);
                }
                Ok(())
            }
        }
    }

    /// `connection_init`: its fields become headers, as far as the settings say so.
    async fn init(&mut self, payload: Option<Value>) -> Result<(), Ended> {
        if std::mem::replace(&mut self.is_acknowledged, true) {
            return Err(Close::INIT_TWICE.into());
        }
        let names = &self.state.streams.settings.init_headers;
        if let Some(payload) = payload {
            let headers = Arc::make_mut(&mut self.headers);
            names
                .iter()
                .try_for_each(|name| take_header(headers, name, &payload))?;
        }
        self.send([text_frame(message::ACKNOWLEDGED)]).await
    }

    async fn subscribe(
        &mut self,
        id: String,
        request: Result<Box<GraphqlRequest>, Box<HttpRefusal>>,
    ) -> Result<(), Ended> {
        if !self.is_acknowledged {
            return Err(Close::UNAUTHORIZED.into());
        }
        if self.operations.contains_key(id.as_str()) {
            return Err(Close::duplicate(&id).into());
        }
        let request = match request {
            Ok(request) => request,
            // Of this operation alone.
            Err(refusal) => {
                let refused = message::error(&id, &refusal.body());
                return self.send([text_frame(refused)]).await;
            }
        };
        let most = self.state.streams.settings.connection_streams;
        if self.operations.len() >= most {
            let refused = message::error(&id, &too_many(most));
            return self.send([text_frame(refused)]).await;
        }
        let id: Arc<str> = id.into();
        let operation = Operation {
            state: Arc::clone(&self.state),
            outbox: Arc::clone(&self.outbox),
            id: Arc::clone(&id),
            headers: Arc::clone(&self.headers),
        };
        let (running, task) = abortable(operation.run(request));
        let entry = Running {
            id: Arc::clone(&id),
            task,
        };
        self.operations.insert(id, entry);
        priority::spawn(async move {
            let _ = running.await;
        });
        Ok(())
    }

    /// Writes a message of an operation that the client has not ended in the meantime.
    async fn write(&mut self, message: Message) -> Result<(), Ended> {
        let Message { id, content } = message;
        // The client may use an id again, while the task of its former operation is ending.
        let running = self.operations.get(&id);
        if !running.is_some_and(|running| Arc::ptr_eq(&running.id, &id)) {
            return Ok(());
        }
        let bytes = match content {
            Content::Next(body) => message::next(&id, body),
            Content::Refused(body) => {
                self.operations.remove(&id);
                message::error(&id, &body)
            }
            Content::Complete => {
                self.operations.remove(&id);
                message::complete(&id)
            }
        };
        if bytes.len() <= FRAGMENT {
            return self.send([text_frame(bytes)]).await;
        }
        self.send(fragments(bytes)).await
    }

    /// Sends frames. Until the client has taken them, the sweep watches its rate.
    async fn send(&mut self, frames: impl IntoIterator<Item = Frames>) -> Result<(), Ended> {
        self.waiting.store(false, Relaxed);
        for frame in frames {
            self.socket.feed(frame).await?;
        }
        self.socket.flush().await?;
        self.waiting.store(true, Relaxed);
        Ok(())
    }

    /// Sends the close frame, and waits until the client closes its side: a connection that is closed before all was read is
    /// reset, and the client would lose the frame.
    async fn close(&mut self, close: &Close) {
        self.waiting.store(false, Relaxed);
        let closing = async {
            self.socket.close(Some(close.frame())).await?;
            // After an error there are none.
            while let Some(frames) = self.socket.next().await {
                frames?;
            }
            let transport = self.socket.get_mut();
            transport.shutdown().await?;
            let mut rest = vec![0; READ];
            let mut bytes = 0;
            while bytes < REST {
                match transport.read(&mut rest).await? {
                    0 => break,
                    count => bytes += count,
                }
            }
            Ok::<(), Error>(())
        };
        // The client knows what became of its connection.
        let _ = timeout(CLOSING, closing).await;
    }
}

/// Why a session ends.
enum Ended {
    Close(Close),
    /// The connection is closed or broken.
    Broken,
}

impl From<Close> for Ended {
    fn from(close: Close) -> Ended {
        Ended::Close(close)
    }
}

impl From<Error> for Ended {
    fn from(_: Error) -> Ended {
        Ended::Broken
    }
}

/// Puts a field of the payload of `connection_init` into the headers. Its name may be in any case, and it may be in an object
/// `headers` of the payload.
fn take_header(headers: &mut HeaderMap, name: &HeaderName, payload: &Value) -> Result<(), Close> {
    let field = |payload: &Value| {
        let Value::Object(members) = payload else {
            return None;
        };
        let mut members = members.iter();
        members
            .find(|(key, _)| key.eq_ignore_ascii_case(name.as_str()))
            .map(|(_, value)| value.clone())
    };
    let nested = |payload: &Value| match payload {
        Value::Object(members) => members.get("headers").and_then(&field),
        _ => None,
    };
    let Some(value) = field(payload).or_else(|| nested(payload)) else {
        return Ok(());
    };
    let text = match &value {
        Value::Null => return Ok(()),
        Value::String(text) => HeaderValue::from_str(text).ok(),
        _ => None,
    };
    let text = text
        .ok_or_else(|| Close::invalid(format!("`payload.{name}` must be the text of a header")))?;
    headers.insert(name.clone(), text);
    Ok(())
}

fn text_frame(bytes: Bytes) -> Frames {
    Frames::Frame(Frame::message(bytes, OpCode::Data(Data::Text), true))
}

/// A message as frames (RFC 6455, section 5.4).
fn fragments(mut bytes: Bytes) -> impl Iterator<Item = Frames> {
    let mut data = Data::Text;
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let part = bytes.split_to(bytes.len().min(FRAGMENT));
        let code = OpCode::Data(std::mem::replace(&mut data, Data::Continue));
        Some(Frames::Frame(Frame::message(part, code, bytes.is_empty())))
    })
}

/// Ready at this time, or never.
fn until(time: Option<Instant>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    match time {
        Some(time) => Box::pin(sleep_until(time)),
        None => Box::pin(std::future::pending()),
    }
}
