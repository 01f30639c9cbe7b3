//! A department's body, however long, costs no more memory than the configured limit and a little.
#![cfg(target_os = "linux")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use futures_util::stream;
use http::Response;
use serde_json::json;

use super::running::{Folder, Running, post, text};
use crate::support::server::{Server, router};

const LIMIT: usize = 64_000_000;
/// What the promise allows beside the bodies.
const MORE: usize = 20_000_000;

const CONNECTOR: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11")
  @link(url: "https://specs.apollo.dev/connect/v0.2", import: ["@source", "@connect"])
  @source(name: "files", http: { baseURL: "https://files.example" })

type Query {
  file(kind: String!, number: Int): File
    @connect(source: "files", http: { GET: "/{$args.kind}", queryParams: "number: $args.number" }, selection: "id")
}

type File { id: ID }
"#;

/// Pieces of 64 KB, counted, after a beginning that makes them one JSON text.
fn body(end: usize, served: Arc<AtomicUsize>) -> Body {
    const PIECE: usize = 64_000;
    let piece = Bytes::from(vec![b'x'; PIECE]);
    let pieces = stream::unfold(0, move |sent: usize| {
        let (piece, served) = (piece.clone(), Arc::clone(&served));
        async move {
            let next = match sent {
                0 => Bytes::from_static(b"{\"id\":\"7\",\"filling\":\""),
                _ if sent > end => return None,
                _ if sent + PIECE > end => Bytes::from_static(b"\"}"),
                _ => piece,
            };
            let sent = if next.len() == 2 {
                usize::MAX
            } else {
                sent + next.len()
            };
            served.fetch_add(next.len(), Ordering::Relaxed);
            Some((Ok::<_, std::convert::Infallible>(next), sent))
        }
    });
    Body::from_stream(pieces)
}

/// A gzip text of `length` bytes of JSON, itself a thousandth of it.
fn bomb(length: usize) -> Vec<u8> {
    let mut text = b"{\"id\":\"7\",\"filling\":\"".to_vec();
    text.resize(length, b'x');
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bomb");
    std::fs::write(&file, &text).unwrap();
    let output = std::process::Command::new("gzip")
        .arg("-c")
        .arg(&file)
        .output()
        .unwrap();
    assert!(output.status.success());
    output.stdout
}

async fn files(served: Arc<AtomicUsize>) -> Server {
    let bomb = Bytes::from(bomb(4 * LIMIT));
    let handler = move |request: Request| {
        let answer = Response::builder()
            .header("content-type", "application/json")
            .header("cache-control", "max-age=600");
        let answer = match request.uri().path() {
            "/endless" => answer.body(body(usize::MAX - 1_000_000, Arc::clone(&served))),
            "/bomb" => answer
                .header("content-encoding", "gzip")
                .body(Body::from(bomb.clone())),
            "/fitting" => answer.body(body(LIMIT - 1_000, Arc::clone(&served))),
            _ => answer.body(Body::from("{\"id\":\"7\"}")),
        };
        std::future::ready(answer.unwrap())
    };
    router(Router::new().fallback(handler)).await
}

async fn start() -> (Server, Folder, Running, Arc<AtomicUsize>) {
    let served = Arc::default();
    let server = files(Arc::clone(&served)).await;
    let settings = format!(
        "listen = \"127.0.0.1:0\"\n[limits]\noperation_timeout = \"300s\"\n\
         [connector.files]\nbase_url = \"{}\"\nmax_response_bytes = {LIMIT}\ntimeout = \"300s\"\n",
        server.url("")
    );
    let folder = Folder::new(&settings, &[("files", CONNECTOR)]);
    let running = Running::start(folder.command(&["serve"]));
    // What is built when the first request comes is not of interest.
    let answer = ask(&running, "small").await;
    assert_eq!(answer, r#"{"data":{"file":{"id":"7"}}}"#);
    (server, folder, running, served)
}

const QUERY: &str = "query Q($kind: String!) { file(kind: $kind) { id } }";

async fn ask(running: &Running, kind: &str) -> String {
    text(post(&running.url, QUERY, &json!({ "kind": kind }))).await
}

/// By how much memory has risen at most since it was `before`.
fn rise(running: &Running, before: usize) -> usize {
    running.memory("VmHWM").saturating_sub(before)
}

async fn refused(kind: &str) -> usize {
    let (_server, _folder, running, served) = start().await;
    let before = running.memory("VmRSS");
    let answer = ask(&running, kind).await;
    assert!(answer.contains("\"kind\":\"LIMIT\""), "{answer}");
    let rise = rise(&running, before);
    assert!(rise <= LIMIT + MORE, "{kind}: {rise} bytes more");
    running.stop();
    served.load(Ordering::Relaxed)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_body() {
    let served = refused("endless").await;
    assert!(
        (LIMIT..LIMIT + MORE).contains(&served),
        "{served} bytes were read"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_body_that_unfolds_to_a_long_one() {
    refused("bomb").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_just_below_the_limit() {
    let (_server, _folder, running, _) = start().await;
    let before = running.memory("VmRSS");
    let answer = ask(&running, "fitting").await;
    assert_eq!(answer, r#"{"data":{"file":{"id":"7"}}}"#);
    let rise = rise(&running, before);
    assert!(rise <= LIMIT + MORE, "{rise} bytes more");
    assert!(
        rise >= LIMIT - MORE,
        "{rise} bytes more are too few to be true"
    );
    running.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn several_at_once_take_as_much_each() {
    const CALLS: usize = 4;
    let (_server, _folder, running, _) = start().await;
    let before = running.memory("VmRSS");
    let call = |number| format!("a{number}: file(kind: \"endless\", number: {number}) {{ id }} ");
    let query: String = (0..CALLS).map(call).collect();
    let request = post(&running.url, &format!("{{ {query} }}"), &json!({}));
    let answer = text(request).await;
    assert_eq!(
        answer.matches("\"kind\":\"LIMIT\"").count(),
        CALLS,
        "{answer}"
    );
    let rise = rise(&running, before);
    assert!(rise <= CALLS * (LIMIT + MORE / 2), "{rise} bytes more");
    running.stop();
}
