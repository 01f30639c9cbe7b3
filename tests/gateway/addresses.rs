//! Base URLs that only settings say, and `$config` of single sources.

use axum::Router;
use axum::extract::Request;
use sangam::config::{Environment, RawSettings, Settings};
use sangam::connector::{Diagnostic, read_sdl};
use sangam::gateway::{ClientContext, ConfiguredConnector, Gateway, GraphqlRequest};

use crate::support::server;

const FOLDER: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12")
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @source(name: "env", http: { baseURL: "{$env.BASE_URL}", path: "$([$config.key])" })
  @source(name: "config", http: { baseURL: "{$config.address}/v1", path: "$([$config.key])" })
type Query {
  env: String @connect(source: "env", http: { GET: "/a" }, selection: "$")
  config: String @connect(source: "config", http: { GET: "/b" }, selection: "$")
}
"#;

/// A gateway with the folder and this text of `sangam.toml`; the message if it cannot be built.
fn gateway(text: &str, environment: &Environment) -> Result<Gateway, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sangam.toml");
    std::fs::write(&file, text).unwrap();
    let settings = Settings::load(Some(&file), environment, RawSettings::default()).unwrap();
    let (subgraph, diagnostics) = read_sdl("works", "works", FOLDER);
    let member = ConfiguredConnector {
        subgraph: subgraph.unwrap_or_else(|| panic!("{diagnostics:#?}")),
        owner: None,
        description: None,
        settings: settings.connector("works", None).unwrap(),
    };
    Gateway::new(vec![member], &settings).map_err(|problem| {
        let problems = problem.into_diagnostics();
        let texts: Vec<String> = problems.iter().map(Diagnostic::to_text).collect();
        texts.join("\n")
    })
}

/// A server that responds with the path of each request.
async fn echo() -> server::Server {
    let path = async |request: Request| request.uri().path().to_owned();
    server::router(Router::new().fallback(path)).await
}

#[test]
async fn settings_say_the_whole_address_and_config_of_a_source() {
    let (first, second) = (echo().await, echo().await);
    let address = first.url("/base");
    let environment = [("BASE_URL", &*address)].into_iter().collect();
    let text = format!(
        "[connector.works]\nenv = [\"BASE_URL\"]\nconfig = {{ key = \"all\", address = \"{}\" }}\n\
         [connector.works.sources.config]\nconfig = {{ key = \"own\" }}\n",
        second.url("")
    );
    let gateway = gateway(&text, &environment).unwrap();
    let expected = serde_json::json!({ "data": { "env": "/base/all/a", "config": "/v1/own/b" } });
    assert_eq!(both(&gateway).await, expected);
}

/// The response to an operation that calls both sources.
async fn both(gateway: &Gateway) -> serde_json::Value {
    let request = GraphqlRequest {
        query: Some("{ env config }".to_owned()),
        ..GraphqlRequest::default()
    };
    let mut response = gateway.execute(request, &ClientContext::default()).await;
    serde_json::from_slice(&response.body().await).unwrap()
}

/// What only the base URL of the folder reads need not be set then.
#[test]
async fn base_url_takes_the_place_of_an_address_that_only_settings_say() {
    let upstream = echo().await;
    let text = format!(
        "[connector.works]\nconfig = {{ key = \"all\" }}\n\
         [connector.works.sources.env]\nbase_url = \"{url}\"\n\
         [connector.works.sources.config]\nbase_url = \"{url}\"\n",
        url = upstream.url("/own")
    );
    let gateway = gateway(&text, &Environment::default()).unwrap();
    let expected = serde_json::json!({ "data": { "env": "/own/all/a", "config": "/own/all/b" } });
    assert_eq!(both(&gateway).await, expected);
}

#[test]
fn an_address_that_no_setting_says_is_reported_without_its_value() {
    let none = Environment::default();
    let sources = "[connector.works.sources.env]\nbase_url = \"http://127.0.0.1:9\"\n";
    for (config, expected) in [
        (
            "",
            "the base URL of source `config`, `{$config.address}/v1`, gives no address",
        ),
        (
            "config = { address = \"ftp://canary.example\" }\n",
            "the base URL of source `config`, `{$config.address}/v1`, gives no address",
        ),
        (
            "config = { address = \"http://user:canary@a.example\" }\n",
            "the base URL of source `config`, `{$config.address}/v1`, gives no address",
        ),
    ] {
        let problem = gateway(&format!("[connector.works]\n{config}{sources}"), &none);
        let problem = problem.map(drop).unwrap_err();
        assert!(problem.contains(expected), "{problem}");
        assert!(!problem.contains("canary"), "{problem}");
    }
    let text = "[connector.works.sources.nope]\nconfig = { key = \"x\" }\n";
    let problem = gateway(text, &none).map(drop).unwrap_err();
    assert!(
        problem.contains("`works` has no source `nope`"),
        "{problem}"
    );
}
