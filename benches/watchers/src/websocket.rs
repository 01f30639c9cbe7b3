//! A watcher that is connected by WebSocket (`graphql-transport-ws`).

use std::error::Error;

use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::watcher::{Seen, send, version};

/// The headers of the handshake. The key may be any; nothing here needs the proof that the server has read it.
const HANDSHAKE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: graphql-transport-ws\r\n";

const SUBSCRIBE: &str = r#"{"id":"1","type":"subscribe","payload":{"query":"query Figure @live { figure { n text } }"}}"#;

/// Opens a connection that watches.
///
/// # Errors
/// When the gateway accepts none.
pub(crate) async fn watch(
    url: &str,
    seen: UnboundedSender<Seen>,
) -> Result<JoinHandle<()>, Box<dyn Error>> {
    let mut stream = send(url, "GET /graphql HTTP/1.1", HANDSHAKE, "").await?;
    let behind = accepted(&mut stream).await?;
    let role = Role::Client;
    let mut socket = WebSocketStream::from_partially_read(stream, behind, role, None).await;
    socket.send(text(r#"{"type":"connection_init"}"#)).await?;
    socket.send(text(SUBSCRIBE)).await?;
    Ok(tokio::spawn(async move {
        let problem = loop {
            match socket.next().await {
                Some(Ok(Message::Text(message))) => {
                    let version = version(message.as_bytes());
                    if let Some(version) = version
                        && seen.send(Seen::now(version)).is_err()
                    {
                        return;
                    }
                }
                Some(Ok(Message::Close(frame))) => break format!("the gateway closed: {frame:?}"),
                Some(Ok(_)) => {}
                Some(Err(error)) => break error.to_string(),
                None => break "the gateway closed".to_owned(),
            }
        };
        let _ = seen.send(Seen::ended(problem));
    }))
}

fn text(message: &str) -> Message {
    Message::Text(message.to_owned().into())
}

/// Reads the response to the handshake; returns the bytes behind it.
async fn accepted(stream: &mut TcpStream) -> Result<Vec<u8>, Box<dyn Error>> {
    const END: &[u8] = b"\r\n\r\n";
    let mut read = Vec::new();
    loop {
        if let Some(at) = read.windows(END.len()).position(|window| window == END) {
            return match read.starts_with(b"HTTP/1.1 101") {
                true => Ok(read.split_off(at + END.len())),
                false => Err(String::from_utf8_lossy(&read).into()),
            };
        }
        if stream.read_buf(&mut read).await? == 0 {
            return Err(String::from_utf8_lossy(&read).into());
        }
    }
}
