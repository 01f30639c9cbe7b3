//! Fields that an interface has with a wider type than its members: `interface I0 { i0z: U0 }`, where `U0` is a union of
//! `E0` and `V0`, and `E1.i0z: E0`.
//!
//! The random numbers are drawn from a seed of their own, so that other parts of a world stay as they are.

use std::collections::BTreeSet;

use super::generate::field;
use super::print::declared;
use super::random::{Random, hash};
use super::split::{in_a_line, rest_subgraphs};
use super::world::{Source, Ty, World};

/// Gives interfaces of entities such a field.
pub(crate) fn fields(world: &mut World) {
    let random = &mut Random::new(hash(world.seed, &["covariant"]));
    let abstracts = world.interfaces.iter().map(|own| own.name.clone());
    let unions = world.unions.iter().map(|own| own.name.clone());
    let wider: Vec<String> = abstracts
        .filter(|name| !in_a_line(world, name))
        .chain(unions)
        .collect();
    for index in 0..world.interfaces.len() {
        let interface = world.interfaces[index].clone();
        let entities = interface.members.iter().all(|name| name.starts_with('E'));
        if !entities || in_a_line(world, &interface.name) || wider.is_empty() || !random.chance(60)
        {
            continue;
        }
        let name = format!("{}z", interface.name.to_lowercase());
        let base = random.pick(&wider).clone();
        let is_list = random.chance(30);
        let reference = |base: &str| {
            let ty = Ty::Named(base.to_owned(), false);
            match is_list {
                true => Ty::List(Box::new(ty), false),
                false => ty,
            }
        };
        let narrower = world.members(&base);
        for member in &interface.members {
            let base = match random.chance(80) {
                true => random.pick(&narrower),
                false => &base,
            };
            let own = field(&name, reference(base), Source::Plain);
            let object = world.objects.iter_mut().find(|o| o.name == *member);
            object.unwrap().fields.push(own);
        }
        let own = field(&name, reference(&base), Source::Plain);
        let interface = &mut world.interfaces[index];
        interface.fields.push(name.clone());
        interface.wider.insert(name, own);
    }
}

/// The abstract types of such fields. A subgraph that has one knows all of its members.
pub(crate) fn bases(world: &World) -> BTreeSet<String> {
    let fields = world.interfaces.iter().flat_map(|own| own.wider.values());
    fields.map(|own| own.ty.base().to_owned()).collect()
}

/// A folder of connectors has no such field on an interface: it may have nothing that no connect yields.
pub(crate) fn leave_out_of_folders(world: &mut World) {
    for subgraph in rest_subgraphs(world) {
        for interface in &mut world.interfaces {
            let names = interface.wider.keys().cloned();
            interface.missing.entry(subgraph).or_default().extend(names);
        }
    }
}

/// Takes such fields from interfaces on which no subgraph has them.
pub(crate) fn prune(world: &mut World) {
    let all: Vec<_> = (0..world.subgraphs.len())
        .map(|subgraph| declared(world, subgraph))
        .collect();
    for interface in &mut world.interfaces {
        let has = |field: &String| {
            let mut fields = all.iter().filter_map(|types| types.get(&interface.name));
            fields.any(|fields| fields.contains_key(field))
        };
        let gone: Vec<String> = interface
            .wider
            .keys()
            .filter(|f| !has(f))
            .cloned()
            .collect();
        interface.fields.retain(|own| !gone.contains(own));
        interface.wider.retain(|own, _| !gone.contains(own));
    }
}
