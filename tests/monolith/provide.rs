//! Adds `@provides`: fields of entities that a subgraph does not resolve in general, below the fields that yield them.

use super::random::Random;
use super::split::need_of_value;
use super::world::{Interface, Kind, Need, Source, World, is_leaf};

/// The fields of a type that a subgraph may provide, up to `deep` levels.
fn providable(
    world: &World,
    random: &mut Random,
    name: &str,
    subgraph: usize,
    deep: usize,
) -> Vec<Need> {
    if world.is_abstract(name) {
        let known = world.known(name, subgraph);
        let member = random.pick(&known).clone();
        let children = providable(world, random, &member, subgraph, deep);
        if children.is_empty() {
            return Vec::new();
        }
        return vec![Need {
            on: Some(member),
            children,
            ..Need::leaf("")
        }];
    }
    let Some(object) = world.object(name).filter(|o| o.kind == Kind::Entity) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for own in &object.fields {
        if own.source != Source::Plain
            || own.at.contains(&subgraph)
            || own.overridden.is_some()
            || !own.arguments.is_empty()
            || world.is_abstract(own.ty.base())
        {
            continue;
        }
        let base = own.ty.base();
        let children = match need_of_value(world, random, base) {
            _ if is_leaf(base) => Vec::new(),
            Some(children) => children,
            None if deep == 0 => continue,
            None => match providable(world, random, base, subgraph, deep - 1) {
                children if children.is_empty() => continue,
                children => children,
            },
        };
        found.push(Need {
            children,
            ..Need::leaf(&own.name)
        });
    }
    if found.is_empty() {
        return found;
    }
    random.some(&found, 2)
}

pub(crate) fn provide(world: &mut World, random: &mut Random) {
    let mut found = Vec::new();
    for object in world.objects.iter().chain(&world.roots) {
        for own in &object.fields {
            for subgraph in &own.at {
                // A subgraph with an interface object has none of its implementations.
                let has_object = |i: &Interface| i.entity.is_some_and(|(_, at)| at == *subgraph);
                if own.overridden.is_some()
                    || world.subgraphs[*subgraph].rest
                    || world.interfaces.iter().any(has_object)
                    || !random.chance(25)
                {
                    continue;
                }
                let provided = providable(world, random, own.ty.base(), *subgraph, 1);
                if !provided.is_empty() {
                    let place = (object.name.clone(), own.name.clone(), *subgraph);
                    found.push((place, own.ty.base().to_owned(), provided));
                }
            }
        }
    }
    for ((object, own, subgraph), base, provided) in found {
        share(world, &base, &provided);
        for known in world.objects.iter_mut().chain(&mut world.roots) {
            for f in &mut known.fields {
                if known.name == object && f.name == own {
                    f.provides.insert(subgraph, provided.clone());
                }
            }
        }
    }
}

/// Makes provided fields shareable in the subgraphs that resolve them.
fn share(world: &mut World, base: &str, provided: &[Need]) {
    for need in provided {
        if let Some(on) = &need.on {
            share(world, on, &need.children);
            continue;
        }
        let object = world.objects.iter_mut().find(|own| own.name == base);
        let field = object.and_then(|o| o.fields.iter_mut().find(|f| f.name == need.field));
        let Some(field) = field else { continue };
        field.shareable = true;
        let below = field.ty.base().to_owned();
        share(world, &below, &need.children);
    }
}
