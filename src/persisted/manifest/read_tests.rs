//! Tests of reading manifests.

use super::*;
use crate::connector::diagnostic::LineColumn;

fn source(text: &str) -> Arc<SourceText> {
    Arc::new(SourceText {
        path: "manifest.json".to_owned(),
        text: text.to_owned(),
    })
}

fn documents(text: &str) -> Vec<(String, String)> {
    let manifest = read(&source(text)).unwrap_or_else(|problem| panic!("{}", problem.to_text()));
    let documents = manifest.documents.iter();
    documents
        .map(|one| (one.id.to_string(), one.text.to_string()))
        .collect()
}

fn pair(id: &str, text: &str) -> (String, String) {
    (id.to_owned(), text.to_owned())
}

#[test]
fn reads_both_forms() {
    let expected = [
        pair("1", "query A {\n  a\n}"),
        pair("2", "mutation B { b }"),
    ];
    let apollo = r#"{
        "operations": [
            {"id": "1", "name": "A", "type": "query", "body": "query A {\n  a\n}"},
            {"body": "mutation B { b }", "type": "mutation", "clientName": null, "id": "2"}
        ],
        "version": 1,
        "format": "apollo-persisted-query-manifest"
    }"#;
    assert_eq!(documents(apollo), expected);
    let by_id = r#"{"1": "query A {\n  a\n}", "2": "mutation B { b }"}"#;
    assert_eq!(documents(by_id), expected);
    assert_eq!(documents(&format!("\u{feff}{by_id}")), expected);
    // Ids are texts of any kind.
    let odd = r#"{"format": "{ a }", "कार्ड": "{ b }"}"#;
    assert_eq!(documents(odd), [pair("कार्ड", "{ b }")]);
}

#[test]
fn the_same_text_may_be_there_twice() {
    assert_eq!(
        documents(r#"{"1": "{ a }", "1": "{ a }"}"#),
        [pair("1", "{ a }")]
    );
}

#[test]
fn says_what_is_wrong_and_where() {
    let cases = [
        ("", "the manifest is not JSON: unexpected end", (1, 1)),
        ("[]", "a manifest is a JSON object", (1, 1)),
        ("{}", "the manifest has no operations", (1, 1)),
        (
            "{\"1\": \"{ a }\"",
            "the manifest is not JSON: unexpected end",
            (1, 14),
        ),
        (
            "{\n\"1\": 5}",
            "`1` is a number: a manifest maps ids to operation texts, or has the format of Apollo",
            (2, 6),
        ),
        (
            "{\"1\": \"{ a }\",\n\"1\": \"{ b }\"}",
            "the id `1` has two texts",
            (2, 6),
        ),
        (
            "{\"operations\": []}",
            "a manifest with `operations` needs `format`: \"apollo-persisted-query-manifest\"",
            (1, 1),
        ),
        (
            "{\"format\": \"hive\",\n\"operations\": []}",
            "`format` is \"hive\", not \"apollo-persisted-query-manifest\"",
            (1, 12),
        ),
        (
            "{\"format\": \"apollo-persisted-query-manifest\", \"version\": 2, \"operations\": []}",
            "`version` is 2, and only version 1 can be read",
            (1, 58),
        ),
        (
            "{\"format\": \"apollo-persisted-query-manifest\", \"operations\": []}",
            "the manifest has no `version`: 1",
            (1, 1),
        ),
        (
            "{\"operations\": [5]}",
            "an operation of a manifest is an object",
            (1, 17),
        ),
        (
            "{\"operations\": [{\"id\": \"1\"}]}",
            "an operation of the manifest has no `body`",
            (1, 24),
        ),
        (
            "{\"operations\": [{\"body\": \"{a}\"}]}",
            "an operation of the manifest has no `id`",
            (1, 26),
        ),
        (
            "{\"operations\": [{\"body\": \"{a}\", \"id\": [1]}]}",
            "`id` of an operation must be a string",
            (1, 26),
        ),
    ];
    for (text, message, (line, column)) in cases {
        let problem = read(&source(text)).unwrap_err();
        assert_eq!(problem.message, message, "{text}");
        let at = problem.labels[0].span.start();
        assert_eq!(at, LineColumn { line, column }, "{text}");
    }
}

#[test]
fn a_position_of_a_text_is_one_of_the_manifest() {
    let text = "\u{feff}{\n  \"1\": \"query A {\\n  \\u0061 b(c: \\\"x\\\")\\n}\"\n}";
    let source = source(text);
    let manifest = read(&source).unwrap();
    let document = &manifest.documents[0];
    assert_eq!(&*document.text, "query A {\n  a b(c: \"x\")\n}");
    let place = |line, column| {
        let span = document.place(&source, LineColumn { line, column });
        source.text[span.range].to_owned()
    };
    assert_eq!(place(1, 7), "A");
    assert_eq!(place(2, 3), "\\u0061");
    assert_eq!(place(2, 5), "b");
    assert_eq!(place(2, 7), "c");
}

#[test]
fn many_operations_are_read() {
    let members: Vec<String> = (0..50_000)
        .map(|number| format!("\"{number}\": \"query Q{number} {{ a{number} }}\""))
        .collect();
    let text = format!("{{{}}}", members.join(",\n"));
    assert_eq!(documents(&text).len(), 50_000);
}
