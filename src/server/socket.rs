//! The socket of a client: it counts bytes written, and records when bytes arrive.
//!
//! **Closing.** Closing a socket while received bytes are unread resets the connection, and the reset discards bytes that
//! the client has not read yet. An HTTP/2 client may send at any time, and must be able to read GOAWAY, which says which of
//! its requests were not processed. An HTTP/1 client whose request was refused before its body was read may still send the
//! body. So the socket is first shut down for writing; then it reads and drops what still arrives, up to a limit, until the
//! client closes its side (RFC 9112, section 9.6). The sweep limits the time.

use std::io;
use std::io::IoSlice;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::connection::Connection;

/// Unsent bytes that the kernel may buffer for a client. Without this limit it buffers megabytes, and the server would see
/// too late that a client reads slowly.
const UNSENT: u32 = 128 * 1024;

/// The size of the buffer for bytes that are dropped while a connection closes.
const DROPPED: usize = 4 * 1024;

/// Bytes of an unread body that are dropped. More than a client sends by mistake.
pub(super) const REST: usize = 16 * 1024 * 1024;

/// The socket of a connection.
pub(super) struct Socket {
    stream: TcpStream,
    connection: Arc<Connection>,
    /// The socket is shut down for writing.
    shut: bool,
    /// Bytes that were dropped since then.
    dropped: usize,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, connection: Arc<Connection>) -> io::Result<Socket> {
        stream.set_nodelay(true)?;
        #[cfg(target_os = "linux")]
        socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT)?;
        Ok(Socket {
            stream,
            connection,
            shut: false,
            dropped: 0,
        })
    }

    fn written(&self, result: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(count)) = result {
            let written = &self.connection.written;
            written.fetch_add(*count as u64, Relaxed);
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.connection.poll_budget.poll_read(context));
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        let count = buffer.filled().len() - before;
        if count > 0 {
            self.connection.read(count);
        }
        result
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.shut {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            self.shut = true;
        }
        let connection = &self.connection;
        if !connection.http2.load(Relaxed) && !connection.unread_body.load(Relaxed) {
            return Poll::Ready(Ok(()));
        }
        connection.finishing();
        let mut dropped = [0; DROPPED];
        while self.dropped < REST {
            let mut buffer = ReadBuf::new(&mut dropped);
            ready!(self.as_mut().poll_read(context, &mut buffer))?;
            if buffer.filled().is_empty() {
                break;
            }
            self.dropped += buffer.filled().len();
        }
        Poll::Ready(Ok(()))
    }
}

/// A transport whose first bytes were read already: reading returns these first, together with what the transport has.
///
/// Together, because the HTTP library doubles its buffer of 8 kB if the first read gives a part of a head: every connection
/// would hold 16 kB.
pub(super) struct Rewind<T> {
    pub(super) read: Bytes,
    pub(super) rest: T,
}

impl<T: AsyncRead + Unpin> AsyncRead for Rewind<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.read.is_empty() {
            return Pin::new(&mut self.rest).poll_read(context, buffer);
        }
        let count = self.read.len().min(buffer.remaining());
        buffer.put_slice(&self.read[..count]);
        self.read.advance(count);
        if self.read.is_empty() && buffer.remaining() > 0 {
            // An error, or the end of the transport, is what the next read gives.
            let _ = Pin::new(&mut self.rest).poll_read(context, buffer);
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Rewind<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.rest).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.rest).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.rest.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.rest).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.rest).poll_shutdown(context)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn the_first_read_gives_all_that_has_arrived() {
        let (mut client, server) = duplex(64);
        let mut transport = Rewind {
            read: Bytes::from_static(b"POST "),
            rest: server,
        };
        client.write_all(b"/graphql").await.unwrap();
        let mut buffer = [0; 64];
        let count = transport.read(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..count], b"POST /graphql");
        drop(client);
        assert_eq!(transport.read(&mut buffer).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_was_read_does_not_wait_for_more() {
        let (mut client, server) = duplex(64);
        let mut transport = Rewind {
            read: Bytes::from_static(b"POST "),
            rest: server,
        };
        let mut buffer = [0; 3];
        for expected in [&b"POS"[..], b"T "] {
            let count = transport.read(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..count], expected);
        }
        client.write_all(b"/").await.unwrap();
        assert_eq!(transport.read(&mut buffer).await.unwrap(), 1);
    }
}
