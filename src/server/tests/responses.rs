//! Responses: media type, status, headers for caches, compression.

use super::*;

const NEW: &str = "application/graphql-response+json";

#[tokio::test]
async fn a_response_has_the_media_type_that_the_client_prefers() {
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
async fn cache_headers_say_how_long_and_for_whom() {
    let running = start(&settings());
    let (_, headers, _) = send(running.post(r#"{"query":"{cached}"}"#)).await;
    assert_eq!(header(&headers, "cache-control"), "public, max-age=60");
    assert_eq!(header(&headers, "age"), "10");
    assert_eq!(vary(&headers), ["accept", "accept-language"]);
    let (_, headers, _) = send(running.post(r#"{"query":"{private}"}"#)).await;
    assert_eq!(header(&headers, "cache-control"), "private, max-age=50");
    let (_, headers, _) = send(running.post(r#"{"query":"{shared}"}"#)).await;
    assert_eq!(
        header(&headers, "cache-control"),
        "public, max-age=0, s-maxage=60, must-revalidate"
    );
}

#[tokio::test]
async fn long_responses_are_compressed_for_clients_that_accept_it() {
    let running = start(&settings());
    let long = || running.post(r#"{"query":"{long}"}"#);
    let (_, headers, body) = send(long().header("accept-encoding", "gzip")).await;
    assert_eq!(header(&headers, "content-encoding"), "gzip");
    assert_eq!(vary(&headers), ["accept", "accept-encoding"]);
    assert!(body.len() < 5000);
    for (accepted, coding) in [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("br;q=0.5, gzip;q=0.9", "gzip"),
    ] {
        let (_, headers, _) = send(long().header("accept-encoding", accepted)).await;
        assert_eq!(header(&headers, "content-encoding"), coding);
        assert_eq!(vary(&headers), ["accept", "accept-encoding"]);
    }
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
async fn a_busy_response_may_be_sent_again_in_each_media_type() {
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
