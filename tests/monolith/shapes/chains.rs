//! A chain of abstract types: `interface J0 { j0n: J1 }`, `interface J1 { j1n: J2 }`, …, whose members have the fields with
//! narrower types: `W0a.j0n: W1b`. Some chains are connections: `edges` and `node`.
//!
//! The members are values. The last field leads to entities of the world. A chain is in services, or in one connector.

use super::super::generate::{field, named, object, reference};
use super::super::random::Random;
use super::super::split::rest_subgraphs;
use super::super::world::{Field, Interface, Kind, Source, Ty, Union, World};
use super::{
    add_object, add_root, add_to, entities, in_parts, leaf, narrow, owner, services, shared,
};

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
    let of_entity = owner(world, random, &all, 1);
    let folders = rest_subgraphs(world);
    let at = match &of_entity {
        Some((_, homes)) => random.some(homes, 3),
        None if !folders.is_empty() && random.chance(85) => random.some(&folders, 1),
        None => random.some(&all, 3),
    };
    let in_folder = folders.contains(&at[0]);
    let steps = steps(random);
    let mut below = last(world, random, &at);
    for (number, step) in steps.iter().enumerate().rev() {
        below = add_step(world, random, &at, number, step, &below);
    }
    let first = &steps[0].name;
    let mut root = shared("qc", reference(random, first), &at);
    narrow(world, random, &mut root, first);
    root.only_whole = in_folder;
    add_root(world, root);
    if let Some((name, _)) = of_entity {
        let mut own = shared("chain", reference(random, first), &at);
        narrow(world, random, &mut own, first);
        add_to(world, &name, own);
    }
}

/// The types behind the last step: a union of entities, or an entity.
fn last(world: &mut World, random: &mut Random, at: &[usize]) -> String {
    let entities = entities(world);
    let members = random.some(&entities, 3);
    // In a connector, one selection must do for the narrower types too.
    if members.len() == 1 || world.subgraphs[at[0]].rest {
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
    let in_folder = world.subgraphs[at[0]].rest;
    let of_all = extra_fields(world, random, &format!("j{number}"), at);
    for (number, member) in members.iter().enumerate() {
        let mut own = object(member.clone(), Kind::Value);
        // A folder has no types that none of its fields yields.
        let to = match random.chance(75) && !(in_folder && number == 0) {
            true => random.pick(&narrower),
            false => below,
        };
        let fields = &mut own.fields;
        let narrow = match listed(to, *is_list) {
            Ty::Named(name, _) => Ty::Named(name, random.chance(20)),
            Ty::List(item, _) => Ty::List(item, random.chance(20)),
        };
        fields.push(field(next, narrow, Source::Plain));
        fields.push(field(&common, of_leaf.clone(), Source::Plain));
        if has_same {
            fields.push(field(&same, named(&entity, false), Source::Plain));
        }
        fields.extend(match in_folder {
            true => of_all.clone(),
            false => extra_fields(world, random, &member.to_lowercase(), at),
        });
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

/// Fields of members that the interface does not have. In a connector all members have the same ones: one selection must do
/// for the narrower types too.
fn extra_fields(world: &World, random: &mut Random, prefix: &str, at: &[usize]) -> Vec<Field> {
    let in_folder = world.subgraphs[at[0]].rest;
    let all = ["s", "t"].map(|letter| {
        let ty = match random.chance(30) {
            true => named(&random.pick(&entities(world)).clone(), false),
            false => leaf(random),
        };
        let mut own = field(&format!("{prefix}{letter}"), ty, Source::Plain);
        own.fails = random.chance(15) && !in_folder;
        if random.chance(40) {
            in_parts(&mut own, random, at);
        }
        own
    });
    all.into()
}
