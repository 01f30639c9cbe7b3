//! An upstream that never responds: only a part of the permits waits for it, and other requests are executed.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use sangam::config::{Environment, RawSettings, Settings};
use sangam::connector::read_sdl;
use sangam::gateway::{ClientContext, ConfiguredConnector, Gateway, GraphqlRequest};

use crate::support::server::{Then, raw, router};

const HEAD: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.2", import: ["@source", "@connect"])
"#;

fn schema(name: &str, url: &str) -> String {
    format!(
        r#"{HEAD}  @source(name: "{name}", http: {{ baseURL: "{url}" }})
type Query {{
  {name}(n: Int): Int @connect(
    source: "{name}"
    http: {{ GET: "/", queryParams: "n: $args.n" }}
    selection: "$"
  )
}}
"#
    )
}

fn gateway(text: &str, schemas: &[(&str, String)]) -> Arc<Gateway> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sangam.toml");
    std::fs::write(&file, text).unwrap();
    let environment = Environment::default();
    let settings = Settings::load(Some(&file), &environment, RawSettings::default());
    let settings = settings.unwrap_or_else(|error| panic!("{error}"));
    let members = schemas.iter().map(|(name, schema)| ConfiguredConnector {
        subgraph: read_sdl(name, name, schema)
            .0
            .unwrap_or_else(|| panic!("{:#?}", read_sdl(name, name, schema).1)),
        owner: None,
        description: None,
        settings: settings.connector(name, None).unwrap(),
    });
    let gateway = Gateway::new(members.collect(), &settings);
    Arc::new(gateway.unwrap_or_else(|problem| panic!("{problem:#?}")))
}

/// Of 40 requests that need the dead upstream, some wait, and the others get the response of the other upstream. If each has
/// a different argument, each makes a call; if all have the same argument, they share one call, and more of them may wait.
#[test]
async fn a_part_of_the_places_waits_at_the_most() {
    for (same, waiting) in [(false, 10), (true, 1 + 20)] {
        let dead = raw(Vec::new(), Then::Hold).await;
        let fine = router(Router::new().route("/", get(async || axum::Json(7)))).await;
        let gateway = gateway(
            "[limits]\nconcurrent_requests = 40\n[connector.fine]\nin_flight = 40\n",
            &[
                ("dead", schema("dead", &dead.url(""))),
                ("fine", schema("fine", &fine.url(""))),
            ],
        );
        let mut requests: FuturesUnordered<_> = (0..40)
            .map(|n| {
                let gateway = Arc::clone(&gateway);
                async move {
                    let number = if same { 0 } else { n };
                    let request = GraphqlRequest {
                        query: Some(format!("{{ dead(n: {number}) fine(n: {n}) }}")),
                        ..GraphqlRequest::default()
                    };
                    let mut answer = gateway.execute(request, &ClientContext::default()).await;
                    serde_json::from_slice::<serde_json::Value>(&answer.body().await).unwrap()
                }
            })
            .collect();
        for _ in waiting..40 {
            let answer = requests.next().await.unwrap();
            assert_eq!(answer["data"]["fine"], 7, "{answer:#}");
            assert_eq!(answer["data"]["dead"], serde_json::Value::Null);
            let error = &answer["errors"][0];
            assert_eq!(error["path"], serde_json::json!(["dead"]), "{answer:#}");
            assert_eq!(error["extensions"]["sangam"]["kind"], "BUSY", "{answer:#}");
            assert_eq!(error["message"], "Too many requests wait for the service");
        }
        assert_eq!(requests.len(), waiting);
        let next = futures_util::future::poll_immediate(requests.next()).await;
        assert!(next.is_none(), "{next:?}");
    }
}

#[test]
async fn the_bound_can_be_set_for_one_department() {
    let dead = raw(Vec::new(), Then::Hold).await;
    let gateway = gateway(
        "[connector.dead]\nin_flight = 0\n",
        &[("dead", schema("dead", &dead.url("")))],
    );
    let request = GraphqlRequest {
        query: Some("{ dead }".to_owned()),
        ..GraphqlRequest::default()
    };
    let mut answer = gateway.execute(request, &ClientContext::default()).await;
    let answer: serde_json::Value = serde_json::from_slice(&answer.body().await).unwrap();
    assert_eq!(answer["errors"][0]["extensions"]["sangam"]["kind"], "BUSY");
}
