//! Requests: which are executed, which are refused, and the other paths.

use std::io::Write;

use super::*;

#[tokio::test]
async fn an_invalid_request_gets_a_graphql_error() {
    let mut settings = settings();
    settings.limits.body_bytes = ByteSize(100);
    let running = start(&settings);
    let cases: [(reqwest::RequestBuilder, u16, &str); 7] = [
        (running.post("{"), 400, "BAD_REQUEST"),
        (running.post(""), 400, "BAD_REQUEST"),
        (running.post(r#"[{"query":"{a}"}]"#), 400, "BAD_REQUEST"),
        (running.post(LONG_REQUEST), 413, "REQUEST_TOO_LARGE"),
        (
            running
                .client
                .post(format!("{}/graphql", running.url))
                .header("content-type", "text/plain")
                .body("{}"),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (
            running.client.patch(format!("{}/graphql", running.url)),
            405,
            "METHOD_NOT_ALLOWED",
        ),
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
    assert!(running.fake.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn get_executes_queries_only() {
    let running = start(&settings());
    let (status, _, body) =
        send(running.get("/graphql?query=%7Ba%7D&variables=%7B%22n%22%3A1.10%7D")).await;
    assert_eq!((status, body.as_str()), (200, r#"{"data":{"a":1}}"#));
    let (status, headers, _) = send(running.get("/graphql?query=mutation%7Ba%7D")).await;
    assert_eq!((status, header(&headers, "allow")), (405, "POST"));
    let (status, _, _) = send(running.get("/graphql")).await;
    assert_eq!(status, 400);
    for broken in [
        "%7Ba%7D&variables=%7B%22n%22%3A%22%ff%22%7D",
        "%7Ba%7D%zz",
        "%7Ba%",
    ] {
        let (status, _, body) = send(running.get(&format!("/graphql?query={broken}"))).await;
        assert!(
            status == 400 && body.contains("The query string has"),
            "{broken}: {body}"
        );
    }
    let requests = running.fake.requests.lock().unwrap();
    let variables = requests[0].0.variables.as_ref().unwrap();
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
async fn the_endpoint_may_have_a_slash_at_its_end() {
    let running = start(&settings());
    let url = format!("{}/graphql/", running.url);
    let request = running
        .client
        .post(url)
        .header("content-type", "application/json");
    let (status, _, body) = send(request.body(r#"{"query":"{a}"}"#)).await;
    assert_eq!((status, body.as_str()), (200, r#"{"data":{"a":1}}"#));
    let (status, _, _) = send(running.get("/graphql/?query=%7Ba%7D")).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_body_may_be_compressed() {
    let mut settings = settings();
    settings.limits.body_bytes = ByteSize(1_000);
    let running = start(&settings);
    let post = |coding: &'static str, body: Vec<u8>| {
        let request = running.post("").header("content-encoding", coding);
        send(request.body(body))
    };
    let body = br#"{"query":"{a}"}"#;
    let (status, _, answer) = post("gzip", gzip(body)).await;
    assert_eq!((status, answer.as_str()), (200, r#"{"data":{"a":1}}"#));
    assert_eq!(post("identity", body.to_vec()).await.0, 200);
    let zstd = zstd::bulk::compress(body, 3).unwrap();
    assert_eq!(post("zstd", zstd).await.0, 200);
    let mut brotli = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
    brotli.write_all(body).unwrap();
    assert_eq!(post("br", brotli.into_inner()).await.0, 200);
    for coding in ["compress", "aws-chunked", "gzip, gzip", "br, gzip"] {
        let (status, headers, answer) = post(coding, body.to_vec()).await;
        let accepted = header(&headers, "accept-encoding");
        assert_eq!((status, accepted), (415, "zstd, br, gzip, deflate"));
        assert!(answer.contains("UNSUPPORTED_MEDIA_TYPE"), "{answer}");
    }
    for coding in ["gzip", "br", "zstd", "deflate"] {
        let (status, _, answer) = post(coding, body.to_vec()).await;
        assert_eq!(status, 400);
        let expected = format!("is not compressed with {coding}");
        assert!(answer.contains(&expected), "{answer}");
    }
    let mut broken = gzip(body);
    broken.truncate(broken.len() - 4);
    assert_eq!(post("gzip", broken).await.0, 400);
    // A few bytes that would become 600 kB; little more than a thousand bytes are made.
    let bomb = gzip(&[b' '; 600_000]);
    assert!(bomb.len() < 1_000);
    let spaces = zstd::bulk::compress(&[b' '; 600_000], 3).unwrap();
    for (coding, bomb) in [("gzip", bomb), ("zstd", spaces)] {
        let (status, _, answer) = post(coding, bomb).await;
        assert_eq!(status, 413, "{coding}");
        assert!(answer.contains("limits.body_bytes"), "{answer}");
    }
    assert_eq!(running.fake.requests.lock().unwrap().len(), 4);
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_request_has_an_id_and_a_trace_context() {
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
    let requests = running.fake.requests.lock().unwrap();
    let trace_context = requests[0].1.trace.unwrap();
    assert_eq!(trace_context.trace_id_digits(), trace.as_bytes());
    assert_eq!(trace_context.flags, 1);
    assert_ne!(trace_context.span_id, 0xb7ad_6b71_6920_3331);
}

#[tokio::test]
async fn a_request_beyond_the_limit_may_be_sent_again() {
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
async fn a_panic_fails_one_request_only() {
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
async fn the_schema_is_served_unless_introspection_is_off() {
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
async fn the_client_chooses_the_error_behavior() {
    let running = start(&settings());
    for body in [
        r#"{"query":"{a}","onError":"NULL"}"#,
        r#"{"query":"{a}","onError":"HALT"}"#,
        r#"{"query":"{a}","onError":null}"#,
    ] {
        assert_eq!(send(running.post(body)).await.0, 200, "{body}");
    }
    let (status, _, _) = send(running.get("/graphql?query=%7Ba%7D&onError=NULL")).await;
    assert_eq!(status, 200);
    for body in [
        r#"{"query":"{a}","onError":"ABORT"}"#,
        r#"{"query":"{a}","onError":false}"#,
    ] {
        let (status, _, answer) = send(running.post(body)).await;
        assert_eq!(status, 400, "{body}");
        assert!(answer.contains("`onError` must be"), "{answer}");
    }
    let (status, _, _) = send(running.get("/graphql?query=%7Ba%7D&onError=null")).await;
    assert_eq!(status, 400);
    let requests = running.fake.requests.lock().unwrap();
    let chosen: Vec<_> = requests
        .iter()
        .map(|(request, _)| request.on_error)
        .collect();
    use crate::gateway::ErrorBehavior::{Halt, Null, Propagate};
    assert_eq!(chosen, [Null, Halt, Propagate, Null]);
}
