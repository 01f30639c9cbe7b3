//! Adds types in arrangements that random fields seldom have, each with its own place in the subgraphs: chains of abstract
//! types with narrower types below ([`chains`]), shared root fields whose members keep their key to themselves ([`roots`]), and
//! values without a key that no subgraph has whole ([`values`]).
//!
//! They are drawn from seeds of their own, after the other types have been distributed, and refer to these. Most of them are
//! in GraphQL services.

mod chains;
mod roots;
mod values;

use std::collections::BTreeSet;

use super::generate::{LEAVES, field, named};
use super::random::{Random, hash};
use super::world::{Field, Object, Source, Subgraph, Ty, World};

/// Adds each arrangement to some worlds.
pub(crate) fn shapes(world: &mut World) {
    type Add = fn(&mut World, &mut Random);
    let all: [(&str, usize, Add); 3] = [
        ("chains", 45, chains::add),
        ("roots", 35, roots::add),
        ("values", 35, values::add),
    ];
    for (name, percent, add) in all {
        let random = &mut Random::new(hash(world.seed, &[name]));
        if random.chance(percent) {
            add(world, random);
        }
    }
    know_all_members(world);
}

/// The subgraphs that `split` has not considered define all members of interfaces and unions.
fn know_all_members(world: &mut World) {
    let objects = world.interfaces.iter().filter_map(|own| own.entity);
    let objects: Vec<usize> = objects.map(|(_, object)| object).collect();
    let all = (0..world.subgraphs.len()).filter(|subgraph| !objects.contains(subgraph));
    for subgraph in all {
        for own in &mut world.interfaces {
            let known = own.known.entry(subgraph);
            known.or_insert_with(|| own.members.clone());
        }
        for own in &mut world.unions {
            let known = own.known.entry(subgraph);
            known.or_insert_with(|| own.members.clone());
        }
    }
}

/// The services that can define any type, at least so many: a new one refers to the entities as the first one does.
fn services(world: &mut World, least: usize) -> Vec<usize> {
    loop {
        let objects = world.interfaces.iter().filter_map(|own| own.entity);
        let objects: Vec<usize> = objects.map(|(_, object)| object).collect();
        let all = 0..world.subgraphs.len();
        let found: Vec<usize> = all
            .filter(|number| !world.subgraphs[*number].rest && !objects.contains(number))
            .collect();
        if found.len() >= least {
            return found;
        }
        let number = world.subgraphs.len();
        world.subgraphs.push(Subgraph {
            name: format!("s{number}"),
            rest: false,
        });
        for object in &mut world.objects {
            if let Some(key) = object.reference.get(&0).copied() {
                object.reference.insert(number, key);
            }
        }
    }
}

/// An entity with the services among these in which it can be entered, if there are so many.
fn owner(
    world: &World,
    random: &mut Random,
    services: &[usize],
    least: usize,
) -> Option<(String, Vec<usize>)> {
    let name = random.pick(&entities(world)).clone();
    let homes = world.object(&name)?.homes.keys();
    let homes: Vec<usize> = homes.filter(|s| services.contains(s)).copied().collect();
    (homes.len() >= least && random.chance(50)).then_some((name, homes))
}

/// Adds a field to an entity.
fn add_to(world: &mut World, name: &str, own: Field) {
    let mut all = world.objects.iter_mut();
    if let Some(object) = all.find(|object| object.name == name) {
        object.fields.push(own);
    }
}

/// The entities to which every service can refer.
fn entities(world: &World) -> Vec<String> {
    let all = world.objects.iter();
    all.filter(|object| !object.reference.is_empty())
        .map(|object| object.name.clone())
        .collect()
}

/// A nullable leaf.
fn leaf(random: &mut Random) -> Ty {
    let name = *random.pick(&LEAVES);
    named(name, false)
}

/// A field that these subgraphs share, if there are several.
fn shared(name: &str, ty: Ty, at: &[usize]) -> Field {
    Field {
        at: at.iter().copied().collect(),
        shareable: at.len() > 1,
        ..field(name, ty, Source::Plain)
    }
}

/// Takes a field of a value from some of the subgraphs that yield the value, not from all.
fn in_parts(own: &mut Field, random: &mut Random, at: &[usize]) {
    if at.len() > 1 {
        own.missing = random.some(at, at.len() - 1).into_iter().collect();
    }
}

/// In one of several subgraphs a field has the type of a member.
fn narrow(world: &World, random: &mut Random, own: &mut Field, base: &str) {
    let members = world.members(base);
    if world.is_abstract(base) && own.at.len() > 1 && random.chance(40) {
        let at: Vec<usize> = own.at.iter().copied().collect();
        let subgraph = *random.pick(&at);
        own.narrower.insert(subgraph, random.pick(&members).clone());
    }
}

/// Adds the object after all others.
fn add_object(world: &mut World, own: Object) {
    world.objects.push(own);
}

fn add_root(world: &mut World, own: Field) {
    world.roots[0].fields.push(own);
}

/// Some of these, in random order, as a set.
fn subset(random: &mut Random, from: &[usize], most: usize) -> BTreeSet<usize> {
    random.some(from, most).into_iter().collect()
}
