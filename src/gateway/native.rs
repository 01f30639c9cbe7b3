//! The gateway's own connector: what it knows of the connectors, as an ordinary `async-graphql` schema in this process.

use std::sync::Arc;
use std::sync::Weak;

use async_graphql::EmptyMutation;
use async_graphql::EmptySubscription;
use async_graphql::Enum;
use async_graphql::Object;
use async_graphql::Schema;
use async_graphql::SimpleObject;

use super::build::Member;
use crate::cache::Documents;
use crate::connector::Diagnostic;
use crate::connector::Subgraph;
use crate::connector::SubgraphKind;
use crate::connector::normalise;
use crate::source::native::NativeSchema;

/// The name under which it is composed.
const NAME: &str = "gateway";

/// What does not change while a generation serves.
#[derive(Debug, Clone)]
pub(super) struct Info {
    name: String,
    owner: Option<String>,
    description: Option<String>,
    kind: Protocol,
}

impl Info {
    pub(super) fn of(member: &Member) -> Self {
        Info {
            name: member.subgraph.name.clone(),
            owner: member.owner.clone(),
            description: member.description.clone(),
            kind: match member.subgraph.kind {
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
    calls: f64,
    /// Calls without an answer since the gateway began.
    failures: f64,
}

struct Query {
    infos: Vec<Info>,
    documents: Weak<Documents>,
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
        let connector = |info: &Info| {
            let own = figures
                .iter()
                .find(|(name, _)| *name == info.name)
                .map(|(_, figures)| *figures);
            let figures = own.filter(|figures| figures.calls > 0);
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
                last_error: figures
                    .and_then(|f| f.last_failure)
                    .map(|failure| format!("{:?}", failure.kind)),
                last_error_at: figures
                    .and_then(|f| f.last_failure)
                    .map(|failure| seconds(failure.at)),
                as_of: figures.and_then(|f| f.last_success).map(seconds),
                p95_ms: figures
                    .and_then(|f| f.p95)
                    .map(|p95| p95.as_secs_f64() * 1000.0),
                cache_hit_ratio: figures.and_then(|f| f.hit_ratio()),
                calls: figures.map_or(0.0, |f| f.calls as f64),
                failures: figures.map_or(0.0, |f| f.failures as f64),
            }
        };
        self.infos.iter().map(connector).collect()
    }
}

/// The connector, and the schema that answers it.
pub(super) fn connector(
    infos: Vec<Info>,
    documents: Weak<Documents>,
) -> Result<(Subgraph, Arc<dyn NativeSchema>), Vec<Diagnostic>> {
    let query = Query { infos, documents };
    let schema: Arc<dyn NativeSchema> =
        Arc::new(Schema::new(query, EmptyMutation, EmptySubscription));
    let (subgraph, diagnostics) = normalise(NAME, NAME, &schema.federation_sdl());
    let mut subgraph = subgraph.ok_or(diagnostics)?;
    subgraph.kind = SubgraphKind::Native;
    Ok((subgraph, schema))
}
