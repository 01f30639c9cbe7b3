//! Clients that send slowly, do not read, or open many connections: their cost is bounded, and other clients are served.

use super::raw::{Raw, head, until};
use super::*;
use crate::config::AllowedOrigin;

const QUERY: &str = "{\"query\":\"{a}\"}";

#[tokio::test]
async fn requests_that_are_not_sent_take_no_place() {
    let mut settings = settings();
    settings.limits.concurrent_requests = 1;
    let running = start(&settings);
    let mut waiting = Vec::new();
    for _ in 0..20 {
        let mut client = Raw::connect(&running.server).await;
        client
            .send(&head(QUERY.len(), "expect: 100-continue\r\n"))
            .await;
        // The server waits for the body.
        assert_eq!(client.reply().await.status, 100);
        waiting.push(client);
    }
    let mut honest = Raw::connect(&running.server).await;
    honest.ask("{a}").await;
    assert_eq!(honest.reply().await.status, 200);
    for client in &mut waiting {
        client.send(QUERY).await;
        assert_eq!(client.reply().await.status, 200);
    }
}

#[tokio::test]
async fn bodies_that_come_in_parts_are_bounded_together() {
    let mut settings = settings();
    settings.limits.bodies_bytes = ByteSize(1_000);
    let running = start(&settings);
    let state = Arc::clone(&running.server.state);
    let part = |length: usize| format!("{}{}", head(900, ""), " ".repeat(length));
    let mut first = Raw::connect(&running.server).await;
    first.send(&part(800)).await;
    until(|| state.bodies.held() == 800).await;
    let mut second = Raw::connect(&running.server).await;
    second.send(&part(300)).await;
    let reply = second.reply().await;
    assert_eq!(reply.status, 503, "{}", reply.body);
    assert!(reply.body.contains("BUSY"), "{}", reply.body);
    // A body that arrives at once is not counted.
    let mut honest = Raw::connect(&running.server).await;
    honest.ask("{a}").await;
    assert_eq!(honest.reply().await.status, 200);
    drop(first);
    until(|| state.bodies.held() == 0).await;
}

#[tokio::test]
async fn a_body_comes_at_the_least_rate_or_its_request_ends() {
    let mut settings = settings();
    settings.limits.stall_timeout = Duration::from_millis(100);
    settings.limits.min_rate = ByteSize(100_000);
    settings.limits.request_read_timeout = Duration::from_secs(60);
    let running = start(&settings);
    let mut client = Raw::connect(&running.server).await;
    client.send(&format!("{}{{", head(QUERY.len(), ""))).await;
    let reply = client.reply().await;
    assert_eq!(reply.status, 408);
    assert!(reply.body.contains("limits.min_rate"), "{}", reply.body);
    settings.limits.stall_timeout = Duration::from_secs(60);
    settings.limits.request_read_timeout = Duration::from_millis(100);
    let running = start(&settings);
    let mut client = Raw::connect(&running.server).await;
    client.send(&format!("{}{{", head(QUERY.len(), ""))).await;
    let reply = client.reply().await;
    assert!(
        reply.body.contains("limits.request_read_timeout"),
        "{}",
        reply.body
    );
}

#[tokio::test]
async fn an_answer_that_is_not_taken_is_given_up() {
    let mut settings = settings();
    settings.limits.stall_timeout = Duration::from_millis(200);
    let running = start(&settings);
    let connections = Arc::clone(&running.server.state.connections);
    let mut lazy = Raw::connect(&running.server).await;
    lazy.ask("{huge}").await;
    until(|| connections.listener.response_bytes() == HUGE).await;
    until(|| connections.listener.response_bytes() == 0 && connections.count() == 0).await;
    assert!(lazy.closed().await < HUGE);
    // A client that reads gets its response.
    let mut reader = Raw::connect(&running.server).await;
    reader.ask("{huge}").await;
    assert_eq!(reader.reply().await.body.len(), HUGE);
    until(|| connections.listener.response_bytes() == 0).await;
}

#[tokio::test]
async fn the_slowest_answer_makes_room_for_others() {
    let mut settings = settings();
    settings.limits.answer_bytes = ByteSize(HUGE);
    settings.limits.answers_bytes = ByteSize(3 * HUGE);
    // A response older than a tenth of `stall_timeout` may be abandoned.
    settings.limits.stall_timeout = Duration::from_secs(1);
    settings.limits.min_rate = ByteSize(0);
    let running = start(&settings);
    let connections = Arc::clone(&running.server.state.connections);
    let mut lazy = Vec::new();
    for _ in 0..2 {
        let mut client = Raw::connect(&running.server).await;
        client.ask("{huge}").await;
        lazy.push(client);
    }
    until(|| connections.listener.response_bytes() == 2 * HUGE).await;
    let since = connections.listener.now();
    until(|| connections.listener.now() > since + 300).await;
    let mut honest = Raw::connect(&running.server).await;
    honest.ask("{huge}").await;
    let reply = honest.reply().await;
    assert_eq!((reply.status, reply.body.len()), (200, HUGE));
    // Exactly one of the two was abandoned.
    until(|| connections.count() == 2 && connections.listener.response_bytes() == HUGE).await;
}

#[tokio::test]
async fn long_answers_leave_room_for_short_ones() {
    let mut settings = settings();
    settings.limits.answer_bytes = ByteSize(HUGE);
    settings.limits.answers_bytes = ByteSize(2 * HUGE);
    settings.cors.origins = vec![AllowedOrigin::Any];
    let running = start(&settings);
    let connections = Arc::clone(&running.server.state.connections);
    let mut lazy = Raw::connect(&running.server).await;
    lazy.ask("{huge}").await;
    until(|| connections.listener.response_bytes() == HUGE).await;
    // A second one would fit into the limit, but not into three quarters of it.
    let mut second = Raw::connect(&running.server).await;
    second.ask("{huge}").await;
    let reply = second.reply().await;
    assert_eq!(reply.status, 503);
    assert!(
        reply.head.contains("access-control-allow-origin: *"),
        "{}",
        reply.head
    );
    assert!(reply.body.contains("BUSY"), "{}", reply.body);
    let mut honest = Raw::connect(&running.server).await;
    honest.ask("{a}").await;
    assert_eq!(honest.reply().await.status, 200);
}

#[tokio::test]
async fn without_room_and_without_slow_clients_a_request_is_told_to_come_back() {
    let mut settings = settings();
    settings.limits.answer_bytes = ByteSize(HUGE);
    settings.limits.answers_bytes = ByteSize(HUGE);
    let running = start(&settings);
    let connections = Arc::clone(&running.server.state.connections);
    let mut lazy = Raw::connect(&running.server).await;
    lazy.ask("{huge}").await;
    until(|| connections.listener.response_bytes() == HUGE).await;
    let mut honest = Raw::connect(&running.server).await;
    honest.ask("{a}").await;
    let reply = honest.reply().await;
    assert_eq!(reply.status, 503);
    assert!(reply.body.contains("BUSY"), "{}", reply.body);
    // Requests that are not GraphQL are still served.
    honest
        .send("GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n")
        .await;
    assert_eq!(running.fake.requests.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn connections_beyond_the_bound_are_closed() {
    let mut settings = settings();
    settings.limits.connections = 3;
    let running = start(&settings);
    let connections = Arc::clone(&running.server.state.connections);
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = Raw::connect(&running.server).await;
        client.ask("{a}").await;
        assert_eq!(client.reply().await.status, 200);
        clients.push(client);
    }
    for _ in 0..20 {
        assert_eq!(Raw::connect(&running.server).await.closed().await, 0);
    }
    assert_eq!(connections.count(), 3);
    for client in &mut clients {
        client.ask("{a}").await;
        assert_eq!(client.reply().await.status, 200);
    }
    clients.pop();
    until(|| connections.count() == 2).await;
    let mut client = Raw::connect(&running.server).await;
    client.ask("{a}").await;
    assert_eq!(client.reply().await.status, 200);
}

#[tokio::test]
async fn when_few_places_are_left_idle_connections_have_less_time() {
    let mut settings = settings();
    settings.limits.connections = 10;
    settings.limits.idle_timeout = Duration::from_secs(3);
    settings.limits.request_read_timeout = Duration::from_secs(3);
    let running = start(&settings);
    let connections = Arc::clone(&running.server.state.connections);
    let started = connections.listener.now();
    let mut idle = Vec::new();
    for _ in 0..10 {
        idle.push(Raw::connect(&running.server).await);
    }
    until(|| connections.count() == 10).await;
    until(|| connections.count() < 9).await;
    assert!(connections.listener.now() < started + 3_000);
    let mut honest = Raw::connect(&running.server).await;
    honest.ask("{a}").await;
    assert_eq!(honest.reply().await.status, 200);
}

#[tokio::test]
async fn the_idle_timeout_holds_after_a_request_too() {
    let mut settings = settings();
    settings.limits.idle_timeout = Duration::from_millis(100);
    let running = start(&settings);
    let mut client = Raw::connect(&running.server).await;
    client.ask("{a}").await;
    assert_eq!(client.reply().await.status, 200);
    assert_eq!(client.closed().await, 0);
}

#[tokio::test]
async fn a_head_comes_to_its_end_in_time() {
    let mut settings = settings();
    settings.limits.request_read_timeout = Duration::from_millis(100);
    let running = start(&settings);
    // The first request is due even if none of its bytes arrives.
    assert_eq!(Raw::connect(&running.server).await.closed().await, 0);
    let mut client = Raw::connect(&running.server).await;
    client.ask("{a}").await;
    assert_eq!(client.reply().await.status, 200);
    client.send("POST /gra").await;
    assert_eq!(client.closed().await, 0);
}
