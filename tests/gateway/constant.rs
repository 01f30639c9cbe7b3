//! A response that depends on no upstream is computed once for each request that differs in what it depends on.

use http::{HeaderMap, HeaderValue};
use metrics_exporter_prometheus::PrometheusBuilder;
use sangam::config::Settings;
use sangam::connector::read_sdl;
use sangam::document::Value;
use sangam::gateway::{ClientContext, ConfiguredConnector, Gateway, GraphqlRequest};

const FOLDER: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.13", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.4", import: ["@connect"])
type Query {
  greet(name: String): String @connect(selection: "$(['Hello', $args.name])->joinNotNull(' ')")
  language: String @connect(selection: "$request.headers.'accept-language'->first")
}
"#;

struct Asked {
    data: String,
    max_age: Option<u64>,
}

async fn ask(gateway: &Gateway, query: &str, name: &str, language: &'static str) -> Asked {
    let variables = format!("{{\"name\":\"{name}\"}}");
    let request = GraphqlRequest {
        query: Some(query.to_owned()),
        variables: Some(Value::parse_json(variables.as_bytes()).unwrap()),
        ..GraphqlRequest::default()
    };
    let mut headers = HeaderMap::new();
    headers.insert("accept-language", HeaderValue::from_static(language));
    let client = ClientContext {
        headers: headers.into(),
        ..ClientContext::default()
    };
    let mut response = gateway.execute(request, &client).await;
    Asked {
        max_age: response.cache.max_age,
        data: String::from_utf8(response.body().await.to_vec()).unwrap(),
    }
}

#[test]
async fn is_computed_once() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let hits = || {
        let counted = recorder.handle().render();
        let name = "sangam_cache_lookups_total{cache=\"response\",state=\"hit\"} ";
        let line = counted.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0, |count| count.parse::<usize>().unwrap())
    };
    let (subgraph, problems) = read_sdl("local", "local", FOLDER);
    let connector = ConfiguredConnector {
        subgraph: subgraph.unwrap_or_else(|| panic!("{problems:#?}")),
        owner: None,
        description: None,
        settings: Default::default(),
    };
    let gateway = Gateway::new(vec![connector], &Settings::default()).unwrap();
    let greet = "query ($name: String) { greet(name: $name) }";
    let cases = [
        (greet, "A", "en", r#"{"data":{"greet":"Hello A"}}"#, 0),
        (greet, "A", "en", r#"{"data":{"greet":"Hello A"}}"#, 1),
        (greet, "A", "hi", r#"{"data":{"greet":"Hello A"}}"#, 2),
        (greet, "B", "en", r#"{"data":{"greet":"Hello B"}}"#, 2),
        ("{ language }", "", "en", r#"{"data":{"language":"en"}}"#, 2),
        ("{ language }", "", "hi", r#"{"data":{"language":"hi"}}"#, 2),
        ("{ language }", "", "en", r#"{"data":{"language":"en"}}"#, 3),
    ];
    for (query, name, language, expected, expected_hits) in cases {
        let asked = ask(&gateway, query, name, language).await;
        assert_eq!(asked.data, expected);
        assert_eq!(hits(), expected_hits, "{query} {name} {language}");
        // The connectors may change, and clients would not know.
        assert_eq!(asked.max_age, None);
    }
}
