//! Serves one connection from accept to close: TLS, detection of the HTTP version, its requests.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderName, VARY};
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::active_request::ActiveRequest;
use super::client_body::ClientBody;
use super::connection::{Connection, END, FINISH, Stream};
use super::connections::{Registration, ServedConnection};
use super::listener_state::Phase;
use super::many_streams::MANY_STREAMS;
use super::refusal::HttpRefusal;
use super::response::HttpResponse;
use super::response_body::{ResponseBody, Streamed};
use super::socket::{Rewind, Socket};
use super::streaming::Following;
use super::upgrade::Upgrade;
use crate::config::Limits;
use crate::priority;

/// The first bytes of an HTTP/2 connection (RFC 9113, section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes of a response that the HTTP/2 library may buffer for one stream.
const STREAM_BUFFER: usize = 64 * 1024;

/// Streams that a client may reset before the server has accepted them; with more, the connection is closed
/// (CVE-2023-44487, rapid reset).
const RESET_STREAMS: usize = 20;

/// The bytes that another protocol holds for a client which is idle.
const UPGRADED: usize = 2 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The future of a response.
pub(super) type ResponseFuture = Pin<Box<dyn Future<Output = HttpResponse> + Send>>;

/// Handles the requests of a listener.
pub(super) trait Handler: Clone + Send + Sync + 'static {
    /// Responds to a request. Never fails: errors are responses.
    fn handle(&self, request: Request<ClientBody>) -> ResponseFuture;
}

/// The configured protocol implementations: TLS, HTTP/1 and HTTP/2.
pub(super) struct Protocols {
    tls: Option<TlsAcceptor>,
    http1: http1::Builder,
    http2: http2::Builder<StreamExecutor>,
}

impl Protocols {
    pub(super) fn new(tls: Option<TlsAcceptor>, limits: &Limits) -> Protocols {
        let (uri, head) = (limits.uri_bytes.0, limits.head_bytes.0);
        // More than `head` allows: a request that is somewhat too long is refused there, with a message, and not by
        // the HTTP library, which sends only a status.
        let parsed = uri.saturating_add(head.saturating_mul(2)) + 1024;
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            // The sweep enforces the time of a head; the library would count the idle time too.
            .header_read_timeout(None)
            .max_buf_size(parsed.max(8192));
        let window = u32::try_from(limits.http2_window.0).unwrap_or(u32::MAX >> 1);
        let mut http2 = http2::Builder::new(StreamExecutor);
        http2
            .timer(TokioTimer::new())
            .keep_alive_interval(limits.idle_timeout)
            .max_concurrent_streams(limits.http2_streams)
            .initial_connection_window_size(window)
            .initial_stream_window_size(window)
            .max_header_list_size(u32::try_from(parsed).unwrap_or(u32::MAX))
            .max_send_buf_size(STREAM_BUFFER)
            .max_pending_accept_reset_streams(RESET_STREAMS);
        Protocols { tls, http1, http2 }
    }

    /// Serves a connection to its end, or up to another protocol.
    pub(super) async fn serve<S: Handler>(
        &self,
        stream: TcpStream,
        registration: &Registration,
        handler: S,
    ) -> Option<Upgrade> {
        let served = &registration.served;
        // Fails only when the socket is closed already.
        let socket = Socket::new(stream, Arc::clone(&served.connection)).ok()?;
        match &self.tls {
            None => self.detect(socket, served, handler).await,
            // Boxed: the TLS future is large, and every plain connection would reserve its size.
            Some(tls) => Box::pin(self.secure(tls, socket, served, handler)).await,
        }
    }

    async fn secure<S: Handler>(
        &self,
        tls: &TlsAcceptor,
        socket: Socket,
        served: &Arc<ServedConnection>,
        handler: S,
    ) -> Option<Upgrade> {
        let accepted = until_ordered(&served.connection, tls.accept(socket)).await;
        let stream = accepted?.ok()?;
        match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => self.http2(rewind(stream), served, handler).await,
            Some(_) => self.http1(rewind(stream), served, handler).await,
            None => self.detect(stream, served, handler).await,
        }
    }

    /// Detects the HTTP version by the first bytes that the client sends.
    async fn detect<T, S>(
        &self,
        mut transport: T,
        served: &Arc<ServedConnection>,
        handler: S,
    ) -> Option<Upgrade>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Handler,
    {
        let mut read = [0; PREFACE.len()];
        let mut length = 0;
        while length < PREFACE.len() && read[..length] == PREFACE[..length] {
            let more = transport.read(&mut read[length..]);
            match until_ordered(&served.connection, more).await {
                Some(Ok(count)) if count > 0 => length += count,
                _ => return None,
            }
        }
        let transport = Rewind {
            read: Bytes::copy_from_slice(&read[..length]),
            rest: transport,
        };
        if read == *PREFACE {
            Box::pin(self.http2(transport, served, handler)).await
        } else {
            self.http1(transport, served, handler).await
        }
    }

    async fn http1<T, S>(
        &self,
        transport: Rewind<T>,
        served: &Arc<ServedConnection>,
        handler: S,
    ) -> Option<Upgrade>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Handler,
    {
        let requests = RequestService::new(served, handler);
        let mut serving = self
            .http1
            .serve_connection(TokioIo::new(transport), requests);
        serve_until_ordered(&served.connection, &mut serving, |serving| {
            Pin::new(&mut **serving.get_mut()).graceful_shutdown();
        })
        .await;
        let protocol = served.connection.take_following()?;
        let parts = serving.into_parts();
        Some(Upgrade {
            protocol,
            transport: Box::new(parts.io.into_inner()),
            read: parts.read_buf,
        })
    }

    async fn http2<T, S>(
        &self,
        transport: Rewind<T>,
        served: &Arc<ServedConnection>,
        handler: S,
    ) -> Option<Upgrade>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Handler,
    {
        served.connection.begin_http2();
        let requests = RequestService::new(served, handler);
        let serving = self
            .http2
            .serve_connection(TokioIo::new(transport), requests);
        let finish = http2::Connection::graceful_shutdown;
        serve_until_ordered(&served.connection, serving, finish).await;
        None
    }
}

/// Serves a connection that has gone over to another protocol. Of its state, the sweep watches the rate at which the client
/// takes what is sent, as if all of it were one response.
pub(super) async fn serve_upgraded(registration: Registration, upgrade: Upgrade) {
    let served = &registration.served;
    let mut active = ActiveRequest::begin(served);
    let waiting = upgrade.protocol.waiting();
    if active.hold_streamed(UPGRADED, None, waiting) {
        let serving = upgrade.protocol.serve(upgrade.transport, upgrade.read);
        serve_until_ordered(&served.connection, serving, |_| ()).await;
    }
}

fn rewind<T>(rest: T) -> Rewind<T> {
    Rewind {
        read: Bytes::new(),
        rest,
    }
}

/// Runs a future that precedes HTTP (TLS handshake, detection). `None` when an order ends the connection first.
async fn until_ordered<F: Future>(connection: &Connection, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| {
        connection.poll_budget.begin();
        match connection.poll_orders(context) {
            0 => future.as_mut().poll(context).map(Some),
            _ => Poll::Ready(None),
        }
    })
    .await
}

/// Serves a connection until it ends or an order ends it. Errors of the connection are not logged: only its client is
/// affected, and knows.
async fn serve_until_ordered<F: Future>(
    connection: &Connection,
    serving: F,
    finish: fn(Pin<&mut F>),
) {
    let mut serving = pin!(serving);
    let mut finishing = false;
    poll_fn(|context| {
        let orders = connection.poll_orders(context);
        connection.poll_budget.begin();
        if orders & END != 0 {
            return Poll::Ready(());
        }
        if orders & FINISH != 0 && !finishing {
            finishing = true;
            finish(serving.as_mut());
        }
        serving.as_mut().poll(context).map(drop)
    })
    .await;
}

/// The `hyper` service of one connection.
struct RequestService<S> {
    served: Arc<ServedConnection>,
    handler: S,
}

impl<S> RequestService<S> {
    fn new(served: &Arc<ServedConnection>, handler: S) -> RequestService<S> {
        RequestService {
            served: Arc::clone(served),
            handler,
        }
    }
}

impl<S: Handler> hyper::service::Service<Request<Incoming>> for RequestService<S> {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = RequestFuture;

    fn call(&self, request: Request<Incoming>) -> RequestFuture {
        let request = request.map(|body| ClientBody::new(body, &self.served));
        RequestFuture {
            active: Some(ActiveRequest::begin(&self.served)),
            version: request.version(),
            is_head: request.method() == Method::HEAD,
            begun: false,
            response: self.handler.handle(request),
        }
    }
}

/// The future of one request's response. It delays the first poll when the connection's budget is used up.
struct RequestFuture {
    response: ResponseFuture,
    version: Version,
    active: Option<ActiveRequest>,
    is_head: bool,
    begun: bool,
}

impl Future for RequestFuture {
    type Output = Result<Response<ResponseBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if !self.begun && self.version < Version::HTTP_2 {
            let poll_budget = self
                .active
                .as_ref()
                .map(|active| &active.served.connection.poll_budget);
            ready!(poll_budget.map_or(Poll::Ready(()), |poll_budget| {
                poll_budget.poll_request(context)
            }));
        }
        self.begun = true;
        let has_many = self.active.as_ref().is_some_and(|active| {
            let served = &active.served;
            served.all.are_many(served.connection.open.load(Relaxed))
        });
        let response = if has_many {
            MANY_STREAMS.sync_scope((), || self.response.as_mut().poll(context))
        } else {
            self.response.as_mut().poll(context)
        };
        let response = ready!(response);
        match self.active.take() {
            Some(active) => {
                let response = match self.is_head {
                    true => without_body(response),
                    false => response,
                };
                Poll::Ready(Ok(respond(response, active, self.version)))
            }
            // Polled again after it was ready.
            None => Poll::Pending,
        }
    }
}

/// The response to a `HEAD`: the length of the body that a `GET` would get, and no body. For HTTP/2 the HTTP library would
/// send it, which clients take for a protocol error.
fn without_body(mut response: HttpResponse) -> HttpResponse {
    let length = std::mem::take(response.body_mut()).len();
    // A 304 has no length: it would be that of the response that the client has.
    if length > 0 {
        let length = HeaderValue::from(length);
        response.headers_mut().insert(CONTENT_LENGTH, length);
    }
    response
}

fn respond(
    mut response: HttpResponse,
    mut active: ActiveRequest,
    version: Version,
) -> Response<ResponseBody> {
    let stream = STREAM.try_with(Arc::clone).ok();
    let mut content = Streamed::take(&mut response);
    let is_held = match &content {
        Some(content) => {
            active.hold_streamed(content.held, stream.clone(), Arc::clone(&content.waiting))
        }
        None => active.hold(response.body().len(), stream.clone()),
    };
    if !is_held {
        content = None;
        let unsent = std::mem::replace(&mut response, HttpRefusal::busy().http_response());
        for (name, value) in unsent.headers() {
            if is_kept(name) {
                response.headers_mut().append(name, value.clone());
            }
        }
        // The refusal is not counted: it has a few bytes.
    }
    let connection = &active.served.connection;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        // The response to a handshake has no other headers.
        if let Some(protocol) = Following::take(&mut response) {
            connection.follow(protocol);
        }
        return response.map(|body| ResponseBody::new(body, active, stream));
    }
    let leaving = connection.listener.is_past(Phase::Leaving);
    if version >= Version::HTTP_2 {
        if leaving {
            connection.order(FINISH);
        }
    } else if leaving || connection.unread_body.load(Relaxed) {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    match content {
        Some(content) => ResponseBody::streamed(response, content, active, stream),
        None => response.map(|body| ResponseBody::new(body, active, stream)),
    }
}

/// Whether a header does not describe the body: the request's id, and what CORS has added.
fn is_kept(name: &HeaderName) -> bool {
    *name == REQUEST_ID || *name == VARY || name.as_str().starts_with("access-control-")
}

tokio::task_local! {
    /// The HTTP/2 stream that the current task serves.
    static STREAM: Arc<Stream>;
}

/// Spawns a task for each HTTP/2 stream. Ending the task resets the stream.
#[derive(Clone)]
struct StreamExecutor;

impl<F> hyper::rt::Executor<F> for StreamExecutor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        let stream = Arc::new(Stream::default());
        let task_stream = Arc::clone(&stream);
        priority::spawn(STREAM.scope(stream, async move {
            let mut future = pin!(future);
            poll_fn(|context| match task_stream.poll_ended(context) {
                Poll::Ready(()) => Poll::Ready(()),
                Poll::Pending => future.as_mut().poll(context),
            })
            .await;
        }));
    }
}
