//! A mutation that fails invalidates cached documents, unless the upstream has provably refused it.

use serde_json::json;

use super::scripted::{Upstream, ask, gateway, http, json as body};

const SCHEMA: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @source(name: "s", http: { baseURL: "http://127.0.0.1:9" })
type Query {
  a: String @connect(source: "s", http: { GET: "/a" }, selection: "$.value")
  b: String @connect(source: "s", http: { GET: "/b" }, selection: "$.value")
  c: String @connect(source: "s", http: { GET: "/c" }, selection: "$.value")
  d: String @connect(source: "s", http: { GET: "/d" }, selection: "$.value")
}
type Mutation {
  set(to: String): String
    @connect(source: "s", http: { POST: "/set", body: "to: $args.to" }, selection: "$.value")
  remove: String @connect(
    source: "s", http: { POST: "/remove" }, selection: "$.value", isSuccess: "$status->in([200, 404])")
}
"#;

const READ: &str = "{ a b c d }";

async fn world() -> (Upstream, sangam::gateway::Gateway) {
    let upstream = Upstream::start().await;
    let gateway = gateway(&upstream, SCHEMA, "", "");
    for path in ["/a", "/b", "/c", "/d"] {
        upstream.answer(path, body(r#"{"value":"old"}"#));
    }
    ask(&gateway, READ).await;
    assert_eq!(upstream.calls().len(), 4);
    (upstream, gateway)
}

#[test]
async fn a_storm_of_refused_mutations_ends_nothing() {
    let (upstream, gateway) = world().await;
    upstream.answer(
        "/set",
        http("403 Forbidden", "", b"{\"error\":\"not you\"}"),
    );
    for _ in 0..50 {
        let storm = (0..4).map(|_| ask(&gateway, "mutation { set(to: \"x\") }"));
        let (refused, read) =
            tokio::join!(futures_util::future::join_all(storm), ask(&gateway, READ));
        assert!(refused.iter().all(|answer| answer.get("errors").is_some()));
        assert_eq!(read["data"]["a"], "old");
    }
    let calls = upstream.calls();
    assert_eq!(calls.len(), 200);
    assert!(calls.iter().all(|call| call == "POST /set"));
}

#[test]
async fn what_may_have_been_done_ends_what_was_read_before() {
    let json = "content-type: application/json\r\n";
    let value = br#"{"value":"x"}"#;
    let answers = [
        (
            "200 OK",
            http("200 OK", json, value),
            "set(to: \"x\")",
            true,
        ),
        (
            "cut short",
            http("200 OK", &format!("{json}content-length: 99\r\n"), value),
            "set",
            true,
        ),
        ("unreadable", http("200 OK", json, b"<html>"), "set", true),
        (
            "unavailable",
            http("503 Service Unavailable", json, b"{}"),
            "set",
            true,
        ),
        (
            "gateway timeout",
            http("504 Gateway Timeout", json, b"{}"),
            "set",
            true,
        ),
        (
            "request timeout",
            http("408 Request Timeout", json, b"{}"),
            "set",
            true,
        ),
        (
            "moved",
            http("302 Found", "location: /x\r\n", b""),
            "set",
            true,
        ),
        ("nothing at all", Vec::new(), "set", true),
        (
            "bad request",
            http("400 Bad Request", json, b"{}"),
            "set",
            false,
        ),
        (
            "unauthorised, with a page",
            http("401 Unauthorized", "content-type: text/html\r\n", b"<p>"),
            "set",
            false,
        ),
        (
            "unprocessable",
            http("422 Unprocessable Content", json, b"{}"),
            "set",
            false,
        ),
        (
            "refused in half a head",
            b"HTTP/1.1 403 Forb".to_vec(),
            "set",
            true,
        ),
        (
            "refused in half a body",
            http(
                "403 Forbidden",
                &format!("{json}content-length: 99\r\n"),
                b"{",
            ),
            "set",
            true,
        ),
        // `isSuccess` says that it succeeded.
        (
            "not there",
            http("404 Not Found", json, b"{}"),
            "remove",
            true,
        ),
        (
            "not allowed",
            http("403 Forbidden", json, b"{}"),
            "remove",
            false,
        ),
    ];
    for (name, answer, field, ends) in answers {
        let (upstream, gateway) = world().await;
        for path in ["/set", "/remove"] {
            upstream.answer(path, answer.clone());
        }
        ask(&gateway, &format!("mutation {{ {field} }}")).await;
        upstream.answer("/a", body(r#"{"value":"new"}"#));
        upstream.calls();
        let read = ask(&gateway, READ).await;
        assert_eq!(
            read["data"]["a"],
            if ends { "new" } else { "old" },
            "{name}"
        );
        assert_eq!(upstream.calls().len(), if ends { 4 } else { 0 }, "{name}");
    }
}

/// A client that stops waiting for its mutation reads the current data of the upstream afterwards.
#[test]
async fn a_mutation_that_is_not_awaited_ends_what_was_read_before() {
    let (upstream, gateway) = world().await;
    upstream.hold("/set");
    tokio::select! {
        answer = ask(&gateway, "mutation { set(to: \"x\") }") => panic!("{answer}"),
        () = upstream.until_called("POST /set") => {}
    }
    upstream.answer("/a", body(r#"{"value":"new"}"#));
    let read = ask(&gateway, "{ a }").await;
    assert_eq!(read, json!({ "data": { "a": "new" } }));
}

const DECLARED: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@invalidates"])
  @source(name: "s", http: { baseURL: "http://127.0.0.1:9" })
type Query {
  a: String @connect(source: "s", http: { GET: "/a" }, selection: "$.value")
  b: String @connect(source: "s", http: { GET: "/b" }, selection: "$.value")
  part: Part @connect(source: "s", http: { GET: "/c" }, selection: "id: value")
}
type Part @key(fields: "id")
  @connect(source: "s", http: { GET: "/d", queryParams: "id: $this.id" }, selection: "name: value") {
  id: ID! name: String
}
type Mutation {
  set: String
    @connect(source: "s", http: { POST: "/set" }, selection: "$.value", isSuccess: "$.status->eq('S')")
    @invalidates(fields: ["Query.a", "Part"], unless: "$.status->eq('REFUSED')")
  all: String
    @connect(source: "s", http: { POST: "/set" }, selection: "$.value")
    @invalidates(unless: "$.status->eq('REFUSED')")
}
"#;

#[test]
async fn a_mutation_ends_what_it_says_that_it_changes() {
    let json = "content-type: application/json\r\n";
    let read = "{ a b part { name } }";
    let declared = ["GET /a", "GET /d"];
    let whole = ["GET /a", "GET /b", "GET /c", "GET /d"];
    let answers: [(&str, &[u8], &str, &[&str]); 7] = [
        ("200 OK", br#"{"status":"S","value":"x"}"#, "set", &declared),
        ("200 OK", br#"{"status":"REFUSED"}"#, "set", &[]),
        ("200 OK", br#"{"status":"F"}"#, "set", &declared),
        ("200 OK", br#"{"status":"REFUSED"} x"#, "set", &declared),
        ("503 Service Unavailable", br#"{}"#, "set", &declared),
        ("200 OK", br#"{"status":"REFUSED"}"#, "all", &[]),
        ("200 OK", br#"{"status":"S"}"#, "all", &whole),
    ];
    for (status, answer, field, ended) in answers {
        let upstream = Upstream::start().await;
        let gateway = gateway(&upstream, DECLARED, "", "");
        for path in ["/a", "/b", "/c", "/d"] {
            upstream.answer(path, body(r#"{"value":"v"}"#));
        }
        let right = ask(&gateway, read).await;
        assert_eq!(right.get("errors"), None, "{right}");
        upstream.answer("/set", http(status, json, answer));
        ask(&gateway, &format!("mutation {{ {field} }}")).await;
        upstream.calls();
        assert_eq!(ask(&gateway, read).await, right);
        let mut calls = upstream.calls();
        calls.sort();
        let answer = String::from_utf8_lossy(answer);
        assert_eq!(calls, ended, "{field}: {status} {answer}");
    }
}

const CLIENT_ERRORS: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@clientErrors"])
  @source(name: "s", http: { baseURL: "http://127.0.0.1:9" })
  @clientErrors(status: [500])
type Query {
  a: String @connect(source: "s", http: { GET: "/a" }, selection: "$.value")
}
type Mutation {
  shared: String @connect(source: "s", http: { POST: "/set" }, selection: "$.value")
  set: String
    @connect(source: "s", http: { POST: "/set" }, selection: "$.value")
    @clientErrors(when: "$.code->eq('RANGE')")
}
"#;

/// A mutation that was refused because of the client's input has changed nothing, whatever its status is.
#[test]
async fn a_client_error_ends_nothing() {
    let json = "content-type: application/json\r\n";
    for (status, answer, field, ends) in [
        ("200 OK", r#"{"code":"RANGE","value":"x"}"#, "set", false),
        ("502 Bad Gateway", r#"{"code":"RANGE"}"#, "set", false),
        ("200 OK", r#"{"code":"RANGE"} x"#, "set", true),
        ("200 OK", r#"{"code":"OTHER"}"#, "set", true),
        ("500 Internal Server Error", "{}", "set", true),
        ("500 Internal Server Error", "{}", "shared", false),
        ("502 Bad Gateway", r#"{"code":"RANGE"}"#, "shared", true),
    ] {
        let upstream = Upstream::start().await;
        let gateway = gateway(&upstream, CLIENT_ERRORS, "", "");
        upstream.answer("/a", body(r#"{"value":"old"}"#));
        ask(&gateway, "{ a }").await;
        upstream.answer("/set", http(status, json, answer.as_bytes()));
        ask(&gateway, &format!("mutation {{ {field} }}")).await;
        upstream.answer("/a", body(r#"{"value":"new"}"#));
        let read = ask(&gateway, "{ a }").await;
        let expected = if ends { "new" } else { "old" };
        assert_eq!(read["data"]["a"], expected, "{field}: {status} {answer}");
    }
}

const SERVICE: &str = r#"
extend schema
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@graphql", "@clientErrors"])
  @graphql(url: "http://127.0.0.1:9/graphql")
  @clientErrors(when: "extensions.code->eq('CLOSED')")
type Query { a: String }
type Mutation { set: Item other: String }
type Item { name: String }
"#;

/// A mutation of a GraphQL service was refused if all its errors are the client's, and none may come from a change.
#[test]
async fn a_client_error_of_a_service_ends_nothing() {
    let error = |code: &str, path: &str| {
        format!(r#"{{"message":"m","path":{path},"extensions":{{"code":"{code}"}}}}"#)
    };
    let closed = error("CLOSED", r#"["set"]"#);
    let below = error("CLOSED", r#"["set","name"]"#);
    let failed = error("DISK", r#"["other"]"#);
    for (operation, answer, ends) in [
        (
            "set { name }",
            format!(r#"{{"data":null,"errors":[{closed}]}}"#),
            false,
        ),
        (
            "set { name }",
            format!(r#"{{"data":{{"set":null}},"errors":[{closed}]}}"#),
            false,
        ),
        (
            "set { name }",
            format!(r#"{{"data":{{"set":null}},"errors":[{below}]}}"#),
            true,
        ),
        (
            "set { name } other",
            format!(r#"{{"data":null,"errors":[{closed},{failed}]}}"#),
            true,
        ),
        (
            "set { name } other",
            format!(r#"{{"data":{{"set":null,"other":"x"}},"errors":[{closed}]}}"#),
            true,
        ),
        ("set { name }", r#"{"data":{"set":null}}"#.to_owned(), true),
        (
            "set { name }",
            r#"{"data":null,"errors":[]}"#.to_owned(),
            true,
        ),
    ] {
        let upstream = Upstream::start().await;
        let gateway = gateway(&upstream, SERVICE, "", "");
        upstream.answer("/", body(r#"{"data":{"a":"old"}}"#));
        assert_eq!(ask(&gateway, "{ a }").await["data"]["a"], "old");
        upstream.answer("/", body(&answer));
        ask(&gateway, &format!("mutation {{ {operation} }}")).await;
        upstream.answer("/", body(r#"{"data":{"a":"new"}}"#));
        let read = ask(&gateway, "{ a }").await;
        let expected = if ends { "new" } else { "old" };
        assert_eq!(read["data"]["a"], expected, "{operation}: {answer}");
    }
}
