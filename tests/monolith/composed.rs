//! The subgraphs of worlds as the gateway composes them, for the comparison with other composers.

use super::case::{is_empty, sdl};
use super::{generate, print};

/// A subgraph of a world.
pub(crate) struct Composed {
    pub(crate) name: String,
    /// Its SDL for the gateway.
    pub(crate) sdl: String,
    /// Its SDL as a GraphQL service, for composers without connectors.
    pub(crate) service: String,
    pub(crate) has_connectors: bool,
}

/// The subgraphs of the world with this seed.
pub(crate) fn subgraphs(seed: u64) -> Vec<Composed> {
    let mut world = generate::world(seed);
    for object in world.objects.iter_mut().chain(&mut world.roots) {
        // The independent composer takes the member, as a waiver for `plans/covariant-fields` says.
        object
            .fields
            .iter_mut()
            .for_each(|own| own.narrower.clear());
    }
    let all = world.subgraphs.iter().enumerate();
    let all = all.map(|(number, subgraph)| Composed {
        name: subgraph.name.clone(),
        sdl: sdl(&world, number),
        service: print::service(&world, number, true),
        has_connectors: subgraph.rest,
    });
    all.enumerate()
        .filter(|(number, own)| !is_empty(&world, *number, &own.sdl))
        .map(|(_, own)| own)
        .collect()
}
