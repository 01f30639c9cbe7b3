//! Value types of which a subgraph has only some fields.
//!
//! A value has no key: its missing fields are available only if another subgraph resolves the field above it. So that field
//! becomes shared with another subgraph. Sometimes it does not, and composition refuses the world.

use std::collections::BTreeSet;

use super::random::Random;
use super::split::rest_subgraphs;
use super::world::{Field, Kind, Object, Source, World};

/// Removes fields of value types from some subgraphs.
pub(crate) fn parts(world: &mut World, random: &mut Random) {
    let in_interfaces: BTreeSet<String> = world
        .interfaces
        .iter()
        .flat_map(|interface| interface.fields.clone())
        .collect();
    for index in 0..world.objects.len() {
        let object = &world.objects[index];
        let places: Vec<usize> = (0..object.fields.len())
            .filter(|place| !in_interfaces.contains(&object.fields[*place].name))
            .collect();
        if object.kind != Kind::Value || object.fields.len() < 2 || places.is_empty() {
            continue;
        }
        let name = object.name.clone();
        let having: Vec<usize> = (0..world.subgraphs.len())
            .filter(|subgraph| yields(world, &name, *subgraph).next().is_some())
            .collect();
        if having.is_empty() || !random.chance(40) {
            continue;
        }
        let subgraph = *random.pick(&having);
        if let Some(shared) = sharing(world, random, &name, subgraph) {
            share(world, shared);
        } else if having.len() < 2 || !random.chance(5) {
            continue;
        }
        let place = *random.pick(&places);
        world.objects[index].fields[place].missing.insert(subgraph);
    }
}

/// A field of an object, by their indexes.
type FieldIndex = (usize, usize);

/// The fields of a subgraph that yield values of a type.
fn yields<'w>(
    world: &'w World,
    value: &'w str,
    subgraph: usize,
) -> impl Iterator<Item = (FieldIndex, &'w Object, &'w Field)> {
    let all = world.objects.iter().chain(&world.roots).enumerate();
    let fields = all.flat_map(|(index, object)| {
        let fields = object.fields.iter().enumerate();
        fields.map(move |(place, own)| ((index, place), object, own))
    });
    fields.filter(move |(_, object, own)| {
        let here = object.kind == Kind::Value
            || own.at.contains(&subgraph)
            || own.overridden == Some(subgraph);
        here && world
            .members(own.ty.base())
            .iter()
            .any(|name| name == value)
    })
}

/// The subgraph that will share the fields that yield a type; `None` if no other subgraph can.
fn sharing(
    world: &World,
    random: &mut Random,
    value: &str,
    subgraph: usize,
) -> Option<Vec<(FieldIndex, usize)>> {
    // A subgraph with an interface object has none of its implementations.
    let objects = world.interfaces.iter().filter_map(|own| own.entity);
    let objects: Vec<usize> = objects.map(|(_, object)| object).collect();
    let rest = rest_subgraphs(world);
    let may =
        |other: &usize| *other != subgraph && !rest.contains(other) && !objects.contains(other);
    let mut shared = Vec::new();
    for (place, object, own) in yields(world, value, subgraph) {
        let others: Vec<usize> = match object.kind {
            Kind::Entity => object.homes.keys().copied().collect(),
            Kind::Root if object.name == "Query" => (0..world.subgraphs.len()).collect(),
            _ => return None,
        };
        let others = others.into_iter();
        let others: Vec<usize> = others.filter(may).collect();
        if own.source != Source::Plain || own.overridden.is_some() || others.is_empty() {
            return None;
        }
        if !own.at.iter().any(|home| others.contains(home)) {
            shared.push((place, *random.pick(&others)));
        }
    }
    Some(shared)
}

fn share(world: &mut World, shared: Vec<(FieldIndex, usize)>) {
    let rest = rest_subgraphs(world);
    let mut all: Vec<&mut Object> = world.objects.iter_mut().chain(&mut world.roots).collect();
    for ((index, place), other) in shared {
        let own = &mut all[index].fields[place];
        own.at.insert(other);
        own.shareable = true;
        // A member of a REST document cannot fail, so the field fails in no subgraph.
        own.fails &= !own.at.iter().any(|home| rest.contains(home));
    }
}
