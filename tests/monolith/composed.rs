//! The worlds' subgraphs as they are composed, for others to compose them too.

use super::case::is_empty;
use super::case::sdl;
use super::generate;
use super::print;

/// A subgraph of a world.
pub(crate) struct Composed {
    pub(crate) name: String,
    /// As the gateway reads it.
    pub(crate) sdl: String,
    /// The same as a GraphQL service, for composers that know no connectors.
    pub(crate) service: String,
    pub(crate) has_connectors: bool,
}

/// What the gateway composes of the world with this number.
pub(crate) fn subgraphs(seed: u64) -> Vec<Composed> {
    let world = generate::world(seed);
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
