//! Generates a world from a seed: first the types, as in one service, then which subgraph resolves what (`split`).

use std::collections::{BTreeMap, BTreeSet};

use super::random::Random;
use super::world::{Argument, Field, Interface, Kind, Need, Object, Source, Ty, Union, World};
use super::{covariant, split};

pub(crate) const LEAVES: [&str; 7] = [
    "Int", "Float", "String", "Boolean", "ID", "Colour", "String",
];

pub(crate) fn world(seed: u64) -> World {
    let random = &mut Random::new(seed);
    let mut world = World {
        seed,
        objects: Vec::new(),
        interfaces: Vec::new(),
        unions: Vec::new(),
        roots: Vec::new(),
        subgraphs: Vec::new(),
        strict: random.chance(20),
    };
    names(&mut world, random);
    let composites = composites(&world);
    for index in 0..world.objects.len() {
        fields(&mut world, random, index, &composites);
    }
    interface_fields(&mut world, random);
    covariant::fields(&mut world);
    roots(&mut world, random, &composites);
    split::split(&mut world, random);
    world
}

pub(crate) fn object(name: String, kind: Kind) -> Object {
    Object {
        name,
        kind,
        keys: Vec::new(),
        homes: BTreeMap::new(),
        reference: BTreeMap::new(),
        external: BTreeSet::new(),
        fields: Vec::new(),
    }
}

pub(crate) fn field(name: &str, ty: Ty, source: Source) -> Field {
    Field {
        name: name.to_owned(),
        ty,
        arguments: Vec::new(),
        source,
        at: BTreeSet::new(),
        overridden: None,
        percent: None,
        hidden: false,
        shareable: false,
        missing: BTreeSet::new(),
        fails: false,
        only_whole: false,
        provides: BTreeMap::new(),
        possible: Vec::new(),
        narrower: BTreeMap::new(),
    }
}

pub(crate) fn named(name: &str, non_null: bool) -> Ty {
    Ty::Named(name.to_owned(), non_null)
}

/// Generates the types with their keys, still without other fields.
fn names(world: &mut World, random: &mut Random) {
    for number in 0..random.between(2, 4) {
        let mut own = object(format!("E{number}"), Kind::Entity);
        own.fields.push(field("id", named("ID", true), Source::Key));
        own.keys.push(vec![Need::leaf("id")]);
        if random.chance(40) {
            let ty = if random.chance(50) { "Int" } else { "String" };
            own.fields.push(field("code", named(ty, true), Source::Key));
            let composite = random.chance(25);
            let mut key = vec![Need::leaf("code")];
            if composite {
                key.insert(0, Need::leaf("id"));
            }
            own.keys.push(key);
        }
        if random.chance(15) {
            let ty = Ty::List(Box::new(named("String", true)), true);
            own.fields.push(field("tags", ty, Source::Key));
            own.keys.push(vec![Need::leaf("tags")]);
        }
        if random.chance(25) {
            let below = format!("K{number}");
            let mut inner = object(below.clone(), Kind::KeyValue);
            inner
                .fields
                .push(field("id", named("ID", true), Source::Key));
            inner
                .fields
                .push(field("label", named("String", true), Source::Key));
            own.fields
                .push(field("org", named(&below, true), Source::Key));
            let mut children = vec![Need::leaf("id")];
            if random.chance(50) {
                children.push(Need::leaf("label"));
            }
            let need = Need {
                children,
                ..Need::leaf("org")
            };
            own.keys.push(vec![need]);
            world.objects.push(inner);
        }
        world.objects.push(own);
    }
    for number in 0..random.between(1, 3) {
        world
            .objects
            .push(object(format!("V{number}"), Kind::Value));
    }
    let of_kind = |kind: Kind, world: &World| -> Vec<String> {
        let all = world.objects.iter().filter(|o| o.kind == kind);
        all.map(|o| o.name.clone()).collect()
    };
    let entities = of_kind(Kind::Entity, world);
    let values = of_kind(Kind::Value, world);
    let all = [entities.clone(), values.clone()].concat();
    for number in 0..random.between(0, 2) {
        let from = match random.below(10) {
            0..5 => &entities,
            5..8 => &values,
            _ => &all,
        };
        world.interfaces.push(Interface {
            name: format!("I{number}"),
            fields: Vec::new(),
            wider: BTreeMap::new(),
            members: random.some(from, 3),
            known: BTreeMap::new(),
            missing: BTreeMap::new(),
            parent: None,
            entity: None,
        });
    }
    if let [first, second] = world.interfaces.as_mut_slice()
        && random.chance(50)
    {
        second.members = random.some(&first.members, 3);
        second.parent = Some(first.name.clone());
    }
    if random.chance(50) {
        let from = if random.chance(30) { &values } else { &all };
        world.unions.push(Union {
            name: "U0".to_owned(),
            members: random.some(from, 3),
            known: BTreeMap::new(),
        });
    }
}

fn composites(world: &World) -> Vec<String> {
    let objects = world.objects.iter().filter(|o| o.kind != Kind::KeyValue);
    let objects = objects.map(|o| o.name.clone());
    let interfaces = world.interfaces.iter().map(|i| i.name.clone());
    let unions = world.unions.iter().map(|u| u.name.clone());
    objects.chain(interfaces).chain(unions).collect()
}

/// A reference to a named type, with random lists and nullability.
pub(crate) fn reference(random: &mut Random, name: &str) -> Ty {
    let ty = named(name, random.chance(30));
    if !random.chance(30) {
        return ty;
    }
    let ty = Ty::List(Box::new(ty), random.chance(30));
    if random.chance(12) {
        Ty::List(Box::new(ty), random.chance(30))
    } else {
        ty
    }
}

pub(crate) fn arguments(random: &mut Random) -> Vec<Argument> {
    let kinds = [
        "Int", "String", "Boolean", "ID", "Float", "Colour", "Filter", "Choice", "[Int!]",
        "[Colour]",
    ];
    let mut out = Vec::new();
    for number in 0..random.between(1, 2) {
        let kind = *random.pick(&kinds);
        let ty = match kind {
            "[Int!]" => Ty::List(Box::new(named("Int", true)), random.chance(30)),
            "[Colour]" => Ty::List(Box::new(named("Colour", false)), random.chance(30)),
            name => named(name, random.chance(30)),
        };
        let default = match kind {
            "Int" => "7",
            "String" => "\"d\"",
            "Boolean" => "true",
            "ID" => "\"i\"",
            "Float" => "2.5",
            "Colour" => "GREEN",
            "Filter" => "{ least: 4 }",
            "Choice" => "{ word: \"d\" }",
            _ => "[]",
        };
        let default = random.chance(40).then(|| default.to_owned());
        out.push(Argument {
            name: format!("a{number}"),
            ty,
            default,
        });
    }
    out
}

/// A field with one of these types.
fn any_field(random: &mut Random, name: &str, composites: &[String]) -> Field {
    let base = if random.chance(55) || composites.is_empty() {
        (*random.pick(&LEAVES)).to_owned()
    } else {
        random.pick(composites).clone()
    };
    let mut own = field(name, reference(random, &base), Source::Plain);
    if random.chance(20) {
        own.arguments = arguments(random);
    }
    own.fails = random.chance(20);
    own
}

fn fields(world: &mut World, random: &mut Random, index: usize, composites: &[String]) {
    let (kind, name) = (world.objects[index].kind, world.objects[index].name.clone());
    let letter = name.to_lowercase();
    match kind {
        Kind::Entity => {
            for number in 0..random.between(3, 6) {
                let own = any_field(
                    random,
                    &format!("{letter}{}", "abcdef".chars().nth(number).unwrap()),
                    composites,
                );
                world.objects[index].fields.push(own);
            }
        }
        Kind::Value => {
            // A value type has only later ones in its fields, so that values are finite.
            let below: Vec<String> = composites
                .iter()
                .filter(|other| other.starts_with('E') || other.starts_with('V') && **other > name)
                .cloned()
                .collect();
            for number in 0..random.between(2, 4) {
                let own = any_field(
                    random,
                    &format!("{letter}{}", "abcdef".chars().nth(number).unwrap()),
                    &below,
                );
                world.objects[index].fields.push(own);
            }
        }
        Kind::KeyValue | Kind::Root => {}
    }
}

/// Each interface gets one or two fields. Its members have them too, some with a narrower type.
fn interface_fields(world: &mut World, random: &mut Random) {
    for index in 0..world.interfaces.len() {
        let interface = world.interfaces[index].clone();
        let mut names = Vec::new();
        for number in 0..random.between(1, 2) {
            let name = format!("{}{}", interface.name.to_lowercase(), ["x", "y"][number]);
            let leaf = *random.pick(&LEAVES);
            let mut own = field(&name, named(leaf, false), Source::Plain);
            own.fails = random.chance(20);
            if random.chance(20) {
                own.arguments = arguments(random);
            }
            for member in &interface.members {
                let object = world.objects.iter_mut().find(|o| o.name == *member);
                object.unwrap().fields.push(own.clone());
            }
            names.push(name);
        }
        let entities = interface.members.iter().all(|name| name.starts_with('E'));
        if entities && random.chance(60) {
            names.push("id".to_owned());
        }
        if let Some(parent) = &interface.parent {
            let parent = world.interface(parent).unwrap().fields.clone();
            names.extend(parent.into_iter().filter(|own| own != "id"));
            let has_id = world.interfaces[0].fields.contains(&"id".to_owned());
            names.retain(|own| own != "id");
            names.extend(has_id.then(|| "id".to_owned()));
        }
        world.interfaces[index].fields = names;
    }
}

fn roots(world: &mut World, random: &mut Random, composites: &[String]) {
    let mut query = object("Query".to_owned(), Kind::Root);
    for (number, name) in composites.iter().enumerate() {
        if random.chance(60) || number == 0 {
            let mut own = field(
                &format!("q{number}"),
                reference(random, name),
                Source::Plain,
            );
            if random.chance(25) {
                own.arguments = arguments(random);
            }
            own.fails = random.chance(10);
            query.fields.push(own);
        }
    }
    query.fields.push(any_field(random, "q", &[]));
    world.roots.push(query);
    if random.chance(40) {
        let mut mutation = object("Mutation".to_owned(), Kind::Root);
        for number in 0..random.between(1, 3) {
            let mut own = any_field(random, &format!("m{number}"), composites);
            own.fails = random.chance(10);
            mutation.fields.push(own);
        }
        world.roots.push(mutation);
    }
}
