//! The settings of webhooks, which are not those of calls: with another secret, the endpoints of a connector stay.

use std::collections::HashMap;

use crate::events::Verification;
use crate::gateway::ConfiguredConnector;

/// How the upstream of a connector sends events.
#[derive(Debug, Clone)]
pub(in crate::gateway) struct HookSettings {
    pub(in crate::gateway) verification: Verification,
    /// The longest body.
    pub(in crate::gateway) bytes: usize,
    /// The requests that are remembered.
    pub(in crate::gateway) remembered: usize,
}

/// The connectors whose upstreams may send events, by their names.
pub(in crate::gateway) fn hooks(
    connectors: &[ConfiguredConnector],
) -> HashMap<String, HookSettings> {
    let settings = connectors.iter().filter_map(|connector| {
        let common = &connector.settings.common;
        let hook = HookSettings {
            verification: Verification::of(common)?,
            bytes: common.webhook_body_bytes.0,
            remembered: common.webhook_remembered,
        };
        Some((connector.subgraph.name.clone(), hook))
    });
    settings.collect()
}
