//! What a spec need not say of a connector's configuration: every value that is read and not stated is filled in.
//!
//! A spec must run without any secret, and without its author knowing what another department calls its own. The values
//! are plainly made up, and what holds one counts as equal to whatever was recorded in its place.

use std::collections::BTreeMap;

use crate::config::RawConfig;
use crate::connector::{Subgraph, SubgraphKind};

/// How every value that is filled in begins.
const UNSTATED: &str = "unstated-config-";

/// Whether a text that was sent holds a value that no spec has stated.
pub(super) fn is_unstated(sent: &[u8]) -> bool {
    memchr::memmem::find(sent, UNSTATED.as_bytes()).is_some()
}

/// Adds what a connector reads as `$config` to what a spec states of it.
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
        // `$config` as a whole: there is nothing to be filled in.
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
