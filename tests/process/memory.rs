//! An upstream body of any length takes little more memory than the configured limit.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use futures_util::stream;
use http::Response;
use sangam_demo::departments;
use sangam_demo::standin::{Options, Standin};
use serde_json::json;

use super::running::{Folder, Running, post, text};
use crate::support::server::{Server, router, tls};

const LIMIT: usize = 64_000_000;
/// The memory that is allowed in addition to the bodies.
const MORE: usize = 20_000_000;
/// The window of brotli, which is held in addition.
const BROTLI_WINDOW: usize = 17_000_000;

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

/// A JSON text in pieces of 64 KB, which are counted.
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

/// `length` bytes of JSON, compressed by gzip to a thousandth.
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

/// 256,000,000 bytes of JSON, compressed by brotli with the largest window (`BROTLI_PARAM_LGWIN` 24), in hexadecimal digits:
/// written by `brotliCompressSync` of Node.js.
const BROTLI_BOMB: &str = "\
    cfffff7f00046173a92fdb055b16c5d00e2f835e2b04e577ada430457bd2fbff551efeffff032001108705a07bffcfffff7f\
    002400e2b00074effff9ffff0f8004401c1680eefd3fffffff01900088c302d0bdffe7ffff3f001200715800baf7fffcffff\
    074002200e0b40f7fe9fffffff004800c46101e8defff3ffff1f000980382c00ddfb7ffeffff032001108705a07bffcfffff\
    7f002400e2b00074effff9ffff0f8004401c1680eefd3fffffff01900088c302d0bdffe7ffff3f001200715800baf7fffcff\
    ff074002200e0b40f7fe3fff7f84004800c46101e8de0801";

fn brotli_bomb() -> Vec<u8> {
    let pairs = BROTLI_BOMB.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.map(byte).collect()
}

/// Plain text in ISO 8859-1 with `content-length`; it is twice as long in UTF-8.
fn latin1(length: usize) -> Response<Body> {
    Response::builder()
        .header("content-type", "text/plain; charset=iso-8859-1")
        .body(Body::from(vec![0xE9; length]))
        .unwrap()
}

fn files(served: Arc<AtomicUsize>) -> Router {
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
            "/brotli" => answer
                .header("content-encoding", "br")
                .body(Body::from(brotli_bomb())),
            "/latin1" => Ok(latin1(LIMIT / 2 - 1_000)),
            "/latin1-too-long" => Ok(latin1(LIMIT / 2 + 1_000)),
            "/fitting" => answer.body(body(LIMIT - 1_000, Arc::clone(&served))),
            _ => answer.body(Body::from("{\"id\":\"7\"}")),
        };
        std::future::ready(answer.unwrap())
    };
    Router::new().fallback(handler)
}

type Started = (Server, Folder, Running, Arc<AtomicUsize>);

async fn start() -> Started {
    let served = Arc::default();
    let server = router(files(Arc::clone(&served))).await;
    let folder = folder(&server.url(""), "");
    started(server, folder, served).await
}

/// An upstream with TLS.
async fn start_tls() -> Started {
    let served = Arc::default();
    let (server, authority) = tls(files(Arc::clone(&served))).await;
    let url = format!("https://localhost:{}", server.address.port());
    let folder = folder(&url, "ca = \"authority.pem\"\n");
    std::fs::write(folder.path("authority.pem"), authority).unwrap();
    started(server, folder, served).await
}

fn folder(url: &str, more: &str) -> Folder {
    let settings = format!(
        "listen = \"127.0.0.1:0\"\n[limits]\noperation_timeout = \"300s\"\noperation_bytes = \"512MB\"\noperations_bytes = \"1GB\"\n\
         [connector.files]\nbase_url = \"{url}\"\nmax_response_bytes = {LIMIT}\ntimeout = \"300s\"\n{more}"
    );
    Folder::new(&settings, &[("files", CONNECTOR)])
}

async fn started(server: Server, folder: Folder, served: Arc<AtomicUsize>) -> Started {
    let running = Running::start(folder.command(&["serve"]));
    // The first request also creates objects that stay, which this test does not measure.
    let answer = ask(&running, "small").await;
    assert_eq!(answer, r#"{"data":{"file":{"id":"7"}}}"#);
    (server, folder, running, served)
}

const QUERY: &str = "query Q($kind: String!) { file(kind: $kind) { id } }";

async fn ask(running: &Running, kind: &str) -> String {
    text(post(&running.url, QUERY, &json!({ "kind": kind }))).await
}

/// The maximum increase of memory since `before`.
fn rise(running: &Running, before: usize) -> usize {
    running.memory("VmHWM").saturating_sub(before)
}

async fn refused(started: Started, kind: &str) -> usize {
    let (_server, _folder, running, served) = started;
    let before = running.memory("VmRSS");
    let answer = ask(&running, kind).await;
    assert!(answer.contains("\"kind\":\"LIMIT\""), "{answer}");
    let rise = rise(&running, before);
    let window = if kind == "brotli" { BROTLI_WINDOW } else { 0 };
    assert!(rise <= LIMIT + MORE + window, "{kind}: {rise} bytes more");
    running.stop();
    served.load(Ordering::Relaxed)
}

#[test(threads)]
async fn an_endless_body() {
    let served = refused(start().await, "endless").await;
    assert!(
        (LIMIT..LIMIT + MORE).contains(&served),
        "{served} bytes were read"
    );
}

#[test(threads)]
async fn a_short_body_that_unfolds_to_a_long_one() {
    refused(start().await, "bomb").await;
    refused(start().await, "brotli").await;
}

#[test(threads)]
async fn over_tls() {
    let served = refused(start_tls().await, "endless").await;
    assert!(
        (LIMIT..LIMIT + MORE).contains(&served),
        "{served} bytes were read"
    );
    refused(start_tls().await, "bomb").await;
    refused(start_tls().await, "brotli").await;
}

/// The limit applies to the decompressed body.
#[test(threads)]
async fn a_text_that_grows_by_its_encoding() {
    refused(start().await, "latin1-too-long").await;
    // It is read to its end, and is a value in addition to the body.
    fits("latin1", r#"{"data":{"file":null},"errors":[{"message":"Query.file must be an object, and the response has a string","locations":[{"line":1,"column":27}],"path":["file"],"extensions":{"code":"INVALID_VALUE","sangam":{"kind":"BAD_ANSWER"}}}]}"#, 2 * LIMIT + MORE).await;
}

#[test(threads)]
async fn a_body_just_below_the_limit() {
    fits("fitting", r#"{"data":{"file":{"id":"7"}}}"#, LIMIT + MORE).await;
}

async fn fits(kind: &str, expected: &str, most: usize) {
    let (_server, _folder, running, _) = start().await;
    let before = running.memory("VmRSS");
    let answer = ask(&running, kind).await;
    assert_eq!(answer, expected);
    let rise = rise(&running, before);
    assert!(rise <= most, "{kind}: {rise} bytes more");
    assert!(
        rise >= LIMIT - MORE,
        "{rise} bytes more are too few to be true"
    );
    running.stop();
}

#[test(threads)]
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

/// The demonstration's departments, and the gateway with its default settings.
async fn demonstration() -> (Vec<Standin>, Folder, Running) {
    let connectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors");
    let mut settings = format!(
        "listen = \"127.0.0.1:0\"\nconnectors = \"{}\"\n",
        connectors.display()
    );
    let mut standins = Vec::new();
    for department in departments() {
        let standin = department.start(Options::default()).await.unwrap();
        settings.push_str(&department.settings(&standin.url()));
        settings.push('\n');
        standins.push(standin);
    }
    let folder = Folder::new(&settings, &[]);
    let running = Running::start(folder.command(&["serve"]));
    (standins, folder, running)
}

/// A short operation within all limits of documents, with few rows, whose response would be larger than the memory.
/// The bound is that of one operation; documents may be held twice for a moment.
#[test(threads)]
async fn a_short_operation_that_multiplies() {
    const OPERATION: usize = 128_000_000;
    let (_standins, _folder, running) = demonstration().await;
    let small = text(post(&running.url, "{ districts { name } }", &json!({}))).await;
    assert!(small.starts_with("{\"data\":{\"districts\":[{"), "{small}");
    let before = running.memory("VmRSS");
    for levels in [5, 6] {
        let open = "{ works(first: 100) { nodes { district ".repeat(levels);
        let close = "}}}".repeat(levels);
        let query = format!("{{ districts {open} {{ name }} {close} }}");
        let answer = text(post(&running.url, &query, &json!({}))).await;
        assert!(answer.len() < 1_000, "{} bytes", answer.len());
        assert!(answer.contains("\"kind\":\"LIMIT\""), "{answer}");
    }
    let rise = rise(&running, before);
    assert!(rise <= OPERATION + MORE, "{rise} bytes more");
    running.stop();
}
