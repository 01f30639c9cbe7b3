//! HTTP/1.1 by hand, for attackers and honest clients: sends exactly the given bytes.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::aim::Aim;

/// The longest response head that is read.
const MAX_HEAD: usize = 64 * 1024;
/// The size of one write: a sender that is limited to a share of a core can pause between writes.
const PIECE: usize = 64 * 1024;

/// A connection.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    address: SocketAddr,
    /// Received bytes that have not been read.
    buffer: Vec<u8>,
    aim: Option<Aim>,
}

/// A response.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
    /// The connection closes after it.
    pub closes: bool,
}

impl Wire {
    /// Opens one.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn connect(address: SocketAddr) -> io::Result<Wire> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Wire {
            stream,
            address,
            buffer: Vec::new(),
            aim: None,
        })
    }

    pub(crate) fn of(mut self, aim: Aim) -> Wire {
        self.aim = Some(aim);
        self
    }

    /// The bytes of a GraphQL request with this JSON body.
    #[must_use]
    pub fn request(&self, body: &str) -> Vec<u8> {
        let mut request = self.head(body.len(), "");
        request.extend_from_slice(body.as_bytes());
        request
    }

    /// The head of a GraphQL request with a body of this length; `more` are further lines.
    #[must_use]
    pub fn head(&self, length: usize, more: &str) -> Vec<u8> {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\naccept: application/json\r\n{more}content-length: {length}\r\n\r\n",
            self.address
        );
        head.into_bytes()
    }

    /// Sends a GraphQL request with this JSON body, and reads the response.
    ///
    /// # Errors
    /// When the connection breaks before.
    pub async fn ask(&mut self, body: &str) -> io::Result<Answer> {
        self.send(&self.request(body)).await?;
        self.answer().await
    }

    /// Sends these bytes.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIECE) {
            if let Some(aim) = &self.aim {
                aim.breathe().await;
            }
            self.stream.write_all(piece).await?;
            if let Some(aim) = &self.aim {
                aim.sent(piece.len());
            }
        }
        Ok(())
    }

    /// Reads more bytes; false at the end.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn more(&mut self) -> io::Result<bool> {
        if let Some(aim) = &self.aim {
            aim.breathe().await;
        }
        Ok(self.stream.read_buf(&mut self.buffer).await? > 0)
    }

    /// Reads and drops bytes until the other side closes.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn until_closed(&mut self) -> io::Result<()> {
        while self.more().await? {
            self.buffer.clear();
        }
        Ok(())
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// When the connection ends before.
    pub async fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            if !self.more().await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let rest = self.buffer.split_off(length);
        Ok(std::mem::replace(&mut self.buffer, rest))
    }

    /// The bytes up to and including the next `end`.
    async fn through(&mut self, end: &[u8]) -> io::Result<Vec<u8>> {
        let mut from = 0;
        loop {
            let position = self.buffer[from..]
                .windows(end.len())
                .position(|window| window == end);
            if let Some(at) = position {
                return self.exactly(from + at + end.len()).await;
            }
            from = self.buffer.len().saturating_sub(end.len() - 1);
            if self.buffer.len() > MAX_HEAD || !self.more().await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads a response.
    ///
    /// # Errors
    /// The connection ends early, or the bytes are no response.
    pub async fn answer(&mut self) -> io::Result<Answer> {
        let wrong = || io::Error::from(io::ErrorKind::InvalidData);
        let head = self.through(b"\r\n\r\n").await?;
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
        let status: u16 = status.ok_or_else(wrong)?;
        let value = |name: &str| {
            let mut lines = head.lines();
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
        };
        let closes = value("connection") == Some("close");
        let body = match (value("content-length"), value("transfer-encoding")) {
            (Some(length), _) => {
                let length = length.parse().map_err(|_| wrong())?;
                self.exactly(length).await?
            }
            (None, Some(_)) => self.chunks().await?,
            (None, None) => Vec::new(),
        };
        Ok(Answer {
            status,
            body,
            closes,
        })
    }

    async fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.through(b"\r\n").await?;
            let text = String::from_utf8_lossy(&line);
            let length = usize::from_str_radix(text.trim(), 16)
                .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
            let chunk = self.exactly(length + 2).await?;
            if length == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&chunk[..length]);
        }
    }
}

/// The JSON body of a request with this operation and no variables.
#[must_use]
pub fn operation(query: &str) -> String {
    serde_json::json!({ "query": query }).to_string()
}
