//! Builds the parts of a gateway from connectors and settings: the graph, the sources of all connectors, and their caches.

use std::sync::Arc;

use super::configured::{ConfiguredConnector, Setup, SetupProblem};
use super::generation::Fingerprints;
use super::limits::{sharing, waiting};
use super::native::ConnectorInfo;
use super::nodes::NodeSchema;
use super::reserved::reserved_names;
use super::shared::Shared;
use super::sources::Sources;
use super::{native, sources};
use crate::cache::{CachedConnector, Endpoint, EndpointParts, SharingRules};
use crate::config::{self, Audience, ConnectorLimits, Settings};
use crate::connector::{
    self, ClientErrors, Connect, DeploymentValue, Invalidates, Reads, Schemes, SourceDeclaration,
    Subgraph, SubgraphKind,
};
use crate::document::{Str, Value};
use crate::execute::{ConnectorRuntime, Runtime};
use crate::graph::identification::names::is_own;
use crate::graph::query::QueryGraph;
use crate::graph::{Composed, NODE_CONNECTOR, compose};
use crate::mapping::{Selection, Variables};
use crate::source::gate::Gate;
use crate::source::native::{NativeSchema, NativeWire};
use crate::source::{CallOptions, Source, SourceParts, StoredHeaders, SubscribeOptions};

/// The parts of a gateway.
pub(super) struct GatewayParts {
    pub(super) composed: Composed,
    pub(super) fingerprints: Fingerprints,
    pub(super) runtime: Runtime,
    /// The connectors that operators see.
    pub(super) infos: Vec<ConnectorInfo>,
    /// The schema of the gateway's own connector, as operators query it.
    pub(super) for_operators: Arc<dyn NativeSchema>,
}

/// The generation before this one, whose endpoints are taken over where the connector is the same.
pub(super) struct Previous<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) fingerprints: &'a Fingerprints,
}

impl Previous<'_> {
    /// The runtime of a connector, if it is the same as in the next generation.
    fn of(&self, connector: &str, next: &Fingerprints) -> Option<&ConnectorRuntime> {
        let is_same = next.is_same(connector, self.fingerprints);
        let mut connectors = self.runtime.connectors.iter();
        connectors.find(|runtime| is_same && *runtime.name == *connector)
    }
}

/// Composes the connectors, with the gateway's own connector if its fields are public, and builds their sources.
pub(super) fn build(
    setup: Setup<'_>,
    shared: &Shared,
    previous: Option<&Previous<'_>>,
) -> Result<GatewayParts, SetupProblem> {
    let Setup {
        mut connectors,
        set_aside,
        settings,
    } = setup;
    let fingerprints = Fingerprints::new(&connectors, settings);
    let (wires, documents) = (shared.wires.clone(), &shared.documents);
    let schemes = wires.schemes();
    for connector in &mut connectors {
        set_addresses(connector, settings, &schemes)?;
        set_error_mappings(connector, settings)?;
        sources::adapt_templates(connector, &wires)?;
        refuse_unset(connector);
    }
    let infos = native::infos(&connectors, &set_aside);
    let audience = settings.general.connector_health;
    let native = native::connector(infos.clone(), Arc::downgrade(documents), audience);
    let native = native.map_err(SetupProblem::Schema)?;
    let wires = wires.with(NativeWire::new(&native.subgraph.name, native.schema));
    let is_public = settings.general.own_fields == Audience::Public;
    let own = is_public.then_some(native.subgraph);
    let subgraphs = connectors.iter().map(|connector| &connector.subgraph);
    let mut subgraphs: Vec<Subgraph> = subgraphs.cloned().collect();
    let reserved = reserved_names(own.as_ref(), &subgraphs);
    if !reserved.is_empty() {
        // Errors of composition would be consequences of these.
        return Err(SetupProblem::Schema(reserved));
    }
    subgraphs.extend(own);
    let (composed, diagnostics) = compose(subgraphs);
    let Some(composed) = composed else {
        return Err(SetupProblem::Schema(diagnostics));
    };
    let mut subgraphs = composed.subgraphs.iter();
    let wires = match subgraphs.find(|subgraph| is_own(subgraph)) {
        Some(subgraph) => {
            let schema = Arc::new(NodeSchema::new(subgraph));
            wires.with(NativeWire::new(NODE_CONNECTOR, schema))
        }
        None => wires,
    };
    let graph = Arc::new(QueryGraph::new(&composed));
    if graph.has_files() {
        shared.files.warn_of_random_key();
        let has_other_listener = settings.operations.listen.is_some();
        let listen = settings.general.listen;
        shared.files.warn_of_address(listen, has_other_listener);
    }
    let limits = &settings.limits;
    let mut connector_runtimes = Vec::with_capacity(composed.subgraphs.len());
    for subgraph in composed.subgraphs.iter() {
        let unchanged = previous.and_then(|previous| previous.of(&subgraph.name, &fingerprints));
        // The gateway's own connector is rebuilt: it lists the connectors of this generation.
        if let Some(unchanged) = unchanged.filter(|_| subgraph.name != native::OWN_CONNECTOR) {
            connector_runtimes.push(unchanged.clone());
            continue;
        }
        let mut connectors = connectors.iter();
        let connector = connectors.find(|connector| connector.subgraph.name == subgraph.name);
        let own = connector.map(|connector| connector.settings.clone());
        let own = own.unwrap_or_default();
        let waiting = waiting(limits, &own.common);
        let parts = SourceParts {
            connector: subgraph.name.clone(),
            source: None,
            gate: Arc::new(Gate::of(&own.common)),
            limits: own.common.clone(),
            budget: Arc::clone(&shared.budget),
            dns: shared.resolver.clone(),
        };
        let mut sources = Sources::new(subgraph, &wires, parts);
        let cached = documents.bounded_connector(&subgraph.name, waiting);
        connector_runtimes.push(connector_runtime(
            subgraph,
            (&own, &settings.cache),
            &cached,
            &mut sources,
        )?);
    }
    let runtime = Runtime {
        graph,
        connectors: connector_runtimes,
        documents: Arc::clone(documents),
        limits: limits.into(),
        files: Arc::clone(&shared.files),
        budget: Arc::clone(&shared.budget),
    };
    Ok(GatewayParts {
        fingerprints,
        composed,
        runtime,
        infos,
        for_operators: native.for_operators,
    })
}

/// Replaces requests that would lack a value which the settings do not give.
fn refuse_unset(connector: &mut ConfiguredConnector) {
    let settings = &connector.settings;
    let has_base_url = |source: Option<&str>| {
        let of_source = source.and_then(|source| settings.sources.get(source));
        let of_source = of_source.and_then(|source| source.base_url.as_ref());
        of_source.or(settings.common.base_url.as_ref()).is_some()
    };
    let is_set = |value: &DeploymentValue, source: Option<&str>| match value.variable {
        _ if value.in_base_url && has_base_url(source) => true,
        "$env" => value
            .path
            .iter()
            .all(|name| settings.env.contains_key(name)),
        _ => {
            let config = config_value(settings, source);
            let mut given = Some(&config);
            for key in &value.path {
                given = given.and_then(|table| table.get(key));
            }
            given.is_some_and(|given| !given.is_null())
        }
    };
    connector::refuse_unset(&mut connector.subgraph, &is_set);
}

/// Replaces the mappings of a GraphQL service's errors, if the settings give others.
fn set_error_mappings(
    connector: &mut ConfiguredConnector,
    all: &Settings,
) -> Result<(), SetupProblem> {
    let ConfiguredConnector {
        subgraph, settings, ..
    } = connector;
    let name = subgraph.name.clone();
    let wrong = |key: &str, message: String| {
        let place = all.place(&format!("connector.{name}.{key}"));
        SetupProblem::setting(&name, &format!("{key}: {message}"), place)
    };
    if let Some(text) = &settings.common.error_message {
        let set = subgraph.set_error_message(text);
        set.map_err(|message| wrong("error_message", message))?;
    }
    if let Some(text) = &settings.common.error_extensions {
        let set = subgraph.set_error_extensions(text);
        set.map_err(|message| wrong("error_extensions", message))?;
    }
    Ok(())
}

fn set_addresses(
    connector: &mut ConfiguredConnector,
    all: &Settings,
    schemes: &Schemes,
) -> Result<(), SetupProblem> {
    let name = connector.subgraph.name.clone();
    let wrong = |message: &str, key: &str| {
        let place = all.place(&format!("connector.{name}{key}"));
        SetupProblem::setting(&name, message, place)
    };
    if let Some(url) = &connector.settings.common.base_url {
        connector
            .subgraph
            .set_base_url(None, url.as_str())
            .map_err(|error| wrong(&error.message, ".base_url"))?;
    }
    for (source, settings) in &connector.settings.sources {
        let subgraph = &mut connector.subgraph;
        let known = match &settings.base_url {
            Some(url) => subgraph.set_base_url(Some(source), url.as_str()),
            None => subgraph.source_index(Some(source)).map(drop),
        };
        known.map_err(|error| wrong(&error.message, &format!(".sources.{source}")))?;
    }
    let settings = &connector.settings;
    let variables = |source: &str| {
        let config = config_value(settings, Some(source));
        Variables::new()
            .with("$config", config)
            .with("$env", env_value(settings))
    };
    let resolved = connector.subgraph.resolve_base_urls(variables, schemes);
    // The location is not that of `config`, whose line may hold a secret.
    resolved.map_err(|error| wrong(&error.message, ""))
}

/// `$config` of a source, or of what has none.
fn config_value(settings: &config::ConnectorSettings, source: Option<&str>) -> Value {
    let of_source = source.and_then(|source| settings.sources.get(source)?.config.as_ref());
    let config = of_source.unwrap_or(&settings.config);
    Value::from(config.expose().clone())
}

/// `$env`.
fn env_value(settings: &config::ConnectorSettings) -> Value {
    let env = settings.env.iter();
    let members =
        env.map(|(name, secret)| (Str::from(name.as_str()), Value::from(secret.expose())));
    Value::Object(Arc::new(members.collect()))
}

fn connector_runtime<'a>(
    subgraph: &'a Subgraph,
    (settings, cache): (&config::ConnectorSettings, &config::Cache),
    cached: &Arc<CachedConnector>,
    sources: &mut Sources<'a>,
) -> Result<ConnectorRuntime, SetupProblem> {
    let endpoints = match &subgraph.kind {
        SubgraphKind::Connectors {
            connects,
            sources: declared,
            ..
        } => {
            let endpoint = |connect: &'a Arc<Connect>| {
                let source = sources.of_connect(connect)?;
                let name = connect.source.and_then(|index| declared.get(index));
                let sharing = sharing(cache, settings, name.map(|source| source.name.as_str()));
                Ok(endpoint(cached, &source, connect, sharing))
            };
            connects.iter().map(endpoint).collect::<Result<_, _>>()?
        }
        SubgraphKind::Service(_) | SubgraphKind::Native => {
            let source = sources.of_service()?;
            let stored = match &subgraph.kind {
                SubgraphKind::Service(service) => stored_headers(&service.reads),
                _ => StoredHeaders::NONE,
            };
            let acceptance = match is_own(subgraph) {
                // What an id says depends on the keys of all types.
                true => subgraph.schema.to_string(),
                false => "data without errors".to_owned(),
            };
            let parts = EndpointParts {
                coordinate: &subgraph.name,
                acceptance: &acceptance,
                changes: &[],
                sharing: sharing(cache, settings, None),
            };
            vec![cached.endpoint_of(&source, stored, parts)]
        }
    };
    let source_configs = match &subgraph.kind {
        SubgraphKind::Connectors { sources, .. } => {
            let config =
                |source: &Arc<SourceDeclaration>| config_value(settings, Some(&source.name));
            sources.iter().map(config).collect()
        }
        SubgraphKind::Service(_) | SubgraphKind::Native => Vec::new(),
    };
    Ok(ConnectorRuntime {
        name: Arc::from(subgraph.name.as_str()),
        config: config_value(settings, None),
        source_configs,
        env: env_value(settings),
        options: CallOptions {
            timeout: settings.common.timeout,
            max_bytes: settings.common.max_response_bytes.0,
            ..CallOptions::default()
        },
        endpoints,
        gate: sources.gate(),
        files: sources.of_files()?,
        poll_every: settings.common.poll_every,
        subscriptions: subscriptions(subgraph, &settings.common),
    })
}

/// How a GraphQL service sends the events of its subscriptions.
fn subscriptions(subgraph: &Subgraph, settings: &ConnectorLimits) -> Option<SubscribeOptions> {
    let SubgraphKind::Service(service) = &subgraph.kind else {
        return None;
    };
    let moved = settings.subscriptions_url.as_ref();
    let moved = moved.map(|url| url.as_str().to_owned());
    Some(SubscribeOptions {
        protocol: service.subscriptions.protocol,
        url: moved.or_else(|| service.subscriptions.url.clone()),
        timeout: settings.timeout,
        max_bytes: settings.event_bytes.0,
    })
}

fn endpoint(
    cached: &Arc<CachedConnector>,
    source: &Arc<dyn Source>,
    connect: &Connect,
    sharing: SharingRules,
) -> Arc<Endpoint> {
    // Everything that decides whether a response is accepted. It is a part of the cache key, so that a changed rule does
    // not use a document that was accepted by the old rule.
    let is_success = connect.is_success.as_ref();
    let mut acceptance = format!(
        "{}\n{:?}\n{}",
        is_success.map_or_else(|| "2xx".to_owned(), |mapping| identity(mapping)),
        connect.yields,
        identity(&connect.selection)
    );
    if let Some(client_errors) = connect.options.get::<ClientErrors>() {
        let when = client_errors.when.as_ref();
        let when = when.map_or_else(String::new, |mapping| identity(mapping));
        acceptance += &format!("\n{:?}\n{when}", client_errors.status);
    }
    let changes = connect.options.get::<Invalidates>();
    let parts = EndpointParts {
        coordinate: &connect.coordinate,
        acceptance: &acceptance,
        changes: changes.map_or(&[][..], |changes| &changes.fields),
        sharing,
    };
    cached.endpoint_of(source, stored_headers(&connect.reads), parts)
}

/// The headers that are kept with a document: those that mappings read.
fn stored_headers(reads: &Reads) -> StoredHeaders {
    match reads.all_response_headers {
        true => StoredHeaders::All,
        false => StoredHeaders::Named(reads.response_headers.clone()),
    }
}

/// A mapping with the named mappings that it spreads, so that a change of one of these counts as a change of the mapping.
fn identity(mapping: &Selection) -> String {
    match mapping.spreads() {
        [] => mapping.text().to_owned(),
        spreads => format!("{}\n{spreads:?}", mapping.text()),
    }
}
