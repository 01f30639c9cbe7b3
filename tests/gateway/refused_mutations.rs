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

const PAYLOADS: &str = r#"
extend schema
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@graphql", "@clientErrors"])
  @graphql(url: "http://127.0.0.1:9/graphql")
  @clientErrors(when: "extensions.code->eq('CLOSED')", payload: "userErrors->size->gt(0)")
type Query { a: String }
type Mutation { set: Payload other: Payload name: String }
type Payload { item: String userErrors: [UserError!]! }
type UserError { message: String! }
"#;

/// A mutation of a GraphQL service was refused if all its payloads say so, as far as they have no error.
#[test]
async fn a_payload_that_refuses_ends_nothing() {
    let refused = r#"{"item":null,"userErrors":[{"message":"m"}]}"#;
    let done = r#"{"item":"x","userErrors":[]}"#;
    let closed = r#"{"message":"m","path":["other"],"extensions":{"code":"CLOSED"}}"#;
    let failed = r#"{"message":"m","path":["other"],"extensions":{"code":"DISK"}}"#;
    let (one, all) = (
        "set { item userErrors { message } }",
        "set { item userErrors { message } } other { userErrors { message } }",
    );
    for (operation, answer, ends) in [
        (one, format!(r#"{{"data":{{"set":{refused}}}}}"#), false),
        (one, format!(r#"{{"data":{{"set":{done}}}}}"#), true),
        (one, r#"{"data":{"set":null}}"#.to_owned(), true),
        (one, r#"{"data":{}}"#.to_owned(), true),
        // What is not selected is not seen.
        (
            "set { item }",
            r#"{"data":{"set":{"item":null}}}"#.to_owned(),
            true,
        ),
        // The client's names are not those of the schema.
        (
            "x: set { wrong: userErrors { message } }",
            r#"{"data":{"x":{"userErrors":[{"message":"m"}]}}}"#.to_owned(),
            false,
        ),
        (
            all,
            format!(r#"{{"data":{{"set":{refused},"other":{refused}}}}}"#),
            false,
        ),
        (
            all,
            format!(r#"{{"data":{{"set":{refused},"other":{done}}}}}"#),
            true,
        ),
        (
            all,
            format!(r#"{{"data":{{"set":{refused},"other":null}}}}"#),
            true,
        ),
        (
            all,
            format!(r#"{{"data":{{"set":{refused},"other":null}},"errors":[{closed}]}}"#),
            false,
        ),
        (
            all,
            format!(r#"{{"data":{{"set":{refused},"other":null}},"errors":[{failed}]}}"#),
            true,
        ),
        (
            all,
            format!(r#"{{"data":{{"set":{done},"other":null}},"errors":[{closed}]}}"#),
            true,
        ),
        ("name", r#"{"data":{"name":"x"}}"#.to_owned(), true),
    ] {
        let upstream = Upstream::start().await;
        let gateway = gateway(&upstream, PAYLOADS, "", "");
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

const AS_DATA: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@clientErrors"])
  @source(name: "s", http: { baseURL: "http://127.0.0.1:9" })
type Query {
  a: String @connect(source: "s", http: { GET: "/a" }, selection: "$.value")
}
type Mutation {
  set: Payload
    @connect(source: "s", http: { POST: "/set" }, selection: "value problem: $(null)")
    @clientErrors(status: [500], when: "$.code->eq('RANGE')", selection: "problem: code")
}
type Payload { value: String problem: String }
"#;

/// A refusal that is data is one.
#[test]
async fn a_refusal_that_is_data_ends_nothing() {
    let json = "content-type: application/json\r\n";
    for (status, answer, problem, ends) in [
        ("200 OK", r#"{"code":"RANGE","value":"x"}"#, "RANGE", false),
        ("500 Internal Server Error", r#"{"code":"X"}"#, "X", false),
        ("500 Internal Server Error", "{", "", false),
        ("502 Bad Gateway", r#"{"code":"X"}"#, "", true),
        ("200 OK", r#"{"value":"x"}"#, "", true),
    ] {
        let upstream = Upstream::start().await;
        let gateway = gateway(&upstream, AS_DATA, "", "");
        upstream.answer("/a", body(r#"{"value":"old"}"#));
        ask(&gateway, "{ a }").await;
        upstream.answer("/set", http(status, json, answer.as_bytes()));
        let set = ask(&gateway, "mutation { set { value problem } }").await;
        let said = set["data"]["set"]["problem"].as_str().unwrap_or_default();
        assert_eq!(said, problem, "{status} {answer}: {set}");
        upstream.answer("/a", body(r#"{"value":"new"}"#));
        let read = ask(&gateway, "{ a }").await;
        let expected = if ends { "new" } else { "old" };
        assert_eq!(read["data"]["a"], expected, "{status} {answer}");
    }
}
