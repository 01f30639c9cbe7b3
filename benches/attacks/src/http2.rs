//! HTTP/2 by hand (RFC 9113), with prior knowledge and without Huffman codes: just enough to misbehave.

use std::io;

use crate::aim::Aim;
use crate::wire::Wire;

/// Frame types.
pub mod kind {
    /// A part of a body.
    pub const DATA: u8 = 0;
    /// The fields of a request.
    pub const HEADERS: u8 = 1;
    /// The end of a stream before its time.
    pub const RST_STREAM: u8 = 3;
    /// Parameters of the connection.
    pub const SETTINGS: u8 = 4;
    /// A ping, or its acknowledgement.
    pub const PING: u8 = 6;
    /// The connection ends.
    pub const GOAWAY: u8 = 7;
    /// More fields.
    pub const CONTINUATION: u8 = 9;
}

/// The stream ends here; for pings and settings: this is an acknowledgement.
pub const END_STREAM: u8 = 1;
/// No more fields follow.
pub const END_HEADERS: u8 = 4;
/// The setting for the initial flow-control window of a stream.
pub const INITIAL_WINDOW_SIZE: u16 = 4;

/// A received frame.
#[derive(Debug)]
pub struct Frame {
    /// Its type.
    pub kind: u8,
    /// Its flags.
    pub flags: u8,
    /// Its stream; 0 is the connection.
    pub stream: u32,
    /// Its payload.
    pub payload: Vec<u8>,
}

/// The bytes of a frame.
#[must_use]
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A header field that is not added to a table.
#[must_use]
pub fn field(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        // Lengths of 127 and more continue in further bytes, with seven bits each.
        match u8::try_from(text.len()) {
            Ok(length @ ..127) => bytes.push(length),
            _ => {
                bytes.push(127);
                let mut rest = text.len() - 127;
                while rest >= 128 {
                    bytes.push((rest % 128) as u8 | 128);
                    rest /= 128;
                }
                bytes.push(rest as u8);
            }
        }
        bytes.extend(text.as_bytes());
    }
    bytes
}

/// A connection that speaks HTTP/2.
#[derive(Debug)]
pub struct Http2 {
    wire: Wire,
    authority: String,
    next: u32,
}

impl Http2 {
    /// Opens one with these settings.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn connect(aim: &Aim, settings: &[(u16, u32)]) -> io::Result<Http2> {
        let mut wire = aim.connect().await?;
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        let mut payload = Vec::new();
        for (setting, value) in settings {
            payload.extend(setting.to_be_bytes());
            payload.extend(value.to_be_bytes());
        }
        bytes.extend(frame(kind::SETTINGS, 0, 0, &payload));
        wire.send(&bytes).await?;
        Ok(Http2 {
            wire,
            authority: aim.address().to_string(),
            next: 1,
        })
    }

    /// The id of a new stream.
    ///
    /// # Errors
    /// When there is none.
    pub fn stream(&mut self) -> io::Result<u32> {
        let stream = self.next;
        self.next = stream.checked_add(2).ok_or(io::ErrorKind::Other)?;
        Ok(stream)
    }

    /// The fields of a GraphQL request.
    #[must_use]
    pub fn fields(&self) -> Vec<u8> {
        // Entries 3 and 6 of the static table: `:method: POST` and `:scheme: http`.
        let mut fields = vec![0x83, 0x86];
        fields.extend(field(":path", "/graphql"));
        fields.extend(field(":authority", &self.authority));
        fields.extend(field("content-type", "application/json"));
        fields.extend(field("accept", "application/json"));
        fields
    }

    /// The bytes of a GraphQL request with this JSON body.
    #[must_use]
    pub fn request(&self, stream: u32, body: &str) -> Vec<u8> {
        let mut bytes = frame(kind::HEADERS, END_HEADERS, stream, &self.fields());
        bytes.extend(frame(kind::DATA, END_STREAM, stream, body.as_bytes()));
        bytes
    }

    /// Sends these bytes.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.wire.send(bytes).await
    }

    /// The next frame.
    ///
    /// # Errors
    /// When the connection ends before.
    pub async fn frame(&mut self) -> io::Result<Frame> {
        let head = self.wire.exactly(9).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let stream = u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]);
        let payload = self.wire.exactly(length as usize).await?;
        Ok(Frame {
            kind: head[3],
            flags: head[4],
            stream,
            payload,
        })
    }

    /// Reads frames and acknowledges settings and pings, until the connection ends.
    ///
    /// # Errors
    /// When the connection ends.
    pub async fn polite(&mut self) -> io::Result<()> {
        loop {
            let came = self.frame().await?;
            match (came.kind, came.flags & 1) {
                (kind::SETTINGS, 0) => self.send(&frame(kind::SETTINGS, 1, 0, &[])).await?,
                (kind::PING, 0) => self.send(&frame(kind::PING, 1, 0, &came.payload)).await?,
                (kind::GOAWAY, _) => return Err(io::ErrorKind::ConnectionAborted.into()),
                _ => (),
            }
        }
    }
}
