//! Upstreams that close connections while they are idle: a read is sent once more, a mutation is not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use sangam::connector::Request;
use sangam::source::http::{HttpSettings, HttpSource};
use sangam::source::{CallOptions, Source, SourceErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::{LONG, content, get, options, post};

/// What a connection of [`Upstream`] does, after its first response unless stated otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// Closes: alternately at once, which the client may not have noticed when it sends the next request, and after bytes of
    /// the next request have arrived, which it does not read.
    Close,
    /// Reads one more request, and closes without a response to it.
    Swallow,
    /// Responds to all requests.
    Answer,
    /// Reads one request, and closes without any response.
    Break,
}

/// Counts connections and requests.
#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    requests: AtomicUsize,
    swallowed: Notify,
}

struct Upstream {
    address: SocketAddr,
    counts: Arc<Counts>,
}

impl Upstream {
    /// Responds with this header; `first` is for the first connection, `later` for the others.
    async fn start(header: &'static str, first: After, later: After) -> Upstream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let counts: Arc<Counts> = Arc::default();
        let seen = Arc::clone(&counts);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = seen.connections.fetch_add(1, Ordering::SeqCst);
                let after = if number == 0 { first } else { later };
                let seen = Arc::clone(&seen);
                let unread = number % 2 == 1;
                tokio::spawn(async move { serve(stream, header, after, unread, &seen).await });
            }
        });
        Upstream { address, counts }
    }

    fn get(&self) -> Request {
        get(&format!("http://{}/", self.address))
    }

    fn requests(&self) -> usize {
        self.counts.requests.load(Ordering::SeqCst)
    }

    fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, header: &str, after: After, unread: bool, counts: &Counts) {
    let mut answered = false;
    loop {
        if !read_request(&mut stream).await {
            return;
        }
        counts.requests.fetch_add(1, Ordering::SeqCst);
        if answered && after == After::Swallow {
            counts.swallowed.notify_one();
            return;
        }
        if after == After::Break {
            return;
        }
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{header}content-length: 1\r\n\r\n1"
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        answered = true;
        if after == After::Close {
            if unread {
                // The client may close it first.
                let _ = stream.peek(&mut [0]).await;
            }
            return;
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> bool {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") && !request.ends_with(b"\r\n\r\n{}") {
        match stream.read_buf(&mut request).await {
            Ok(0) | Err(_) => return false,
            Ok(_) => {}
        }
    }
    true
}

/// Both HTTP clients: the direct one, and the full one, which redirects need.
fn sources() -> [HttpSource; 2] {
    [0, 1].map(|redirects| {
        HttpSource::new(HttpSettings {
            redirects,
            ..HttpSettings::default()
        })
        .unwrap()
    })
}

fn reading() -> CallOptions {
    CallOptions {
        is_read: true,
        ..options(LONG, 1000)
    }
}

#[test]
async fn every_read_succeeds_while_the_upstream_closes_after_each_answer() {
    for source in sources() {
        let upstream = Upstream::start("", After::Close, After::Close).await;
        let (request, options) = (upstream.get(), reading());
        let mut failed = Vec::new();
        for _ in 0..32 {
            let calls = join_all((0..8).map(|_| source.call(&request, &options))).await;
            failed.extend(calls.into_iter().filter_map(Result::err));
        }
        assert!(failed.is_empty(), "{} of 256: {failed:?}", failed.len());
        // The upstream reads one request of each connection.
        assert_eq!(upstream.requests(), 256);
    }
}

#[test]
async fn a_read_is_sent_once_more_on_a_new_connection() {
    for source in sources() {
        let upstream = Upstream::start("", After::Swallow, After::Answer).await;
        source.call(&upstream.get(), &reading()).await.unwrap();
        let again = source.call(&upstream.get(), &reading()).await.unwrap();
        assert_eq!(content(&again), "1");
        assert_eq!((upstream.connections(), upstream.requests()), (2, 3));
    }
}

#[test]
async fn a_read_is_sent_twice_at_the_most() {
    for source in sources() {
        let upstream = Upstream::start("", After::Swallow, After::Break).await;
        source.call(&upstream.get(), &reading()).await.unwrap();
        let failed = source.call(&upstream.get(), &reading()).await;
        assert_eq!(failed.unwrap_err().kind, SourceErrorKind::Unreachable);
        assert_eq!((upstream.connections(), upstream.requests()), (2, 3));
    }
}

#[test]
async fn a_new_connection_that_breaks_is_no_reason_to_call_again() {
    for source in sources() {
        let upstream = Upstream::start("", After::Break, After::Break).await;
        let failed = source.call(&upstream.get(), &reading()).await;
        assert_eq!(failed.unwrap_err().kind, SourceErrorKind::Unreachable);
        assert_eq!((upstream.connections(), upstream.requests()), (1, 1));
    }
}

#[test]
async fn a_call_that_changes_something_is_not_sent_again() {
    for source in sources() {
        let upstream = Upstream::start("", After::Swallow, After::Answer).await;
        let request = post(&format!("http://{}/", upstream.address), "{}");
        source.call(&request, &options(LONG, 1000)).await.unwrap();
        let failed = source.call(&request, &options(LONG, 1000)).await;
        assert_eq!(failed.unwrap_err().kind, SourceErrorKind::Unreachable);
        upstream.counts.swallowed.notified().await;
        assert_eq!((upstream.connections(), upstream.requests()), (1, 2));
        // A read with a method that is not safe.
        source.call(&request, &reading()).await.unwrap();
    }
}

#[test]
async fn idle_connections_are_used_as_long_as_the_upstream_says() {
    for source in sources() {
        let upstream =
            Upstream::start("keep-alive: timeout=60\r\n", After::Answer, After::Answer).await;
        for _ in 0..3 {
            source.call(&upstream.get(), &reading()).await.unwrap();
        }
        assert_eq!((upstream.connections(), upstream.requests()), (1, 3));
        let upstream = Upstream::start(
            "Keep-Alive: timeout=0, max=9\r\n",
            After::Answer,
            After::Answer,
        )
        .await;
        for _ in 0..3 {
            source.call(&upstream.get(), &reading()).await.unwrap();
        }
        assert_eq!((upstream.connections(), upstream.requests()), (3, 3));
    }
}
