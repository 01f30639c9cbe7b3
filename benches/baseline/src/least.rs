//! The smallest possible handler: it finds the end of a request, and always sends the same bytes. The throughput of a load
//! generator against it is an upper bound for everything that does more.

use std::io;
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use sangam_harness::listen::GREETING;

/// The longest request of the load generator.
const LONGEST: usize = 64 * 1024;

pub(crate) async fn serve(file: &Path) -> io::Result<()> {
    let body = std::fs::read(file)?;
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(&body);
    let answer: Arc<[u8]> = answer.into();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    writeln!(io::stdout(), "{GREETING}http://{}", listener.local_addr()?)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let answer = Arc::clone(&answer);
        tokio::spawn(async move {
            // A client may disconnect at any time.
            let _ = converse(stream, &answer).await;
        });
    }
}

async fn converse(mut stream: TcpStream, answer: &[u8]) -> io::Result<()> {
    let mut received = vec![0; LONGEST];
    let mut length = 0;
    loop {
        while let Some(end) = end_of_request(&received[..length]) {
            stream.write_all(answer).await?;
            received.copy_within(end..length, 0);
            length -= end;
        }
        let read = stream.read(&mut received[length..]).await?;
        if read == 0 {
            return Ok(());
        }
        length += read;
    }
}

/// The end of the first request, if it has arrived completely.
fn end_of_request(received: &[u8]) -> Option<usize> {
    let head = received.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&received[..head]).ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    let end = head + length.unwrap_or(0);
    (end <= received.len()).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_ends_with_its_body() {
        let whole = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST";
        assert_eq!(end_of_request(whole), Some(whole.len() - 4));
        assert_eq!(end_of_request(&whole[..whole.len() - 5]), None);
        assert_eq!(end_of_request(b"GET / HTTP/1.1\r\nHost: a\r\n"), None);
        assert_eq!(
            end_of_request(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
            Some(27)
        );
    }
}
