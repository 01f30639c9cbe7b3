//! HTTP/2 clients: flow control, streams, pings, GOAWAY.

use std::io;

use h2::client::{Connection, SendRequest};
use http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::raw::{until, within};
use super::*;

type Client = (SendRequest<Bytes>, Connection<TcpStream, Bytes>);

/// A client with this flow-control window per stream.
async fn connect(server: &Server, window: u32) -> Client {
    let stream = TcpStream::connect(server.address).await.unwrap();
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(window);
    within(builder.handshake(stream)).await.unwrap()
}

fn request(query: &str) -> Request<()> {
    let query = query.replace('{', "%7B").replace('}', "%7D");
    let uri = format!("http://gateway.example/graphql?query={query}");
    Request::get(uri).body(()).unwrap()
}

#[tokio::test]
async fn streams_whose_window_stays_shut_are_ended() {
    let mut settings = settings();
    settings.limits.stall_timeout = Duration::from_millis(300);
    let running = start(&settings);
    let connections = Arc::clone(&running.server.state.connections);
    let (mut sender, connection) = connect(&running.server, 0).await;
    let connection = tokio::spawn(connection);
    let mut answers = Vec::new();
    for _ in 0..4 {
        sender = within(sender.ready()).await.unwrap();
        let (answer, _) = sender.send_request(request("{huge}"), true).unwrap();
        answers.push(within(answer).await.unwrap().into_body());
    }
    assert_eq!(connections.listener.response_bytes(), 4 * HUGE);
    for body in &mut answers {
        let error = within(body.data()).await.unwrap().unwrap_err();
        assert_eq!(error.reason(), Some(h2::Reason::CANCEL));
    }
    until(|| connections.listener.response_bytes() == 0).await;
    // The connection stays open.
    assert_eq!(connections.count(), 1);
    sender = within(sender.ready()).await.unwrap();
    let (answer, _) = sender.send_request(request("{invalid}"), true).unwrap();
    assert_eq!(within(answer).await.unwrap().status(), 200);
    drop((sender, answers));
    within(connection).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_can_send_a_body_after_it_was_refused() {
    const LONG: usize = 3_000_000;
    let mut settings = settings();
    settings.limits.stall_timeout = Duration::from_secs(60);
    let running = start(&settings);
    let (mut sender, connection) = connect(&running.server, 65_535).await;
    let connection = tokio::spawn(connection);
    let request = Request::post("http://gateway.example/graphql")
        .header("content-type", "application/json")
        .header("content-length", LONG);
    sender = within(sender.ready()).await.unwrap();
    let (answer, mut body) = sender
        .send_request(request.body(()).unwrap(), false)
        .unwrap();
    assert_eq!(within(answer).await.unwrap().status(), 413);
    let mut left = LONG;
    while left > 0 {
        body.reserve_capacity(left);
        let capacity = std::future::poll_fn(|context| body.poll_capacity(context));
        let part = within(capacity).await.unwrap().unwrap().min(left);
        left -= part;
        body.send_data(vec![b' '; part].into(), left == 0).unwrap();
    }
    // The connection serves others.
    sender = within(sender.ready()).await.unwrap();
    let (answer, _) = sender.send_request(self::request("{a}"), true).unwrap();
    assert_eq!(within(answer).await.unwrap().status(), 200);
    drop((sender, body));
    within(connection).await.unwrap().unwrap();
}

#[tokio::test]
async fn the_streams_of_one_connection_leave_permits_to_others() {
    let mut settings = settings();
    settings.limits.concurrent_requests = 16;
    let running = start(&settings);
    let (mut sender, connection) = connect(&running.server, 65_535).await;
    let connection = tokio::spawn(connection);
    let mut waiting = Vec::new();
    for _ in 0..12 {
        sender = within(sender.ready()).await.unwrap();
        waiting.push(sender.send_request(request("{wait}"), true).unwrap().0);
        within(running.fake.arrived.notified()).await;
    }
    sender = within(sender.ready()).await.unwrap();
    let (response, _) = sender.send_request(request("{a}"), true).unwrap();
    assert_eq!(within(response).await.unwrap().status(), 503);
    // Another connection gets one of the four permits that are left.
    assert_eq!(send(running.post(r#"{"query":"{a}"}"#)).await.0, 200);
    for response in waiting {
        running.fake.proceed.notify_one();
        assert_eq!(within(response).await.unwrap().status(), 200);
    }
    drop(sender);
    within(connection).await.unwrap().unwrap();
}

#[tokio::test]
async fn the_last_bytes_of_a_stream_cannot_be_kept_for_ever() {
    let mut settings = settings();
    settings.limits.stall_timeout = Duration::from_millis(100);
    let running = start(&settings);
    let connections = Arc::clone(&running.server.state.connections);
    // The window is large enough: the HTTP library takes the whole response.
    let (mut sender, connection) = connect(&running.server, 1).await;
    let connection = tokio::spawn(connection);
    sender = within(sender.ready()).await.unwrap();
    let (answer, _) = sender.send_request(request("{a}"), true).unwrap();
    let _body = within(answer).await.unwrap().into_body();
    until(|| connections.count() == 0).await;
    assert_eq!(connections.listener.response_bytes(), 0);
    let _ = within(connection).await.unwrap();
}

#[tokio::test]
async fn an_answer_in_pieces_is_whole() {
    let running = start(&settings());
    let connections = Arc::clone(&running.server.state.connections);
    let (mut sender, connection) = connect(&running.server, 65_535).await;
    let connection = tokio::spawn(connection);
    sender = within(sender.ready()).await.unwrap();
    let (answer, _) = sender.send_request(request("{huge}"), true).unwrap();
    let answer = within(answer).await.unwrap();
    assert_eq!(header(answer.headers(), "content-length"), HUGE.to_string());
    let mut body = answer.into_body();
    let mut length = 0;
    while let Some(part) = within(body.data()).await {
        let part = part.unwrap();
        length += part.len();
        body.flow_control().release_capacity(part.len()).unwrap();
    }
    assert_eq!(length, HUGE);
    until(|| connections.listener.response_bytes() == 0).await;
    drop((sender, body));
    within(connection).await.unwrap().unwrap();
}

#[tokio::test]
async fn streams_are_bounded() {
    let mut settings = settings();
    settings.limits.http2_streams = 3;
    let running = start(&settings);
    let (sender, mut connection) = connect(&running.server, 65_535).await;
    let mut pings = connection.ping_pong().unwrap();
    let connection = tokio::spawn(connection);
    // The server's SETTINGS frame precedes its answer to a ping.
    within(pings.ping(h2::Ping::opaque())).await.unwrap();
    assert_eq!(sender.current_max_send_streams(), 3);
    drop(sender);
    within(connection).await.unwrap().unwrap();
}

/// Settings with which only `idle_timeout` and the limit on closing can end an idle connection during a test.
fn impatient() -> Settings {
    let mut settings = settings();
    settings.limits.idle_timeout = Duration::from_millis(200);
    settings.limits.request_read_timeout = Duration::from_secs(3600);
    settings.limits.stall_timeout = Duration::from_secs(3600);
    settings
}

#[tokio::test]
async fn pings_keep_no_connection_open() {
    let running = start(&impatient());
    let connections = Arc::clone(&running.server.state.connections);
    for requests in 0..2 {
        let (mut sender, mut connection) = connect(&running.server, 65_535).await;
        let mut pings = connection.ping_pong().unwrap();
        let connection = tokio::spawn(connection);
        for _ in 0..requests {
            sender = within(sender.ready()).await.unwrap();
            let (answer, _) = sender.send_request(request("{a}"), true).unwrap();
            let mut body = within(answer).await.unwrap().into_body();
            assert!(within(body.data()).await.unwrap().is_ok());
        }
        let pinging = tokio::spawn(async move {
            let mut count = 0;
            while pings.ping(h2::Ping::opaque()).await.is_ok() {
                count += 1;
            }
            count
        });
        // The client reads GOAWAY and closes; it must not get a reset.
        within(connection).await.unwrap().unwrap();
        assert!(within(pinging).await.unwrap() > 1);
        drop(sender);
        until(|| connections.count() == 0).await;
    }
}

/// An HTTP/2 frame on stream 0.
fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    let mut frame = vec![0, 0, length, kind, flags, 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;

/// A client that writes HTTP/2 frames itself, also ones that no library would send.
struct Rude {
    reading: OwnedReadHalf,
    writing: OwnedWriteHalf,
}

impl Rude {
    async fn connect(server: &Server) -> Rude {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let (reading, mut writing) = stream.into_split();
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        writing.write_all(preface).await.unwrap();
        let settings = frame(SETTINGS, 0, &[]);
        writing.write_all(&settings).await.unwrap();
        Rude { reading, writing }
    }

    /// The next frame: its kind, its flags, its payload.
    async fn next(&mut self) -> io::Result<(u8, u8, Vec<u8>)> {
        let mut head = [0; 9];
        self.reading.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.reading.read_exact(&mut payload).await?;
        Ok((head[3], head[4], payload))
    }
}

#[tokio::test]
async fn a_client_that_answers_goaway_and_stays_is_closed() {
    let running = start(&impatient());
    let connections = Arc::clone(&running.server.state.connections);
    let mut client = Rude::connect(&running.server).await;
    let mut leaving = Vec::new();
    let end = within(async {
        loop {
            match client.next().await {
                Ok((PING, 0, payload)) => {
                    let answer = frame(PING, ACK, &payload);
                    client.writing.write_all(&answer).await.unwrap();
                }
                Ok((GOAWAY, _, payload)) => leaving.push(payload[..8].to_vec()),
                Ok(_) => {}
                Err(error) => return error.kind(),
            }
        }
    });
    assert_eq!(end.await, io::ErrorKind::UnexpectedEof);
    // The first GOAWAY announces the end; the second one says that no stream was processed.
    let first = [0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    assert_eq!(leaving, [first, [0; 8]]);
    // The client has not closed its side.
    until(|| connections.count() == 0).await;
}

#[tokio::test]
async fn a_client_that_answers_no_ping_and_sends_its_own_is_closed() {
    let running = start(&impatient());
    let connections = Arc::clone(&running.server.state.connections);
    let mut client = Rude::connect(&running.server).await;
    let pings = frame(PING, 0, b"whatever").repeat(100);
    let mut goaway = 0;
    within(async {
        // As many pings as the server answers.
        while client.writing.write_all(&pings).await.is_ok() {
            let mut answered = 0;
            while answered < 100 {
                match client.next().await {
                    Ok((PING, ACK, _)) => answered += 1,
                    Ok((GOAWAY, ..)) => goaway += 1,
                    Ok(_) => {}
                    Err(_) => return,
                }
            }
        }
    })
    .await;
    assert_eq!(goaway, 1);
    until(|| connections.count() == 0).await;
}

#[tokio::test]
async fn a_client_that_floods_with_pings_and_reads_nothing_is_closed() {
    let running = start(&impatient());
    let connections = Arc::clone(&running.server.state.connections);
    let mut client = Rude::connect(&running.server).await;
    let pings = frame(PING, 0, b"whatever").repeat(1_000);
    within(async { while client.writing.write_all(&pings).await.is_ok() {} }).await;
    until(|| connections.count() == 0).await;
}

#[tokio::test]
async fn stopping_tells_clients_and_answers_what_they_have_sent() {
    let running = start(&settings());
    let state = Arc::clone(&running.server.state);
    let (sender, connection) = connect(&running.server, 65_535).await;
    let connection = tokio::spawn(connection);
    let mut sender = within(sender.ready()).await.unwrap();
    let (waiting, _) = sender.send_request(request("{wait}"), true).unwrap();
    running.fake.arrived.notified().await;
    let stopping = tokio::spawn(running.server.stop_after(Duration::from_secs(3600)));
    until(|| state.connections.listener.is_past(Phase::Leaving)).await;
    // GOAWAY: the client must not open further streams.
    within(async {
        while sender.clone().ready().await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    running.fake.proceed.notify_one();
    assert_eq!(within(waiting).await.unwrap().status(), 200);
    within(connection).await.unwrap().unwrap();
    stopping.abort();
}

#[tokio::test]
async fn a_request_names_one_host() {
    let running = start(&settings());
    let (sender, connection) = connect(&running.server, 65_535).await;
    let connection = tokio::spawn(connection);
    for (hosts, status) in [
        (&[][..], 200),
        (&["gateway.example"][..], 200),
        (&["elsewhere.example"][..], 400),
        (&["gateway.example", "gateway.example"][..], 400),
    ] {
        let mut sender = within(sender.clone().ready()).await.unwrap();
        let mut request = request("{a}");
        for host in hosts {
            request.headers_mut().append("host", host.parse().unwrap());
        }
        let (answer, _) = sender.send_request(request, true).unwrap();
        assert_eq!(within(answer).await.unwrap().status(), status, "{hosts:?}");
    }
    drop(sender);
    within(connection).await.unwrap().unwrap();
}
