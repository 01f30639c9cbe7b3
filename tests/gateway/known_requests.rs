//! A response that is in the cache is found by the bytes of a request, as soon as it is known what they ask for.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use sangam::config::Settings;
use sangam::connector::read_sdl;
use sangam::document::Value;
use sangam::gateway::{ClientContext, ConfiguredConnector, Gateway, GraphqlRequest, Known};

const FOLDER: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.13", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.4", import: ["@connect"])
type Query {
  greet(name: String): String @connect(selection: "$(['Hello', $args.name])->joinNotNull(' ')")
  language: String @connect(selection: "$request.headers.'accept-language'->first")
}
type Mutation {
  change: String @connect(selection: "$('changed')")
}
"#;

fn gateway() -> Gateway {
    let (subgraph, problems) = read_sdl("local", "local", FOLDER);
    let connector = ConfiguredConnector {
        subgraph: subgraph.unwrap_or_else(|| panic!("{problems:#?}")),
        owner: None,
        description: None,
        settings: Default::default(),
    };
    Gateway::new(vec![connector], &Settings::default()).unwrap()
}

fn request(query: &str, name: &str, sent: &str) -> GraphqlRequest {
    GraphqlRequest {
        query: Some(query.to_owned()),
        variables: Some(Value::parse_json(format!("{{\"name\":\"{name}\"}}").as_bytes()).unwrap()),
        sent: Some(Bytes::copy_from_slice(sent.as_bytes())),
        ..GraphqlRequest::default()
    }
}

async fn execute(gateway: &Gateway, request: GraphqlRequest) -> Bytes {
    let client = ClientContext {
        mutations_allowed: true,
        ..ClientContext::default()
    };
    gateway.execute(request, &client).await.body().await
}

fn kept(gateway: &Gateway, sent: &str) -> Option<Bytes> {
    match gateway.known(sent.as_bytes(), &HeaderMap::new())? {
        Known::Kept(mut kept) => Some(kept.payloads.take_only().expect("it is whole").body),
        Known::InFlight(_) => panic!("nothing is being executed"),
    }
}

const GREET: &str = "query ($name: String) { greet(name: $name) }";

#[test]
async fn a_response_of_the_cache_is_found_by_the_bytes() {
    let gateway = gateway();
    assert_eq!(kept(&gateway, "1"), None);
    let executed = execute(&gateway, request(GREET, "A", "1")).await;
    assert_eq!(kept(&gateway, "1"), None, "the first request is executed");
    execute(&gateway, request(GREET, "A", "1")).await;
    assert_eq!(kept(&gateway, "1"), Some(executed));

    for _ in 0..2 {
        execute(&gateway, request(GREET, "B", "2")).await;
    }
    assert_eq!(
        kept(&gateway, "2").unwrap(),
        r#"{"data":{"greet":"Hello B"}}"#
    );
    assert_eq!(
        kept(&gateway, "1").unwrap(),
        r#"{"data":{"greet":"Hello A"}}"#
    );
}

#[test]
async fn what_the_bytes_do_not_decide_alone_is_not_known() {
    let gateway = gateway();
    for query in ["{ language }", "mutation { change }", "{ greet: unknown }"] {
        for _ in 0..3 {
            execute(&gateway, request(query, "", query)).await;
        }
        assert_eq!(kept(&gateway, query), None, "{query}");
    }
}

#[test]
async fn a_client_that_wants_the_cost_gets_no_cached_response() {
    let gateway = gateway();
    for _ in 0..2 {
        execute(&gateway, request(GREET, "A", "1")).await;
    }
    let mut headers = HeaderMap::new();
    headers.insert("sangam-cost", HeaderValue::from_static("1"));
    assert!(gateway.known(b"1", &HeaderMap::new()).is_some());
    assert!(gateway.known(b"1", &headers).is_none());
}

/// Otherwise the cache of compiled operations would give up the one that is used most.
#[test]
async fn now_and_then_a_request_takes_the_usual_way() {
    let gateway = gateway();
    for _ in 0..2 {
        execute(&gateway, request(GREET, "A", "1")).await;
    }
    let found = (0..200).filter(|_| kept(&gateway, "1").is_some()).count();
    assert!((1..200).contains(&found), "{found}");
    execute(&gateway, request(GREET, "A", "1")).await;
    assert!(kept(&gateway, "1").is_some());
}
