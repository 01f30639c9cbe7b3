//! A client that writes and reads HTTP/1 as bytes.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// How long a test waits for an event that should happen at once.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for something.
pub(super) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.unwrap()
}

/// Waits until the server reaches a state. The state consists of numbers that change without waking a task, so the test
/// polls them and yields in between.
pub(super) async fn until(mut holds: impl FnMut() -> bool) {
    within(async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// A connection.
pub(super) struct Raw {
    stream: TcpStream,
    read: Vec<u8>,
}

/// A response: its status, its head in lower case, its body.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Raw {
    pub(super) async fn connect(server: &Server) -> Raw {
        Raw {
            stream: TcpStream::connect(server.address).await.unwrap(),
            read: Vec::new(),
        }
    }

    pub(super) async fn send(&mut self, text: &str) {
        self.try_send(text).await.unwrap();
    }

    /// Sends; fails when the server has closed the connection.
    pub(super) async fn try_send(&mut self, text: &str) -> std::io::Result<()> {
        self.stream.write_all(text.as_bytes()).await
    }

    /// A GraphQL request.
    pub(super) async fn ask(&mut self, query: &str) {
        let body = format!("{{\"query\":\"{query}\"}}");
        let head = head(body.len(), "");
        self.send(&format!("{head}{body}")).await;
    }

    /// The next response.
    pub(super) async fn reply(&mut self) -> Reply {
        within(self.try_reply()).await.unwrap()
    }

    /// The next response; `None` if the connection is closed first.
    pub(super) async fn try_reply(&mut self) -> Option<Reply> {
        let end = loop {
            let at = self.read.windows(4).position(|four| four == b"\r\n\r\n");
            match at {
                Some(at) => break at + 4,
                None => self.more().await?,
            }
        };
        let head = String::from_utf8_lossy(&self.read[..end]).to_lowercase();
        self.read.drain(..end);
        let length = head.split("content-length: ").nth(1);
        let length = length.and_then(|rest| rest.split("\r\n").next());
        let length = length.map_or(0, |digits| digits.parse().unwrap());
        while self.read.len() < length {
            self.more().await?;
        }
        let body: Vec<u8> = self.read.drain(..length).collect();
        Some(Reply {
            status: head[9..12].parse().unwrap(),
            head,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    /// The head of the next response, in lower case.
    pub(super) async fn head(&mut self) -> String {
        within(async {
            loop {
                let at = self.read.windows(4).position(|four| four == b"\r\n\r\n");
                match at {
                    Some(at) => {
                        let head: Vec<u8> = self.read.drain(..at + 4).collect();
                        return String::from_utf8_lossy(&head).to_lowercase();
                    }
                    None => self.more().await.unwrap(),
                }
            }
        })
        .await
    }

    /// Reads on until this text has come; what is before it is dropped.
    pub(super) async fn read(&mut self, text: &str) {
        let find = |read: &[u8]| {
            read.windows(text.len())
                .position(|part| part == text.as_bytes())
        };
        let read = within(async {
            loop {
                match find(&self.read) {
                    Some(at) => break Some(at),
                    None if self.more().await.is_none() => break None,
                    None => {}
                }
            }
        })
        .await;
        let Some(at) = read else {
            panic!(
                "not sent: {text}, but {}",
                String::from_utf8_lossy(&self.read)
            );
        };
        self.read.drain(..at + text.len());
    }

    /// Reads the last chunk of a response.
    pub(super) async fn end_of_chunks(&mut self) {
        self.read("0\r\n\r\n").await;
    }

    /// The rest of a response that is sent in chunks, with their sizes between them.
    pub(super) async fn rest_of_chunks(&mut self) -> String {
        let end = b"0\r\n\r\n";
        within(async { while !self.read.ends_with(end) && self.more().await.is_some() {} }).await;
        let read = std::mem::take(&mut self.read);
        let read = read.strip_suffix(end).unwrap_or(&read);
        let text = String::from_utf8_lossy(read);
        text.strip_suffix("\r\n").unwrap_or(&text).to_owned()
    }

    /// Drops what has come, and waits for more; returns the number of bytes.
    pub(super) async fn some_of_chunks(&mut self) -> usize {
        if self.read.is_empty() {
            within(self.more()).await.unwrap();
        }
        std::mem::take(&mut self.read).len()
    }

    /// Sends bytes.
    pub(super) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The stream, for another protocol, and what was read of it.
    pub(super) fn into_stream(self) -> (TcpStream, Vec<u8>) {
        (self.stream, self.read)
    }

    async fn more(&mut self) -> Option<()> {
        match self.stream.read_buf(&mut self.read).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(()),
        }
    }

    /// What the server sends until it closes the connection.
    pub(super) async fn text(&mut self) -> String {
        self.closed().await;
        String::from_utf8_lossy(&self.read).into_owned()
    }

    /// Waits until the server closes the connection; returns the number of bytes received.
    pub(super) async fn closed(&mut self) -> usize {
        within(async { while self.more().await.is_some() {} }).await;
        self.read.len()
    }
}

/// The head of a `POST`.
pub(super) fn head(length: usize, more: &str) -> String {
    format!(
        "POST /graphql HTTP/1.1\r\nhost: gateway.example\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{more}\r\n"
    )
}
