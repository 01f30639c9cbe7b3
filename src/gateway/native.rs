//! The gateway's own connector: the field `connectors` with the state of each connector, as an `async-graphql` schema in
//! this process.
//!
//! With `connector_health = "operators"` the call statistics are null for clients, not absent from the schema: an operation
//! that selects them stays valid. Operators have another schema, with how each connector is reached. With `own_fields = "operators"` the connector is no part of the graph, so its field and its
//! types are unknown to clients; the admin listener queries its schema directly.
//!
//! The doc comments of types with `async-graphql` derives are descriptions in the public schema. The names of types begin with
//! [`OWN_PREFIX`](super::reserved::OWN_PREFIX), which no connector may use.

use std::sync::{Arc, Weak};

use async_graphql::{
    EmptyMutation, EmptySubscription, Enum, InputValueError, InputValueResult, Object, Scalar,
    ScalarType, Schema, SimpleObject, Value,
};
use bytes::Bytes;

use super::configured::{ConfiguredConnector, Served, SetAside};
use crate::cache::figures::Snapshot;
use crate::cache::{Documents, Timestamp};
use crate::config::Audience;
use crate::connector::{Diagnostic, Subgraph, SubgraphKind, normalise};
use crate::source::native::NativeSchema;

/// The subgraph name of the gateway's own connector.
pub const OWN_CONNECTOR: &str = "gateway";

/// The constant data of a connector.
#[derive(Debug, Clone)]
pub(super) struct ConnectorInfo {
    name: String,
    owner: Option<String>,
    description: Option<String>,
    /// `None` if its folder could not be read.
    protocol: Option<Protocol>,
    /// Why it is set aside, and what is served for it.
    set_aside: Option<(String, Served)>,
}

impl ConnectorInfo {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its state, by the figures of its calls.
    pub(super) fn state(&self, figures: Option<&Snapshot>) -> ConnectorState {
        let aside = self.set_aside.as_ref();
        let is_aside = aside.is_some_and(|(_, served)| *served > Served::LastGood);
        match figures.filter(|figures| figures.calls > 0) {
            _ if is_aside => ConnectorState::SetAside,
            None => ConnectorState::Idle,
            Some(figures) if figures.failing => ConnectorState::Down,
            Some(_) => ConnectorState::Up,
        }
    }
}

/// The constant data of all connectors, by name.
pub(super) fn infos(
    connectors: &[ConfiguredConnector],
    set_aside: &[SetAside],
) -> Vec<ConnectorInfo> {
    let aside = |name: &str| {
        let found = set_aside.iter().find(|aside| aside.connector == name);
        found.map(|aside| (aside.problem.summary(), aside.served))
    };
    let served = connectors.iter().map(|connector| ConnectorInfo {
        name: connector.subgraph.name.clone(),
        owner: connector.owner.clone(),
        description: connector.description.clone(),
        protocol: Some(match connector.subgraph.kind {
            SubgraphKind::Connectors { .. } => Protocol::Connectors,
            SubgraphKind::Service(_) => Protocol::Graphql,
            SubgraphKind::Native => Protocol::Native,
        }),
        set_aside: aside(&connector.subgraph.name),
    });
    let not_served = set_aside
        .iter()
        .filter(|aside| aside.served == Served::Nothing);
    let not_served = not_served.map(|aside| ConnectorInfo {
        name: aside.connector.clone(),
        owner: aside.owner.clone(),
        description: aside.description.clone(),
        protocol: None,
        set_aside: Some((aside.problem.summary(), aside.served)),
    });
    let mut infos: Vec<ConnectorInfo> = served.chain(not_served).collect();
    infos.sort_by(|one, other| one.name.cmp(&other.name));
    infos
}

/// How a connector reaches its upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "SangamProtocol")]
enum Protocol {
    /// By connectors over HTTP.
    Connectors,
    /// As a GraphQL service.
    Graphql,
    /// In the gateway's own process.
    Native,
}

/// Where a connector stands, by its last call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "SangamConnectorStatus")]
pub(super) enum ConnectorState {
    /// No call has been made yet.
    Idle,
    /// Its last call succeeded.
    Up,
    /// Its last call failed.
    Down,
    /// Its folder or its settings have errors: its fields are null, with an error, or not in the schema.
    SetAside,
}

impl ConnectorState {
    /// All states, with their names.
    pub(super) const NAMES: [(ConnectorState, &str); 4] = [
        (ConnectorState::Idle, "IDLE"),
        (ConnectorState::Up, "UP"),
        (ConnectorState::Down, "DOWN"),
        (ConnectorState::SetAside, "SET_ASIDE"),
    ];
}

/// A moment, by RFC 3339.
#[derive(Debug, Clone, Copy)]
struct DateTime(jiff::Timestamp);

impl DateTime {
    /// `None` for a time that no calendar has.
    fn new(timestamp: Timestamp) -> Option<DateTime> {
        let milliseconds = i64::try_from(timestamp.0).ok()?;
        let moment = jiff::Timestamp::from_millisecond(milliseconds).ok()?;
        Some(DateTime(moment))
    }
}

/// A moment, by RFC 3339: `2026-10-31T18:30:00Z`.
#[Scalar(specified_by_url = "https://specs.sangam.dev/scalars/v0.1#DateTime")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Ok(DateTime(text.parse()?)),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A connector, and where it stands.
#[derive(Debug, SimpleObject)]
#[graphql(name = "SangamConnector")]
struct Connector {
    /// The folder's name.
    name: String,
    /// Who is responsible for it.
    owner: Option<String>,
    /// What it offers.
    description: Option<String>,
    /// Where it stands, by its last call.
    status: ConnectorState,
    /// What is wrong with its folder or its settings. While its status is another one than `SET_ASIDE`, its last version without
    /// errors is served.
    problem: Option<String>,
    /// The kind of the last failure, such as `TIMEOUT`.
    last_error: Option<String>,
    /// When it last failed.
    last_error_at: Option<DateTime>,
    /// When the last call succeeded: the served data is no newer.
    last_success_at: Option<DateTime>,
    /// 95 of 100 calls took at most so long.
    p95_in_milliseconds: Option<f64>,
    /// The share of cacheable reads that needed no call of their own, in per cent.
    cache_hits_in_percent: Option<f64>,
    /// Calls sent since the gateway started. It stops at 2147483647; the metrics count on.
    call_count: Option<i32>,
    /// Failed calls since the gateway started. It stops at 2147483647; the metrics count on.
    failure_count: Option<i32>,
}

/// The same with what only operators see.
#[derive(Debug, SimpleObject)]
#[graphql(name = "SangamOperatorConnector")]
struct OperatorConnector {
    #[graphql(flatten)]
    connector: Connector,
    /// How it reaches its upstream; null if its folder cannot be read.
    protocol: Option<Protocol>,
}

/// What the fields read.
#[derive(Clone)]
struct Sources {
    infos: Vec<ConnectorInfo>,
    documents: Weak<Documents>,
    /// Whether the caller may see call statistics.
    shows_figures: bool,
}

struct Query(Sources);

// Not a doc comment: it would describe `Query` in the public schema.
#[Object]
impl Query {
    /// The connectors that this gateway serves, and where they stand.
    async fn connectors(&self) -> Option<Vec<Connector>> {
        Some(self.0.connectors())
    }
}

struct OperatorQuery(Sources);

#[Object(name = "Query")]
impl OperatorQuery {
    /// The connectors that this gateway serves, and where they stand.
    async fn connectors(&self) -> Option<Vec<OperatorConnector>> {
        let protocols = self.0.infos.iter().map(|info| info.protocol);
        let connectors = self.0.connectors().into_iter().zip(protocols);
        let connectors = connectors.map(|(connector, protocol)| OperatorConnector {
            connector,
            protocol,
        });
        Some(connectors.collect())
    }
}

impl Sources {
    fn connectors(&self) -> Vec<Connector> {
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
                let count = i32::try_from(count).unwrap_or(i32::MAX);
                self.shows_figures.then_some(count)
            };
            let problem = info.set_aside.as_ref().map(|(problem, _)| problem.clone());
            Connector {
                name: info.name.clone(),
                owner: info.owner.clone(),
                description: info.description.clone(),
                problem: problem.filter(|_| self.shows_figures),
                status: info.state(figures.as_ref()),
                last_error: shown
                    .and_then(|f| f.last_failure)
                    .map(|failure| failure.kind.as_str().to_owned()),
                last_error_at: shown
                    .and_then(|f| f.last_failure)
                    .and_then(|failure| DateTime::new(failure.at)),
                last_success_at: figures.and_then(|f| f.last_success).and_then(DateTime::new),
                p95_in_milliseconds: shown
                    .and_then(|f| f.p95)
                    .map(|p95| p95.as_secs_f64() * 1000.0),
                cache_hits_in_percent: shown.and_then(|f| f.hit_ratio()).map(|ratio| ratio * 100.0),
                call_count: count(|f| f.calls),
                failure_count: count(|f| f.failures),
            }
        };
        self.infos.iter().map(connector).collect()
    }
}

/// The gateway's own connector.
pub(super) struct GatewayConnector {
    pub(super) subgraph: Subgraph,
    /// Serves clients.
    pub(super) schema: Arc<dyn NativeSchema>,
    /// Serves operators, with all statistics.
    pub(super) for_operators: Arc<dyn NativeSchema>,
}

/// Builds the connector and its two schemas.
pub(super) fn connector(
    infos: Vec<ConnectorInfo>,
    documents: Weak<Documents>,
    figures: Audience,
) -> Result<GatewayConnector, Vec<Diagnostic>> {
    let sources = Sources {
        infos,
        documents,
        shows_figures: true,
    };
    let query = Query(Sources {
        shows_figures: figures == Audience::Public,
        ..sources.clone()
    });
    let for_clients = Schema::new(query, EmptyMutation, EmptySubscription);
    let query = OperatorQuery(sources);
    let for_operators = Schema::new(query, EmptyMutation, EmptySubscription);
    let (subgraph, diagnostics) =
        normalise(OWN_CONNECTOR, OWN_CONNECTOR, &for_clients.federation_sdl());
    let mut subgraph = subgraph.ok_or(diagnostics)?;
    subgraph.kind = SubgraphKind::Native;
    Ok(GatewayConnector {
        subgraph,
        schema: Arc::new(for_clients),
        for_operators: Arc::new(for_operators),
    })
}

/// The query of the admin listener's `/health`: every field.
const DETAILS: &str = "{ connectors { name owner protocol status problem lastError lastErrorAt lastSuccessAt p95InMilliseconds \
                       cacheHitsInPercent callCount failureCount } }";

/// The state of the connectors, as the JSON text of a GraphQL response.
pub(super) async fn details(for_operators: &dyn NativeSchema) -> Bytes {
    let answer = for_operators.execute(DETAILS.into()).await;
    Bytes::from(serde_json::to_vec(&answer).unwrap_or_default())
}

/// The query of `/health/ready?details`: what every client may see.
const STATES: &str = "{ connectors { name status } }";

/// The names and states of the connectors, as a JSON list.
pub(super) async fn states(schema: &dyn NativeSchema) -> Bytes {
    let answer = schema.execute(STATES.into()).await;
    let data = serde_json::to_value(&answer.data).unwrap_or_default();
    Bytes::from(data["connectors"].to_string())
}
