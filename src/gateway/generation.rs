//! The generation of a gateway: what the keys of its cached responses have in common.
//!
//! Gateways that share a backend share a cached response only if both would make it: the same version, the same folders,
//! and the same settings. The public schema alone is not enough: with it, a gateway whose mapping was corrected would
//! serve the responses of the others.

use super::configured::ConfiguredConnector;
use crate::cache::Generation;
use crate::config::{ConnectorSettings, Settings};

/// The generation of these connectors with these settings. The order of the connectors counts: it decides ties in
/// composition.
pub(super) fn generation(connectors: &[ConfiguredConnector], settings: &Settings) -> Generation {
    let mut parts = vec![
        env!("CARGO_PKG_VERSION").to_owned(),
        format!(
            "{:?}{:?}",
            settings.limits, settings.general.connector_health
        ),
    ];
    for connector in connectors {
        parts.push(connector.subgraph.name.clone());
        let sources = connector.subgraph.schema.sources.values();
        parts.extend(sources.map(|source| source.source_text().to_owned()));
        parts.extend([&connector.owner, &connector.description].map(|text| format!("{text:?}")));
        parts.extend(settings_of(&connector.settings));
    }
    let texts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
    Generation::new(&texts)
}

/// The settings of a connector, as texts. A secret is part of them: another account may see other data. Only their hash
/// leaves this file.
fn settings_of(settings: &ConnectorSettings) -> impl Iterator<Item = String> {
    let shown = [
        format!("{:?}", settings.common),
        format!("{:?}", settings.sources),
        settings.config.expose().to_string(),
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
