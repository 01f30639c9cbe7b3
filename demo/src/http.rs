//! A minimal HTTP client, to read the state of the gateway on loopback.
//!
//! It uses HTTP/1.0, so that the response ends with the connection and needs no decoding.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest response that is read.
const MAX_ANSWER: u64 = 4 * 1024 * 1024;

/// Status and body of `GET path`.
pub(crate) async fn get(port: u16, path: &str) -> io::Result<(u16, String)> {
    exchange(
        port,
        format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n"),
    )
    .await
}

/// Status and body of a JSON `POST path`.
pub(crate) async fn post(port: u16, path: &str, body: &str) -> io::Result<(u16, String)> {
    let request = format!(
        "POST {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    exchange(port, request).await
}

/// Status and body of a JSON `PUT path`, with sample keys.
pub(crate) async fn put_signed_in(port: u16, path: &str, body: &str) -> io::Result<(u16, String)> {
    let request = format!(
        "PUT {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nX-Apisetu-Clientid: sample-client\r\n\
         X-Apisetu-Apikey: sample-key\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    exchange(port, request).await
}

async fn exchange(port: u16, request: String) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(MAX_ANSWER).read_to_string(&mut answer).await?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = head
        .split_whitespace()
        .nth(1)
        .and_then(|code| code.parse().ok())
        .ok_or(io::ErrorKind::InvalidData)?;
    Ok((status, body.to_owned()))
}
