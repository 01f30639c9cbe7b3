//! Batches: lists of requests in one `POST`.

use std::io::Write;

use super::raw::{Raw, head, within};
use super::*;

/// A server that accepts batches of up to so many requests.
fn start_with(most: usize) -> Running {
    let mut settings = settings();
    settings.limits.batch = most;
    start(&settings)
}

#[tokio::test]
async fn a_batch_gets_a_list_in_its_order() {
    let running = start_with(4);
    let batch = r#"[{"query":"{a}"},{"query":"{invalid}"},{"query":5},{"query":"mutation{a}"}]"#;
    for media in ["application/json", "application/graphql-response+json"] {
        let (status, headers, body) = send(running.post(batch).header("accept", media)).await;
        assert_eq!(status, 200, "{body}");
        assert!(header(&headers, "content-type").starts_with(media));
        assert_eq!(header(&headers, "cache-control"), "no-store");
        assert_eq!(
            body,
            "[{\"data\":{\"a\":1}},{\"errors\":[{\"message\":\"no\"}]},{\"errors\":[{\"extensions\":{\"code\":\"BAD_REQUEST\",\
             \"sangam\":{\"kind\":\"INVALID\"}},\"message\":\"`query` must be a string\"}]},{\"data\":{\"a\":1}}]"
        );
    }
    assert_eq!(running.fake.requests.lock().unwrap().len(), 6);
    let (status, _, body) = send(running.post(r#"[{"query":"{a}"}]"#)).await;
    assert_eq!((status, body.as_str()), (200, r#"[{"data":{"a":1}}]"#));
    let (status, _, body) = send(running.post(r#"{"query":"{a}"}"#)).await;
    assert_eq!((status, body.as_str()), (200, r#"{"data":{"a":1}}"#));
}

#[tokio::test]
async fn what_is_no_batch_is_refused() {
    let running = start_with(2);
    for (body, message) in [
        ("[]", "The batch has no requests"),
        (
            r#"[{"query":"{a}"},{"query":"{a}"},{"query":"{a}"}]"#,
            "The batch has more than 2 requests (limits.batch)",
        ),
        (r#"[{"query":"{a}"}"#, "The body is not JSON"),
        (r#"[{"query":"{a}"}] []"#, "The body is not JSON"),
    ] {
        let (status, headers, answer) = send(running.post(body)).await;
        assert_eq!(status, 400, "{answer}");
        assert!(answer.contains(message), "{answer}");
        assert_eq!(header(&headers, "cache-control"), "no-store");
    }
    let (status, _, answer) = send(running.get("/graphql?query=[%7Ba%7D]")).await;
    assert_eq!(status, 200, "a GET has one query: {answer}");
    running.fake.requests.lock().unwrap().clear();
    let off = start(&settings());
    let (status, _, answer) = send(off.post(r#"[{"query":"{a}"}]"#)).await;
    assert_eq!(status, 400);
    assert!(answer.contains("limits.batch"), "{answer}");
    assert!(off.fake.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_policy_of_a_batch_is_what_each_response_allows() {
    let running = start_with(3);
    for (batch, policy) in [
        (r#"[{"query":"{cached}"}]"#, "public, max-age=60"),
        (
            r#"[{"query":"{cached}"},{"query":"{private}"}]"#,
            "private, max-age=60",
        ),
        (r#"[{"query":"{cached}"},{"query":"{a}"}]"#, "no-store"),
        (
            r#"[{"query":"{cached}"},{"query":"{invalid}"}]"#,
            "no-store",
        ),
        (r#"[{"query":"{cached}"},7]"#, "no-store"),
    ] {
        let (_, headers, _) = send(running.post(batch)).await;
        assert_eq!(header(&headers, "cache-control"), policy, "{batch}");
        assert_eq!(vary(&headers), ["accept", "accept-language"]);
    }
}

#[tokio::test]
async fn a_batch_is_compressed_and_may_arrive_compressed() {
    let running = start_with(3);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder
        .write_all(br#"[{"query":"{long}"},{"query":"{a}"}]"#)
        .unwrap();
    let request = running
        .post("")
        .header("content-encoding", "gzip")
        .header("accept-encoding", "zstd")
        .body(encoder.finish().unwrap());
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "zstd");
    let body = response.bytes().await.unwrap();
    let whole = zstd::stream::decode_all(&*body).unwrap();
    assert_eq!(whole.len(), 50_011 + 16 + 3);
    assert!(whole.starts_with(b"[{\"data\":\"aaa") && whole.ends_with(b",{\"data\":{\"a\":1}}]"));
}

#[tokio::test]
async fn a_batch_has_one_permit() {
    let mut settings = settings();
    settings.limits.batch = 10;
    settings.limits.concurrent_requests = 1;
    let running = start(&settings);
    let batch = r#"[{"query":"{a}"},{"query":"{wait}"},{"query":"{a}"}]"#;
    let waiting = tokio::spawn(send(running.post(batch)));
    running.fake.arrived.notified().await;
    let (status, _, _) = send(running.post(r#"{"query":"{a}"}"#)).await;
    assert_eq!(status, 503);
    running.fake.proceed.notify_one();
    assert_eq!(within(waiting).await.unwrap().0, 200);
    let (status, _, _) = send(running.post(r#"{"query":"{a}"}"#)).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_panic_fails_one_batch_only() {
    let running = start_with(3);
    let (status, _, body) = send(running.post(r#"[{"query":"{a}"},{"query":"{panic}"}]"#)).await;
    assert_eq!(status, 500, "{body}");
    let mut raw = Raw::connect(&running.server).await;
    let body = r#"[{"query":"{a}"}]"#;
    raw.send(&format!("{}{body}", head(body.len(), ""))).await;
    assert_eq!(raw.reply().await.body, r#"[{"data":{"a":1}}]"#);
}
