//! What shared caches, anonymous clients and operators see, through HTTP.

use std::sync::Arc;

use sangam::config::Settings;
use sangam::server::Server;

use super::scripted::{Upstream, gateway, json as body, settings};

const SCHEMA: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.3", import: ["@source", "@connect"])
  @source(name: "s", http: { baseURL: "http://127.0.0.1:9" })
type Query {
  plain: String @connect(source: "s", http: { GET: "/plain" }, selection: "$.value")
  named: String @connect(source: "s"
    http: { GET: "/named", headers: [{ name: "x-who", from: "x-who" }] } selection: "$.value")
  whole: String @connect(source: "s"
    http: { POST: "/whole", body: "all: $request.headers->jsonStringify" } selection: "$.value")
  echo: String @connect(source: "s", http: { GET: "/plain" }, selection: "$request.headers->jsonStringify")
}
"#;

struct Running {
    upstream: Upstream,
    server: Server,
    client: reqwest::Client,
}

/// `general` is the beginning of `sangam.toml`.
async fn start(general: &str) -> Running {
    sangam::source::tls::install_provider();
    let upstream = Upstream::start().await;
    for path in ["/plain", "/named", "/whole"] {
        upstream.answer(path, body(r#"{"value":"v"}"#));
    }
    let gateway = gateway(&upstream, SCHEMA, general, "");
    let mut settings: Settings = settings(general);
    let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    (settings.general.listen, settings.admin.listen) = (any, Some(any));
    let server = Server::start(&settings, Arc::new(gateway)).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    Running {
        upstream,
        server,
        client,
    }
}

impl Running {
    async fn get(&self, query: &str, who: &str) -> reqwest::Response {
        let url = format!("http://{}/graphql", self.server.address);
        let url = url::Url::parse_with_params(&url, [("query", query)]).unwrap();
        let request = self.client.get(url).header("x-who", who);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        response
    }

    async fn ask(&self, query: &str) -> serde_json::Value {
        let response = self.get(query, "a").await;
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }
}

fn header(response: &reqwest::Response, name: &str) -> String {
    let value = response.headers().get(name);
    value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

/// `Vary` cannot name every header, so shared caches must not store a response that depends on all of them.
#[test]
async fn what_depends_on_every_header_is_for_no_shared_cache() {
    let running = start("").await;
    for (query, kept, varies) in [
        ("{ plain }", true, false),
        ("{ named }", true, true),
        ("{ whole }", false, false),
        ("{ echo }", false, false),
        ("{ plain whole }", false, false),
    ] {
        // From the upstream, and then from the cache.
        for _ in 0..2 {
            let response = running.get(query, "a").await;
            let policy = header(&response, "cache-control");
            match kept {
                true => assert!(policy.starts_with("public, max-age="), "{query}: {policy}"),
                false => assert_eq!(policy, "no-store", "{query}"),
            }
            let vary = header(&response, "vary");
            assert_eq!(vary.contains("x-who"), varies, "{query}: {vary}");
        }
    }
    // Within the gateway, each client has its own cached responses.
    running.upstream.calls();
    running.ask("{ whole }").await;
    assert_eq!(running.upstream.calls(), [""; 0]);
    let other = running.get("{ echo }", "b").await.text().await.unwrap();
    assert!(other.contains("b"), "{other}");
    running.get("{ whole }", "b").await;
    assert_eq!(running.upstream.calls().last().unwrap(), "POST /whole");
}

const FIGURES: &str = "{ connectors { name status lastError lastErrorAt lastSuccessAt p95InMilliseconds cacheHitsInPercent callCount failureCount } }";

#[test]
async fn figures_are_for_every_client_unless_they_are_for_operators() {
    for (general, shown) in [("", true), ("connector_health = \"operators\"", false)] {
        let running = start(general).await;
        running.ask("{ plain }").await;
        let response = running.ask(FIGURES).await;
        let connector = &response["data"]["connectors"][0];
        assert_eq!(response.get("errors"), None, "{response}");
        assert_eq!(
            (&connector["name"], &connector["status"]),
            (&"own".into(), &"UP".into())
        );
        // Of the last success, every client sees the time.
        let last_success = connector["lastSuccessAt"].as_str().unwrap();
        let last_success: jiff::Timestamp = last_success.parse().unwrap();
        let age = jiff::Timestamp::now().duration_since(last_success);
        assert!(age.as_secs().abs() < 3600, "{connector}");
        assert!(connector["callCount"].is_i64() == shown, "{connector}");
        for figure in [
            "p95InMilliseconds",
            "cacheHitsInPercent",
            "callCount",
            "failureCount",
        ] {
            assert_eq!(
                connector[figure].is_number(),
                shown,
                "{figure}: {connector}"
            );
        }
        let admin = running.server.admin_address.unwrap();
        let url = format!("http://{admin}/health");
        let details = running.client.get(url).send().await.unwrap();
        let details = details.bytes().await.unwrap();
        let details: serde_json::Value = serde_json::from_slice(&details).unwrap();
        let connector = &details["data"]["connectors"][0];
        assert_eq!(connector["callCount"], 1, "{details}");
        assert_eq!(connector["failureCount"], 0);
        assert_eq!(connector["protocol"], "CONNECTORS");
        assert!(connector["p95InMilliseconds"].is_number());
    }
}

/// The gateway's own field and types are absent for clients, not null: validation, introspection and the SDL know none of them.
#[test]
async fn own_fields_are_for_every_client_unless_they_are_for_operators() {
    for (general, shown) in [("", true), ("own_fields = \"operators\"", false)] {
        let running = start(general).await;
        let base = format!("http://{}", running.server.address);
        let text = async |url: String| {
            let response = running.client.get(url).send().await.unwrap();
            response.text().await.unwrap()
        };
        let json = async |url: String| -> serde_json::Value {
            serde_json::from_str(&text(url).await).unwrap()
        };
        let query = async |query: &str| {
            let url = format!("{base}/graphql");
            json(
                url::Url::parse_with_params(&url, [("query", query)])
                    .unwrap()
                    .into(),
            )
            .await
        };
        let states = query("{ connectors { name } }").await;
        let kind = &states["errors"][0]["extensions"]["code"];
        match shown {
            true => assert_eq!(states["data"]["connectors"][0]["name"], "own"),
            false => assert_eq!(kind, "GRAPHQL_VALIDATION_FAILED", "{states}"),
        }
        let introspected =
            query("{ __schema { queryType { fields { name } } types { name } } }").await;
        let introspected = introspected.to_string();
        let sdl = text(format!("{base}/schema.graphql")).await;
        assert!(!sdl.contains("SangamProtocol"), "{sdl}");
        for name in [
            "SangamConnector",
            "SangamConnectorStatus",
            "DateTime",
            "connectors",
        ] {
            assert_eq!(
                introspected.contains(&format!("\"{name}\"")),
                shown,
                "{name}"
            );
            assert_eq!(sdl.contains(name), shown, "{name}: {sdl}");
        }
        let ready = json(format!("{base}/health/ready?details")).await;
        assert_eq!(ready["status"], "ready");
        assert_eq!(ready.get("connectors").is_some(), shown, "{ready}");
        let admin = running.server.admin_address.unwrap();
        let details = json(format!("http://{admin}/health")).await;
        assert_eq!(details["data"]["connectors"][0]["name"], "own", "{details}");
    }
}
