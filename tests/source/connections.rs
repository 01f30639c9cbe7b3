//! Connections: reuse, TLS and HTTP/2, compression, redirects, proxies, limits, and what is sent.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request as Incoming};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{any, get as on_get};
use futures_util::future::join_all;
use sangam::connector::Request;
use sangam::mapping::Variables;
use sangam::observe::TraceContext;
use sangam::source::http::{HttpSettings, HttpSource, ProxyChoice};
use sangam::source::{Source, SourceErrorKind};
use tokio::sync::Notify;
use tower_http::compression::CompressionLayer;

use super::{LONG, content, get, options, rendered};
use crate::support::server::{Then, raw, router, tls};

fn source(settings: HttpSettings) -> HttpSource {
    HttpSource::new(settings).unwrap()
}

async fn text(source: &HttpSource, url: &str) -> String {
    let answer = source
        .call(&get(url), &options(LONG, 1 << 20))
        .await
        .unwrap();
    format!(
        "{} {}",
        answer.envelope.status().map_or(0, |status| status.number),
        content(&answer)
    )
}

/// Responds with the method, the headers sorted by name, and the body.
async fn mirror(request: Incoming) -> String {
    let (head, body) = request.into_parts();
    let mut lines: Vec<_> = head
        .headers
        .iter()
        .filter(|(name, _)| *name != header::HOST)
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let body = String::from_utf8_lossy(&body);
    format!(
        "{} {}\n{}\n\n{body}",
        head.method,
        head.uri,
        lines.join("\n")
    )
}

#[test]
async fn a_request_goes_out_as_it_was_rendered() {
    let server = router(Router::new().fallback(mirror)).await;
    let source = source(HttpSettings::default());
    let mut request = rendered(&server.url("/works?q=%E0%A4%9C&a=1&a=2"), r#"{"a":1.10}"#);
    for value in ["1", "2"] {
        let value = HeaderValue::from_static(value);
        request
            .headers
            .push((header::HeaderName::from_static("x-key"), value));
    }
    let mut options = options(LONG, 1000);
    options.traceparent =
        TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    options.tracestate = Some(HeaderValue::from_static("a=1,b=2"));
    let answer = source.call(&Request::new(request), &options).await.unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        content(&answer),
        format!(
            "POST /works?q=%E0%A4%9C&a=1&a=2\n\
             accept-encoding: gzip,br\n\
             accept: application/json, text/plain;q=0.9, */*;q=0.1\n\
             content-length: 10\n\
             content-type: application/json\n\
             traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n\
             tracestate: a=1,b=2\n\
             user-agent: sangam/{version}\n\
             x-key: 1\n\
             x-key: 2\n\n\
             {{\"a\":1.10}}"
        )
    );
}

#[test]
async fn what_the_connector_says_is_not_overruled() {
    let server = router(Router::new().fallback(mirror)).await;
    let source = source(HttpSettings::default());
    let mut request = rendered(&server.url("/"), "a=1");
    for (name, value) in [
        (header::ACCEPT, "application/xml"),
        (header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
        (header::USER_AGENT, "dashboard"),
    ] {
        request
            .headers
            .push((name, HeaderValue::from_static(value)));
    }
    let answer = source
        .call(&Request::new(request), &options(LONG, 1000))
        .await
        .unwrap();
    assert_eq!(
        content(&answer),
        "POST /\n\
         accept-encoding: gzip,br\n\
         accept: application/xml\n\
         content-length: 3\n\
         content-type: application/x-www-form-urlencoded\n\
         user-agent: dashboard\n\n\
         a=1"
    );
}

#[test]
async fn connections_are_used_again() {
    let peers: Arc<Mutex<BTreeSet<SocketAddr>>> = Arc::default();
    let seen = Arc::clone(&peers);
    let server = router(Router::new().route(
        "/{status}",
        any(
            move |ConnectInfo(peer): ConnectInfo<SocketAddr>, path: axum::extract::Path<u16>| {
                seen.lock().unwrap().insert(peer);
                let status = StatusCode::from_u16(path.0).unwrap();
                async move { (status, [(header::CONTENT_TYPE, "text/html")], "<p>page</p>") }
            },
        ),
    ))
    .await;
    let source = source(HttpSettings::default());
    // Also after a response with an error status, whose body is not read.
    for status in [404, 500, 503, 404] {
        let answer = text(&source, &server.url(&format!("/{status}"))).await;
        assert_eq!(answer, format!("{status} null"));
    }
    assert_eq!(peers.lock().unwrap().len(), 1);
}

#[test]
async fn http2_where_the_server_offers_it() {
    let version = |request: Incoming| async move {
        match request.version() {
            Version::HTTP_2 => "two",
            _ => "one",
        }
    };
    let (server, authority) = tls(Router::new().fallback(version)).await;
    let url = format!("https://localhost:{}/", server.address.port());
    let trusting = |http1_only| {
        source(HttpSettings {
            authorities_pem: authority.clone(),
            http1_only,
            ..HttpSettings::default()
        })
    };
    assert_eq!(text(&trusting(false), &url).await, "200 two");
    assert_eq!(text(&trusting(true), &url).await, "200 one");
    let stranger = source(HttpSettings::default());
    let error = stranger
        .call(&get(&url), &options(LONG, 1000))
        .await
        .unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Unreachable);
    assert!(error.detail.contains("certificate"), "{error}");
}

#[test]
async fn compressed_bodies() {
    let body = || async {
        (
            [(header::CONTENT_TYPE, "text/plain")],
            "water ".repeat(10_000),
        )
    };
    let server = router(
        Router::new()
            .route("/", on_get(body))
            .layer(CompressionLayer::new()),
    )
    .await;
    let source = source(HttpSettings::default());
    let request = get(&server.url("/"));
    let answer = source.call(&request, &options(LONG, 60_000)).await.unwrap();
    assert_eq!(answer.received, 60_000);
    // It was compressed: `content-length` has been removed.
    let variables = answer.envelope.variables(&Variables::new());
    let headers = variables
        .get("$response")
        .and_then(|response| response.get("headers"));
    assert_eq!(headers.unwrap().get("content-length"), None);
    // The limit applies to the decompressed body.
    let error = source
        .call(&request, &options(LONG, 59_999))
        .await
        .unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::TooLarge);
}

#[test]
async fn redirects_stay_at_their_origin() {
    let elsewhere = router(Router::new().fallback(mirror)).await;
    let far = elsewhere.url("/far");
    let server = router(
        Router::new()
            .route("/one", on_get(|| async { Redirect::temporary("/two") }))
            .route("/two", on_get(|| async { Redirect::temporary("/three") }))
            .route("/three", on_get(|| async { "here" }))
            .route(
                "/away",
                on_get(move || async move { Redirect::temporary(&far) }),
            ),
    )
    .await;
    let following = |redirects| {
        source(HttpSettings {
            redirects,
            ..HttpSettings::default()
        })
    };
    assert_eq!(text(&following(0), &server.url("/one")).await, "307 null");
    assert_eq!(text(&following(1), &server.url("/one")).await, "307 null");
    assert_eq!(text(&following(2), &server.url("/one")).await, "200 here");
    assert_eq!(text(&following(9), &server.url("/away")).await, "307 null");
}

#[test]
async fn through_a_proxy() {
    // A proxy gets the whole URL in the request line.
    let proxy = router(Router::new().fallback(mirror)).await;
    let source = source(HttpSettings {
        proxy: ProxyChoice::Url(proxy.url("").parse().unwrap()),
        ..HttpSettings::default()
    });
    let answer = text(&source, "http://works.example/list").await;
    assert!(
        answer.starts_with("200 GET http://works.example/list\n"),
        "{answer}"
    );
}

#[test]
fn settings_that_cannot_be_used() {
    let refused = |settings| HttpSource::new(settings).unwrap_err().to_string();
    let proxy = ProxyChoice::Url("socks5://user:secret@127.0.0.1:1080".parse().unwrap());
    assert!(!format!("{proxy:?}").contains("secret"));
    assert_eq!(
        refused(HttpSettings {
            proxy,
            ..HttpSettings::default()
        }),
        "a proxy's URL starts with http:// or https://, not socks5://"
    );
    assert_eq!(
        refused(HttpSettings {
            authorities_pem: b"nothing".to_vec(),
            ..HttpSettings::default()
        }),
        "the private authority: the PEM text holds no certificate"
    );
}

#[test]
async fn calls_at_once_are_bounded() {
    let gate = Arc::new(Notify::new());
    let open = Arc::clone(&gate);
    let server = router(Router::new().route(
        "/",
        on_get(move || async move {
            open.notified().await;
            "done"
        }),
    ))
    .await;
    let source = source(HttpSettings {
        max_concurrency: 2,
        max_queue: 1,
        max_queue_wait: LONG,
        ..HttpSettings::default()
    });
    let url = server.url("/");
    let calls = join_all((0..5).map(|_| async {
        let result = source.call(&get(&url), &options(LONG, 100)).await;
        // The refused call releases the running one.
        gate.notify_one();
        result.map_or_else(|error| format!("{:?}", error.kind), |_| "ok".to_owned())
    }))
    .await;
    assert_eq!(calls, ["ok", "ok", "ok", "Busy", "Busy"]);
}

#[test]
async fn waiting_in_the_queue_counts_towards_the_timeout() {
    let server = raw(Vec::new(), Then::Hold).await;
    let source = source(HttpSettings {
        max_concurrency: 1,
        max_queue_wait: LONG,
        ..HttpSettings::default()
    });
    let request = get(&server.url("/"));
    let (long, soon) = (options(LONG, 100), options(Duration::from_millis(20), 100));
    let first = source.call(&request, &long);
    let second = source.call(&request, &soon);
    tokio::select! {
        biased;
        _ = first => panic!("the server does not answer"),
        refused = second => assert_eq!(refused.unwrap_err().kind, SourceErrorKind::Timeout),
    }
}

#[test]
async fn a_long_body_in_many_pieces_arrives_whole() {
    let long: String = (0..200_000)
        .map(|n| char::from(b'a' + (n % 26) as u8))
        .collect();
    let body = long.clone();
    let server = router(Router::new().route(
        "/",
        on_get(move || async move {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            (headers, body).into_response()
        }),
    ))
    .await;
    let source = source(HttpSettings::default());
    assert_eq!(text(&source, &server.url("/")).await, format!("200 {long}"));
}
