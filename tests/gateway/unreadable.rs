//! An upstream sends an unusable response, and recovers: the next client gets the new response, whatever lifetime the failed
//! one had. The connectors are those of the documentation, which have no `isSuccess`.

use std::path::Path;

use serde_json::json;

use super::scripted::{Upstream, ask, gateway, http, json as body};

const RIGHT: &str =
    r#"{"stations":[{"station_id":7,"name":"Gulmarg","rain_24h_mm":12.5,"lgd":3}]}"#;

/// The text of a file of the repository between these texts.
fn excerpt(file: &str, from: &str, to: &str) -> String {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let start = text.find(from).unwrap_or_else(|| panic!("{from}")) + from.len();
    let end = text[start..].find(to).unwrap() + start;
    text[start..end].to_owned()
}

/// Unusable responses, as bytes.
fn failures() -> Vec<(&'static str, Vec<u8>)> {
    let hour = "cache-control: public, max-age=3600\r\n";
    let json = "content-type: application/json\r\n";
    let with = |more: &str| format!("{json}{hour}{more}");
    let gzip = {
        use std::io::Write;
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(RIGHT.as_bytes()).unwrap();
        out.finish().unwrap()
    };
    let deep = format!(
        r#"{{"stations":[],"x":{}{}}}"#,
        "[".repeat(300),
        "]".repeat(300)
    );
    let mut bytes = RIGHT.as_bytes().to_vec();
    let at = RIGHT.find("Gulmarg").unwrap();
    bytes[at] = 0xff;
    let mut unread = br#"{"x":"?","stations":[]}"#.to_vec();
    unread[6] = 0xc0;
    vec![
        ("half a document", body(&RIGHT[..40])),
        ("no closing brace", body(&RIGHT[..RIGHT.len() - 1])),
        (
            "HTML that calls itself JSON",
            body("<!doctype html><title>Maintenance</title>"),
        ),
        ("a name that is not UTF-8", body(bytes)),
        ("text that is not read and is not UTF-8", body(unread)),
        (
            "NaN",
            body(r#"{"stations":[{"station_id":7,"rain_24h_mm":NaN}]}"#),
        ),
        ("NaN that is not read", body(r#"{"stations":[],"x":NaN}"#)),
        (
            "half a surrogate pair",
            body(r#"{"stations":[],"x":"\ud83d"}"#),
        ),
        ("nested too deep", body(deep)),
        (
            "text after the document",
            body(format!("{RIGHT}\nWarning: slow query")),
        ),
        ("two documents", body(format!("{RIGHT}{RIGHT}"))),
        ("a text", body("\"maintenance\"")),
        ("a number", body("503")),
        ("true", body("true")),
        ("null", body("null")),
        ("an empty list", body("[]")),
        ("an empty object", body("{}")),
        ("another object", body(r#"{"error":"maintenance"}"#)),
        ("null for the list", body(r#"{"stations":null}"#)),
        ("a text for the list", body(r#"{"stations":"maintenance"}"#)),
        (
            "an object for the list",
            body(r#"{"stations":{"error":"maintenance"}}"#),
        ),
        (
            "texts for the objects",
            body(r#"{"stations":["maintenance"]}"#),
        ),
        (
            "other objects",
            body(r#"{"stations":[{"error":"maintenance"}]}"#),
        ),
        ("nothing, with 200", http("200 OK", &with(""), b"")),
        ("nothing, with 204", http("204 No Content", hour, b"")),
        (
            "nothing, with 205",
            http("205 Reset Content", &with("content-length: 0\r\n"), b""),
        ),
        (
            "HTML",
            http(
                "200 OK",
                &format!("content-type: text/html\r\n{hour}"),
                b"<p>",
            ),
        ),
        (
            "plain text",
            http(
                "200 OK",
                &format!("content-type: text/plain\r\n{hour}"),
                b"sorry",
            ),
        ),
        (
            "a part",
            http(
                "206 Partial Content",
                &with("content-range: bytes 0-9/80\r\n"),
                RIGHT.as_bytes(),
            ),
        ),
        (
            "not modified",
            http("304 Not Modified", &with("etag: \"1\"\r\n"), b""),
        ),
        (
            "moved",
            http(
                "301 Moved Permanently",
                &with("location: /x\r\n"),
                RIGHT.as_bytes(),
            ),
        ),
        (
            "an error",
            http("500 Internal Server Error", &with(""), RIGHT.as_bytes()),
        ),
        ("not found", http("404 Not Found", &with(""), b"null")),
        (
            "less than announced",
            http("200 OK", &with("content-length: 900\r\n"), RIGHT.as_bytes()),
        ),
        (
            "a chunk that is cut short",
            http(
                "200 OK",
                &with("transfer-encoding: chunked\r\n"),
                b"ff\r\n{\"stations\":[]}",
            ),
        ),
        (
            "no last chunk",
            http(
                "200 OK",
                &with("transfer-encoding: chunked\r\n"),
                b"f\r\n{\"stations\":[]}\r\n",
            ),
        ),
        (
            "gzip that is cut short",
            http(
                "200 OK",
                &with("content-encoding: gzip\r\n"),
                &gzip[..gzip.len() - 9],
            ),
        ),
        (
            "gzip that is none",
            http(
                "200 OK",
                &with("content-encoding: gzip\r\n"),
                RIGHT.as_bytes(),
            ),
        ),
    ]
}

/// Calls an upstream that fails, and again when it has recovered.
async fn recovers(schema: &str, settings: &str) {
    const QUERY: &str = "{ rainGauges { number name rainfallInMillimetres district { lgdCode } } }";
    let right = json!({ "data": { "rainGauges": [
        { "number": "7", "name": "Gulmarg", "rainfallInMillimetres": 12.5, "district": { "lgdCode": "3" } },
    ] } });
    for (failure, answer) in failures() {
        let upstream = Upstream::start().await;
        let gateway = gateway(&upstream, schema, "", settings);
        upstream.answer("/stations", answer);
        let failed = ask(&gateway, QUERY).await;
        // An operation that reads less of the document must not cause it to be stored.
        let again = ask(&gateway, "{ rainGauges { number } }").await;
        assert_eq!(upstream.calls().len(), 2, "{failure}: {failed} {again}");
        upstream.answer("/stations", body(RIGHT));
        assert_eq!(
            ask(&gateway, QUERY).await,
            right,
            "{failure}, after {failed}"
        );
        assert_eq!(ask(&gateway, QUERY).await, right, "{failure}");
        assert_eq!(upstream.calls().len(), 1, "{failure}");
    }
}

#[test]
async fn the_connector_of_the_readme() {
    let schema = excerpt(
        "README.md",
        "A folder with one file:\n\n```graphql\n",
        "```",
    );
    recovers(&schema, "").await;
}

#[test]
async fn the_connector_of_the_guide() {
    let schema = excerpt("connectors/README.md", "<<'GRAPHQL'\n", "GRAPHQL\n");
    let settings = "config = { api_key = { sample = \"k\" } }\n";
    recovers(&schema, settings).await;
}

const SERVICE: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@graphql"])
  @graphql(url: "http://127.0.0.1:9/graphql")
type Query { gauges: [Gauge!] }
type Gauge @key(fields: "id") { id: ID! name: String }
"#;

#[test]
async fn a_graphql_service() {
    let right = r#"{"data":{"gauges":[{"id":"7"}]}}"#;
    let failures = [
        "",
        "null",
        "[]",
        "{}",
        "\"maintenance\"",
        r#"{"data":null}"#,
        r#"{"data":{}}"#,
        r#"{"data":{"gauges":[{"id":"7"}]}"#,
        r#"{"data":{"gauges":[{"id":"7"}]}} x"#,
        r#"{"data":{"gauges":[{"id":"7"}]},"extensions":{"x":NaN}}"#,
        r#"{"data":{"gauges":null},"errors":[{"message":"no"}]}"#,
    ];
    for failure in failures {
        let upstream = Upstream::start().await;
        let gateway = gateway(&upstream, SERVICE, "", "");
        // The path is that of the service's URL.
        upstream.answer("/", body(failure));
        ask(&gateway, "{ gauges { id } }").await;
        assert_eq!(upstream.calls(), ["POST /"], "{failure}");
        upstream.answer("/", body(right));
        for _ in 0..2 {
            let response = ask(&gateway, "{ gauges { id } }").await;
            let right: serde_json::Value = serde_json::from_str(right).unwrap();
            assert_eq!(response, right, "{failure}");
        }
        assert_eq!(upstream.calls(), ["POST /"], "{failure}");
    }
}

const LOOKUPS: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@cacheNull", "@paginate"])
  @source(name: "s", http: { baseURL: "http://127.0.0.1:9" })
directive @cacheControl(maxAge: Int) on FIELD_DEFINITION | OBJECT
type Query {
  one(id: ID!): One @cacheControl(maxAge: 3600)
    @connect(source: "s", http: { GET: "/one/{$args.id}" }, selection: "id name", entity: true)
  sure(id: ID!): Sure @cacheControl(maxAge: 3600) @cacheNull(maxAge: 60)
    @connect(source: "s", http: { GET: "/sure/{$args.id}" }, selection: "id name")
  several: [Part] @cacheControl(maxAge: 3600)
    @connect(source: "s", http: { GET: "/several" }, selection: "$.parts { id }")
  pages: [String] @cacheControl(maxAge: 3600)
    @connect(source: "s", http: { GET: "/page/{$page.number}" }, selection: "$.items")
    @paginate(by: PAGE, size: 2)
}
type One { id: ID! name: String }
type Sure { id: ID! name: String }
type Part @key(fields: "id") @cacheControl(maxAge: 3600)
  @connect(source: "s", http: { POST: "/parts", body: "ids: $batch.id" }, selection: "$.list { id: key title }") {
  id: ID! title: String
}
"#;

/// A response for an object that does not exist is cached only if the schema says so.
#[test]
async fn a_look_up_that_finds_nothing() {
    let upstream = Upstream::start().await;
    let gateway = gateway(&upstream, LOOKUPS, "", "");
    for (path, query, calls) in [
        ("/one/1", "{ one(id: 1) { name } }", 2),
        ("/sure/1", "{ sure(id: 1) { name } }", 1),
    ] {
        upstream.answer(path, body("null"));
        for _ in 0..2 {
            let response = ask(&gateway, query).await;
            assert_eq!(response.get("errors"), None, "{response}");
        }
        assert_eq!(upstream.calls().len(), calls, "{path}");
    }
    upstream.answer("/one/1", body(r#"{"id":1,"name":"here by now"}"#));
    let response = ask(&gateway, "{ one(id: 1) { name } }").await;
    assert_eq!(
        response,
        json!({ "data": { "one": { "name": "here by now" } } })
    );
}

/// A batch that has none of its keys, and one that has.
#[test]
async fn a_batch_without_its_keys() {
    let upstream = Upstream::start().await;
    let gateway = gateway(&upstream, LOOKUPS, "", "");
    upstream.answer("/several", body(r#"{"parts":[{"id":1},{"id":2}]}"#));
    upstream.answer("/parts", body(r#"{"list":[{"title":"whose?"}]}"#));
    let query = "{ several { title } }";
    let response = ask(&gateway, query).await;
    assert!(response.get("errors").is_some(), "{response}");
    assert_eq!(upstream.calls(), ["GET /several", "POST /parts"]);
    upstream.answer("/parts", body(r#"{"list":[{"key":2,"title":"b"}]}"#));
    let right = json!({ "data": { "several": [{ "title": null }, { "title": "b" }] } });
    assert_eq!(ask(&gateway, query).await, right);
    assert_eq!(ask(&gateway, query).await, right);
    assert_eq!(upstream.calls(), ["POST /parts"]);
}

/// One page is broken: the others are not fetched again.
#[test]
async fn a_page_that_cannot_be_read() {
    let upstream = Upstream::start().await;
    let gateway = gateway(&upstream, LOOKUPS, "", "");
    upstream.answer("/page/1", body(r#"{"items":["a","b"]}"#));
    upstream.answer("/page/2", body(r#"{"items":["c","d"]"#));
    upstream.answer("/page/3", body(r#"{"items":[]}"#));
    let query = "{ pages }";
    let response = ask(&gateway, query).await;
    assert_eq!(response["data"], json!({ "pages": null }));
    assert_eq!(upstream.calls(), ["GET /page/1", "GET /page/2"]);
    upstream.answer("/page/2", body(r#"{"items":["c","d"]}"#));
    let right = json!({ "data": { "pages": ["a", "b", "c", "d"] } });
    assert_eq!(ask(&gateway, query).await, right);
    assert_eq!(upstream.calls(), ["GET /page/2", "GET /page/3"]);
    assert_eq!(ask(&gateway, query).await, right);
    assert_eq!(upstream.calls(), [""; 0]);
}
