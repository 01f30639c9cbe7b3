//! Files of clients, by the GraphQL multipart request specification: what arrives at the upstream, and what is refused.

mod several;
mod stopped;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::running::{Folder, Running};
use crate::support::server::{Server, router};

const CONNECTOR: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11")
  @link(url: "https://specs.apollo.dev/connect/v0.2", import: ["@source", "@connect"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@upload"])
  @source(name: "desk", http: { baseURL: "https://desk.example" })

scalar Upload

type Query { version: String @connect(source: "desk", http: { GET: "/version" }, selection: "$.version") }

type Mutation {
  form(id: ID!, photo: Upload): Sent
    @connect(source: "desk", http: { POST: "/form", body: "id: $args.id" }, selection: "id")
    @upload(file: "$args.photo", types: ["image/*"])
  several(input: Several!): Sent
    @connect(source: "desk", http: { POST: "/several" }, selection: "id")
    @upload(file: "$args.input.files", field: "file[]", name: "scan.bin", types: ["text/plain"], max: 2)
  raw(file: Upload!): Sent
    @connect(source: "desk", http: { PUT: "/raw" }, selection: "id")
    @upload(file: "$args.file", as: RAW, maxBytes: 1000)
  sized(file: Upload!): Sent
    @connect(source: "desk", http: { POST: "/sized", body: "a: $(1)" }, selection: "id")
    @upload(file: "$args.file", needsLength: true)
  long(file: Upload!): Sent
    @connect(source: "desk", http: { POST: "/long" }, selection: "id")
    @upload(file: "$args.file", as: RAW)
  leak(file: Upload!): Sent
    @connect(source: "desk", http: { POST: "/leak", body: "a: $args.file" }, selection: "id")
    @upload(file: "$args.file")
}

input Several { files: [Upload!]! }

type Sent { id: ID }
"#;

/// A line, the headers and the body of a request.
type Sent = (String, HeaderMap, Vec<u8>);

/// What the desk has received.
#[derive(Clone, Default)]
struct Received {
    requests: Arc<Mutex<Vec<Sent>>>,
    /// The bytes of the body that is being received.
    bytes: Arc<AtomicUsize>,
    /// Bodies that broke off.
    broken: Arc<AtomicUsize>,
}

/// The content for which the desk breaks off.
const BREAKS: &[u8] = b"breaks";

async fn receive(State(received): State<Received>, request: Request) -> Response<Body> {
    let line = format!("{} {}", request.method(), request.uri().path());
    let headers = request.headers().clone();
    let is_long = request.uri().path() == "/long";
    let mut body = request.into_body().into_data_stream();
    let mut content = Vec::new();
    while let Some(piece) = body.next().await {
        let Ok(piece) = piece else {
            received.broken.fetch_add(1, Ordering::SeqCst);
            break;
        };
        received.bytes.fetch_add(piece.len(), Ordering::SeqCst);
        if !is_long {
            content.extend_from_slice(&piece);
        }
    }
    received
        .requests
        .lock()
        .unwrap()
        .push((line, headers, content.clone()));
    if content == BREAKS {
        // The connection ends without a response.
        std::panic::resume_unwind(Box::new(()));
    }
    Response::builder()
        .header("content-type", "application/json")
        .body(Body::from(r#"{"id":"7","version":"1"}"#))
        .unwrap()
}

struct Started {
    _desk: Server,
    _folder: Folder,
    running: Running,
    received: Received,
}

async fn start(settings: &str) -> Started {
    let received = Received::default();
    let desk = Router::new().fallback(receive).with_state(received.clone());
    let desk = router(desk).await;
    let text = format!(
        "listen = \"127.0.0.1:0\"\n{settings}\n[connector.desk]\nbase_url = \"{}\"\n",
        desk.url("")
    );
    let folder = Folder::new(&text, &[("desk", CONNECTOR)]);
    let running = Running::start(folder.command(&["serve"]));
    Started {
        _desk: desk,
        _folder: folder,
        running,
        received,
    }
}

impl Started {
    fn one(&self) -> (String, HeaderMap, String) {
        let mut requests = self.received.requests.lock().unwrap();
        assert_eq!(requests.len(), 1);
        let (line, headers, body) = requests.remove(0);
        (line, headers, String::from_utf8(body).unwrap())
    }
}

const BOUNDARY: &str = "--boundary";

/// A part of a body.
fn part(name: &str, file: Option<(&str, &str)>, content: &str) -> String {
    let file = file.map(|(file, content_type)| {
        format!("; filename=\"{file}\"\r\ncontent-type: {content_type}")
    });
    let file = file.unwrap_or_default();
    format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n"
    )
}

fn end() -> String {
    format!("--{BOUNDARY}--\r\n")
}

/// The parts before the files.
fn head(query: &str, variables: &Value, map: &Value) -> String {
    let operations = json!({ "query": query, "variables": variables }).to_string();
    part("operations", None, &operations) + &part("map", None, &map.to_string())
}

const FORM: &str = "mutation ($id: ID!, $photo: Upload) { form(id: $id, photo: $photo) { id } }";
const RAW: &str = "mutation ($file: Upload!) { raw(file: $file) { id } }";
const SEVERAL: &str = "mutation ($input: Several!) { several(input: $input) { id } }";
const LONG: &str = "mutation ($file: Upload!) { long(file: $file) { id } }";

fn one_file() -> Value {
    json!({ "0": ["variables.file"] })
}

/// Sends a body; returns the status and the response.
async fn send(
    running: &Running,
    headers: &[(&str, &str)],
    body: impl Into<Vec<u8>>,
) -> (u16, Value) {
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let mut request = super::running::client()
        .post(format!("{}/graphql", running.url))
        .header("content-type", content_type)
        .body(body.into());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

const PREFLIGHT: [(&str, &str); 1] = [("apollo-require-preflight", "true")];

async fn upload(running: &Running, body: impl Into<Vec<u8>>) -> Value {
    let (status, answer) = send(running, &PREFLIGHT, body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// The head of the next response on a connection, and its body.
async fn answer(client: &mut TcpStream) -> String {
    let mut answer = String::new();
    loop {
        let mut piece = vec![0; 4096];
        let length = client.read(&mut piece).await.unwrap();
        assert!(length > 0, "closed after {answer:?}");
        answer += std::str::from_utf8(&piece[..length]).unwrap();
        if let Some((head, body)) = answer.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.unwrap().parse().unwrap() {
                return answer;
            }
        }
    }
}

fn code(answer: &Value) -> &str {
    let code = &answer["errors"][0]["extensions"]["code"];
    code.as_str().unwrap_or_else(|| panic!("{answer}"))
}

#[test(threads)]
async fn a_file_in_a_form() {
    let started = start("").await;
    let variables = json!({ "id": "a\"b", "photo": null });
    let body = head(FORM, &variables, &json!({ "0": ["variables.photo"] }))
        + &part("0", Some(("../me.png", "image/PNG; x=y")), "PNG\r\n--bound")
        + &end();
    let answer = upload(&started.running, body).await;
    assert_eq!(answer, json!({ "data": { "form": { "id": "7" } } }));
    let (line, headers, body) = started.one();
    assert_eq!(line, "POST /form");
    assert!(!headers.contains_key("content-length"));
    let content_type = headers["content-type"].to_str().unwrap();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=");
    let boundary = boundary.unwrap();
    let expected = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"id\"\r\n\r\na\"b\r\n\
         --{boundary}\r\ncontent-disposition: form-data; name=\"photo\"; filename=\"me.png\"\r\n\
         content-type: image/png\r\n\r\nPNG\r\n--bound\r\n--{boundary}--\r\n"
    );
    assert_eq!(body, expected);
}

#[test(threads)]
async fn a_form_without_its_nullable_file() {
    let started = start("").await;
    let request = super::running::post(&started.running.url, FORM, &json!({ "id": "1" }));
    let answer = request.send().await.unwrap().text().await.unwrap();
    assert_eq!(answer, r#"{"data":{"form":{"id":"7"}}}"#);
    let (_, _, body) = started.one();
    assert_eq!(body, r#"{"id":"1"}"#);
}

#[test(threads)]
async fn several_files_and_a_name_of_the_connector() {
    let started = start("").await;
    let variables = json!({ "input": { "files": [null, null] } });
    let map = json!({ "a": ["variables.input.files.0"], "b": ["variables.input.files.1"] });
    let body = head(SEVERAL, &variables, &map)
        + &part("a", Some(("a.txt", "text/plain")), "first")
        + &part("b", Some(("b.txt", "text/plain")), "second")
        + &end();
    let answer = upload(&started.running, body).await;
    assert_eq!(answer, json!({ "data": { "several": { "id": "7" } } }));
    let (_, _, body) = started.one();
    let (first, second) = (body.find("first").unwrap(), body.find("second").unwrap());
    assert!(first < second);
    let named = "name=\"file[]\"; filename=\"scan.bin\"";
    assert_eq!(body.matches(named).count(), 2, "{body}");
    let three = json!({ "input": { "files": [null, null, null] } });
    let map = json!({ "a": ["variables.input.files.0"], "b": ["variables.input.files.1"], "c": ["variables.input.files.2"] });
    let answer = upload(&started.running, head(SEVERAL, &three, &map) + &end()).await;
    assert_eq!(code(&answer), "CONNECTOR_REQUEST");
}

/// Nothing is known of what the upstream has done with it, and the client's content is gone.
#[test(threads)]
async fn a_file_is_never_sent_again() {
    let started = start("").await;
    let raw = |content: &str| {
        let file = part("0", Some(("a", "text/plain")), content);
        head(RAW, &json!({ "file": null }), &one_file()) + &file + &end()
    };
    // The second one uses the connection of the first one.
    let sent = upload(&started.running, raw("first")).await;
    assert_eq!(sent["data"]["raw"]["id"], "7", "{sent}");
    let answer = upload(&started.running, raw("breaks")).await;
    assert_eq!(code(&answer), "HTTP_CLIENT_ERROR", "{answer}");
    let requests = started.received.requests.lock().unwrap();
    let bodies: Vec<&[u8]> = requests.iter().map(|(_, _, body)| &**body).collect();
    assert_eq!(bodies, [b"first", BREAKS]);
}

/// The length that a client declares for a part is not believed, and that of the whole body ends it.
#[test(threads)]
async fn a_length_that_is_not_the_file_s() {
    let started = start("").await;
    for declared in [0, 1, 4_000_000_000_u32] {
        let content_type = format!("text/plain\r\ncontent-length: {declared}");
        let body = head(RAW, &json!({ "file": null }), &one_file())
            + &part("0", Some(("a", &content_type)), "0123456789")
            + &end();
        let answer = upload(&started.running, body).await;
        assert_eq!(answer["data"]["raw"]["id"], "7", "{answer}");
        let (_, headers, content) = started.one();
        assert_eq!(content, "0123456789");
        assert_eq!(headers["transfer-encoding"], "chunked");
    }
    // A body that ends before its declared length, and one that has more: the rest would be another request.
    let body = head(RAW, &json!({ "file": null }), &one_file())
        + &part("0", Some(("a", "text/plain")), "0123456789")
        + &end();
    let address = started.running.url.strip_prefix("http://").unwrap();
    for (length, expected) in [
        (body.len() - end().len() - 4, "UPLOAD_BROKEN"),
        (body.len(), "\"id\":\"7\""),
    ] {
        let request = format!(
            "POST /graphql HTTP/1.1\r\nhost: x\r\napollo-require-preflight: 1\r\ncontent-length: {length}\r\n\
             content-type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n{body}"
        );
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        let answer = answer(&mut client).await;
        assert!(answer.contains(expected), "{answer}");
    }
}

#[test(threads)]
async fn a_file_as_the_body() {
    let started = start("").await;
    let body = head(RAW, &json!({ "file": null }), &one_file())
        + &part("0", Some(("a.pdf", "application/pdf")), "%PDF")
        + &end();
    let answer = upload(&started.running, body).await;
    assert_eq!(answer, json!({ "data": { "raw": { "id": "7" } } }));
    let (line, headers, body) = started.one();
    assert_eq!((line.as_str(), body.as_str()), ("PUT /raw", "%PDF"));
    assert_eq!(headers["content-type"], "application/pdf");
}

/// What is refused before anything is executed.
#[test(threads)]
async fn a_request_that_is_no_upload() {
    let started = start("[files]\nuploads = 2").await;
    let variables = json!({ "file": null });
    let file = part("0", Some(("a.pdf", "application/pdf")), "%PDF");
    let with_map = |map: Value| head(RAW, &variables, &map) + &file + &end();
    let good = with_map(one_file());
    let batch = part("operations", None, "[{}]") + &part("map", None, "{}") + &end();
    let swapped = part("map", None, "{}") + &part("operations", None, "{}") + &end();
    let cases = [
        (&PREFLIGHT[..0], good.clone(), 400, "UPLOAD_NEEDS_PREFLIGHT"),
        (&PREFLIGHT[..], batch, 400, "UPLOAD_BATCH"),
        (&PREFLIGHT[..], swapped, 400, "BAD_REQUEST"),
        (&PREFLIGHT[..], "nothing".to_owned(), 400, "BAD_REQUEST"),
        (&PREFLIGHT[..], end(), 400, "BAD_REQUEST"),
        (
            &PREFLIGHT[..],
            part("operations", None, "{}") + &end(),
            400,
            "BAD_REQUEST",
        ),
        (
            &PREFLIGHT[..],
            part("operations", None, "no JSON") + &part("map", None, "{}"),
            400,
            "BAD_REQUEST",
        ),
        (&PREFLIGHT[..], with_map(json!([])), 400, "UPLOAD_MAP"),
        (
            &PREFLIGHT[..],
            with_map(json!({ "0": "variables.file" })),
            400,
            "UPLOAD_MAP",
        ),
        (
            &PREFLIGHT[..],
            with_map(json!({ "0": ["variables.nowhere"] })),
            400,
            "UPLOAD_MAP",
        ),
        (
            &PREFLIGHT[..],
            with_map(json!({ "0": ["query"] })),
            400,
            "UPLOAD_MAP",
        ),
        (
            &PREFLIGHT[..],
            with_map(json!({ "0": ["variables.file"], "1": ["variables.file"] })),
            400,
            "UPLOAD_MAP",
        ),
        (
            &PREFLIGHT[..],
            with_map(json!({ "0": ["variables.a"], "1": ["variables.b"], "2": ["variables.c"] })),
            413,
            "REQUEST_TOO_LARGE",
        ),
    ];
    for (headers, body, status, expected) in cases {
        let (refused, answer) = send(&started.running, headers, body.clone()).await;
        assert_eq!((refused, code(&answer)), (status, expected), "{body}");
    }
    for coding in ["gzip", "zstd", "br, gzip", "compress"] {
        let headers = [PREFLIGHT[0], ("content-encoding", coding)];
        let (status, answer) = send(&started.running, &headers, good.clone()).await;
        assert_eq!(
            (status, code(&answer)),
            (415, "UNSUPPORTED_MEDIA_TYPE"),
            "{coding}"
        );
        assert_eq!(
            answer["errors"][0]["message"],
            "Send the body of this request uncompressed, without the header Content-Encoding"
        );
    }
    let not_null = head(RAW, &json!({ "file": "x" }), &one_file()) + &file + &end();
    let (status, answer) = send(&started.running, &PREFLIGHT, not_null).await;
    assert_eq!((status, code(&answer)), (400, "UPLOAD_MAP"));
    let long = part("operations", None, &" ".repeat(1_000_001));
    let (status, answer) = send(&started.running, &PREFLIGHT, long).await;
    assert_eq!((status, code(&answer)), (413, "REQUEST_TOO_LARGE"));
    // A beginning without an end.
    let (status, answer) = send(&started.running, &PREFLIGHT, vec![b'x'; 4_000_000]).await;
    assert_eq!((status, code(&answer)), (400, "BAD_REQUEST"));
    assert!(started.received.requests.lock().unwrap().is_empty());
    // The next client is not affected, and may say that nothing is compressed.
    let headers = [PREFLIGHT[0], ("content-encoding", "identity")];
    assert_eq!(send(&started.running, &headers, good.clone()).await.0, 200);
    assert_eq!(
        upload(&started.running, good).await,
        json!({ "data": { "raw": { "id": "7" } } })
    );
}

/// What fails the field that has the file.
#[test(threads)]
async fn a_file_that_is_not_passed_on() {
    let started = start("").await;
    let file = |content_type: &str, content: &str| part("0", Some(("a", content_type)), content);
    let raw = |parts: String| head(RAW, &json!({ "file": null }), &one_file()) + &parts;
    let pdf = "application/pdf";
    let cases = [
        (
            raw(file(pdf, &"x".repeat(1001)) + &end()),
            "UPLOAD_TOO_LARGE",
        ),
        (raw(file("text/html", "x") + &end()), "UPLOAD_TYPE"),
        (raw(file("", "x") + &end()), "UPLOAD_TYPE"),
        (raw(end()), "UPLOAD_MISSING"),
        (
            raw(part("9", Some(("a", pdf)), "x") + &end()),
            "UPLOAD_NOT_IN_MAP",
        ),
        (raw(part("0", None, "x") + &end()), "UPLOAD_BROKEN"),
        // The body ends in the middle of the file, or in its head.
        (raw(file(pdf, "x")), "UPLOAD_BROKEN"),
        (
            raw(format!("--{BOUNDARY}\r\ncontent-disp")),
            "UPLOAD_BROKEN",
        ),
    ];
    for (body, expected) in cases {
        let answer = upload(&started.running, body.clone()).await;
        assert_eq!(code(&answer), expected, "{body}");
        assert_eq!(answer["data"], json!({ "raw": null }));
    }
    // The head of a part without an end is not collected.
    let endless = raw(format!("--{BOUNDARY}\r\nx: {}", "x".repeat(4_000_000)));
    assert_eq!(
        code(&upload(&started.running, endless).await),
        "UPLOAD_BROKEN"
    );
    // A text in place of a file, and a file where text belongs.
    let text = super::running::post(&started.running.url, RAW, &json!({ "file": "upload-0" }));
    let answer: Value =
        serde_json::from_slice(&text.send().await.unwrap().bytes().await.unwrap()).unwrap();
    assert_eq!(code(&answer), "CONNECTOR_REQUEST");
    let leak = "mutation ($file: Upload!) { leak(file: $file) { id } }";
    let body = head(leak, &json!({ "file": null }), &one_file()) + &file(pdf, "x") + &end();
    assert_eq!(
        code(&upload(&started.running, body).await),
        "CONNECTOR_REQUEST"
    );
    let paths: Vec<String> = {
        started
            .received
            .requests
            .lock()
            .unwrap()
            .iter()
            .map(|it| it.0.clone())
            .collect()
    };
    assert!(!paths.contains(&"POST /leak".to_owned()), "{paths:?}");
    // Faults of clients are none of the upstream.
    let log = started.running.stop();
    assert!(!log.contains("the upstream failed"), "{log}");
}
