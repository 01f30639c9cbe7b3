//! A client that watches the operation: it reads events, and says when it has seen which version.

use std::error::Error;
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;

/// What a watcher has seen.
pub(crate) struct Seen {
    pub(crate) version: u64,
    pub(crate) at: Instant,
    /// Why it does not watch any more.
    pub(crate) problem: Option<String>,
}

/// Opens a connection that watches.
///
/// # Errors
/// When the gateway accepts none.
pub(crate) async fn watch(
    url: &str,
    seen: UnboundedSender<Seen>,
) -> Result<JoinHandle<()>, Box<dyn Error>> {
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
                let at = Instant::now();
                let problem = None;
                if seen
                    .send(Seen {
                        version,
                        at,
                        problem,
                    })
                    .is_err()
                {
                    return;
                }
            }
        };
        let _ = seen.send(Seen {
            version: 0,
            at: Instant::now(),
            problem: Some(problem),
        });
    }))
}

/// The number behind the last `"n":`.
fn version(text: &[u8]) -> Option<u64> {
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
    let address = url.strip_prefix("http://").ok_or("no http address")?;
    let address = address.split('/').next().unwrap_or_default();
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let connection = match body.is_empty() {
        true => "keep-alive",
        false => "close",
    };
    let request = format!(
        "{line}\r\nhost: {address}\r\nconnection: {connection}\r\naccept: */*\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    Ok(stream)
}
