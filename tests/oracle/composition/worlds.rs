//! The worlds of `tests/monolith` as sets, including those that the monolith tests leave out because they do not compose.
//!
//! Every world is composed with all subgraphs as services, and, if it has connectors, again with those: the graph must not
//! depend on how fields are fetched.

use crate::monolith::composed::{Composed, subgraphs};

use super::sets::{Given, Origin, Set, without_wire};

/// The sets of a world.
pub(super) fn sets(seed: u64) -> Vec<Set> {
    let world = subgraphs(seed);
    let services = Set {
        name: format!("world {seed}"),
        origin: Origin::World,
        subgraphs: world.iter().map(service).collect(),
    };
    let has_connectors = world.iter().any(|subgraph| subgraph.has_connectors);
    let connectors = has_connectors.then(|| Set {
        name: format!("world {seed} with connectors"),
        origin: Origin::WorldWithConnectors,
        subgraphs: world.iter().map(as_it_is).collect(),
    });
    std::iter::once(services).chain(connectors).collect()
}

fn service(subgraph: &Composed) -> Given {
    Given::with(&subgraph.name, &without_wire(&subgraph.service))
}

fn as_it_is(subgraph: &Composed) -> Given {
    Given {
        ours: subgraph.sdl.clone(),
        ..service(subgraph)
    }
}
