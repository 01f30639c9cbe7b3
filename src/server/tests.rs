//! Tests the server over real sockets, with an executor of the tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;

mod clients;
mod heads;
mod http2;
mod raw;
mod stopping;

use super::listener_state::Phase;
use super::{Executor, Server};
use crate::config::{ByteSize, Secret, Settings};
use crate::gateway::{
    ClientContext, GraphqlRequest, GraphqlResponse, Payload, RequestOutcome, ResponseCachePolicy,
};

/// Bytes of the response to `{huge}`.
const HUGE: usize = 20_000_000;

/// Responds by the operation text, and records the requests.
#[derive(Default)]
struct Fake {
    asked: Mutex<Vec<(GraphqlRequest, ClientContext)>>,
    arrived: Notify,
    proceed: Notify,
}

#[async_trait::async_trait]
impl Executor for Fake {
    async fn execute(&self, request: GraphqlRequest, client: &ClientContext) -> GraphqlResponse {
        let query = request.query.clone().unwrap_or_default();
        let mut response = GraphqlResponse {
            payloads: Payload::only(Bytes::from_static(b"{\"data\":{\"a\":1}}")).into(),
            outcome: RequestOutcome::Executed,
            cache: ResponseCachePolicy::default(),
            vary: Arc::default(),
        };
        match query.as_str() {
            "{invalid}" => {
                response.outcome = RequestOutcome::Refused;
                response.payloads =
                    Payload::only(Bytes::from_static(b"{\"errors\":[{\"message\":\"no\"}]}"))
                        .into();
            }
            "{busy}" => {
                response.outcome = RequestOutcome::Busy;
                response.payloads = Payload::only(Bytes::from_static(
                    b"{\"errors\":[{\"message\":\"later\"}]}",
                ))
                .into();
            }
            "{cached}" => {
                response.cache = ResponseCachePolicy {
                    max_age: Some(50),
                    private: false,
                    age: Some(10),
                };
                response.vary = ["accept-language".to_owned()].into();
            }
            "{private}" => {
                response.cache = ResponseCachePolicy {
                    max_age: Some(50),
                    private: true,
                    age: None,
                };
            }
            "{long}" => {
                let body = format!("{{\"data\":\"{}\"}}", "a".repeat(50_000));
                response.payloads = Payload::only(Bytes::from(body)).into();
            }
            // More than a socket and a flow-control window buffer.
            "{huge}" => response.payloads = Payload::only(vec![b' '; HUGE].into()).into(),
            "{wait}" => {
                self.arrived.notify_one();
                self.proceed.notified().await;
            }
            "{panic}" => panic!("on purpose"),
            _ if query.starts_with("mutation") && !client.mutations_allowed => {
                response.outcome = RequestOutcome::MutationNotAllowed;
            }
            _ => {}
        }
        self.asked.lock().unwrap().push((request, client.clone()));
        response
    }

    fn schema(&self) -> Bytes {
        Bytes::from_static(b"type Query { a: Int }\n")
    }

    async fn details(&self) -> Bytes {
        Bytes::from_static(b"{\"data\":{\"connectors\":[{\"name\":\"dggi\"}]}}")
    }
}

struct Running {
    server: Server,
    fake: Arc<Fake>,
    client: reqwest::Client,
    url: String,
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.general.listen = any_port();
    settings.general.shutdown_delay = Duration::ZERO;
    settings
}

fn start(settings: &Settings) -> Running {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let fake = Arc::new(Fake::default());
    let server = Server::start(settings, fake.clone()).unwrap();
    let url = format!("http://{}", server.address);
    let client = reqwest::Client::builder()
        .no_proxy()
        .no_gzip()
        .no_brotli()
        .build()
        .unwrap();
    Running {
        server,
        fake,
        client,
        url,
    }
}

impl Running {
    fn post(&self, body: &'static str) -> reqwest::RequestBuilder {
        let request = self.client.post(format!("{}/graphql", self.url));
        request
            .header("content-type", "application/json")
            .body(body)
    }

    fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }
}

async fn send(request: reqwest::RequestBuilder) -> (u16, http::HeaderMap, String) {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.text().await.unwrap())
}

fn header<'a>(headers: &'a http::HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

const NEW: &str = "application/graphql-response+json";

#[tokio::test]
async fn an_answer_has_the_type_that_the_client_prefers() {
    let running = start(&settings());
    let (status, headers, body) = send(running.post(r#"{"query":"{a}"}"#)).await;
    assert_eq!((status, body.as_str()), (200, r#"{"data":{"a":1}}"#));
    assert_eq!(
        header(&headers, "content-type"),
        "application/json; charset=utf-8"
    );
    assert_eq!(header(&headers, "cache-control"), "no-store");
    let (status, headers, _) = send(running.post(r#"{"query":"{a}"}"#).header("accept", NEW)).await;
    assert_eq!(status, 200);
    assert_eq!(
        header(&headers, "content-type"),
        "application/graphql-response+json; charset=utf-8"
    );
    let (status, _, _) = send(
        running
            .post(r#"{"query":"{a}"}"#)
            .header("accept", "text/html"),
    )
    .await;
    assert_eq!(status, 406);
}

#[tokio::test]
async fn the_status_of_an_invalid_operation_depends_on_the_media_type() {
    let running = start(&settings());
    let (status, headers, _) = send(running.post(r#"{"query":"{invalid}"}"#)).await;
    assert_eq!(
        (status, header(&headers, "cache-control")),
        (200, "no-store")
    );
    let (status, _, _) = send(
        running
            .post(r#"{"query":"{invalid}"}"#)
            .header("accept", NEW),
    )
    .await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn what_is_no_graphql_request_is_refused_in_the_shape_of_one() {
    let mut settings = settings();
    settings.limits.body_bytes = ByteSize(100);
    let running = start(&settings);
    let cases: [(reqwest::RequestBuilder, u16, &str); 7] = [
        (running.post("{"), 400, "BAD_REQUEST"),
        (running.post(""), 400, "BAD_REQUEST"),
        (running.post(r#"[{"query":"{a}"}]"#), 400, "BAD_REQUEST"),
        (running.post("{\"query\":\"{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}\"}"), 413, "REQUEST_TOO_LARGE"),
        (
            running.client.post(format!("{}/graphql", running.url)).header("content-type", "text/plain").body("{}"),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (running.client.put(format!("{}/graphql", running.url)), 405, "METHOD_NOT_ALLOWED"),
        (running.get("/nothing"), 404, "NOT_FOUND"),
    ];
    for (request, expected, code) in cases {
        let (status, headers, body) = send(request).await;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(status, expected, "{body}");
        assert_eq!(body["errors"][0]["extensions"]["code"], code, "{body}");
        assert!(body.get("data").is_none());
        assert_eq!(header(&headers, "cache-control"), "no-store");
    }
    assert!(running.fake.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn get_asks_and_never_changes() {
    let running = start(&settings());
    let (status, _, body) =
        send(running.get("/graphql?query=%7Ba%7D&variables=%7B%22n%22%3A1.10%7D")).await;
    assert_eq!((status, body.as_str()), (200, r#"{"data":{"a":1}}"#));
    let (status, headers, _) = send(running.get("/graphql?query=mutation%7Ba%7D")).await;
    assert_eq!((status, header(&headers, "allow")), (405, "POST"));
    let (status, _, _) = send(running.get("/graphql")).await;
    assert_eq!(status, 400);
    let asked = running.fake.asked.lock().unwrap();
    let variables = asked[0].0.variables.as_ref().unwrap();
    assert_eq!(variables.to_json(), r#"{"n":1.10}"#);
}

#[tokio::test]
async fn a_browser_gets_a_text_with_a_command() {
    let running = start(&settings());
    for path in ["/", "/graphql"] {
        let request = running.get(path).header("accept", "text/html,*/*;q=0.8");
        let (status, headers, body) = send(request).await;
        assert_eq!(
            (status, header(&headers, "content-type")),
            (200, "text/plain; charset=utf-8")
        );
        assert!(
            body.contains(&format!("curl -s {}/graphql", running.url)),
            "{body}"
        );
    }
}

#[tokio::test]
async fn caches_are_told_how_long_and_for_whom() {
    let running = start(&settings());
    let (_, headers, _) = send(running.post(r#"{"query":"{cached}"}"#)).await;
    assert_eq!(header(&headers, "cache-control"), "public, max-age=60");
    assert_eq!(header(&headers, "age"), "10");
    assert_eq!(vary(&headers), ["accept", "accept-language"]);
    let (_, headers, _) = send(running.post(r#"{"query":"{private}"}"#)).await;
    assert_eq!(header(&headers, "cache-control"), "private, max-age=50");
}

/// Every name in `Vary`, sorted, with repetitions.
fn vary(headers: &http::HeaderMap) -> Vec<String> {
    let values = headers.get_all("vary").iter();
    let mut names: Vec<String> = values
        .flat_map(|value| value.to_str().unwrap().split(','))
        .map(|name| name.trim().to_lowercase())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn long_answers_are_compressed_for_those_who_accept_it() {
    let running = start(&settings());
    let long = || running.post(r#"{"query":"{long}"}"#);
    let (_, headers, body) = send(long().header("accept-encoding", "gzip")).await;
    assert_eq!(header(&headers, "content-encoding"), "gzip");
    assert_eq!(vary(&headers), ["accept", "accept-encoding"]);
    assert!(body.len() < 5000);
    let (_, headers, body) = send(long()).await;
    assert_eq!(
        (header(&headers, "content-encoding"), body.len()),
        ("", 50_011)
    );
    let short = running
        .post(r#"{"query":"{a}"}"#)
        .header("accept-encoding", "gzip");
    let (_, headers, _) = send(short).await;
    assert_eq!(header(&headers, "content-encoding"), "");
}

#[tokio::test]
async fn only_named_origins_may_ask() {
    let mut settings = settings();
    settings.cors.origins = vec!["https://dashboard.example".to_owned()];
    let running = start(&settings);
    let preflight = |origin: &'static str| {
        let url = format!("{}/graphql", running.url);
        let request = running.client.request(http::Method::OPTIONS, url);
        request
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
    };
    let (status, headers, _) = send(preflight("https://dashboard.example")).await;
    assert_eq!(status, 200);
    assert_eq!(
        header(&headers, "access-control-allow-origin"),
        "https://dashboard.example"
    );
    assert!(header(&headers, "access-control-allow-headers").contains("content-type"));
    let (_, headers, _) = send(preflight("https://elsewhere.example")).await;
    assert_eq!(header(&headers, "access-control-allow-origin"), "");
    let request = running
        .post(r#"{"query":"{a}"}"#)
        .header("origin", "https://dashboard.example");
    let (_, headers, _) = send(request).await;
    assert!(vary(&headers).contains(&"origin".to_owned()));
}

#[tokio::test]
async fn a_request_has_an_id_and_a_place_in_a_trace() {
    let running = start(&settings());
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let request = running
        .post(r#"{"query":"{a}"}"#)
        .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"));
    let (_, headers, _) = send(request).await;
    assert_eq!(header(&headers, "x-request-id"), trace);
    let request = running
        .post(r#"{"query":"{a}"}"#)
        .header("x-request-id", "mine-1");
    assert_eq!(header(&send(request).await.1, "x-request-id"), "mine-1");
    let request = running
        .post(r#"{"query":"{a}"}"#)
        .header("x-request-id", "not <mine>");
    let given = header(&send(request).await.1, "x-request-id").to_owned();
    assert_eq!(given.len(), 32);
    let asked = running.fake.asked.lock().unwrap();
    let sent = asked[0].1.trace.unwrap();
    assert_eq!(sent.trace_id_digits(), trace.as_bytes());
    assert_eq!(sent.flags, 1);
    assert_ne!(sent.span_id, 0xb7ad_6b71_6920_3331);
}

#[tokio::test]
async fn one_request_too_many_is_told_to_come_back() {
    let mut settings = settings();
    settings.limits.concurrent_requests = 1;
    let running = start(&settings);
    let waiting = tokio::spawn(send(running.post(r#"{"query":"{wait}"}"#)));
    running.fake.arrived.notified().await;
    let (status, headers, body) = send(running.post(r#"{"query":"{a}"}"#)).await;
    assert_eq!((status, header(&headers, "retry-after")), (503, "1"));
    assert!(body.contains("BUSY"), "{body}");
    running.fake.proceed.notify_one();
    assert_eq!(waiting.await.unwrap().0, 200);
    assert_eq!(send(running.post(r#"{"query":"{a}"}"#)).await.0, 200);
}

#[tokio::test]
async fn what_was_not_looked_at_may_be_sent_again_whatever_the_client_accepts() {
    let running = start(&settings());
    for media in ["application/json", "application/graphql-response+json"] {
        let request = running.post(r#"{"query":"{busy}"}"#);
        let (status, headers, body) = send(request.header("accept", media)).await;
        assert_eq!((status, header(&headers, "retry-after")), (503, "1"));
        assert_eq!(header(&headers, "cache-control"), "no-store");
        assert!(header(&headers, "content-type").starts_with(media));
        assert_eq!(body, r#"{"errors":[{"message":"later"}]}"#);
    }
}

#[tokio::test]
async fn a_panic_ends_one_request_only() {
    let running = start(&settings());
    let (status, _, body) = send(running.post(r#"{"query":"{panic}"}"#)).await;
    assert_eq!(status, 500);
    assert!(
        body.contains("INTERNAL") && !body.contains("on purpose"),
        "{body}"
    );
    assert_eq!(send(running.post(r#"{"query":"{a}"}"#)).await.0, 200);
}

#[tokio::test]
async fn the_schema_is_shown_unless_introspection_is_off() {
    let running = start(&settings());
    let (status, _, body) = send(running.get("/schema.graphql")).await;
    assert_eq!((status, body.as_str()), (200, "type Query { a: Int }\n"));
    let mut settings = settings();
    settings.general.introspection = false;
    let running = start(&settings);
    assert_eq!(send(running.get("/schema.graphql")).await.0, 404);
}

#[tokio::test]
async fn operators_need_the_token() {
    let mut settings = settings();
    settings.admin.listen = Some(any_port());
    settings.admin.token = Some(Secret::new("t0ken"));
    let running = start(&settings);
    let admin = format!("http://{}", running.server.admin_address.unwrap());
    send(running.post(r#"{"query":"{a}"}"#)).await;
    let ask = |path: &str| running.client.get(format!("{admin}{path}"));
    assert_eq!(send(ask("/metrics")).await.0, 401);
    assert_eq!(send(ask("/metrics").bearer_auth("t0keN")).await.0, 401);
    let (status, _, body) = send(ask("/metrics").bearer_auth("t0ken")).await;
    assert_eq!(status, 200);
    assert!(
        body.contains("sangam_requests_total{outcome=\"executed\"}"),
        "{body}"
    );
    assert!(body.contains("sangam_request_seconds_bucket"), "{body}");
    let (_, _, body) = send(ask("/health").bearer_auth("t0ken")).await;
    assert!(body.contains("\"dggi\""), "{body}");
    // Clients do not see the cause.
    assert_eq!(send(running.get("/metrics")).await.0, 404);
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(send(running.get(path)).await.0, 200);
        assert_eq!(send(ask(path)).await.0, 200);
    }
}

#[tokio::test]
async fn a_port_in_use_is_told_plainly() {
    let taken = std::net::TcpListener::bind(any_port()).unwrap();
    let mut settings = settings();
    settings.general.listen = taken.local_addr().unwrap();
    let error = Server::start(&settings, Arc::new(Fake::default())).unwrap_err();
    let expected = format!(
        "cannot listen on {}: another program listens there\n  help: choose another address with --listen or `listen` in sangam.toml",
        settings.general.listen
    );
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn stopping_finishes_what_is_in_flight() {
    let running = start(&settings());
    let waiting = tokio::spawn(send(running.post(r#"{"query":"{wait}"}"#)));
    running.fake.arrived.notified().await;
    let address = running.server.address;
    let connections = Arc::clone(&running.server.state.connections);
    let stopping = tokio::spawn(running.server.stop());
    raw::until(|| connections.listener.is_past(Phase::Closing)).await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    assert!(!stopping.is_finished());
    running.fake.proceed.notify_one();
    assert_eq!(waiting.await.unwrap().0, 200);
    stopping.await.unwrap();
}

#[tokio::test]
async fn tls_offers_http_2() {
    let folder = tempfile::tempdir().unwrap();
    let names = vec!["localhost".to_owned()];
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(names).unwrap();
    let mut settings = settings();
    let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    std::fs::write(&certificate, cert.pem()).unwrap();
    std::fs::write(&key, signing_key.serialize_pem()).unwrap();
    settings.tls.certificate = Some(certificate);
    settings.tls.key = Some(key.clone());
    let running = start(&settings);
    assert!(running.server.tls);
    let authority = reqwest::Certificate::from_pem(cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([authority])
        .resolve("localhost", running.server.address)
        .build()
        .unwrap();
    let url = format!(
        "https://localhost:{}/health/live",
        running.server.address.port()
    );
    let response = client.get(url).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.version()),
        (200, http::Version::HTTP_2)
    );

    std::fs::write(&key, "not a key").unwrap();
    let error = Server::start(&settings, Arc::new(Fake::default())).unwrap_err();
    assert!(error.to_string().starts_with("tls.key: "), "{error}");
}
