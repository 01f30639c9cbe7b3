//! A field with `@file`: its URL, and the file behind it, as clients download it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, Response};
use sangam::config::{self, HttpUrl, Secret};
use sangam::files::Files;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::running::{Folder, Running, client, post, text};
use crate::support::server::{Server, router};

const CONNECTOR: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11")
  @link(url: "https://specs.apollo.dev/connect/v0.2", import: ["@source", "@connect"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@file"])
  @source(
    name: "desk"
    http: { baseURL: "https://desk.example/api/", headers: [{ name: "x-key", value: "{$config.key}" }] }
  )

scalar URL

type Query {
  letter(id: ID!): Letter
    @connect(source: "desk", http: { GET: "/letters/{$args.id}" }, selection: "id scan address pages")
}

type Letter {
  id: ID
  scan: URL @file(source: "desk", http: { GET: "/scans/{$this.scan}" }, name: "scan {$this.scan}.pdf", inline: true, expires: 60)
  address: URL @file(source: "desk", types: ["text/*"])
  pages: [URL!] @file(source: "desk")
}
"#;

const CONTENT: &[u8] = b"0123456789abcdefghij";

/// What the desk saw of the last request for a file.
type Seen = Arc<std::sync::Mutex<HeaderMap>>;

/// A department's files, with ranges; the rest is by the path.
fn desk(seen: Seen, stopped: Arc<AtomicUsize>) -> Router {
    let handler = move |request: Request| {
        let path = request.uri().path().to_owned();
        let headers = request.headers().clone();
        let (seen, stopped) = (Arc::clone(&seen), Arc::clone(&stopped));
        async move {
            if let Some(id) = path.strip_prefix("/v2/letters/") {
                return letter(id);
            }
            *seen.lock().unwrap() = headers.clone();
            file(&path, &headers, &stopped).await
        }
    };
    Router::new().fallback(handler)
}

fn letter(id: &str) -> Response<Body> {
    let (scan, address) = match id {
        "number" => (json!(17), json!("notes/a%20b.txt?v=2")),
        "absolute" => (json!("x"), json!("https://desk.example/api/notes/c.html")),
        "elsewhere" => (json!("x"), json!("https://evil.example/notes")),
        "above" => (json!(".."), json!("notes/../../secrets")),
        "none" => (Value::Null, json!("")),
        kind => (json!(kind), json!("notes/d")),
    };
    let body = json!({ "id": id, "scan": scan, "address": address, "pages": ["p/1", "p/2"] });
    Response::builder()
        .header("content-type", "application/json")
        .header("cache-control", "max-age=3600")
        .body(Body::from(body.to_string()))
        .unwrap()
}

async fn file(path: &str, headers: &HeaderMap, stopped: &Arc<AtomicUsize>) -> Response<Body> {
    let answer = Response::builder().header("content-type", "application/pdf");
    let answer = match path {
        "/v2/scans/17" => return ranged(headers),
        "/v2/notes/a%20b.txt" => answer
            .header("content-type", "text/plain")
            .header("content-disposition", "attachment; filename=\"../n.txt\""),
        "/v2/notes/c.html" => Response::builder().header("content-type", "text/html"),
        "/v2/scans/html" => Response::builder().header("content-type", "text/html; charset=utf-8"),
        "/v2/scans/gone" => answer.status(404),
        "/v2/scans/denied" => answer.status(403),
        "/v2/scans/broken" => {
            let pieces = [Ok("01234"), Err(std::io::Error::other("broken"))];
            // The head and the first piece are sent before it breaks.
            let pieces = stream::iter(pieces).then(|piece| async {
                tokio::task::yield_now().await;
                piece
            });
            let body = Body::from_stream(pieces);
            return answer.header("content-length", "20").body(body).unwrap();
        }
        "/v2/scans/long" => {
            return answer
                .header("content-length", "2000000")
                .body(Body::from(vec![0; 2_000_000]))
                .unwrap();
        }
        "/v2/scans/endless" => return answer.body(endless(Arc::clone(stopped))).unwrap(),
        "/v2/scans/silent" => return std::future::pending().await,
        _ => answer,
    };
    answer.body(Body::from(CONTENT)).unwrap()
}

fn ranged(headers: &HeaderMap) -> Response<Body> {
    let answer = Response::builder()
        .header("content-type", "application/pdf")
        .header("accept-ranges", "bytes")
        .header("etag", "\"one\"");
    let range = headers.get("range").map(|range| range.to_str().unwrap());
    let fits = headers.get("if-range").is_none_or(|tag| tag == "\"one\"");
    let answer = match range.filter(|_| fits) {
        Some("bytes=5-9") => answer
            .status(206)
            .header("content-range", "bytes 5-9/20")
            .body(Body::from(&CONTENT[5..10])),
        Some("bytes=99-") => answer
            .status(416)
            .header("content-range", "bytes */20")
            .body(Body::empty()),
        _ => answer.body(Body::from(CONTENT)),
    };
    answer.unwrap()
}

/// Counts on drop: the gateway has ended the transfer.
struct Ended(Arc<AtomicUsize>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn endless(stopped: Arc<AtomicUsize>) -> Body {
    let ended = Ended(stopped);
    let piece = Bytes::from(vec![b'x'; 64_000]);
    let pieces = stream::repeat_with(move || {
        let _ended = &ended;
        Ok::<_, std::convert::Infallible>(piece.clone())
    });
    Body::from_stream(pieces)
}

struct Started {
    _desk: Server,
    folder: Folder,
    running: Running,
    seen: Seen,
    stopped: Arc<AtomicUsize>,
}

const WITH_KEY: &str = "key = { file = \"keys\" }";
const KEY: &str = "0123456789abcdef0123456789abcdef";

async fn start(settings: &str) -> Started {
    let (seen, stopped) = (Seen::default(), Arc::new(AtomicUsize::new(0)));
    let desk = router(desk(Arc::clone(&seen), Arc::clone(&stopped))).await;
    let text = format!(
        "listen = \"127.0.0.1:0\"\n[files]\n{settings}\n[connector.desk]\nbase_url = \"{}\"\nconfig = {{ key = \"k1\" }}\n",
        desk.url("/v2")
    );
    let folder = Folder::new(&text, &[("desk", CONNECTOR)]);
    std::fs::write(folder.path("keys"), KEY).unwrap();
    let running = Running::start(folder.command(&["serve"]));
    Started {
        _desk: desk,
        folder,
        running,
        seen,
        stopped,
    }
}

const QUERY: &str = "query ($id: ID!) { letter(id: $id) { id scan address pages } }";

async fn ask(running: &Running, id: &str) -> Value {
    let answer = text(post(&running.url, QUERY, &json!({ "id": id }))).await;
    serde_json::from_str(&answer).unwrap()
}

/// The URL of the scan of a letter.
async fn scan(started: &Started, id: &str) -> String {
    let answer = ask(&started.running, id).await;
    let url = answer["data"]["letter"]["scan"].as_str();
    url.unwrap_or_else(|| panic!("{answer}")).to_owned()
}

async fn get(url: &str, headers: &[(&str, &str)]) -> reqwest::Response {
    let mut request = client().get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn header<'r>(response: &'r reqwest::Response, name: &str) -> &'r str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

/// The status and the code of a response without a file.
async fn refusal(url: &str) -> (u16, String) {
    let response = get(url, &[]).await;
    let status = response.status().as_u16();
    assert_eq!(header(&response, "cache-control"), "private, no-store");
    let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    let code = body["errors"][0]["extensions"]["code"].as_str().unwrap();
    (status, code.to_owned())
}

#[test(threads)]
async fn a_file_is_passed_on() {
    let started = start(WITH_KEY).await;
    let answer = post(&started.running.url, QUERY, &json!({ "id": "number" }));
    let answer = answer.send().await.unwrap();
    // Half of the shortest life of a URL in it.
    let lifetime = header(&answer, "cache-control").strip_prefix("public, max-age=");
    let lifetime: u64 = lifetime.unwrap().parse().unwrap();
    let age: u64 = header(&answer, "age").parse().unwrap_or(0);
    assert!(lifetime - age <= 30, "{lifetime} {age}");
    let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    let letter = &answer["data"]["letter"];
    let url = letter["scan"].as_str().unwrap();
    assert!(
        url.starts_with(&format!("{}/files/", started.running.url)),
        "{url}"
    );
    let response = get(url, &[("authorization", "Bearer x")]).await;
    assert_eq!(response.status(), 200);
    for (name, value) in [
        ("content-type", "application/pdf"),
        ("content-length", "20"),
        ("content-disposition", "inline; filename=\"scan 17.pdf\""),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cache-control", "private, no-store"),
        ("referrer-policy", "no-referrer"),
        ("accept-ranges", "bytes"),
        ("etag", "\"one\""),
    ] {
        assert_eq!(header(&response, name), value, "{name}");
    }
    assert_eq!(response.bytes().await.unwrap(), CONTENT);
    let seen = started.seen.lock().unwrap().clone();
    assert_eq!(seen["x-key"], "k1");
    assert_eq!(seen["accept-encoding"], "identity");
    assert!(
        !seen.contains_key("authorization"),
        "the client's credentials are not for the upstream"
    );
    // It is valid repeatedly, and for HEAD.
    let head = client().head(url).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(header(&head, "content-length"), "20");
    // The address of a text is relative, with a query.
    let address = get(letter["address"].as_str().unwrap(), &[]).await;
    assert_eq!(header(&address, "content-type"), "application/octet-stream");
    let address_name = header(&address, "content-disposition").to_owned();
    assert_eq!(address_name, "attachment; filename=\"n.txt\"");
    let pages = letter["pages"].as_array().unwrap();
    assert_eq!(pages.len(), 2);
    let page = get(pages[1].as_str().unwrap(), &[]).await;
    assert_eq!(
        header(&page, "content-disposition"),
        "attachment; filename=\"2\""
    );
    let log = started.running.stop();
    assert!(!log.contains(&url[url.len() - 40..]), "a URL is in the log");
}

#[test(threads)]
async fn a_range_is_passed_on() {
    let started = start("").await;
    let url = scan(&started, "number").await;
    let part = get(&url, &[("range", "bytes=5-9")]).await;
    assert_eq!(part.status(), 206);
    assert_eq!(header(&part, "content-range"), "bytes 5-9/20");
    assert_eq!(part.bytes().await.unwrap(), &CONTENT[5..10]);
    let changed = [("range", "bytes=5-9"), ("if-range", "\"two\"")];
    assert_eq!(get(&url, &changed).await.status(), 200);
    let several = get(&url, &[("range", "bytes=0-1,3-4")]).await;
    assert_eq!(several.status(), 200);
    let beyond = get(&url, &[("range", "bytes=99-")]).await;
    assert_eq!(beyond.status(), 416);
    assert_eq!(header(&beyond, "content-range"), "bytes */20");
    let body: Value = serde_json::from_slice(&beyond.bytes().await.unwrap()).unwrap();
    assert_eq!(
        body["errors"][0]["extensions"]["code"],
        "RANGE_NOT_SATISFIABLE"
    );
}

#[test(threads)]
async fn a_content_that_could_run_scripts_is_saved() {
    let started = start("").await;
    let response = get(&scan(&started, "html").await, &[]).await;
    assert_eq!(
        header(&response, "content-type"),
        "application/octet-stream"
    );
    assert_eq!(
        header(&response, "content-disposition"),
        "attachment; filename=\"scan html.pdf\""
    );
    // The folder's own list has texts; an absolute address is below the base URL of the folder.
    let answer = ask(&started.running, "absolute").await;
    let url = answer["data"]["letter"]["address"].as_str().unwrap();
    let response = get(url, &[]).await;
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "content-type"), "text/html");
}

#[test(threads)]
async fn what_is_no_file_has_a_code() {
    let started = start("download_bytes = \"1MB\"\ndownload_idle_timeout = \"100ms\"").await;
    for (id, status, code) in [
        ("gone", 404, "FILE_NOT_FOUND"),
        ("denied", 502, "FILE_UPSTREAM_FAILED"),
        ("long", 502, "FILE_TOO_LARGE"),
        // The value would lead to another path.
        ("above", 502, "FILE_UPSTREAM_FAILED"),
    ] {
        let url = scan(&started, id).await;
        assert_eq!(refusal(&url).await, (status, code.to_owned()), "{id}");
    }
    for id in ["elsewhere", "above"] {
        let answer = ask(&started.running, id).await;
        let url = answer["data"]["letter"]["address"].as_str().unwrap();
        let expected = (502, "FILE_UPSTREAM_FAILED".to_owned());
        assert_eq!(refusal(url).await, expected, "{id}");
    }
    // A field without a value, and one with an empty text.
    let answer = ask(&started.running, "none").await;
    assert_eq!(answer["data"]["letter"]["scan"], Value::Null);
    assert_eq!(answer["data"]["letter"]["address"], Value::Null);
    let message =
        "Letter.address must be the address of a file, and the response has an empty text";
    assert_eq!(answer["errors"][0]["message"], message);
    let url = scan(&started, "number").await;
    let (start, end) = url.split_at(url.len() - 9);
    let other = if end.starts_with('A') { 'B' } else { 'A' };
    let altered = format!("{start}{other}{}", &end[1..]);
    for url in [
        altered.as_str(),
        &format!("{}/files/x", started.running.url),
        &format!("{url}/x"),
    ] {
        assert_eq!(
            refusal(url).await,
            (404, "FILE_NOT_FOUND".to_owned()),
            "{url}"
        );
    }
    let posted = client().post(&url).send().await.unwrap();
    assert_eq!(posted.status(), 405);
    assert_eq!(header(&posted, "allow"), "GET, HEAD");
}

#[test(threads)]
async fn a_silent_upstream_is_late() {
    let started = start("").await;
    let settings = std::fs::read_to_string(started.folder.path("sangam.toml")).unwrap();
    std::fs::write(
        started.folder.path("sangam.toml"),
        settings + "timeout = \"3s\"\n",
    )
    .unwrap();
    let running = Running::start(started.folder.command(&["serve"]));
    let answer = ask(&running, "silent").await;
    let url = answer["data"]["letter"]["scan"].as_str().unwrap();
    assert_eq!(
        refusal(url).await,
        (504, "FILE_UPSTREAM_TIMEOUT".to_owned())
    );
}

#[test(threads)]
async fn a_content_that_breaks_off_ends_the_connection() {
    let started = start("download_bytes = \"1MB\"").await;
    for id in ["broken", "endless"] {
        let response = get(&scan(&started, id).await, &[]).await;
        assert_eq!(response.status(), 200, "{id}");
        assert!(
            response.bytes().await.is_err(),
            "{id}: half a file passed for a whole one"
        );
    }
}

#[test(threads)]
async fn a_client_that_leaves_ends_the_transfer() {
    let started = start("").await;
    let response = get(&scan(&started, "endless").await, &[]).await;
    let mut content = response.bytes_stream();
    assert!(content.next().await.unwrap().is_ok());
    drop(content);
    while started.stopped.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
}

/// Over one connection of HTTP/2: files, ranges, and other requests beside them, while a client reads a file as slowly as it wants.
#[test(threads)]
async fn files_are_passed_on_over_http2() {
    let started = start(WITH_KEY).await;
    let scan_url = scan(&started, "number").await;
    let endless = scan(&started, "endless").await;
    let long = scan(&started, "long").await;
    let broken = scan(&started, "broken").await;
    let client = reqwest::Client::builder();
    let client = client.http2_prior_knowledge().no_proxy().build().unwrap();
    let get = async |url: &str| {
        let response = client.get(url).send().await.unwrap();
        assert_eq!(response.version(), http::Version::HTTP_2);
        response
    };
    // It is not read beyond the windows of its stream, and takes nothing from the others.
    let mut unread = get(&endless).await;
    assert!(unread.chunk().await.unwrap().is_some());
    let whole = get(&scan_url).await;
    assert_eq!(header(&whole, "content-type"), "application/pdf");
    assert_eq!(whole.bytes().await.unwrap(), CONTENT);
    let range = client.get(&scan_url).header("range", "bytes=5-9");
    let range = range.send().await.unwrap();
    assert_eq!(range.status(), 206);
    assert_eq!(range.bytes().await.unwrap(), &CONTENT[5..10]);
    let long = get(&long).await.bytes().await.unwrap();
    assert_eq!(long.len(), 2_000_000);
    // The stream is reset, so that the client does not take the part for the whole.
    assert!(get(&broken).await.bytes().await.is_err());
    let url = format!("{}/health/live", started.running.url);
    assert_eq!(get(&url).await.status(), 200);
    assert_eq!(started.stopped.load(Ordering::SeqCst), 0);
    // The client cancels its stream, and the connection stays.
    drop(unread);
    while started.stopped.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(get(&url).await.status(), 200);
}

/// The URLs of one replica are valid at another one, and after a restart, if the key is set.
#[test(threads)]
async fn replicas_share_keys() {
    let other = "abcdef0123456789abcdef0123456789";
    let started = start(WITH_KEY).await;
    let url = scan(&started, "number").await;
    let path = url.strip_prefix(&started.running.url).unwrap();
    for (key, status) in [
        (KEY.to_owned(), 200),
        (format!("{other}\n{KEY}\n"), 200),
        (other.to_owned(), 404),
    ] {
        std::fs::write(started.folder.path("keys"), &key).unwrap();
        let replica = Running::start(started.folder.command(&["serve"]));
        let response = get(&format!("{}{path}", replica.url), &[]).await;
        assert_eq!(response.status(), status, "{key}");
    }
    std::fs::write(started.folder.path("keys"), "short").unwrap();
    let output = started.folder.command(&["serve"]).output().unwrap();
    let said = super::running::printed(&output);
    assert!(
        said.contains("files.key has a key with fewer than 32 characters"),
        "{said}"
    );
}

#[test(threads)]
async fn without_a_key_the_log_warns() {
    let started = start("").await;
    let log = started.running.stop();
    assert!(log.contains("files.key is not set"), "{log}");
    assert!(!log.contains("files.base_url"), "{log}");
}

/// Nothing is asked of the upstream.
#[test(threads)]
async fn an_expired_url_is_gone() {
    let started = start(WITH_KEY).await;
    let files = Files::new(&config::Files {
        key: Some(Secret::new(KEY)),
        base_url: HttpUrl::new(&started.running.url),
        ..config::Files::default()
    });
    let url = |seconds| {
        let lifetime = Some(Duration::from_secs(seconds));
        files.url("desk", "Letter.scan", b"17", lifetime)
    };
    assert_eq!(get(&url(60), &[]).await.status(), 200);
    started.seen.lock().unwrap().clear();
    let late = url(0);
    assert_eq!(refusal(&late).await, (410, "FILE_EXPIRED".to_owned()));
    let ranged = get(&late, &[("range", "bytes=5-9"), ("if-range", "\"one\"")]).await;
    assert_eq!(ranged.status(), 410);
    let head = client().head(&late).send().await.unwrap();
    assert_eq!(head.status(), 410);
    assert_eq!(header(&head, "cache-control"), "private, no-store");
    assert_eq!(head.bytes().await.unwrap(), "");
    assert!(started.seen.lock().unwrap().is_empty());
}

/// Where clients on other machines probably cannot use the URLs, the log says so once, also after a reload.
#[test(threads)]
async fn an_address_that_clients_cannot_reach_is_warned_of() {
    let any = "begin with `localhost`, which is no address for other machines";
    let inside = "the address of `listen`, for clients of operations.listen too";
    let base = "[files]\nbase_url = \"https://graph.example\"\n";
    for (listen, section, expected) in [
        ("0.0.0.0:0", "", Some(any)),
        ("[::]:0", "", Some(any)),
        (
            "127.0.0.1:0",
            "[operations]\nlisten = \"127.0.0.1:0\"\n",
            Some(inside),
        ),
        ("0.0.0.0:0", base, None),
        ("127.0.0.1:0", "", None),
    ] {
        let settings = format!("listen = \"{listen}\"\n{section}");
        let folder = Folder::new(&settings, &[("desk", CONNECTOR)]);
        let mut running = Running::start(folder.command(&["serve"]));
        running.hang_up();
        running.until("reloaded");
        let log = running.stop();
        let warned = log.matches("files.base_url is not set").count();
        assert_eq!(warned, usize::from(expected.is_some()), "{settings}: {log}");
        assert!(
            log.contains(expected.unwrap_or_default()),
            "{settings}: {log}"
        );
    }
    // Without a field of a file, nothing is to be said.
    let folder = Folder::new("listen = \"0.0.0.0:0\"\n", &[("desk", PLAIN)]);
    let log = Running::start(folder.command(&["serve"])).stop();
    assert!(!log.contains("files."), "{log}");
}

/// A connector without files.
const PLAIN: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11")
  @link(url: "https://specs.apollo.dev/connect/v0.2", import: ["@connect"])

type Query { a: Int @connect(http: { GET: "https://desk.example/a" }, selection: "$.a") }
"#;

/// A page that has the URL may read the file, whatever the settings allow of other paths, and send no cookies.
#[test(threads)]
async fn pages_of_every_origin_read_files() {
    let started = start("").await;
    let url = scan(&started, "number").await;
    let origin = ("origin", "https://news.example");
    for (headers, status) in [
        (vec![origin], 200),
        (vec![origin, ("range", "bytes=5-9")], 206),
    ] {
        let response = get(&url, &headers).await;
        assert_eq!(response.status(), status);
        assert_eq!(header(&response, "access-control-allow-origin"), "*");
        assert_eq!(header(&response, "access-control-allow-credentials"), "");
        let exposed = header(&response, "access-control-expose-headers").to_owned();
        for name in [
            "accept-ranges",
            "content-range",
            "content-disposition",
            "etag",
        ] {
            assert!(exposed.split(',').any(|one| one == name), "{exposed}");
        }
    }
    let preflight = client().request(http::Method::OPTIONS, &url);
    let preflight = preflight
        .header("origin", "https://news.example")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "if-range,range");
    let preflight = preflight.send().await.unwrap();
    assert_eq!(preflight.status(), 200);
    assert_eq!(
        header(&preflight, "access-control-allow-methods"),
        "GET,HEAD"
    );
    assert!(header(&preflight, "access-control-allow-headers").contains("if-range"));
    // A refusal can be read too.
    let missing = get(&format!("{}/files/x", started.running.url), &[origin]).await;
    assert_eq!(
        (
            missing.status().as_u16(),
            header(&missing, "access-control-allow-origin")
        ),
        (404, "*")
    );
    // Other paths are not concerned.
    let request = post(&started.running.url, QUERY, &json!({ "id": "number" }));
    let response = request
        .header("origin", "https://news.example")
        .send()
        .await
        .unwrap();
    assert_eq!(header(&response, "access-control-allow-origin"), "");
}

const LENGTH: usize = 100_000_000;

/// A file of 100 MB to a client that reads slowly at first, in bounded memory.
#[cfg(target_os = "linux")]
#[test(threads)]
async fn a_long_file_takes_little_memory() {
    let piece = Bytes::from(vec![b'x'; 100_000]);
    let served = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&served);
    let handler = move |request: Request| {
        let (piece, counted) = (piece.clone(), Arc::clone(&counted));
        let answer = match request.uri().path() {
            "/letters/a" => return std::future::ready(letter("a")),
            _ => Response::builder().header("content-length", LENGTH.to_string()),
        };
        let pieces = stream::iter(0..LENGTH / piece.len()).map(move |_| {
            counted.fetch_add(piece.len(), Ordering::SeqCst);
            Ok::<_, std::convert::Infallible>(piece.clone())
        });
        std::future::ready(answer.body(Body::from_stream(pieces)).unwrap())
    };
    let desk = router(Router::new().fallback(handler)).await;
    let settings = format!(
        "listen = \"127.0.0.1:0\"\n[limits]\nstall_timeout = \"300s\"\n[connector.desk]\nbase_url = \"{}\"\nconfig = {{ key = \"k1\" }}\n",
        desk.url("")
    );
    let folder = Folder::new(&settings, &[("desk", CONNECTOR)]);
    let running = Running::start(folder.command(&["serve"]));
    let answer = ask(&running, "a").await;
    let url = answer["data"]["letter"]["scan"].as_str().unwrap();
    let path = url.strip_prefix(&running.url).unwrap();
    let before = running.memory("VmRSS");
    let address = running.url.strip_prefix("http://").unwrap();
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut buffer = vec![0; 1 << 20];
    let mut read = socket.read(&mut buffer).await.unwrap();
    // The client does not read during these requests: the upstream stops when the buffers of the sockets are full.
    for _ in 0..5 {
        ask(&running, "a").await;
    }
    let ahead = served.load(Ordering::SeqCst);
    assert!(ahead < LENGTH / 2, "{ahead} bytes were read ahead");
    loop {
        match socket.read(&mut buffer).await.unwrap() {
            0 => break,
            more => read += more,
        }
    }
    assert!(read > LENGTH, "{read}");
    let rise = running.memory("VmHWM").saturating_sub(before);
    assert!(rise < 32_000_000, "{rise} bytes more");
    running.stop();
}
