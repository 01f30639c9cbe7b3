//! A client that watches the operation: it reads events, and says when it has seen which version.

use std::error::Error;
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;

use crate::websocket;

/// What a watcher has seen.
pub(crate) struct Seen {
    pub(crate) version: u64,
    pub(crate) at: Instant,
    /// Why it does not watch any more.
    pub(crate) problem: Option<String>,
}

impl Seen {
    pub(crate) fn now(version: u64) -> Seen {
        Seen {
            version,
            at: Instant::now(),
            problem: None,
        }
    }

    pub(crate) fn ended(problem: String) -> Seen {
        Seen {
            problem: Some(problem),
            ..Seen::now(0)
        }
    }
}

/// How a watcher is connected.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Transport {
    /// `GET /operations/<Name>/live`.
    ServerSentEvents,
    /// `graphql-transport-ws`.
    WebSocket,
}

impl Transport {
    /// That of the environment variable `TRANSPORT`.
    ///
    /// # Errors
    /// When it is none of them.
    pub(crate) fn chosen() -> Result<Transport, String> {
        match std::env::var("TRANSPORT").as_deref() {
            Err(_) | Ok("sse") => Ok(Transport::ServerSentEvents),
            Ok("websocket") => Ok(Transport::WebSocket),
            Ok(other) => Err(format!("TRANSPORT is sse or websocket, not {other}")),
        }
    }
}

/// Opens a connection that watches.
///
/// # Errors
/// When the gateway accepts none.
pub(crate) async fn watch(
    transport: Transport,
    url: &str,
    seen: UnboundedSender<Seen>,
) -> Result<JoinHandle<()>, Box<dyn Error>> {
    match transport {
        Transport::ServerSentEvents => events(url, seen).await,
        Transport::WebSocket => websocket::watch(url, seen).await,
    }
}

async fn events(url: &str, seen: UnboundedSender<Seen>) -> Result<JoinHandle<()>, Box<dyn Error>> {
    let mut stream = request(url, "GET /operations/Figure/live HTTP/1.1", "").await?;
    Ok(tokio::spawn(async move {
        let mut text = Vec::new();
        let problem = loop {
            match stream.read_buf(&mut text).await {
                Ok(0) => break format!("the gateway closed: {}", String::from_utf8_lossy(&text)),
                Err(error) => break error.to_string(),
                Ok(_) => {}
            }
            // An event is complete when its blank line is there.
            if let Some(version) = version(&text).filter(|_| text.ends_with(b"\n\n\r\n")) {
                text.clear();
                if seen.send(Seen::now(version)).is_err() {
                    return;
                }
            }
        };
        let _ = seen.send(Seen::ended(problem));
    }))
}

/// The number behind the last `"n":`.
pub(crate) fn version(text: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(text);
    let (_, behind) = text.rsplit_once("\"n\":")?;
    let digits = behind
        .split(|letter: char| !letter.is_ascii_digit())
        .next()?;
    digits.parse().ok()
}

/// Sends a request by POST, and waits for its response.
///
/// # Errors
/// When its status is not 200.
pub(crate) async fn post(url: &str, body: &str) -> Result<(), Box<dyn Error>> {
    let mut stream = request(url, "POST /graphql HTTP/1.1", body).await?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await?;
    match response.starts_with(b"HTTP/1.1 200") {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&response).into()),
    }
}

async fn request(url: &str, line: &str, body: &str) -> Result<TcpStream, Box<dyn Error>> {
    let connection = match body.is_empty() {
        true => "keep-alive",
        false => "close",
    };
    let headers = format!(
        "connection: {connection}\r\naccept: */*\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    send(url, line, &headers, body).await
}

/// Sends a request with these headers, each with the end of its line, besides `Host`.
///
/// # Errors
/// When the gateway does not accept the connection.
pub(crate) async fn send(
    url: &str,
    line: &str,
    headers: &str,
    body: &str,
) -> Result<TcpStream, Box<dyn Error>> {
    let address = url.strip_prefix("http://").ok_or("no http address")?;
    let address = address.split('/').next().unwrap_or_default();
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let request = format!("{line}\r\nhost: {address}\r\n{headers}\r\n{body}");
    stream.write_all(request.as_bytes()).await?;
    Ok(stream)
}
