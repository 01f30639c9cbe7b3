//! Placeholders for `config` values that a connector reads and a spec does not set.
//!
//! A spec must run without secrets, and its author need not know the `config` keys of other connectors. Example: if a
//! connector reads `$config.api_key` and the spec does not set it, its value is `unstated-config-api_key`. A header or
//! query parameter that contains a placeholder matches any recorded value.

use std::collections::BTreeMap;

use crate::config::RawConfig;
use crate::connector::{Subgraph, SubgraphKind};

/// The prefix of every placeholder.
const UNSTATED: &str = "unstated-config-";

/// Whether a text that was sent contains a placeholder.
pub(super) fn is_unstated(sent: &[u8]) -> bool {
    memchr::memmem::find(sent, UNSTATED.as_bytes()).is_some()
}

/// Adds placeholders for the `$config` paths that a connector reads and the spec does not set.
pub(super) fn fill(stated: &mut Option<RawConfig>, subgraph: &Subgraph) {
    let reads = match &subgraph.kind {
        SubgraphKind::Connectors { connects, .. } => {
            connects.iter().map(|connect| &connect.reads).collect()
        }
        SubgraphKind::Service(service) => vec![&service.reads],
        SubgraphKind::Native => Vec::new(),
    };
    for path in reads.into_iter().flat_map(|reads| &reads.config) {
        add(stated, path, &path.join("-"));
    }
}

fn add(stated: &mut Option<RawConfig>, path: &[String], name: &str) {
    match (path, stated) {
        // The connector reads `$config` as a whole: there is no key to fill in.
        ([], _) if name.is_empty() => {}
        ([], stated @ None) => {
            let value = format!("{UNSTATED}{name}");
            *stated = Some(RawConfig::Plain(value.into()));
        }
        ([key, rest @ ..], stated) => {
            let table = stated.get_or_insert_with(|| RawConfig::Table(BTreeMap::new()));
            if let RawConfig::Table(table) = table {
                let mut below = table.remove(key);
                add(&mut below, rest, name);
                table.extend(below.map(|below| (key.clone(), below)));
            }
        }
        _ => {}
    }
}
