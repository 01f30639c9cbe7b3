//! What clients get: variables by their types, the headers of a response, and its status.

use super::*;

/// The arguments that arrived at the upstream.
async fn arrived(request: reqwest::RequestBuilder) -> Value {
    let response = json(request).await;
    let text = response["data"]["echo"]["text"].as_str();
    serde_json::from_str(text.unwrap_or_else(|| panic!("{response}"))).unwrap()
}

#[test(threads)]
async fn variables_are_coerced_by_their_types() {
    let named = Named::start("").await;
    let cases = [
        ("id=1", json!({ "id": "1", "count": 5, "q": "all" })),
        ("id=&q=", json!({ "id": "", "count": 5, "q": "" })),
        (
            "id=null&count=null&q=null&sort=null&names=null&numbers=null&filter=null",
            json!({ "id": "null", "count": null, "q": "null", "sort": null, "names": ["null"], "numbers": null, "filter": null }),
        ),
        (
            "id=1&count=-3&share=1.50&open=true&sort=AGE&day=2026-10-31",
            json!({ "id": "1", "count": -3, "q": "all", "share": 1.5, "open": true, "sort": "AGE", "day": "2026-10-31" }),
        ),
        (
            "names=x&id=1&names=y%26&numbers=4&numbers=null",
            json!({ "id": "1", "count": 5, "q": "all", "names": ["x", "y&"], "numbers": [4, null] }),
        ),
        (
            "id=1&names=&numbers=",
            json!({ "id": "1", "count": 5, "q": "all", "names": [], "numbers": [] }),
        ),
        (
            "id=1&filter=%7B%22name%22%3A%22n%22%2C%22ages%22%3A%5B1%2C2%5D%7D",
            json!({ "id": "1", "count": 5, "q": "all", "filter": { "name": "n", "ages": [1, 2] } }),
        ),
    ];
    for (query, expected) in &cases {
        let arrived = arrived(named.get(&format!("/operations/Echo?{query}"))).await;
        assert_eq!(arrived, *expected, "{query}");
    }
    let body = r#"{"variables": {"id": "1", "numbers": [4, null], "count": null}}"#;
    let arrived = arrived(named.post("/operations/Echo", body)).await;
    assert_eq!(
        arrived,
        json!({ "id": "1", "numbers": [4, null], "count": null, "q": "all" })
    );
    named.running.stop();
}

#[test(threads)]
async fn a_response_is_that_of_graphql_with_its_time_and_its_lifetime() {
    let named = Named::start("").await;
    let path = "/operations/Echo?id=1";
    for accept in ["*/*", "text/html", "text/csv"] {
        let (status, headers, body) = send(named.get(path).header("accept", accept)).await;
        assert_eq!(status, 200, "{body}");
        assert_eq!(
            header(&headers, "content-type"),
            "application/json; charset=utf-8"
        );
        assert!(body.starts_with("{\"data\":{\"echo\":{\"text\":"), "{body}");
        let policy = header(&headers, "cache-control");
        assert!(policy.starts_with("public, max-age=3"), "{policy}");
        assert!(!header(&headers, "vary").contains("accept,"), "{headers:?}");
        let time = |name| httpdate::parse_http_date(header(&headers, name)).unwrap();
        let age = time("date").duration_since(time("last-modified")).unwrap();
        assert!((99..=160).contains(&age.as_secs()), "{age:?}");
    }
    let (_, headers, _) = send(named.get(path)).await;
    let tag = header(&headers, "etag").to_owned();
    let (status, headers, body) = send(named.get(path).header("if-none-match", &tag)).await;
    assert_eq!(
        (status, body.as_str(), header(&headers, "etag")),
        (304, "", tag.as_str())
    );
    assert!(!header(&headers, "last-modified").is_empty());
    let json = send(named.get("/operations/Echo.json?id=1")).await;
    let plain = send(named.get(path)).await;
    assert_eq!(json.2, plain.2);
    let head = client().head(format!("{}{path}", named.running.url));
    let (status, headers, body) = send(head).await;
    assert_eq!((status, body.as_str()), (200, ""));
    assert_eq!(
        header(&headers, "content-type"),
        "application/json; charset=utf-8"
    );
    assert!(!header(&headers, "last-modified").is_empty());
    // The response of one is that of the other: they share its cache.
    for _ in 0..2 {
        let (status, _, _) = send(named.get("/operations/Parks")).await;
        assert_eq!(status, 200);
    }
    assert_eq!(named.calls.load(Ordering::SeqCst), 1);
    let long = "a".repeat(5_000);
    let client = reqwest::Client::builder().no_proxy().no_gzip().build();
    let compressed = client
        .unwrap()
        .get(format!("{}/operations/Echo?id={long}", named.running.url))
        .header("accept-encoding", "gzip");
    let headers = compressed.send().await.unwrap().headers().clone();
    assert_eq!(header(&headers, "content-encoding"), "gzip");
    assert_eq!(header(&headers, "vary"), "accept-encoding");
    named.running.stop();
}

#[test(threads)]
async fn a_mutation_is_sent_by_post() {
    let named = Named::start("").await;
    let body = r#"{"variables": {"id": "oak"}}"#;
    let response = json(named.post("/operations/Plant", body)).await;
    assert_eq!(response, json!({ "data": { "plant": { "text": "oak" } } }));
    let url = format!("{}/operations/Plant", named.running.url);
    for header in ["apollo-require-preflight", "x-requested-with"] {
        let request = client().post(&url).header(header, "page").body(body);
        assert_eq!(json(request).await["data"]["plant"]["text"], "oak");
    }
    let (_, headers, _) = send(named.post("/operations/Plant", body)).await;
    assert_eq!(header(&headers, "cache-control"), "no-store");
    named.running.stop();
}

#[test(threads)]
async fn the_status_is_200_if_there_are_data() {
    let named = Named::start("").await;
    let cases = [
        ("Sure?status=500", 502),
        ("Sure?status=404", 502),
        ("Sure?status=503", 503),
        ("Sure?status=504", 504),
        ("Maybe?status=500", 200),
        ("Maybe?status=503", 200),
        ("Maybe?status=200", 200),
    ];
    for (path, expected) in cases {
        let (status, headers, body) = send(named.get(&format!("/operations/{path}"))).await;
        assert_eq!(status, expected, "{path}: {body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["data"].is_null(), expected != 200, "{path}");
        assert_eq!(body.get("errors").is_some(), path != "Maybe?status=200");
        assert_eq!(header(&headers, "cache-control"), "no-store", "{path}");
        let retry = header(&headers, "retry-after");
        assert_eq!(retry == "1", expected == 503, "{path}");
    }
    named.running.stop();
}
