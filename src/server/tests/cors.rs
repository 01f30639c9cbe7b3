//! CORS: which pages may send requests, and that they can read every response.

use super::*;
use crate::config::AllowedOrigin;

#[tokio::test]
async fn cors_allows_the_origins_of_the_settings_only() {
    let mut settings = settings();
    let origins = ["https://dashboard.example", "http://localhost:*"].map(AllowedOrigin::new);
    settings.cors.origins = origins.into_iter().flatten().collect();
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
    assert_eq!(header(&headers, "access-control-max-age"), "3600");
    let (_, headers, _) = send(preflight("http://localhost:5173")).await;
    assert_eq!(
        header(&headers, "access-control-allow-origin"),
        "http://localhost:5173"
    );
    for origin in ["https://elsewhere.example", "http://localhost.example"] {
        let (_, headers, _) = send(preflight(origin)).await;
        assert_eq!(header(&headers, "access-control-allow-origin"), "");
    }
    let request = running
        .post(r#"{"query":"{a}"}"#)
        .header("origin", "https://dashboard.example");
    let (_, headers, _) = send(request).await;
    assert!(vary(&headers).contains(&"origin".to_owned()));
}

#[tokio::test]
async fn pages_can_read_refusals_and_the_schema() {
    let mut settings = settings();
    settings.cors.origins = vec![AllowedOrigin::Any];
    settings.limits.body_bytes = ByteSize(100);
    settings.limits.uri_bytes = ByteSize(100);
    settings.limits.answers_bytes = ByteSize(HUGE);
    settings.limits.answer_bytes = ByteSize(HUGE);
    let running = start(&settings);
    let cases = [
        (running.get("/schema.graphql"), 200),
        (running.get("/nothing"), 404),
        (
            running.get(&format!("/graphql?query={}", "a".repeat(100))),
            414,
        ),
        (running.post("{"), 400),
        (running.post(LONG_REQUEST), 413),
        (
            running.post("a").header("content-encoding", "compress"),
            415,
        ),
        (running.post(r#"{"query":"{busy}"}"#), 503),
    ];
    for (request, expected) in cases {
        let (status, headers, body) = send(request.header("origin", "http://localhost:1")).await;
        assert_eq!(status, expected, "{body}");
        assert_eq!(
            header(&headers, "access-control-allow-origin"),
            "*",
            "{body}"
        );
        let exposed = header(&headers, "access-control-expose-headers");
        assert!(
            ["x-request-id", "retry-after", "etag"]
                .iter()
                .all(|name| exposed.contains(name)),
            "{exposed}"
        );
    }
}
