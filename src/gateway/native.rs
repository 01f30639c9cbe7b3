//! The gateway's own connector: what it knows of the connectors, as an ordinary `async-graphql` schema in this process.
//!
//! The figures of calls can be kept for operators. Then they are null for clients, not absent: one contract holds for
//! every deployment, and an operation that asks for them goes on to work.

use std::sync::Arc;
use std::sync::Weak;

use async_graphql::EmptyMutation;
use async_graphql::EmptySubscription;
use async_graphql::Enum;
use async_graphql::Object;
use async_graphql::Schema;
use async_graphql::SimpleObject;

use bytes::Bytes;

use super::build::ConfiguredConnector;
use crate::cache::Documents;
use crate::cache::upstream::Snapshot;
use crate::config::Audience;
use crate::connector::Diagnostic;
use crate::connector::Subgraph;
use crate::connector::SubgraphKind;
use crate::connector::normalise;
use crate::source::native::NativeSchema;

/// The name under which it is composed.
const NAME: &str = "gateway";

/// What does not change while a generation serves.
#[derive(Debug, Clone)]
pub(super) struct ConnectorInfo {
    name: String,
    owner: Option<String>,
    description: Option<String>,
    kind: Protocol,
}

impl ConnectorInfo {
    pub(super) fn of(connector: &ConfiguredConnector) -> Self {
        ConnectorInfo {
            name: connector.subgraph.name.clone(),
            owner: connector.owner.clone(),
            description: connector.description.clone(),
            kind: match connector.subgraph.kind {
                SubgraphKind::Connectors { .. } => Protocol::Connectors,
                SubgraphKind::Service(_) => Protocol::Graphql,
                SubgraphKind::Native => Protocol::Native,
            },
        }
    }
}

/// How a connector's department is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
enum Protocol {
    /// By connectors over HTTP.
    Connectors,
    /// As a GraphQL service.
    Graphql,
    /// In the gateway's own process.
    Native,
}

/// How a connector is doing, by its last call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
enum ConnectorState {
    /// Nothing has been asked of it yet.
    Idle,
    /// Its last call was answered.
    Up,
    /// Its last call was not.
    Down,
}

/// A connector, and how it is doing.
#[derive(Debug, SimpleObject)]
struct Connector {
    /// The folder's name.
    name: String,
    /// Who answers for it.
    owner: Option<String>,
    /// What it covers.
    description: Option<String>,
    /// How the department is reached.
    protocol: Protocol,
    /// How it is doing, by its last call.
    state: ConnectorState,
    /// In what way the last failing call failed: a word, such as `Timeout`.
    last_error: Option<String>,
    /// When it last failed, in seconds since 1970.
    last_error_at: Option<f64>,
    /// When the department last answered, in seconds since 1970: what is served is no newer.
    as_of: Option<f64>,
    /// The time within which 95 of 100 calls were answered, in milliseconds.
    p95_ms: Option<f64>,
    /// The share of reads that were answered without a call of their own, of those that may be.
    cache_hit_ratio: Option<f64>,
    /// Calls sent since the gateway began.
    calls: Option<f64>,
    /// Calls without an answer since the gateway began.
    failures: Option<f64>,
}

struct Query {
    infos: Vec<ConnectorInfo>,
    documents: Weak<Documents>,
    /// Whether the caller is shown how calls went.
    shows_figures: bool,
}

/// The gateway's own fields.
#[Object]
impl Query {
    /// The connectors that this gateway serves, and how they are doing.
    async fn connectors(&self) -> Vec<Connector> {
        let figures = self
            .documents
            .upgrade()
            .map(|documents| documents.figures())
            .unwrap_or_default();
        let connector = |info: &ConnectorInfo| {
            let figures = figures
                .iter()
                .find(|(name, _)| *name == info.name)
                .map(|(_, figures)| *figures);
            let figures = figures.filter(|figures| figures.calls > 0);
            let shown = figures.filter(|_| self.shows_figures);
            let count = |of: fn(&Snapshot) -> u64| {
                let count = shown.as_ref().map_or(0, of);
                self.shows_figures.then_some(count as f64)
            };
            let seconds = |timestamp: crate::cache::Timestamp| timestamp.0 as f64 / 1000.0;
            Connector {
                name: info.name.clone(),
                owner: info.owner.clone(),
                description: info.description.clone(),
                protocol: info.kind,
                state: match figures {
                    None => ConnectorState::Idle,
                    Some(figures) if figures.failing => ConnectorState::Down,
                    Some(_) => ConnectorState::Up,
                },
                last_error: shown
                    .and_then(|f| f.last_failure)
                    .map(|failure| format!("{:?}", failure.kind)),
                last_error_at: shown
                    .and_then(|f| f.last_failure)
                    .map(|failure| seconds(failure.at)),
                as_of: figures.and_then(|f| f.last_success).map(seconds),
                p95_ms: shown
                    .and_then(|f| f.p95)
                    .map(|p95| p95.as_secs_f64() * 1000.0),
                cache_hit_ratio: shown.and_then(|f| f.hit_ratio()),
                calls: count(|f| f.calls),
                failures: count(|f| f.failures),
            }
        };
        self.infos.iter().map(connector).collect()
    }
}

/// The gateway's own connector.
pub(super) struct GatewayConnector {
    pub(super) subgraph: Subgraph,
    /// What answers clients.
    pub(super) schema: Arc<dyn NativeSchema>,
    /// What answers operators.
    pub(super) for_operators: Arc<dyn NativeSchema>,
}

/// The connector, and the schemas that answer it.
pub(super) fn connector(
    infos: Vec<ConnectorInfo>,
    documents: Weak<Documents>,
    figures: Audience,
) -> Result<GatewayConnector, Vec<Diagnostic>> {
    let schema = |shows_figures| -> Arc<dyn NativeSchema> {
        let query = Query {
            infos: infos.clone(),
            documents: Weak::clone(&documents),
            shows_figures,
        };
        Arc::new(Schema::new(query, EmptyMutation, EmptySubscription))
    };
    let for_clients = schema(figures == Audience::Public);
    let (subgraph, diagnostics) = normalise(NAME, NAME, &for_clients.federation_sdl());
    let mut subgraph = subgraph.ok_or(diagnostics)?;
    subgraph.kind = SubgraphKind::Native;
    Ok(GatewayConnector {
        subgraph,
        schema: for_clients,
        for_operators: schema(true),
    })
}

/// What operators see: everything that the connector says.
const DETAILS: &str = "{ connectors { name owner protocol state lastError lastErrorAt asOf p95Ms cacheHitRatio calls \
                       failures } }";

/// How the connectors are, as the JSON text of an answer.
pub(super) async fn details(for_operators: &dyn NativeSchema) -> Bytes {
    let answer = for_operators.execute(DETAILS.into()).await;
    Bytes::from(serde_json::to_vec(&answer).unwrap_or_default())
}
