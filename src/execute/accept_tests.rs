//! Which answers may be kept, by the selection and the field's type: a table.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use super::*;
use crate::cache::Timestamp;
use crate::connector::{SubgraphKind, read_sdl};
use crate::source::StoredHeaders;
use crate::source::http::response;

/// A folder with these fields.
fn folder(fields: &str) -> String {
    format!(
        r#"extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@paginate", "@cacheNull"])
  @source(name: "s", http: {{ baseURL: "https://s.example" }})
scalar Any
{fields}"#
    )
}

/// The connects of a folder with these fields.
fn connects(fields: &str) -> Vec<Arc<Connect>> {
    let (subgraph, diagnostics) = read_sdl("s", "s", &folder(fields));
    let texts: Vec<String> = diagnostics.iter().map(|own| own.to_text()).collect();
    let subgraph = subgraph.unwrap_or_else(|| panic!("{}", texts.join("\n")));
    match subgraph.kind {
        SubgraphKind::Connectors { connects, .. } => connects,
        _ => panic!("no connectors"),
    }
}

/// The first of them.
fn connect(fields: &str) -> Arc<Connect> {
    Arc::clone(&connects(fields)[0])
}

fn document(status: u16, body: &[u8]) -> Document {
    let text = match body.is_empty() {
        true => Bytes::from_static(b"null"),
        false => Bytes::copy_from_slice(body),
    };
    let answer = response(status, HeaderMap::new(), text, body.len());
    Document::new(answer, &StoredHeaders::NONE, Timestamp(0), 0)
}

fn verdict(connect: &Connect, body: &str) -> Verdict {
    of_connect(
        connect,
        &document(200, body.as_bytes()),
        &Variables::new(),
        usize::MAX,
    )
}

/// Every body is kept, or not.
fn check(fields: &str, cached: &[&str], used: &[&str]) {
    let connect = connect(fields);
    for (bodies, expected) in [(cached, Verdict::Store), (used, Verdict::UseOnce)] {
        for body in bodies {
            let found = verdict(&connect, body);
            assert_eq!(found, expected, "{fields}\n{body}");
        }
    }
}

/// What no selection can read.
const BROKEN: [&str; 9] = [
    r#"{"rows":[{"id":1"#,
    "<html></html>",
    r#"{"rows":[{"id":1}],"x":NaN}"#,
    r#"{"rows":[{"id":1}],"x":"\ud800"}"#,
    r#"{"rows":[{"id":1}]} x"#,
    r#"{"rows":[{"id":1}]}{}"#,
    r#"{"rows":[{"id":01}]}"#,
    "{\"rows\":[{\"id\":1}],\"x\":\"\u{1}\"}",
    " ",
];

#[test]
fn objects_made_of_scalars() {
    let fields = r#"type Query { rows: [Row!]
        @connect(source: "s", http: { GET: "/" }, selection: "$.rows { id: $ }") }
      type Row { id: ID! }"#;
    check(
        fields,
        &[r#"{"rows":[1,2,null]}"#, r#"{"rows":[]}"#],
        &[r#"{"rows":null}"#, "{}", "7", r#"{"rows":7}"#],
    );
    let text = r#"type Query { answer: Answer
        @connect(source: "s", http: { GET: "/" }, selection: "value: $") }
      type Answer { value: String }"#;
    check(text, &[r#""OK""#, "7"], &["null"]);
}

#[test]
fn a_list_of_objects_at_the_end_of_a_path() {
    let fields = r#"type Query { rows: [Row!]
        @connect(source: "s", http: { GET: "/" }, selection: "$.rows { id name of { code } }") }
      type Row { id: ID! name: String of: Of }
      type Of { code: ID! }"#;
    check(
        fields,
        &[
            r#"{"rows":[]}"#,
            r#"{"rows":[{"id":1}]}"#,
            r#"{"rows":[{"x":1},{"id":1}, null]}"#,
            r#"{"rows":[{"id":1,"of":{"code":2}},{"id":1,"of":null},{"id":1,"of":""}]}"#,
            r#"{"rows":[{"id":{"not":"an id"}}]}"#,
        ],
        &BROKEN,
    );
    check(
        fields,
        &[],
        &[
            "",
            "null",
            "7",
            "\"maintenance\"",
            "{}",
            "[]",
            r#"{"error":"maintenance"}"#,
            r#"{"rows":null}"#,
            r#"{"rows":"maintenance"}"#,
            r#"{"rows":{}}"#,
            r#"{"rows":{"id":1}}"#,
            r#"{"rows":["maintenance"]}"#,
            r#"{"rows":[{"error":"maintenance"}]}"#,
            r#"{"rows":[{"id":1},"maintenance"]}"#,
            r#"{"rows":[{"id":1,"of":"maintenance"}]}"#,
        ],
    );
    let connect = connect(fields);
    let mut bad = br#"{"rows":[{"id":1}],"x":""}"#.to_vec();
    bad[22] = 0xff;
    let found = of_connect(
        &connect,
        &document(200, &bad),
        &Variables::new(),
        usize::MAX,
    );
    assert_eq!(found, Verdict::UseOnce);
    let deep = format!(
        r#"{{"rows":[],"x":{}{}}}"#,
        "[".repeat(200),
        "]".repeat(200)
    );
    assert_eq!(verdict(&connect, &deep), Verdict::UseOnce);
    let failed = document(500, br#"{"rows":[]}"#);
    assert_eq!(
        of_connect(&connect, &failed, &Variables::new(), usize::MAX),
        Verdict::Failed
    );
}

#[test]
fn one_object() {
    check(
        r#"type Query { row(id: ID!): Row
        @connect(source: "s", http: { GET: "/{$args.id}" }, selection: "id: key name", entity: true) }
      type Row @key(fields: "id") { id: ID! name: String }"#,
        &[r#"{"key":1}"#, r#"{"name":null}"#],
        &[
            "",
            "null",
            "{}",
            "[]",
            "[{\"key\":1}]",
            r#"{"error":1}"#,
            "\"x\"",
            "true",
        ],
    );
}

#[test]
fn leaves() {
    check(
        r#"type Query { name: String @connect(source: "s", http: { GET: "/" }, selection: "$.name") }"#,
        &[r#"{"name":"x"}"#, r#"{"name":""}"#, r#"{"name":5}"#],
        &[
            "null",
            "{}",
            r#"{"name":null}"#,
            r#"{"name":{}}"#,
            r#"{"name":[]}"#,
            "5",
        ],
    );
    check(
        r#"type Query { names: [String] @connect(source: "s", http: { GET: "/" }, selection: "$") }"#,
        &["[]", r#"["x"]"#, "[null]"],
        &["null", "{}", "\"x\""],
    );
    check(
        r#"type Query { any: Any @connect(source: "s", http: { GET: "/" }, selection: "$") }"#,
        &["[]", "{}", "5", "false"],
        &["null", "", "{"],
    );
}

#[test]
fn what_is_evaluated() {
    check(
        r#"type Query { first: Row
        @connect(source: "s", http: { GET: "/" }, selection: "$.rows->first { id of: of.code }") }
      type Row { id: ID! of: ID }"#,
        &[
            r#"{"rows":[{"id":1}]}"#,
            r#"{"rows":[{"id":1,"of":{"code":1}}]}"#,
        ],
        &[
            "null",
            "\"x\"",
            r#"{"rows":[]}"#,
            r#"{"rows":["x"]}"#,
            r#"{"rows":[{"id":1}]} x"#,
            r#"{"rows":[{"id":1}],"x":NaN}"#,
        ],
    );
    // What reads nothing of the answer is the same whatever that is.
    check(
        r#"type Query { done: Done
        @connect(source: "s", http: { POST: "/" }, selection: "ok: $(true)") }
      type Done { ok: Boolean }"#,
        &["", "null", "{}"],
        &["{"],
    );
}

#[test]
fn batches() {
    let text = r#"type Row @key(fields: "id") @connect(
        source: "s"
        http: { POST: "/rows", body: "ids: $batch.id" }
        selection: "$.rows { id: key name }"
      ) { id: ID! name: String }
      type Query { row: Row @connect(source: "s", http: { GET: "/" }, selection: "id: key name") }"#;
    let all = [
        (r#"{"rows":[]}"#, Verdict::Store),
        (r#"{"rows":[{"key":1},{"name":"x"}]}"#, Verdict::Store),
        (r#"{"rows":[{"name":"x"}]}"#, Verdict::UseOnce),
        (r#"{"rows":[{"key":null,"name":"x"}]}"#, Verdict::UseOnce),
        (r#"{"rows":"x"}"#, Verdict::UseOnce),
        (r#"{"rows":null}"#, Verdict::UseOnce),
    ];
    let connects = connects(text);
    let batch = |own: &&Arc<Connect>| matches!(own.kind, ConnectKind::Batch { .. });
    let batch = connects.iter().find(batch).unwrap();
    for (body, expected) in all {
        assert_eq!(verdict(batch, body), expected, "{body}");
    }
}

#[test]
fn null_is_an_answer_where_the_schema_says_so() {
    let declared = connect(
        r#"type Query { row: Row @cacheNull(maxAge: 9)
        @connect(source: "s", http: { GET: "/" }, selection: "$.data { id }") }
      type Row { id: ID! }"#,
    );
    let nine = Verdict::StoreFor(Duration::from_secs(9));
    for (body, expected) in [
        ("", nine),
        ("null", nine),
        (r#"{"data":null}"#, nine),
        (r#"{"data":{}}"#, nine),
        (r#"{"data":{"id":1}}"#, Verdict::Store),
        (r#"{"data":"x"}"#, Verdict::UseOnce),
        ("{", Verdict::UseOnce),
    ] {
        assert_eq!(verdict(&declared, body), expected, "{body}");
    }
    let vouched = connect(
        r#"type Query { row: Row @connect(
        source: "s", http: { GET: "/" }, selection: "$.data { id }", isSuccess: "$.status->eq('S')") }
      type Row { id: ID! }"#,
    );
    for (body, expected) in [
        (r#"{"status":"S","data":null}"#, Verdict::Store),
        (r#"{"status":"S"}"#, Verdict::Store),
        (r#"{"status":"S","data":{"id":1}}"#, Verdict::Store),
        (r#"{"status":"S","data":"x"}"#, Verdict::UseOnce),
        (r#"{"status":"S","data":null} x"#, Verdict::UseOnce),
        (r#"{"status":"F","data":null}"#, Verdict::Failed),
        ("null", Verdict::Failed),
    ] {
        assert_eq!(verdict(&vouched, body), expected, "{body}");
    }
    // One that looks at the status only has not seen the body.
    let by_status = connect(
        r#"type Query { row: Row @connect(
        source: "s", http: { GET: "/" }, selection: "$.data { id }", isSuccess: "$status->eq(200)") }
      type Row { id: ID! }"#,
    );
    assert_eq!(verdict(&by_status, "null"), Verdict::UseOnce);
    assert_eq!(verdict(&by_status, r#"{"data":null}"#), Verdict::UseOnce);
}

#[test]
fn answers_of_a_service() {
    let projection = Projection {
        nodes: vec![crate::plan::projection::ObjectNode {
            keys: vec![crate::plan::projection::KeyNode {
                name: "a".into(),
                sinks: Vec::new(),
                capture: None,
            }],
            ..Default::default()
        }],
        root: Root::Object(crate::plan::projection::ProjectionId(0)),
    };
    for (body, expected) in [
        (r#"{"data":{"a":1}}"#, Verdict::Store),
        (r#"{"data":{"a":null},"extensions":{}}"#, Verdict::Store),
        (r#"{"data":{}}"#, Verdict::UseOnce),
        (r#"{"data":{"b":1}}"#, Verdict::UseOnce),
        (r#"{"data":null}"#, Verdict::Failed),
        (r#"{"data":{"a":1}} x"#, Verdict::Failed),
        (r#"{"data":{"a":1},"errors":[]}"#, Verdict::Failed),
        (r#"{"data":{"a":NaN}}"#, Verdict::Failed),
        (r#"{"data":{"a":1}"#, Verdict::Failed),
        ("[]", Verdict::Failed),
        ("", Verdict::Failed),
    ] {
        let response = document(200, body.as_bytes());
        let found = of_service(&projection, &response, None, 0);
        assert_eq!(found, expected, "{body}");
    }
}
