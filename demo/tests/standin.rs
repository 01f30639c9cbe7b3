//! The functions of a stand-in: records, weather, reset.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::post;
use sangam_demo::{Standin, Weather};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn echo() -> Standin {
    let router = Router::new().route("/echo", post(|body: String| async move { body }));
    sangam_demo::start("echo", router).await.unwrap()
}

async fn connect(standin: &Standin) -> TcpStream {
    TcpStream::connect(standin.url().strip_prefix("http://").unwrap())
        .await
        .unwrap()
}

/// Sends a request on a new connection; returns the response with its head.
async fn ask(standin: &Standin) -> std::io::Result<String> {
    let mut stream = connect(standin).await;
    stream
        .write_all(b"POST /echo?n=1 HTTP/1.0\r\nx-sample: yes\r\ncontent-length: 5\r\n\r\nhello")
        .await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn calls_are_recorded_and_forgotten() {
    let standin = echo().await;
    assert!(ask(&standin).await.unwrap().ends_with("hello"));
    let calls = standin.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].method, "POST");
    assert_eq!(calls[0].target, "/echo?n=1");
    assert_eq!(calls[0].headers["x-sample"], "yes");
    assert_eq!(calls[0].text(), "hello");
    standin.reset();
    assert!(standin.calls().is_empty());
    assert_eq!(standin.call_count(), 0);
}

#[tokio::test]
async fn weather_comes_and_goes() {
    let standin = echo().await;
    standin.weather(Weather::Status(503));
    assert!(ask(&standin).await.unwrap().starts_with("HTTP/1.0 503"));
    standin.weather(Weather::Html);
    assert!(ask(&standin).await.unwrap().contains("<!DOCTYPE html>"));
    standin.weather(Weather::InvalidJson);
    let answer = ask(&standin).await.unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    assert!(serde_json::from_str::<serde_json::Value>(body).is_err());
    standin.weather(Weather::Dead);
    assert!(ask(&standin).await.is_err());
    let slow = Duration::from_millis(30);
    standin.weather(Weather::Slow(slow));
    let start = Instant::now();
    assert!(ask(&standin).await.unwrap().ends_with("hello"));
    assert!(start.elapsed() >= slow);
    standin.weather(Weather::Fine);
    assert!(ask(&standin).await.unwrap().ends_with("hello"));
}

#[tokio::test]
async fn a_kept_alive_connection_breaks_when_the_system_dies() {
    let standin = echo().await;
    let mut stream = connect(&standin).await;
    let request = b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi";
    stream.write_all(request).await.unwrap();
    let mut some = [0; 1024];
    assert!(stream.read(&mut some).await.unwrap() > 0);
    standin.weather(Weather::Dead);
    stream.write_all(request).await.unwrap();
    assert!(matches!(stream.read(&mut some).await, Err(_) | Ok(0)));
}

#[tokio::test]
async fn an_endless_body_goes_on_and_on() {
    let standin = echo().await;
    standin.weather(Weather::Endless);
    let mut stream = connect(&standin).await;
    stream
        .write_all(b"POST /echo HTTP/1.0\r\ncontent-length: 0\r\n\r\n")
        .await
        .unwrap();
    let mut read = 0;
    let mut some = vec![0; 65536];
    while read < 10_000_000 {
        let more = stream.read(&mut some).await.unwrap();
        assert!(more > 0, "it ended after {read} bytes");
        read += more;
    }
}
