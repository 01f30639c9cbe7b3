//! Entity tags, conditional requests and `HEAD`.

use super::raw::{Raw, Reply, within};
use super::*;

/// `GET /graphql` with a query, and more lines of its head.
async fn get(raw: &mut Raw, method: &str, query: &str, more: &str) -> Reply {
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    raw.send(&format!(
        "{method} /graphql?query={query} HTTP/1.1\r\nhost: gateway.example\r\n{more}\r\n"
    ))
    .await;
    raw.reply().await
}

/// The value of a header in a head, which is in lower case.
fn field<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    let mut lines = reply.head.split("\r\n");
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn a_client_that_has_the_response_gets_304() {
    let running = start(&settings());
    let url = "/graphql?query=%7Bcached%7D";
    let (status, headers, body) = send(running.get(url)).await;
    assert_eq!((status, body.as_str()), (200, r#"{"data":{"a":1}}"#));
    let tag = header(&headers, "etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() == 24, "{tag}");
    let mut raw = Raw::connect(&running.server).await;
    for list in [
        tag.clone(),
        format!("W/{tag}"),
        format!("\"x\", {tag}"),
        "*".to_owned(),
    ] {
        let with = running.get(url).header("if-none-match", &list);
        let (status, headers, body) = send(with).await;
        assert_eq!((status, body.as_str()), (304, ""), "{list}");
        assert_eq!(header(&headers, "etag"), tag);
        assert_eq!(header(&headers, "cache-control"), "public, max-age=60");
        assert_eq!(header(&headers, "age"), "10");
        assert_eq!(vary(&headers), ["accept", "accept-language"]);
        assert!(headers.contains_key("date") && headers.contains_key("x-request-id"));
        assert!(!headers.contains_key("content-type"));
        // As bytes: nothing follows the head, and no length is claimed.
        let condition = format!("if-none-match: {list}\r\n");
        for method in ["GET", "HEAD"] {
            let reply = get(&mut raw, method, "{cached}", &condition).await;
            assert_eq!(reply.status, 304, "{}", reply.head);
            assert_eq!(field(&reply, "content-length"), None);
            assert_eq!(field(&reply, "transfer-encoding"), None);
        }
    }
    for list in ["\"other\"", "", "broken", "\"unfinished"] {
        let with = running.get(url).header("if-none-match", list);
        let (status, _, body) = send(with).await;
        assert_eq!((status, body.len()), (200, 16), "{list}");
    }
}

#[tokio::test]
async fn head_has_the_head_of_get() {
    let running = start(&settings());
    let mut raw = Raw::connect(&running.server).await;
    for (query, more) in [
        ("{cached}", ""),
        ("{kept}", ""),
        ("{kept}", "accept-encoding: gzip\r\n"),
        ("{a}", ""),
    ] {
        let full = get(&mut raw, "GET", query, more).await;
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let mut alone = Raw::connect(&running.server).await;
        alone
            .send(&format!(
                "HEAD /graphql?query={query} HTTP/1.1\r\nhost: gateway.example\r\nconnection: close\r\n{more}\r\n"
            ))
            .await;
        let received = alone.text().await;
        let (head, body) = received.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "", "{query} {more}");
        let head = Reply {
            status: 200,
            head: head.to_lowercase(),
            body: String::new(),
        };
        for name in [
            "content-length",
            "content-type",
            "content-encoding",
            "etag",
            "cache-control",
            "vary",
        ] {
            assert_eq!(field(&head, name), field(&full, name), "{query} {name}");
        }
    }
}

#[tokio::test]
async fn each_content_coding_has_its_tag() {
    let running = start(&settings());
    let get = |accept: &'static str| {
        let request = running.get("/graphql?query=%7Bkept%7D");
        request.header("accept-encoding", accept)
    };
    let (_, headers, _) = send(get("identity")).await;
    let plain = header(&headers, "etag").to_owned();
    let (_, headers, _) = send(get("gzip")).await;
    assert_eq!(header(&headers, "content-encoding"), "gzip");
    let coded = header(&headers, "etag").to_owned();
    assert_eq!(coded, format!("{}-gzip\"", plain.trim_end_matches('"')));
    for (accept, end) in [("br", "-br\""), ("zstd", "-zstd\"")] {
        let (_, headers, _) = send(get(accept)).await;
        let tag = header(&headers, "etag");
        assert!(tag.ends_with(end) && tag[..22] == plain[..22], "{tag}");
    }
    for (tag, accept, status) in [
        (&plain, "identity", 304),
        (&plain, "gzip", 200),
        (&coded, "gzip", 304),
        (&coded, "identity", 200),
    ] {
        let (found, headers, _) = send(get(accept).header("if-none-match", tag)).await;
        assert_eq!(found, status, "{tag} {accept}");
        assert_eq!(vary(&headers), ["accept", "accept-encoding"]);
        let is_coded = headers.contains_key("content-encoding");
        assert_eq!(is_coded, status == 200 && accept == "gzip");
    }
}

#[tokio::test]
async fn what_no_cache_may_hold_has_no_tag() {
    let running = start(&settings());
    for (query, status) in [("{a}", 200), ("{invalid}", 200), ("{busy}", 503)] {
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let url = format!("/graphql?query={query}");
        let with = running.get(&url).header("if-none-match", "\"x\"");
        let (found, headers, body) = send(with).await;
        assert_eq!(found, status, "{query}");
        assert!(!headers.contains_key("etag") && !body.is_empty());
    }
    let url = "/graphql?query=%7Binvalid%7D";
    let new = "application/graphql-response+json";
    let with = running.get(url).header("if-none-match", "*");
    let (status, _, _) = send(with.header("accept", new)).await;
    assert_eq!(status, 400, "a condition does not hide an error");
    // Nor does a POST have one.
    let post = running.post(r#"{"query":"{cached}"}"#);
    let (status, headers, body) = send(post.header("if-none-match", "*")).await;
    assert_eq!((status, body.len()), (200, 16));
    assert!(!headers.contains_key("etag"));
}

#[tokio::test]
async fn a_private_response_has_a_tag() {
    let running = start(&settings());
    let (_, headers, _) = send(running.get("/graphql?query=%7Bprivate%7D")).await;
    assert_eq!(header(&headers, "cache-control"), "private, max-age=50");
    let tag = header(&headers, "etag").to_owned();
    let with = running.get("/graphql?query=%7Bprivate%7D");
    let (status, _, _) = send(with.header("if-none-match", tag)).await;
    assert_eq!(status, 304);
}

#[tokio::test]
async fn http2_sends_no_body_to_head() {
    let running = start(&settings());
    let stream = tokio::net::TcpStream::connect(running.server.address);
    let (sender, connection) = h2::client::handshake(stream.await.unwrap()).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut tag = http::HeaderValue::from_static("\"none\"");
    for (method, status, length) in [("GET", 200, 16), ("HEAD", 200, 0), ("GET", 304, 0)] {
        let mut sender = within(sender.clone().ready()).await.unwrap();
        let request = http::Request::builder()
            .method(method)
            .uri("http://gateway.example/graphql?query=%7Bcached%7D")
            .header("if-none-match", &tag)
            .body(())
            .unwrap();
        let (answer, _) = sender.send_request(request, true).unwrap();
        let answer = within(answer).await.unwrap();
        assert_eq!(answer.status(), status, "{method}");
        if method == "HEAD" {
            tag = answer.headers()["etag"].clone();
        }
        let mut body = answer.into_body();
        let mut received = 0;
        while let Some(data) = within(body.data()).await {
            received += data.unwrap().len();
        }
        assert_eq!(received, length, "{method} {status}");
    }
    drop(sender);
    within(connection).await.unwrap().unwrap();
}
