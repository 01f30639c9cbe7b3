//! Values without a key of which no service has all fields: every service that yields one has some of them, and further
//! services compute fields from them by `@requires`.

use super::super::generate::{LEAVES, field, named, object, reference};
use super::super::random::Random;
use super::super::world::{Field, Kind, Need, Object, Source, World};
use super::{add_object, add_root, entities, in_parts, services, shared, subset};

const ENTITY: &str = "EP";
const WHOLE: &str = "VPA";
const INNER: &str = "VPB";

pub(super) fn add(world: &mut World, random: &mut Random) {
    let all = services(world, 3);
    let mut homes = random.some(&all, 4);
    if homes.len() < 3 {
        homes = all[..3].to_vec();
    }
    let homes = random.shuffled(&homes);
    let at: Vec<usize> = homes[..random.between(2, homes.len() - 1)].to_vec();
    let computing = homes[at.len()];
    let has_inner = random.chance(50);
    let inner = value(world, random, INNER, &at);
    let mut whole = value(world, random, WHOLE, &at);
    if has_inner {
        let mut own = field("inner", reference(random, INNER), Source::Plain);
        own.ty = own.ty.nullable();
        whole.fields.push(own);
    }
    let mut entity = entity(random, &homes, &at);
    let needs = needs(random, &whole, has_inner.then_some(&inner));
    if !world.strict {
        let mut sum = field("sum", named("Int", false), Source::Computed(needs));
        sum.at.insert(computing);
        sum.fails = random.chance(10);
        entity.fields.push(sum);
    }
    add_object(world, entity);
    add_object(world, whole);
    if has_inner {
        add_object(world, inner);
    }
    let root = subset(random, &homes, 2).into_iter().collect::<Vec<_>>();
    add_root(world, shared("qp", reference(random, ENTITY), &root));
    if random.chance(60) {
        add_root(world, shared("qv", reference(random, WHOLE), &at));
    }
}

/// An entity with the value, and a field of each home.
fn entity(random: &mut Random, homes: &[usize], at: &[usize]) -> Object {
    let mut own = object(ENTITY.to_owned(), Kind::Entity);
    own.keys.push(vec![Need::leaf("id")]);
    own.fields.push(field("id", named("ID", true), Source::Key));
    own.homes = homes.iter().map(|home| (*home, vec![0])).collect();
    own.fields
        .push(shared("meta", reference(random, WHOLE), at));
    for home in homes {
        let base = *random.pick(&LEAVES);
        let ty = reference(random, base);
        own.fields.push(shared(&format!("ep{home}"), ty, &[*home]));
    }
    own
}

/// A value with two to four fields, most of them in some of the services that yield it.
fn value(world: &World, random: &mut Random, name: &str, at: &[usize]) -> Object {
    let mut own = object(name.to_owned(), Kind::Value);
    let letter = name.to_lowercase();
    for number in 0..random.between(2, 4) {
        let base = match number > 1 && random.chance(40) {
            true => random.pick(&entities(world)).clone(),
            false => (*random.pick(&LEAVES)).to_owned(),
        };
        let ty = named(&base, false);
        let mut part: Field = field(&format!("{letter}{number}"), ty, Source::Plain);
        if number == 0 || number > 1 && random.chance(50) {
            in_parts(&mut part, random, at);
        }
        if number == 1 {
            // No service has neither of the first two.
            let first = &own.fields[0].missing;
            let others: Vec<usize> = at.iter().filter(|s| !first.contains(s)).copied().collect();
            part.missing = subset(random, &others, others.len());
        }
        own.fields.push(part);
    }
    own
}

/// The first fields of the value, and of the value within it.
fn needs(random: &mut Random, whole: &Object, inner: Option<&Object>) -> Vec<Need> {
    let first = |object: &Object| -> Vec<Need> {
        let fields = object.fields[..2].iter();
        fields.map(|own| Need::leaf(&own.name)).collect()
    };
    let mut children = first(whole);
    if let Some(inner) = inner
        && random.chance(60)
    {
        children.push(Need {
            children: first(inner),
            ..Need::leaf("inner")
        });
    }
    vec![Need {
        children,
        ..Need::leaf("meta")
    }]
}
