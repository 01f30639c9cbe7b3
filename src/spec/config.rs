//! Placeholders for values of `$config` that a connector needs and a spec does not set, and for those of `$env`.
//!
//! A spec must run without secrets, and its author need not know the `config` keys of other connectors. Example: if a
//! connector reads `$config.api_key` and the spec does not set it, its value is `unstated-config-api_key`; that of `$env.KEY` is
//! always `unstated-env-KEY`. A header or query parameter that contains a placeholder matches any recorded value. A value that
//! may be absent (`$config.zone ?? "north"`) is absent, so that a spec can show what happens then.

use std::collections::BTreeMap;

use crate::config::{RawConfig, Secret};
use crate::connector::{Subgraph, SubgraphKind};

/// The prefixes of placeholders.
const UNSTATED: &str = "unstated-config-";
const UNSTATED_ENV: &str = "unstated-env-";

/// Whether a text that was sent contains a placeholder.
pub(super) fn is_unstated(sent: &[u8]) -> bool {
    let mut prefixes = [UNSTATED, UNSTATED_ENV].into_iter();
    prefixes.any(|prefix| memchr::memmem::find(sent, prefix.as_bytes()).is_some())
}

/// Adds placeholders for the `$config` paths that a connector needs and the spec does not set.
pub(super) fn fill(stated: &mut Option<RawConfig>, subgraph: &Subgraph) {
    for path in needed(subgraph, "$config") {
        add(stated, path, &path.join("-"));
    }
}

/// Placeholders for the variables of the environment that a connector needs.
pub(super) fn environment(subgraph: &Subgraph) -> BTreeMap<String, Secret> {
    let names = needed(subgraph, "$env").flatten();
    names
        .map(|name| (name.clone(), Secret::new(format!("{UNSTATED_ENV}{name}"))))
        .collect()
}

/// The paths below `$config` or `$env` that a connector reads and whose absence it does not allow for.
fn needed<'s>(subgraph: &'s Subgraph, variable: &'s str) -> impl Iterator<Item = &'s Vec<String>> {
    let reads: Vec<_> = match &subgraph.kind {
        SubgraphKind::Connectors { connects, .. } => {
            connects.iter().map(|connect| &connect.reads).collect()
        }
        SubgraphKind::Service(service) => vec![&service.reads],
        SubgraphKind::Native => Vec::new(),
    };
    let values = reads.into_iter().flat_map(|reads| &reads.deployment);
    let values = values.filter(move |value| value.variable == variable);
    values.map(|value| &value.path)
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
