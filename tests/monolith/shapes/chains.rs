//! A chain of abstract types: `interface J0 { j0n: J1 }`, `interface J1 { j1n: J2 }`, …, whose members have the fields with
//! narrower types: `W0a.j0n: W1b`. Some chains are connections: `edges` and `node`.
//!
//! The members are values. The last field leads to entities of the world.

use super::super::generate::{field, named, object, reference};
use super::super::random::Random;
use super::super::world::{Interface, Kind, Source, Ty, Union, World};
use super::{add_object, add_root, entities, in_parts, leaf, narrow, services, shared};

/// The names of one step of a chain.
struct Step {
    /// The interface.
    name: String,
    /// The field that leads to the next step.
    next: String,
    is_list: bool,
}

fn steps(random: &mut Random) -> Vec<Step> {
    let step = |name: &str, next: &str, is_list| Step {
        name: name.to_owned(),
        next: next.to_owned(),
        is_list,
    };
    if random.chance(40) {
        return vec![
            step("Connection", "edges", true),
            step("Edge", "node", false),
        ];
    }
    let numbers = 0..random.between(1, 3);
    let all = numbers.map(|number| {
        let is_list = random.chance(25);
        step(&format!("J{number}"), &format!("j{number}n"), is_list)
    });
    all.collect()
}

/// The names of the members of a step.
fn members(random: &mut Random, step: &Step) -> Vec<String> {
    let count = random.between(1, 3);
    let letters = ["A", "B", "C"][..count].iter();
    letters
        .map(|letter| format!("W{}{letter}", step.name))
        .collect()
}

fn listed(ty: &str, is_list: bool) -> Ty {
    let ty = named(ty, false);
    match is_list {
        true => Ty::List(Box::new(ty), false),
        false => ty,
    }
}

pub(super) fn add(world: &mut World, random: &mut Random) {
    let all = services(world, 2);
    let of_entity = owner(world, random, &all);
    let at = match &of_entity {
        Some((_, homes)) => random.some(homes, 3),
        None => random.some(&all, 3),
    };
    let steps = steps(random);
    let mut below = last(world, random, &at);
    for (number, step) in steps.iter().enumerate().rev() {
        below = add_step(world, random, &at, number, step, &below);
    }
    let first = &steps[0].name;
    let mut root = shared("qc", reference(random, first), &at);
    narrow(world, random, &mut root, first);
    add_root(world, root);
    if let Some((name, _)) = of_entity {
        let mut own = shared("chain", reference(random, first), &at);
        narrow(world, random, &mut own, first);
        let owner = world.objects.iter_mut().find(|o| o.name == name);
        owner.unwrap().fields.push(own);
    }
}

/// Sometimes an entity with a field of the chain's type, with the services in which it can be entered.
fn owner(world: &World, random: &mut Random, services: &[usize]) -> Option<(String, Vec<usize>)> {
    let name = random.pick(&entities(world)).clone();
    let homes = world.object(&name)?.homes.keys();
    let homes: Vec<usize> = homes.filter(|s| services.contains(s)).copied().collect();
    (!homes.is_empty() && random.chance(50)).then_some((name, homes))
}

/// The types behind the last step: a union of entities, or an entity.
fn last(world: &mut World, random: &mut Random, at: &[usize]) -> String {
    let entities = entities(world);
    let members = random.some(&entities, 3);
    if members.len() == 1 {
        return members[0].clone();
    }
    let name = "UJ".to_owned();
    world.unions.push(Union {
        name: name.clone(),
        known: at
            .iter()
            .map(|subgraph| (*subgraph, members.clone()))
            .collect(),
        members,
    });
    name
}

/// Adds an interface with its members, whose field leads to the type below; returns its name.
fn add_step(
    world: &mut World,
    random: &mut Random,
    at: &[usize],
    number: usize,
    step: &Step,
    below: &str,
) -> String {
    let Step {
        name,
        next,
        is_list,
    } = step;
    let members = members(random, step);
    let common = format!("j{number}x");
    let same = format!("j{number}r");
    let entity = random.pick(&entities(world)).clone();
    let has_same = random.chance(50);
    let of_leaf = leaf(random);
    let narrower = world.members(below);
    for member in &members {
        let mut own = object(member.clone(), Kind::Value);
        let to = match random.chance(75) {
            true => random.pick(&narrower),
            false => below,
        };
        own.fields
            .push(field(next, listed(to, *is_list), Source::Plain));
        own.fields
            .push(field(&common, of_leaf.clone(), Source::Plain));
        if has_same {
            own.fields
                .push(field(&same, named(&entity, false), Source::Plain));
        }
        for letter in ["s", "t"] {
            let ty = match random.chance(30) {
                true => named(&random.pick(&entities(world)).clone(), false),
                false => leaf(random),
            };
            let mut extra = field(
                &format!("{}{letter}", member.to_lowercase()),
                ty,
                Source::Plain,
            );
            extra.fails = random.chance(15);
            if random.chance(40) {
                in_parts(&mut extra, random, at);
            }
            own.fields.push(extra);
        }
        add_object(world, own);
    }
    let mut fields = vec![next.clone(), common];
    fields.extend(has_same.then_some(same));
    let wide = field(next, listed(below, *is_list), Source::Plain);
    world.interfaces.push(Interface {
        name: name.clone(),
        fields,
        wider: [(next.clone(), wide)].into(),
        known: Default::default(),
        missing: Default::default(),
        parent: None,
        entity: None,
        members,
    });
    name.clone()
}
