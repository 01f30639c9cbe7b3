//! A stand-in: serves a department's system on a loopback port, records its calls, and can fail on purpose.
//!
//! It is independent of the department: the router decides the responses.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tower::ServiceExt;

use crate::weather::Weather;

/// The longest request body that is read.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// The options of a stand-in.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Each response takes between half and one and a half of this; zero for benchmarks and tests.
    pub latency: Duration,
    /// Whether calls are recorded. Off for long runs and load tests, where the records would fill the memory.
    pub record: bool,
}

impl Default for Options {
    /// For tests: calls are recorded, and there is no latency.
    fn default() -> Self {
        Options {
            latency: Duration::ZERO,
            record: true,
        }
    }
}

/// A request to a stand-in.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its method.
    pub method: Method,
    /// Path and query, as sent.
    pub target: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Call {
    /// The body, if it is UTF-8.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }
}

/// A running stand-in. It stops when dropped.
pub struct Standin {
    name: String,
    address: SocketAddr,
    shared: Arc<Shared>,
    initial: Option<fn() -> Router>,
    server: JoinHandle<()>,
}

/// The state that the handle and the server share.
struct Shared {
    router: Mutex<Router>,
    weather: Mutex<Weather>,
    calls: Mutex<Vec<Call>>,
    count: AtomicU64,
    stopped: AtomicBool,
    options: Options,
}

/// Starts `router` on a free loopback port, without latency, recording its calls.
///
/// # Errors
/// When no loopback port can be had.
pub async fn start(name: &str, router: Router) -> io::Result<Standin> {
    start_with(name, router, Options::default()).await
}

/// Starts `router` on a free loopback port.
///
/// # Errors
/// When no loopback port can be had.
pub async fn start_with(name: &str, router: Router, options: Options) -> io::Result<Standin> {
    Standin::start(name, router, None, options).await
}

impl Standin {
    pub(crate) async fn start(
        name: &str,
        router: Router,
        initial: Option<fn() -> Router>,
        options: Options,
    ) -> io::Result<Standin> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            router: Mutex::new(router),
            weather: Mutex::new(Weather::Fine),
            calls: Mutex::new(Vec::new()),
            count: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            options,
        });
        let service = Router::new().fallback(answer).with_state(shared.clone());
        let gate = Gate {
            listener,
            shared: shared.clone(),
        };
        let server = tokio::spawn(async move {
            // Ends only when the task is aborted: the gate retries errors of accept.
            let _ = axum::serve(gate, service).await;
        });
        Ok(Standin {
            name: name.to_owned(),
            address,
            shared,
            initial,
            server,
        })
    }

    /// The department's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address: `http://127.0.0.1:<port>`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far, in the order of their arrival (empty if not recorded).
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.shared.calls).clone()
    }

    /// The number of requests, recorded or not.
    #[must_use]
    pub fn call_count(&self) -> u64 {
        self.shared.count.load(Ordering::SeqCst)
    }

    /// Sets the weather, for requests from now on.
    pub fn weather(&self, weather: Weather) {
        *lock(&self.shared.weather) = weather;
    }

    /// Resets the weather and the records; also the department's state, if it was started from the table.
    pub fn reset(&self) {
        self.weather(Weather::Fine);
        lock(&self.shared.calls).clear();
        self.shared.count.store(0, Ordering::SeqCst);
        if let Some(initial) = self.initial {
            *lock(&self.shared.router) = initial();
        }
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        self.server.abort();
    }
}

impl Shared {
    fn weather(&self) -> Weather {
        *lock(&self.weather)
    }

    fn is_dead(&self) -> bool {
        self.stopped.load(Ordering::SeqCst) || self.weather() == Weather::Dead
    }

    /// Between half and one and a half of the configured latency, distributed evenly over the calls.
    fn latency(&self, call: u64) -> Duration {
        const STEPS: u32 = 16;
        let step = u32::try_from(call.wrapping_mul(7) % u64::from(STEPS)).unwrap_or(0);
        self.options.latency / 2 + self.options.latency * step / STEPS
    }
}

/// Records a request. The weather or the department responds.
async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        let mut response = Response::new(Body::from("The request body is too large\n"));
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return response;
    };
    let number = shared.count.fetch_add(1, Ordering::SeqCst);
    if shared.options.record {
        lock(&shared.calls).push(Call {
            method: head.method.clone(),
            target: head
                .uri
                .path_and_query()
                .map_or_else(|| "/".to_owned(), ToString::to_string),
            headers: head.headers.clone(),
            body: body.clone(),
        });
    }
    if !shared.options.latency.is_zero() {
        tokio::time::sleep(shared.latency(number)).await;
    }
    let weather = shared.weather();
    if let Weather::Slow(time) = weather {
        tokio::time::sleep(time).await;
    }
    if let Some(response) = weather.answer() {
        return response;
    }
    let router = lock(&shared.router).clone();
    match router
        .oneshot(Request::from_parts(head, Body::from(body)))
        .await
    {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// A lock whose data stay usable after a test that held it has failed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A listener that resets connections while the weather is [`Weather::Dead`].
struct Gate {
    listener: TcpListener,
    shared: Arc<Shared>,
}

impl Listener for Gate {
    type Io = GateStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (GateStream, SocketAddr) {
        loop {
            let (stream, peer) = Listener::accept(&mut self.listener).await;
            if self.shared.is_dead() {
                reset(&stream);
                continue;
            }
            let _ = stream.set_nodelay(true);
            return (
                GateStream {
                    stream,
                    shared: self.shared.clone(),
                },
                peer,
            );
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Closes with a reset, so that the peer gets an error and not an early end.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

/// A connection that breaks when the weather becomes [`Weather::Dead`], even if it is idle.
struct GateStream {
    stream: TcpStream,
    shared: Arc<Shared>,
}

impl AsyncRead for GateStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buf);
        if polled.is_ready() && this.shared.is_dead() {
            reset(&this.stream);
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        polled
    }
}

impl AsyncWrite for GateStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, data)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, data)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
