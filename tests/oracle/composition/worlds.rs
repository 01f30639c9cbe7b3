//! The worlds of `tests/monolith` as sets: what is left out there because it does not compose is judged here.
//!
//! Every world is composed with all of its subgraphs as services, and where it has folders of connectors, once more with
//! those: what they are to the graph must not depend on how their fields are fetched.

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
    let has_connectors = world.iter().any(|own| own.has_connectors);
    let connectors = has_connectors.then(|| Set {
        name: format!("world {seed} with connectors"),
        origin: Origin::WorldWithConnectors,
        subgraphs: world.iter().map(as_it_is).collect(),
    });
    std::iter::once(services).chain(connectors).collect()
}

fn service(own: &Composed) -> Given {
    Given::with(&own.name, &without_wire(&own.service))
}

fn as_it_is(own: &Composed) -> Given {
    Given {
        ours: own.sdl.clone(),
        ..service(own)
    }
}
