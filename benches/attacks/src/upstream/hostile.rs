//! Upstreams that misbehave; their connectors are in `benches/connectors/attacks`.
//!
//! - `hostile` responds with pages of 15 MB, numbers that no parser can read, long lists, and once with an unreadable body.
//! - `hole` accepts connections and never responds.
//! - `closing` responds with `keep-alive`, and closes the connection 4 ms later.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query};
use axum::http::{Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use sangam_demo::{Options, Standin};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinHandle;

/// Below the default limit of an upstream response.
const PAGE: usize = 15_000_000;
/// Rows of the long list.
const ROWS: usize = 16_000;
/// Digits of the long numbers.
const DIGITS: usize = 100_000;
/// The time after which `closing` closes a connection.
const CLOSES_AFTER: Duration = Duration::from_millis(4);
/// The address of the dead name server, if the process may use it.
pub const NAME_SERVER: &str = "127.0.9.9:53";

/// The unreadable body of the first response.
const UNREADABLE: [(&str, &str, &str); 12] = [
    ("cut", "application/json", r#"{"id":"#),
    (
        "html",
        "application/json",
        "<html><body>Maintenance</body></html>",
    ),
    ("nan", "application/json", r#"{"id":NaN}"#),
    ("surrogate", "application/json", r#"{"id":"\ud800"}"#),
    ("trailing", "application/json", r#"{"id":"1"} and more"#),
    ("text", "application/json", r#""a string""#),
    ("list", "application/json", "[]"),
    ("null", "application/json", "null"),
    ("empty", "application/json", ""),
    ("plain", "text/plain", "busy"),
    ("utf8", "application/json", ""),
    ("deep", "application/json", ""),
];

/// Running until it is dropped.
pub(super) struct Hostile {
    standin: Standin,
    addresses: [String; 2],
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Hostile {
    pub(super) async fn start() -> io::Result<Hostile> {
        let options = Options {
            record: false,
            ..Options::default()
        };
        let standin = sangam_demo::start_with("hostile", router(), options).await?;
        let mut tasks = Vec::new();
        let hole = listen(&mut tasks, never_answer).await?;
        let closing = listen(&mut tasks, close_after_one).await?;
        // Fails without the privilege; the attack that needs it reports that.
        if let Ok(socket) = UdpSocket::bind(NAME_SERVER).await {
            tasks.push(tokio::spawn(async move {
                let mut question = [0; 512];
                while socket.recv(&mut question).await.is_ok() {}
            }));
        }
        Ok(Hostile {
            standin,
            addresses: [hole, closing],
            tasks,
        })
    }

    pub(super) fn settings(&self) -> String {
        let [hole, closing] = &self.addresses;
        format!(
            "[connector.hostile]\nbase_url = {:?}\n[connector.hole]\nbase_url = {hole:?}\n[connector.closing]\nbase_url = {closing:?}\n",
            self.standin.url(),
        )
    }

    pub(super) fn calls(&self) -> Vec<(String, u64)> {
        vec![("hostile".to_owned(), self.standin.call_count())]
    }
}

/// Calls `serve` for each connection.
async fn listen<F, R>(tasks: &mut Vec<JoinHandle<()>>, serve: F) -> io::Result<String>
where
    F: Fn(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tasks.push(tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    tokio::spawn(serve(stream));
                }
                // The process has no descriptors left at the moment.
                Err(_) => tokio::time::sleep(CLOSES_AFTER).await,
            }
        }
    }));
    Ok(url)
}

async fn never_answer(mut stream: TcpStream) {
    let mut nothing = [0; 1024];
    while matches!(stream.read(&mut nothing).await, Ok(1..)) {}
}

async fn close_after_one(mut stream: TcpStream) {
    const ANSWER: &[u8] =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncache-control: no-store\r\n\
        connection: keep-alive\r\ncontent-length: 10\r\n\r\n{\"id\":\"7\"}";
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if !matches!(stream.read_buf(&mut request).await, Ok(1..)) {
            return;
        }
    }
    if stream.write_all(ANSWER).await.is_ok() {
        tokio::time::sleep(CLOSES_AFTER).await;
    }
}

fn router() -> Router {
    let mut page = b"{\"id\":\"7\",\"filling\":\"".to_vec();
    page.resize(PAGE - 2, b'x');
    page.extend(b"\"}");
    let list = Bytes::from([b"[", page.as_slice(), b"]"].concat());
    let page = Bytes::from(page);
    let rows: Vec<_> = (0..ROWS)
        .map(|row| json!({ "id": row, "name": "row" }))
        .collect();
    let rows = Bytes::from(json!({ "rows": rows }).to_string());
    let said: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let unreadable = async move |Path(kind): Path<String>, Query(query): Query<Run>| {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        let first = said.insert(format!("{kind} {}", query.run));
        unreadable(&kind, first)
    };
    Router::new()
        .route(
            "/page",
            get(async move || answer("application/json", page, 0)),
        )
        .route(
            "/pages",
            get(async move || answer("application/json", list, 0)),
        )
        .route(
            "/rows",
            get(async move || answer("application/json", rows, 3600)),
        )
        .route(
            "/number/{kind}",
            get(async |Path(kind): Path<String>| number(&kind)),
        )
        .route("/unreadable/{kind}", get(unreadable))
}

/// Distinguishes repetitions.
#[derive(serde::Deserialize)]
struct Run {
    run: String,
}

fn answer(media_type: &'static str, body: impl Into<Body>, max_age: u32) -> Response<Body> {
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CACHE_CONTROL, format!("max-age={max_age}")),
    ];
    (headers, body.into()).into_response()
}

fn number(kind: &str) -> Response<Body> {
    let number = match kind {
        "exponent" => "1e999999".to_owned(),
        "digits" => "9".repeat(DIGITS),
        "fraction" => format!("0.{}", "3".repeat(DIGITS)),
        _ => "-1e-999999".to_owned(),
    };
    answer("application/json", format!("{{\"value\":{number}}}"), 0)
}

fn unreadable(kind: &str, first: bool) -> Response<Body> {
    const KEPT: u32 = 3600;
    if !first {
        return answer("application/json", r#"{"id":"7"}"#, KEPT);
    }
    match kind {
        "utf8" => answer("application/json", b"{\"id\":\"\xff\"}".to_vec(), KEPT),
        "deep" => answer("application/json", "[".repeat(100_000), KEPT),
        "204" => (StatusCode::NO_CONTENT, answer("application/json", "", KEPT)).into_response(),
        _ => {
            let unreadable = UNREADABLE.iter().find(|(name, _, _)| *name == kind);
            let (_, media_type, body) = unreadable.unwrap_or(&UNREADABLE[0]);
            answer(media_type, *body, KEPT)
        }
    }
}
