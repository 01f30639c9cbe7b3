//! Persisted operations: automatic ones, trusted documents, and the mode in which only these are executed.

use std::sync::Arc;

use sangam::cache::MemoryBackend;
use sangam::document::Value;
use sangam::gateway::{ClientContext, Gateway, GraphqlRequest, RequestOutcome};
use sangam::persisted::{Sha256, TrustedDocument, TrustedDocuments};
use serde_json::json;

use super::scripted::{Upstream, gateway_on, json as body};
use crate::support::backend::SharedBackend;

const CONNECTS: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @source(name: "s", http: { baseURL: "http://127.0.0.1:9" })
type Query {
  a: String @connect(source: "s", http: { GET: "/a" }, selection: "$.value")
}
type Mutation {
  set: String @connect(source: "s", http: { POST: "/set" }, selection: "$.value")
}
"#;

const TEXT: &str = "query A { a }";

struct World {
    _upstream: Upstream,
    gateway: Gateway,
}

async fn world(settings: &str, trusted: &[(&str, &str)]) -> World {
    let upstream = Upstream::start().await;
    upstream.answer("/a", body(r#"{"value":"x"}"#));
    upstream.answer("/set", body(r#"{"value":"done"}"#));
    let settings = format!("{settings}\n[connector.own]\n");
    let gateway = gateway_on(&MemoryBackend, &upstream, CONNECTS, &settings);
    World {
        _upstream: upstream,
        gateway: gateway.trusting(documents(trusted)),
    }
}

fn documents(trusted: &[(&str, &str)]) -> Arc<TrustedDocuments> {
    let mut documents = TrustedDocuments::default();
    for (id, text) in trusted {
        let document = TrustedDocument {
            id: (*id).into(),
            text: (*text).into(),
            hash: Sha256::of(text),
            file: "manifest.json".into(),
            is_named: false,
        };
        documents.add(document).unwrap();
    }
    Arc::new(documents)
}

fn extension(hash: &str) -> Option<Value> {
    let text = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    Some(Value::parse_json(text.to_string().as_bytes()).unwrap())
}

fn by_hash(text: Option<&str>, hash: &str) -> GraphqlRequest {
    GraphqlRequest {
        query: text.map(str::to_owned),
        extensions: extension(hash),
        ..GraphqlRequest::default()
    }
}

fn by_id(text: Option<&str>, id: &str) -> GraphqlRequest {
    GraphqlRequest {
        query: text.map(str::to_owned),
        document_id: Some(id.to_owned()),
        ..GraphqlRequest::default()
    }
}

fn by_text(text: &str) -> GraphqlRequest {
    GraphqlRequest {
        query: Some(text.to_owned()),
        ..GraphqlRequest::default()
    }
}

/// The value of `a`, or the code and the message of the first error; with the outcome.
async fn ask(gateway: &Gateway, request: GraphqlRequest) -> (String, RequestOutcome) {
    let client = ClientContext::default();
    let mut response = gateway.execute(request, &client).await;
    let answer: serde_json::Value = serde_json::from_slice(&response.body().await).unwrap();
    let text = match answer.get("errors") {
        None => answer["data"]["a"].as_str().unwrap().to_owned(),
        Some(errors) => {
            let code = errors[0]["extensions"]["code"].as_str().unwrap();
            format!("{code}: {}", errors[0]["message"].as_str().unwrap())
        }
    };
    (text, response.outcome)
}

fn executed() -> (String, RequestOutcome) {
    ("x".to_owned(), RequestOutcome::Executed)
}

fn not_found() -> (String, RequestOutcome) {
    let text = "PERSISTED_QUERY_NOT_FOUND: PersistedQueryNotFound";
    (text.to_owned(), RequestOutcome::NotPersisted)
}

fn mismatch(message: &str) -> (String, RequestOutcome) {
    let text = format!("PERSISTED_QUERY_MISMATCH: {message}");
    (text, RequestOutcome::Malformed)
}

const WRONG_HASH: &str = "The hash is not the SHA-256 of the request's text";
const OTHER_TEXT: &str = "The request's text is not the one that its hash or id stands for";

#[test]
async fn a_hash_is_known_after_its_text_was_sent() {
    let world = world("", &[]).await;
    let hash = Sha256::of(TEXT).to_string();
    assert_eq!(ask(&world.gateway, by_hash(None, &hash)).await, not_found());
    assert_eq!(
        ask(&world.gateway, by_hash(Some(TEXT), &hash)).await,
        executed()
    );
    for request in [
        by_hash(None, &hash),
        by_hash(None, &hash.to_uppercase()),
        by_hash(Some(""), &hash),
        by_hash(Some(TEXT), &hash),
        by_id(None, &format!("sha256:{hash}")),
        by_id(None, &hash),
    ] {
        assert_eq!(
            ask(&world.gateway, request.clone()).await,
            executed(),
            "{request:?}"
        );
    }
}

#[test]
async fn a_hash_that_is_not_that_of_the_text_is_refused() {
    let world = world("", &[]).await;
    let other = Sha256::of("query A { a a }").to_string();
    let wrong = mismatch(WRONG_HASH);
    for hash in [&other, "abc", ""] {
        assert_eq!(
            ask(&world.gateway, by_hash(Some(TEXT), hash)).await,
            wrong,
            "{hash}"
        );
    }
    let by_id = by_id(Some(TEXT), &format!("sha256:{other}"));
    assert_eq!(ask(&world.gateway, by_id).await, wrong);
    assert_eq!(
        ask(&world.gateway, by_hash(None, &other)).await,
        not_found()
    );
    // A known hash does not stand for a second text.
    let hash = Sha256::of(TEXT).to_string();
    assert_eq!(
        ask(&world.gateway, by_hash(Some(TEXT), &hash)).await,
        executed()
    );
    assert_eq!(
        ask(&world.gateway, by_hash(Some("{ a }"), &hash)).await,
        wrong
    );
}

#[test]
async fn a_text_that_does_not_compile_is_not_registered() {
    let world = world(
        "introspection = false\n[limits]\ndocument_bytes = \"1KB\"\n",
        &[],
    )
    .await;
    let long = format!("{{ a }} #{}", "x".repeat(2000));
    for (text, code) in [
        ("{ b }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ __schema { description } }", "INTROSPECTION_DISABLED"),
        (&*long, "LIMIT_EXCEEDED"),
    ] {
        let hash = Sha256::of(text).to_string();
        for _ in 0..2 {
            let (refused, outcome) = ask(&world.gateway, by_hash(Some(text), &hash)).await;
            assert!(refused.starts_with(code), "{text}: {refused}");
            assert_eq!(outcome, RequestOutcome::Refused);
        }
        assert_eq!(
            ask(&world.gateway, by_hash(None, &hash)).await,
            not_found(),
            "{text}"
        );
    }
}

#[test]
async fn a_mutation_needs_a_transport_that_allows_it() {
    let world = world("", &[]).await;
    let text = "mutation { set }";
    let hash = Sha256::of(text).to_string();
    for request in [by_hash(Some(text), &hash), by_hash(None, &hash)] {
        let (_, outcome) = ask(&world.gateway, request).await;
        assert_eq!(outcome, RequestOutcome::MethodNotAllowed);
    }
}

#[test]
async fn a_malformed_reference_is_refused() {
    let world = world("", &[]).await;
    let version = json!({ "persistedQuery": { "version": 2, "sha256Hash": "a" } }).to_string();
    let version = GraphqlRequest {
        extensions: Some(Value::parse_json(version.as_bytes()).unwrap()),
        ..by_text(TEXT)
    };
    let both = GraphqlRequest {
        document_id: Some("a".to_owned()),
        ..by_hash(None, "a")
    };
    for (request, message) in [
        (
            version,
            "BAD_REQUEST: `extensions.persistedQuery.version` must be 1; no other version is supported",
        ),
        (
            both,
            "BAD_REQUEST: Send either `documentId` or `extensions.persistedQuery`, not both",
        ),
        (
            by_id(None, "sha256:xyz"),
            "BAD_REQUEST: `documentId` begins with `sha256:`, and 64 hexadecimal digits must follow",
        ),
    ] {
        let expected = (message.to_owned(), RequestOutcome::Malformed);
        assert_eq!(ask(&world.gateway, request).await, expected);
    }
}

#[test]
async fn without_automatic_ones_clients_are_asked_for_texts() {
    let world = world(
        "[persisted]\nautomatic = false\n",
        &[("card", "query Card { a }")],
    )
    .await;
    let hash = Sha256::of(TEXT).to_string();
    let off = "PERSISTED_QUERY_NOT_SUPPORTED: PersistedQueryNotSupported";
    let off = (off.to_owned(), RequestOutcome::NotPersisted);
    assert_eq!(ask(&world.gateway, by_hash(None, &hash)).await, off);
    // The text is executed, and not registered.
    assert_eq!(
        ask(&world.gateway, by_hash(Some(TEXT), &hash)).await,
        executed()
    );
    assert_eq!(ask(&world.gateway, by_hash(None, &hash)).await, off);
    let wrong = ask(&world.gateway, by_hash(Some("{ a }"), &hash)).await;
    assert_eq!(wrong, mismatch(WRONG_HASH));
    // A trusted document is known all the same.
    assert_eq!(ask(&world.gateway, by_hash(None, "card")).await, executed());
}

#[test]
async fn a_trusted_document_is_sent_by_id_or_hash() {
    let world = world("", &[("card", TEXT), ("bad", "{ b }")]).await;
    let hash = Sha256::of(TEXT).to_string();
    for request in [
        by_id(None, "card"),
        by_id(Some(TEXT), "card"),
        by_id(Some("query A{a}"), "card"),
        by_id(None, &hash),
        by_id(None, &format!("sha256:{hash}")),
        by_hash(None, "card"),
        by_hash(None, &hash),
    ] {
        assert_eq!(
            ask(&world.gateway, request.clone()).await,
            executed(),
            "{request:?}"
        );
    }
    assert_eq!(ask(&world.gateway, by_id(None, "none")).await, not_found());
    let other = ask(&world.gateway, by_id(Some("{ a }"), "card")).await;
    assert_eq!(other, mismatch(OTHER_TEXT));
    // An id of another system is only a label of its text.
    assert_eq!(
        ask(&world.gateway, by_id(Some(TEXT), "none")).await,
        executed()
    );
    // A document that does not fit the schema is answered as if it was sent.
    let (unfit, outcome) = ask(&world.gateway, by_id(None, "bad")).await;
    assert!(unfit.starts_with("GRAPHQL_VALIDATION_FAILED: "), "{unfit}");
    assert_eq!(outcome, RequestOutcome::Refused);
}

#[test]
async fn only_trusted_documents_are_executed() {
    let world = world("[persisted]\nonly = \"enforce\"\n", &[("card", TEXT)]).await;
    let hash = Sha256::of(TEXT).to_string();
    for request in [
        by_id(None, "card"),
        by_text(TEXT),
        by_text("# printed by another tool\nquery A { __typename, a }"),
        by_hash(None, &hash),
        by_hash(Some(TEXT), &hash),
    ] {
        assert_eq!(
            ask(&world.gateway, request.clone()).await,
            executed(),
            "{request:?}"
        );
    }
    let message = "QUERY_NOT_IN_SAFELIST: The operation is no trusted document of this gateway, which executes no others";
    let refused = (message.to_owned(), RequestOutcome::Refused);
    let other = "query B { a }";
    let other_hash = Sha256::of(other).to_string();
    for request in [
        by_text(other),
        by_text("not GraphQL"),
        by_text("query A { a } query B { a }"),
        by_hash(Some(other), &other_hash),
        by_id(Some(other), "none"),
    ] {
        assert_eq!(
            ask(&world.gateway, request.clone()).await,
            refused,
            "{request:?}"
        );
    }
    assert_eq!(
        ask(&world.gateway, by_hash(None, &other_hash)).await,
        not_found()
    );
    assert_eq!(ask(&world.gateway, by_id(None, "none")).await, not_found());
}

#[test]
async fn in_log_mode_everything_is_executed() {
    let world = world("[persisted]\nonly = \"log\"\n", &[("card", TEXT)]).await;
    let other = "query B { a }";
    let hash = Sha256::of(other).to_string();
    for request in [
        by_text(TEXT),
        by_text(other),
        by_text(other),
        by_hash(Some(other), &hash),
        by_hash(None, &hash),
    ] {
        assert_eq!(
            ask(&world.gateway, request.clone()).await,
            executed(),
            "{request:?}"
        );
    }
}

#[test]
async fn gateways_that_share_a_backend_share_registered_texts() {
    let (backend, upstream) = (SharedBackend::default(), Upstream::start().await);
    upstream.answer("/a", body(r#"{"value":"x"}"#));
    let gateway = || gateway_on(&backend, &upstream, CONNECTS, "[connector.own]\n");
    let (first, second) = (gateway(), gateway());
    let hash = Sha256::of(TEXT).to_string();
    assert_eq!(ask(&second, by_hash(None, &hash)).await, not_found());
    assert_eq!(ask(&first, by_hash(Some(TEXT), &hash)).await, executed());
    assert_eq!(ask(&second, by_hash(None, &hash)).await, executed());
    // A backend that fails knows no texts.
    backend.fail(true);
    let third = gateway();
    assert_eq!(ask(&third, by_hash(None, &hash)).await, not_found());
    assert_eq!(ask(&first, by_hash(None, &hash)).await, executed());
}

#[test]
async fn registered_texts_are_bounded() {
    let world = world(
        "[persisted]\nautomatic_bytes = \"20KB\"\n[cache]\nplans = \"0MB\"\n",
        &[],
    )
    .await;
    let text = |number: usize| format!("query Q{number} {{ a }} #{}", "x".repeat(1000));
    for number in 0..200 {
        let hash = Sha256::of(&text(number)).to_string();
        let answer = ask(&world.gateway, by_hash(Some(&text(number)), &hash)).await;
        assert_eq!(answer, executed());
    }
    let mut known = 0;
    for number in 0..200 {
        let hash = Sha256::of(&text(number)).to_string();
        let (answer, _) = ask(&world.gateway, by_hash(None, &hash)).await;
        known += usize::from(answer == "x");
    }
    // The cache evicts a little later than it inserts.
    assert!(
        (5..100).contains(&known),
        "{known} texts of 1,000 bytes in 20,000 bytes"
    );
}
