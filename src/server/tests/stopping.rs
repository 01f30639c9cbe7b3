//! Graceful shutdown: no request is lost.

use super::raw::{Raw, until};
use super::*;

/// How long the port stays open in tests that end before it is closed.
const LONG: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn clients_that_are_kept_alive_lose_no_request() {
    let running = start(&settings());
    let state = Arc::clone(&running.server.state);
    let mut clients = Vec::new();
    for _ in 0..100 {
        let mut client = Raw::connect(&running.server).await;
        client.ask("{a}").await;
        let reply = client.reply().await;
        assert!(!reply.head.contains("connection: close"), "{}", reply.head);
        clients.push(client);
    }
    let mut late = Raw::connect(&running.server).await;
    let mut later = Raw::connect(&running.server).await;
    until(|| state.connections.count() == 102).await;
    let stopping = tokio::spawn(running.server.stop_after(LONG));
    until(|| state.connections.listener.is_past(Phase::Leaving)).await;
    for client in &mut clients {
        client.ask("{a}").await;
        let reply = client.reply().await;
        assert_eq!(reply.status, 200);
        assert!(reply.head.contains("connection: close"), "{}", reply.head);
        assert_eq!(client.closed().await, 0);
    }
    late.send("GET /health/ready HTTP/1.1\r\nhost: a\r\n\r\n")
        .await;
    assert_eq!(late.reply().await.status, 503);
    later
        .send("GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n")
        .await;
    assert_eq!(later.reply().await.status, 200);
    stopping.abort();
}

#[tokio::test]
async fn the_port_is_closed_after_the_delay_and_work_in_flight_ends() {
    let mut settings = settings();
    settings.general.shutdown_delay = Duration::from_millis(100);
    let running = start(&settings);
    let connections = Arc::clone(&running.server.state.connections);
    let address = running.server.address;
    let mut idle = Raw::connect(&running.server).await;
    let mut busy = Raw::connect(&running.server).await;
    busy.ask("{wait}").await;
    running.fake.arrived.notified().await;
    let stopping = tokio::spawn(running.server.stop());
    until(|| connections.listener.is_past(Phase::Leaving)).await;
    // New connections are served while the port is open.
    let stream = tokio::net::TcpStream::connect(address).await;
    assert!(stream.is_ok());
    until(|| connections.listener.is_past(Phase::Closing)).await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    assert_eq!(idle.closed().await, 0);
    assert!(!stopping.is_finished());
    running.fake.proceed.notify_one();
    assert_eq!(busy.reply().await.status, 200);
    stopping.await.unwrap();
    assert_eq!(connections.count(), 0);
}

#[tokio::test]
async fn what_does_not_end_in_time_is_ended() {
    let mut settings = settings();
    settings.general.shutdown_grace = Duration::from_millis(50);
    let running = start(&settings);
    let connections = Arc::clone(&running.server.state.connections);
    let mut busy = Raw::connect(&running.server).await;
    busy.ask("{wait}").await;
    running.fake.arrived.notified().await;
    running.server.stop().await;
    assert_eq!(connections.count(), 0);
    assert_eq!(busy.closed().await, 0);
}

#[tokio::test]
async fn stopping_waits_for_active_requests() {
    let running = start(&settings());
    let waiting = tokio::spawn(send(running.post(r#"{"query":"{wait}"}"#)));
    running.fake.arrived.notified().await;
    let address = running.server.address;
    let connections = Arc::clone(&running.server.state.connections);
    let stopping = tokio::spawn(running.server.stop());
    until(|| connections.listener.is_past(Phase::Closing)).await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    assert!(!stopping.is_finished());
    running.fake.proceed.notify_one();
    assert_eq!(waiting.await.unwrap().0, 200);
    stopping.await.unwrap();
}
