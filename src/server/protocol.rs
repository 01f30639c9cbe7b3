//! One connection from its acceptance to its end: TLS, which version of HTTP it speaks, its requests.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONNECTION, HeaderName};
use http::{HeaderValue, Request, Response, Version};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::Answer;
use super::connection::{Connection, END, FINISH, Stream, Work};
use super::connections::{Entry, Phase};
use super::outgoing::Outgoing;
use super::refusal::Refusal;
use super::socket::{Begun, Socket};
use crate::config::Limits;
use crate::priority;

/// How a connection of HTTP/2 begins (RFC 9113, section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes of answers that HTTP/2 keeps for one stream.
const STREAM_BUFFER: usize = 64 * 1024;

/// Streams that the client has reset before they were looked at; with more, the connection is closed (CVE-2023-44487).
const RESET_STREAMS: usize = 20;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// An answer that is being worked on.
pub(super) type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What answers the requests of a listener.
pub(super) trait Site: Clone + Send + Sync + 'static {
    /// Answers a request.
    fn answer(&self, request: Request<Incoming>) -> Answering;
}

/// How connections are served.
pub(super) struct Protocols {
    tls: Option<TlsAcceptor>,
    http1: http1::Builder,
    http2: http2::Builder<Streams>,
}

impl Protocols {
    pub(super) fn new(tls: Option<TlsAcceptor>, limits: &Limits) -> Protocols {
        let (uri, head) = (limits.uri_bytes.0, limits.head_bytes.0);
        // More than what `head` lets pass, so that most of what is too long is refused there, with a body.
        let parsed = uri.saturating_add(head.saturating_mul(2)) + 1024;
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            // The sweep knows the time between requests from that of a head.
            .header_read_timeout(None)
            .max_buf_size(parsed.max(8192));
        let window = u32::try_from(limits.http2_window.0).unwrap_or(u32::MAX >> 1);
        let mut http2 = http2::Builder::new(Streams);
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

    /// Serves a connection to its end.
    pub(super) async fn serve<S: Site>(&self, stream: TcpStream, entry: Entry, site: S) {
        let connection = &entry.connection;
        // A socket that is closed already is all that can fail here.
        let Ok(socket) = Socket::new(stream, Arc::clone(connection)) else {
            return;
        };
        match &self.tls {
            None => self.detect(socket, connection, site).await,
            // Boxed: it takes much more memory, which every connection would hold.
            Some(tls) => Box::pin(self.secure(tls, socket, connection, site)).await,
        }
    }

    async fn secure<S: Site>(
        &self,
        tls: &TlsAcceptor,
        socket: Socket,
        connection: &Arc<Connection>,
        site: S,
    ) {
        let Some(Ok(stream)) = until_ordered(connection, tls.accept(socket)).await else {
            return;
        };
        match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => self.http2(begun(stream), connection, site).await,
            Some(_) => self.http1(begun(stream), connection, site).await,
            None => self.detect(stream, connection, site).await,
        }
    }

    /// Finds out by the first bytes which version the client speaks.
    async fn detect<T, S>(&self, mut transport: T, connection: &Arc<Connection>, site: S)
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Site,
    {
        let mut read = [0; PREFACE.len()];
        let mut length = 0;
        while length < PREFACE.len() && read[..length] == PREFACE[..length] {
            let more = transport.read(&mut read[length..]);
            match until_ordered(connection, more).await {
                Some(Ok(count)) if count > 0 => length += count,
                _ => return,
            }
        }
        let begun = Begun {
            read: Bytes::copy_from_slice(&read[..length]),
            rest: transport,
        };
        if read == *PREFACE {
            Box::pin(self.http2(begun, connection, site)).await;
        } else {
            self.http1(begun, connection, site).await;
        }
    }

    async fn http1<T, S>(&self, transport: Begun<T>, connection: &Arc<Connection>, site: S)
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Site,
    {
        let requests = Requests::new(connection, site);
        let served = self
            .http1
            .serve_connection(TokioIo::new(transport), requests);
        obeying(connection, served, http1::Connection::graceful_shutdown).await;
    }

    async fn http2<T, S>(&self, transport: Begun<T>, connection: &Arc<Connection>, site: S)
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Site,
    {
        connection.begin_http2();
        let requests = Requests::new(connection, site);
        let served = self
            .http2
            .serve_connection(TokioIo::new(transport), requests);
        obeying(connection, served, http2::Connection::graceful_shutdown).await;
    }
}

fn begun<T>(rest: T) -> Begun<T> {
    Begun {
        read: Bytes::new(),
        rest,
    }
}

/// What comes before HTTP; an order ends it.
async fn until_ordered<F: Future>(connection: &Connection, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| {
        connection.turn.begin();
        match connection.poll_orders(context) {
            0 => future.as_mut().poll(context).map(Some),
            _ => Poll::Ready(None),
        }
    })
    .await
}

/// Serves a connection as long as no order ends it. How it ended is known to its client; there is nobody else to tell.
async fn obeying<F: Future>(connection: &Connection, served: F, finish: fn(Pin<&mut F>)) {
    let mut served = pin!(served);
    let mut finishing = false;
    poll_fn(|context| {
        let orders = connection.poll_orders(context);
        connection.turn.begin();
        if orders & END != 0 {
            return Poll::Ready(());
        }
        if orders & FINISH != 0 && !finishing {
            finishing = true;
            finish(served.as_mut());
        }
        served.as_mut().poll(context).map(drop)
    })
    .await;
}

/// The requests of one connection.
struct Requests<S> {
    connection: Arc<Connection>,
    site: S,
}

impl<S> Requests<S> {
    fn new(connection: &Arc<Connection>, site: S) -> Requests<S> {
        Requests {
            connection: Arc::clone(connection),
            site,
        }
    }
}

impl<S: Site> hyper::service::Service<Request<Incoming>> for Requests<S> {
    type Response = Response<Outgoing>;
    type Error = Infallible;
    type Future = Answered;

    fn call(&self, request: Request<Incoming>) -> Answered {
        Answered {
            work: Some(Work::begin(&self.connection)),
            version: request.version(),
            begun: false,
            answering: self.site.answer(request),
        }
    }
}

/// The answer to one request, as it goes out.
struct Answered {
    answering: Answering,
    version: Version,
    work: Option<Work>,
    begun: bool,
}

impl Future for Answered {
    type Output = Result<Response<Outgoing>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if !self.begun && self.version < Version::HTTP_2 {
            let turn = self.work.as_ref().map(|work| &work.connection.turn);
            ready!(turn.map_or(Poll::Ready(()), |turn| turn.poll_request(context)));
        }
        self.begun = true;
        let answer = ready!(self.answering.as_mut().poll(context));
        match self.work.take() {
            Some(work) => Poll::Ready(Ok(outgoing(answer, work, self.version))),
            // Polled after it was ready.
            None => Poll::Pending,
        }
    }
}

fn outgoing(mut answer: Answer, mut work: Work, version: Version) -> Response<Outgoing> {
    let stream = STREAM.try_with(Arc::clone).ok();
    if !work.hold(answer.body().len(), stream.clone()) {
        let id = answer.headers_mut().remove(REQUEST_ID);
        answer = Refusal::busy().answer();
        answer.headers_mut().extend(id.map(|id| (REQUEST_ID, id)));
        // A text of a few bytes, that is not counted.
    }
    if work.connection.all.is_past(Phase::Leaving) {
        if version < Version::HTTP_2 {
            let close = HeaderValue::from_static("close");
            answer.headers_mut().insert(CONNECTION, close);
        } else {
            work.connection.order(FINISH);
        }
    }
    answer.map(|body| Outgoing::new(body, work, stream))
}

tokio::task_local! {
    /// The stream of HTTP/2 that a task serves.
    static STREAM: Arc<Stream>;
}

/// Runs the streams of HTTP/2, each as a task that can be ended: then the stream is reset.
#[derive(Clone)]
struct Streams;

impl<F> hyper::rt::Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        let stream = Arc::new(Stream::default());
        let own = Arc::clone(&stream);
        priority::spawn(STREAM.scope(stream, async move {
            let mut future = pin!(future);
            poll_fn(|context| match own.poll_ended(context) {
                Poll::Ready(()) => Poll::Ready(()),
                Poll::Pending => future.as_mut().poll(context),
            })
            .await;
        }));
    }
}
