//! Subscriptions: what feeds them, what subscribers get, and when they end.

mod guide;
mod polls;
mod reloads;
mod sample;
mod services;
pub(crate) mod webhooks;

use sangam::config::Settings;
use sangam::gateway::{
    AcceptedDeliveries, ClientContext, ConfiguredConnector, Delivery, Gateway, GraphqlRequest,
    GraphqlResponse, Setup, SetupProblem,
};
use serde_json::Value;

use super::scripted::settings;
use crate::plans::subgraph;

/// A client whose transport delivers events.
pub(crate) fn streaming() -> ClientContext {
    ClientContext {
        mutations_allowed: true,
        deliveries: AcceptedDeliveries {
            events: true,
            ..AcceptedDeliveries::default()
        },
        ..ClientContext::default()
    }
}

/// A request for an operation without variables.
pub(crate) fn request(query: &str) -> GraphqlRequest {
    GraphqlRequest {
        query: Some(query.to_owned()),
        ..GraphqlRequest::default()
    }
}

/// A subscription that has begun.
pub(crate) struct Subscribed(GraphqlResponse);

impl Subscribed {
    /// Subscribes; the operation must be accepted.
    pub(crate) async fn to(gateway: &Gateway, query: &str) -> Subscribed {
        let response = gateway.execute(request(query), &streaming()).await;
        assert_eq!(response.payloads.delivery(), Delivery::Events);
        Subscribed(response)
    }

    /// The next payload, which must not be the last one.
    pub(crate) async fn next(&mut self) -> Value {
        let payload = self.0.payloads.next().await.unwrap();
        assert!(!payload.is_last, "{:?}", payload.body);
        serde_json::from_slice(&payload.body).unwrap()
    }

    /// The last payload; `None` if the source has ended without one.
    pub(crate) async fn last(&mut self) -> Option<Value> {
        let payload = self.0.payloads.next().await?;
        assert!(payload.is_last, "{:?}", payload.body);
        assert!(self.0.payloads.next().await.is_none());
        Some(serde_json::from_slice(&payload.body).unwrap())
    }
}

/// The code of the first error of a response.
pub(crate) fn code(response: &Value) -> &str {
    response["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap()
}

/// The beginning of the schema of a folder whose requests go to its upstream.
pub(crate) const LINKS: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.13", import: ["@key"])
  @link(url: "https://specs.apollo.dev/connect/v0.4", import: ["@source", "@connect"])
  @link(url: "https://specs.sangam.dev/wire/v0.1", import: ["@poll", "@webhook", "@invalidates", "@graphql"])
"#;

/// The settings of these sections, and the connectors with these schemas.
pub(crate) fn setup<T>(
    text: &str,
    connectors: &[(&str, &str)],
    build: impl FnOnce(Setup<'_>) -> Result<T, SetupProblem>,
) -> T {
    let settings: Settings = settings(text);
    let connector = |(name, schema): &(&str, &str)| ConfiguredConnector {
        subgraph: subgraph(name, schema),
        owner: None,
        description: None,
        settings: settings.connector(name, None).unwrap(),
    };
    let setup = Setup {
        connectors: connectors.iter().map(connector).collect(),
        set_aside: Vec::new(),
        settings: &settings,
    };
    build(setup).unwrap_or_else(|problem| panic!("{problem:#?}"))
}
