//! Valid and invalid specs, and the replay over a real socket.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use super::*;

const SPEC: &str = r#"# Works

```toml
config = { api_key = "sample-key" }
```

Prose, with a block that is prose too:

```sh
curl https://works.example
```

```http
@source works
POST /works?district=1&limit=20
x-api-key: sample-key

{ "first": 1.0 }

HTTP/1.1 200 OK
content-type: application/json

{ "data": [] }
```

```graphql
query Works($d: ID!) { works(district: $d) { id } }
```

```json variables
{ "d": "1" }
```

```json headers
{ "accept-language": "ur" }
```

```text instant
2026-03-05T10:00:00+05:30
```

```json
{ "data": { "works": [] } }
```

## After

```http
POST /works?limit=20&district=1

{ "first": 1 }

HTTP/1.1 404
```

```graphql
{ works(district: "1") { id } }
```

```json
{ "data": { "works": null } }
```
"#;

fn parsed(text: &str) -> Result<Spec, String> {
    let path = Path::new("works.md");
    parse(Path::new("."), path, text).map_err(|problems| {
        let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })
}

#[test]
fn reads_what_is_recorded_and_expected() {
    let spec = parsed(SPEC).unwrap();
    assert_eq!(
        spec.settings.as_deref(),
        Some("config = { api_key = \"sample-key\" }")
    );
    let [first, second] = spec.exchanges.as_slice() else {
        unreachable!("two exchanges")
    };
    assert_eq!((first.line, first.source.as_deref()), (15, Some("works")));
    assert_eq!(first.query.len(), 2);
    assert_eq!(first.headers[0].1, "sample-key");
    assert_eq!(first.answer.headers[0].1, "application/json");
    assert_eq!(&first.answer.body[..], b"{ \"data\": [] }");
    assert_eq!((second.answer.status, second.answer.body.len()), (404, 0));
    let [works, after] = spec.cases.as_slice() else {
        unreachable!("two cases")
    };
    assert_eq!(
        (works.line, works.heading.as_str(), works.exchanges),
        (27, "Works", 1)
    );
    assert_eq!(works.variables.as_ref().unwrap().to_json(), r#"{"d":"1"}"#);
    assert_eq!(works.headers["accept-language"], "ur");
    let instant = works.instant.map(|instant| instant.to_string());
    assert_eq!(instant.as_deref(), Some("2026-03-05T04:30:00Z"));
    assert_eq!((after.heading.as_str(), after.exchanges), ("After", 2));
}

#[test]
fn tells_what_is_wrong_and_where() {
    let cases = [
        (
            "",
            "works.md: there is nothing to test: a spec has a `graphql` block and a `json` block after it",
        ),
        (
            "```http\n",
            "works.md:1: this block is never closed; end it with a line of ```",
        ),
        (
            "```http\nPOST works\n```\n",
            "works.md:2: expected a request line such as `POST /path?query`, found `POST works`",
        ),
        (
            "```http\nPOST /works\n```\n",
            "works.md:2: there is no response; add a line such as `HTTP/1.1 200`",
        ),
        (
            "```http\nGET /\nbroken\n\nHTTP/1.1 200\n```\n",
            "works.md:3: expected a header such as `content-type: application/json`, found `broken`",
        ),
        (
            "```http\nGET /\n\nHTTP/1.1 ok\n```\n",
            "works.md:4: expected a status such as `HTTP/1.1 200`",
        ),
        (
            "```http\nGET /\n\nHTTP/1.1 200\n\n\n< ../secret\n```\n",
            "works.md:7: `../secret` leads out of the connector's folder",
        ),
        (
            "```graphql\n{ a }\n```\n",
            "works.md:2: this operation has no expected response; add a `json` block after it",
        ),
        (
            "```json\n{}\n```\n",
            "works.md:1: an expected response stands after its operation",
        ),
        (
            "```graphql\n{ a }\n```\n```json\n{\n  \"a\": x\n}\n```\n",
            "works.md:6: this is not JSON: ",
        ),
        (
            "```graphql\n{ a }\n```\n```json variable\n{}\n```\n```json\n{}\n```\n",
            "works.md:4: `json variable` means nothing here; use `json` for the response, `json variables` or `json headers`",
        ),
        (
            "```text instant\n2026-03-05\n```\n",
            "works.md:1: an instant stands after its operation",
        ),
        (
            "```graphql\n{ a }\n```\n```text instant\n2026-03-05\n```\n```json\n{}\n```\n",
            "works.md:5: an instant is written `2026-03-05T10:30:00+05:30`",
        ),
        (
            "```graphql\n{ a }\n```\n```json\n{}\n```\n```http\nGET /\n\nHTTP/1.1 200\n```\n",
            "works.md:8: no operation stands after this exchange",
        ),
    ];
    for (text, expected) in cases {
        let found = parsed(text).unwrap_err();
        assert!(
            found.starts_with(expected),
            "{text}\nexpected {expected}\nfound {found}"
        );
    }
}

#[test]
fn every_spec_of_a_connector_can_be_read() {
    let connectors = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("connectors");
    let mut problems = Vec::new();
    let entries = std::fs::read_dir(connectors).unwrap();
    let folders = entries.map(|entry| entry.unwrap().path());
    for folder in folders.filter(|path| path.is_dir()) {
        for file in files(&folder).unwrap() {
            if let Err(found) = read(&folder, &file) {
                problems.extend(found.iter().map(ToString::to_string));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

async fn ask(url: &str, body: &'static str) -> (u16, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client
        .post(url)
        .header("x-api-key", "sample-key")
        .body(body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn replays_what_was_recorded_last() {
    let spec = parsed(SPEC).unwrap();
    let exchanges = spec.exchanges.into_iter();
    let replay = Replay::start(exchanges.map(|one| ("works".to_owned(), one)).collect());
    let replay = replay.await.unwrap();
    let url = format!("{}/works?limit=20&district=1", replay.base_url("works"));
    replay.serve_first(1);
    let (status, body) = ask(&url, r#"{"first":1}"#).await;
    assert_eq!((status, body.as_str()), (200, r#"{ "data": [] }"#));
    assert_eq!(replay.unused(), [49]);
    replay.serve_first(2);
    assert_eq!(ask(&url, r#"{"first":1}"#).await.0, 404);
    assert!(replay.unused().is_empty() && replay.take_unexpected().is_empty());
}

#[tokio::test]
async fn what_is_not_stated_counts_as_what_was_recorded() {
    let spec = parsed(SPEC).unwrap();
    let exchanges = spec.exchanges.into_iter().take(1);
    let replay = Replay::start(exchanges.map(|one| ("works".to_owned(), one)).collect());
    let replay = replay.await.unwrap();
    let url = |district: &str| {
        let base = replay.base_url("works");
        format!("{base}/works?limit=20&district={district}")
    };
    let filled = ask(&url("unstated-config-district"), r#"{"first":1}"#).await;
    assert_eq!(filled.0, 200);
    assert_eq!(ask(&url("config-district"), r#"{"first":1}"#).await.0, 501);
}

#[tokio::test]
async fn shows_the_recorded_request_that_is_nearest() {
    let spec = parsed(SPEC).unwrap();
    let exchanges = spec.exchanges.into_iter().take(1);
    let replay = Replay::start(exchanges.map(|one| ("works".to_owned(), one)).collect());
    let replay = replay.await.unwrap();
    let url = format!("{}/works?limit=30&district=1", replay.base_url("works"));
    let (status, _) = ask(&url, r#"{"first":2}"#).await;
    assert_eq!(status, 501);
    let unexpected = replay.take_unexpected();
    assert_eq!(
        unexpected,
        [Unexpected {
            request: "POST /works?limit=30&district=1".to_owned(),
            body: r#"{"first":2}"#.to_owned(),
            nearest: Some((
                15,
                vec![
                    "query limit=20: recorded, not sent".to_owned(),
                    "query limit=30: sent, not recorded".to_owned(),
                    "body: first: expected 1.0, got 2".to_owned(),
                ]
            )),
        }]
    );
}
