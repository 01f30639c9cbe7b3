//! Root fields of an abstract type that several services share, as `node` often is, and fields of entities like these. Each service knows all members, resolves
//! some fields of each, and declares the keys of members that another one owns as external.

use super::super::generate::{LEAVES, arguments, field, named, object, reference};
use super::super::random::Random;
use super::super::world::{Field, Interface, Kind, Need, Source, Union, World};
use super::{
    add_object, add_root, add_to, entities, leaf, narrow, owner, services, shared, subset,
};

const NAME: &str = "Node";

pub(super) fn add(world: &mut World, random: &mut Random) {
    let all = services(world, 2);
    let of_entity = owner(world, random, &all, 2);
    let homes = of_entity.as_ref().map(|(_, homes)| homes.as_slice());
    let from = homes.unwrap_or(&all);
    let mut roots = random.some(from, 3);
    if roots.len() < 2 {
        roots = from[..2].to_vec();
    }
    let names: Vec<String> = (0..random.between(1, 3))
        .map(|n| format!("EN{n}"))
        .collect();
    for name in &names {
        add_member(world, random, name, &all, &roots);
    }
    let base = match random.below(4) {
        0 => names[0].clone(),
        1 => {
            world.unions.push(Union {
                name: NAME.to_owned(),
                members: names,
                known: Default::default(),
            });
            NAME.to_owned()
        }
        _ => {
            add_interface(world, random, &names, &roots);
            NAME.to_owned()
        }
    };
    let mut root = shared("qn", reference(random, &base), &roots);
    narrow(world, random, &mut root, &base);
    root.fails = random.chance(10);
    if random.chance(30) {
        root.arguments = arguments(random);
    }
    add_root(world, root);
    if let Some((name, _)) = of_entity {
        add_to(
            world,
            &name,
            shared("nodes", reference(random, &base), &roots),
        );
    }
}

/// A member: one of the services of the root field owns its key.
fn add_member(world: &mut World, random: &mut Random, name: &str, all: &[usize], roots: &[usize]) {
    let mut own = object(name.to_owned(), Kind::Entity);
    own.keys.push(vec![Need::leaf("id")]);
    own.fields.push(field("id", named("ID", true), Source::Key));
    let owner = *random.pick(roots);
    for home in roots.iter().chain(random.some(all, 2).iter()) {
        own.homes.insert(*home, vec![0]);
    }
    for root in roots {
        if *root != owner && random.chance(75) {
            own.external.insert(*root);
        }
    }
    let homes: Vec<usize> = own.homes.keys().copied().collect();
    for letter in ["a", "b", "c", "d"] {
        own.fields.push(member_field(
            world,
            random,
            &format!("{}{letter}", name.to_lowercase()),
            &homes,
        ));
    }
    add_object(world, own);
}

fn member_field(world: &World, random: &mut Random, name: &str, homes: &[usize]) -> Field {
    let base = match random.chance(30) {
        true => random.pick(&entities(world)).clone(),
        false => (*random.pick(&LEAVES)).to_owned(),
    };
    let at = subset(random, homes, 2);
    Field {
        fails: random.chance(15),
        shareable: at.len() > 1,
        at,
        ..field(name, reference(random, &base), Source::Plain)
    }
}

/// The interface of the members, with a field that each member has in all of the root field's services, or with their key.
fn add_interface(world: &mut World, random: &mut Random, names: &[String], roots: &[usize]) {
    let mut fields = Vec::new();
    if random.chance(70) {
        let ty = leaf(random);
        for object in &mut world.objects {
            if names.contains(&object.name) {
                let at = subset(random, roots, 3);
                let own = Field {
                    shareable: at.len() > 1,
                    at,
                    ..field("nx", ty.clone(), Source::Plain)
                };
                object.fields.push(own);
            }
        }
        fields.push("nx".to_owned());
    }
    if fields.is_empty() || random.chance(50) {
        fields.push("id".to_owned());
    }
    world.interfaces.push(Interface {
        name: NAME.to_owned(),
        fields,
        wider: Default::default(),
        members: names.to_vec(),
        known: Default::default(),
        missing: Default::default(),
        parent: None,
        entity: None,
    });
}
