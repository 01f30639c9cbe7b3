//! What identifies the connectors of a generation: hashes of all that decides their responses.
//!
//! Two things are decided by them. A successor takes over the endpoints of a connector whose hash is the same, with their
//! connections to the upstream. And the key of a cached response has the hashes of the connectors that its plan calls: a
//! corrected mapping ends the responses that the old one made, in this process and in others that share the backend, and
//! leaves those of other connectors.

use std::collections::HashMap;
use std::sync::Arc;

use super::configured::ConfiguredConnector;
use super::native::OWN_CONNECTOR;
use crate::cache::Generation;
use crate::config::{ConnectorSettings, Settings};
use crate::connector::SubgraphKind;
use crate::plan::Plan;

/// The hashes of the connectors of a generation.
#[derive(Debug, Clone)]
pub(super) struct Fingerprints {
    /// The version, and the settings that every response depends on.
    of_all: Generation,
    by_connector: HashMap<String, Generation>,
}

impl Fingerprints {
    pub(super) fn new(connectors: &[ConfiguredConnector], settings: &Settings) -> Fingerprints {
        let limits = format!("{:?}", settings.limits);
        let health = format!("{:?}", settings.general.connector_health);
        let dns = format!("{:?}", settings.dns);
        // The endpoints of a connector have it.
        let joinable = format!("{:?}", settings.cache.share_in_flight_for);
        let common = [env!("CARGO_PKG_VERSION"), &limits, &health, &dns, &joinable];
        let of_connector = |connector: &ConfiguredConnector| {
            let mut parts: Vec<String> = common.map(str::to_owned).to_vec();
            parts.extend(parts_of(connector));
            (connector.subgraph.name.clone(), hash(&parts))
        };
        let mut by_connector: HashMap<_, _> = connectors.iter().map(of_connector).collect();
        // The gateway's own connector lists the others.
        let listed = connectors.iter().map(|connector| {
            let ConfiguredConnector {
                owner, description, ..
            } = connector;
            format!("{:?}", (&connector.subgraph.name, owner, description))
        });
        let listed: Vec<String> = listed.collect();
        by_connector.insert(OWN_CONNECTOR.to_owned(), hash(&listed));
        Fingerprints {
            of_all: hash(&common.map(str::to_owned)),
            by_connector,
        }
    }

    /// The hash of a connector.
    pub(super) fn of(&self, connector: &str) -> Option<Generation> {
        self.by_connector.get(connector).copied()
    }

    /// Whether a connector is the same in another generation.
    pub(super) fn is_same(&self, connector: &str, other: &Fingerprints) -> bool {
        let of = |fingerprints: &Fingerprints| fingerprints.by_connector.get(connector).copied();
        of(self).is_some_and(|this| of(other) == Some(this))
    }

    /// What the responses of a plan depend on: the connectors that it calls, and the public schema.
    pub(super) fn of_plan(&self, plan: &Plan, names: &[Arc<str>], api: &Generation) -> Generation {
        let mut called: Vec<&str> = plan
            .fetches
            .iter()
            .filter_map(|fetch| names.get(fetch.subgraph.0 as usize))
            .map(|name| &**name)
            .collect();
        called.sort_unstable();
        called.dedup();
        let called = called
            .iter()
            .filter_map(|name| self.by_connector.get(*name));
        let mut parts: Vec<&[u8]> = vec![self.of_all.as_bytes(), api.as_bytes()];
        parts.extend(called.map(|hash| &hash.as_bytes()[..]));
        Generation::new(&parts)
    }
}

impl ConfiguredConnector {
    /// Whether another version has the same folder and the same settings.
    pub fn is_same(&self, other: &ConfiguredConnector) -> bool {
        parts_of(self) == parts_of(other)
    }
}

fn hash(parts: &[String]) -> Generation {
    let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
    Generation::new(&parts)
}

/// The content of a connector, as texts.
fn parts_of(connector: &ConfiguredConnector) -> Vec<String> {
    let mut parts = vec![connector.subgraph.name.clone()];
    let sources = connector.subgraph.schema.sources.values();
    parts.extend(sources.map(|source| source.source_text().to_owned()));
    // The kind does not follow from the text if the connector is set aside.
    parts.push(match &connector.subgraph.kind {
        SubgraphKind::Connectors { connects, .. } => format!("{} connects", connects.len()),
        SubgraphKind::Service(_) => "service".to_owned(),
        SubgraphKind::Native => "native".to_owned(),
    });
    parts.extend(settings_of(&connector.settings));
    parts
}

/// The settings of a connector, as texts. A secret is part of them: another account may see other data. Only their hash
/// leaves this file.
fn settings_of(settings: &ConnectorSettings) -> impl Iterator<Item = String> {
    let authorities = settings.common.ca.as_ref();
    // The file may have another content under the same name. One that cannot be read fails when the source is opened.
    let authorities = authorities.map(|file| format!("{:?}", std::fs::read(file).ok()));
    let shown = [
        format!("{:?}", settings.common),
        format!("{:?}", settings.sources),
        settings.config.expose().to_string(),
        authorities.unwrap_or_default(),
    ];
    let of_sources = settings.sources.values().filter_map(|source| {
        let config = source.config.as_ref();
        config.map(|config| config.expose().to_string())
    });
    let of_sources: Vec<String> = of_sources.collect();
    let environment = settings.env.iter();
    let environment = environment.flat_map(|(name, value)| [name.as_str(), value.expose()]);
    let shown = shown.into_iter().chain(of_sources);
    shown.chain(environment.map(str::to_owned))
}
