//! Distributes the fields of a world to subgraphs, by the rules of Federation.

use std::collections::BTreeSet;

use super::generate::field;
use super::print::{How, declared};
use super::random::Random;
use super::world::{Argument, Field, Kind, Need, Object, Source, Subgraph, Ty, World, is_leaf};
use super::{covariant, parts, provide, rest, shapes};

pub(crate) fn split(world: &mut World, random: &mut Random) {
    let count = random.between(2, 5);
    for number in 0..count {
        // At least one is a GraphQL service.
        let rest = number > 0 && random.chance(30);
        world.subgraphs.push(Subgraph {
            name: format!("s{number}"),
            rest,
        });
    }
    covariant::leave_out_of_folders(world);
    homes(world, random, count);
    lookups(world);
    interface_ids(world);
    interface_object(world, random, count);
    place(world, random, count);
    parts::parts(world, random);
    compute(world, random);
    known(world, random, count);
    shapes::shapes(world);
    provide::provide(world, random);
    possible(world);
    interface_fields(world, random);
    covariant::prune(world);
    hide(world, random);
    prune(world);
}

/// Makes some fields `@inaccessible`, keys too, through which lookups must still work. The fields of interfaces stay
/// accessible.
fn hide(world: &mut World, random: &mut Random) {
    let interfaces: BTreeSet<String> = world
        .interfaces
        .iter()
        .flat_map(|interface| interface.fields.clone())
        .collect();
    for object in &mut world.objects {
        if object.kind != Kind::Entity || !random.chance(30) {
            continue;
        }
        let may = |own: &Field| !interfaces.contains(&own.name);
        let mut places: Vec<usize> = (0..object.fields.len()).collect();
        places.retain(|place| may(&object.fields[*place]));
        // Some fields remain, even if there are only keys.
        if places.len() > 2 {
            let place = *random.pick(&places);
            object.fields[place].hidden = true;
        }
    }
}

pub(super) fn rest_subgraphs(world: &World) -> Vec<usize> {
    let all = world.subgraphs.iter().enumerate();
    all.filter(|(_, subgraph)| subgraph.rest)
        .map(|(number, _)| number)
        .collect()
}

/// Chooses the subgraphs in which each entity can be entered, and the key by which others refer to it.
fn homes(world: &mut World, random: &mut Random, count: usize) {
    let all: Vec<usize> = (0..count).collect();
    let rest = rest_subgraphs(world);
    for object in &mut world.objects {
        if object.kind != Kind::Entity {
            continue;
        }
        let numbers: Vec<usize> = (0..object.keys.len()).collect();
        let is_list = |number: &usize| object.keys[*number][0].field == "tags";
        let of_rest: Vec<usize> = numbers.iter().filter(|n| !is_list(n)).copied().collect();
        for home in random.some(&all, 3) {
            let mut keys = random.some(&numbers, 3);
            if !keys.contains(&0) && random.chance(85) {
                keys.insert(0, 0);
            }
            if rest.contains(&home) {
                // A list cannot be a URL parameter.
                keys.retain(|key| of_rest.contains(key));
                keys = vec![*random.pick(if keys.is_empty() { &of_rest } else { &keys })];
            }
            object.homes.insert(home, keys);
        }
        let service = object
            .homes
            .iter_mut()
            .find(|(home, _)| !rest.contains(home));
        if let Some((_, keys)) = service.filter(|_| random.chance(70)) {
            // A subgraph with all keys leads to all others; otherwise some lookups are impossible.
            keys.clone_from(&numbers);
        }
        let plain = |keys: &Vec<usize>| keys.iter().any(|key| of_rest.contains(key));
        if object.homes.keys().all(|home| rest.contains(home)) || !object.homes.values().any(plain)
        {
            object.homes.insert(0, vec![0]);
        }
        let usable: BTreeSet<usize> = object.homes.values().flatten().copied().collect();
        let usable: Vec<usize> = usable.into_iter().collect();
        for subgraph in 0..count {
            let mut usable = usable.clone();
            if rest.contains(&subgraph) {
                usable.retain(|key| of_rest.contains(key));
            }
            let key = if usable.contains(&0) && random.chance(70) {
                0
            } else {
                *random.pick(&usable)
            };
            object.reference.insert(subgraph, key);
        }
    }
}

/// Adds the root fields by which connectors look up entities.
fn lookups(world: &mut World) {
    let mut found = Vec::new();
    for object in &world.objects {
        for home in object.homes.keys() {
            let rest = world.subgraphs[*home].rest;
            if rest && rest::mode(world, object, *home) == rest::Mode::Explicit {
                let name = format!("{}By{home}", object.name.to_lowercase());
                let source = Source::Lookup(object.name.clone());
                let mut own = field(&name, Ty::Named(object.name.clone(), false), source);
                own.at.insert(*home);
                let arguments = object.keys[object.homes[home][0]]
                    .iter()
                    .filter_map(|need| {
                        let ty = object.field(&need.field)?.ty.clone();
                        let name = need.field.clone();
                        Some(Argument {
                            name,
                            ty,
                            default: None,
                        })
                    });
                own.arguments = arguments.collect();
                found.push(own);
            }
        }
    }
    world.roots[0].fields.extend(found);
}

/// An interface has an id only if each of its members has one in some subgraph.
fn interface_ids(world: &mut World) {
    let has_id = |object: &Object| {
        object
            .homes
            .keys()
            .any(|home| object.is_key_at("id", *home))
    };
    let with: Vec<String> = world
        .objects
        .iter()
        .filter(|o| has_id(o))
        .map(|o| o.name.clone())
        .collect();
    for interface in &mut world.interfaces {
        if !interface.members.iter().all(|member| with.contains(member)) {
            interface.fields.retain(|field| field != "id");
        }
    }
}

/// Whether an interface implements another, or is implemented by one.
pub(super) fn in_a_line(world: &World, name: &str) -> bool {
    world.interfaces.iter().any(|interface| {
        interface.parent.is_some()
            && (interface.name == name || interface.parent.as_deref() == Some(name))
    })
}

/// Adds a subgraph with an interface of entities as `@interfaceObject`.
fn interface_object(world: &mut World, random: &mut Random, count: usize) {
    let bases = covariant::bases(world);
    let mut entities = world
        .interfaces
        .iter()
        .filter(|interface| !bases.contains(&interface.name))
        .filter(|interface| interface.members.iter().all(|name| name.starts_with('E')))
        .filter(|interface| !in_a_line(world, &interface.name));
    let Some(interface) = entities.next().filter(|_| random.chance(45)) else {
        return;
    };
    let (name, members) = (interface.name.clone(), interface.members.clone());
    let services: Vec<usize> = (0..count)
        .filter(|number| !world.subgraphs[*number].rest)
        .collect();
    let (owner, subgraph) = (*random.pick(&services), count);
    world.subgraphs.push(Subgraph {
        name: format!("s{subgraph}"),
        rest: false,
    });
    let extra = format!("{}o", name.to_lowercase());
    let leaf = *random.pick(&["Int", "String", "Colour"]);
    let ty = Ty::Named(leaf.to_owned(), false);
    let ty = if random.chance(30) {
        Ty::List(Box::new(ty), false)
    } else {
        ty
    };
    let mut own = field(&extra, ty, Source::InterfaceObject(name.clone()));
    own.at.insert(subgraph);
    own.fails = random.chance(20);
    for object in &mut world.objects {
        if members.contains(&object.name) {
            let keys = object.homes.entry(owner).or_default();
            if !keys.contains(&0) {
                keys.insert(0, 0);
            }
            object.fields.push(own.clone());
        }
    }
    let interface = world.interfaces.iter_mut().find(|known| known.name == name);
    let interface = interface.unwrap();
    interface.entity = Some((owner, subgraph));
    interface.fields.push(extra);
    if !interface.fields.contains(&"id".to_owned()) {
        interface.fields.push("id".to_owned());
    }
    let ty = Ty::List(Box::new(Ty::Named(name.clone(), random.chance(30))), false);
    let mut root = field("qo", ty, Source::Plain);
    root.at.insert(subgraph);
    root.fails = random.chance(10);
    world.roots[0].fields.push(root);
}

fn place(world: &mut World, random: &mut Random, count: usize) {
    let all: Vec<usize> = (0..count).collect();
    let copy = world.clone();
    let rest = rest_subgraphs(world);
    for object in world.objects.iter_mut().chain(&mut world.roots) {
        let homes: Vec<usize> = match object.kind {
            Kind::Root => all.clone(),
            _ => object.homes.keys().copied().collect(),
        };
        let services: Vec<usize> = homes
            .iter()
            .filter(|home| !rest.contains(home))
            .copied()
            .collect();
        for own in &mut object.fields {
            if object.kind == Kind::Value || own.source != Source::Plain || !own.at.is_empty() {
                continue;
            }
            let selected = rest::can_be_selected(&copy, own.ty.base());
            let homes = if selected { &homes } else { &services };
            let home = *random.pick(homes);
            own.at.insert(home);
            if object.name != "Mutation" {
                if random.chance(20) {
                    own.at.insert(*random.pick(homes));
                } else if random.chance(10) && !rest.contains(&home) {
                    own.overridden = Some(*random.pick(&services)).filter(|from| *from != home);
                    own.percent = random.chance(50).then(|| random.between(20, 80) as u32);
                }
            }
            own.shareable = own.at.len() > 1;
            if own.at.iter().any(|home| rest.contains(home)) {
                own.only_whole = true;
                own.fails &=
                    own.at.len() == 1 && (object.kind == Kind::Root || !own.arguments.is_empty());
                if object.kind == Kind::Entity {
                    own.ty = own.ty.nullable();
                }
            }
        }
    }
    calm_values(world, &rest);
}

/// Makes values in REST documents raise no errors.
fn calm_values(world: &mut World, rest: &[usize]) {
    let declared: Vec<_> = rest
        .iter()
        .map(|subgraph| declared(world, *subgraph))
        .collect();
    for object in &mut world.objects {
        let in_documents = declared
            .iter()
            .any(|types| types.contains_key(&object.name));
        if object.kind == Kind::Value && in_documents {
            object.fields.iter_mut().for_each(|own| own.fails = false);
        }
    }
}

/// A field that a computed field may require of its object, with the required part.
fn need(world: &World, random: &mut Random, own: &Field) -> Option<Need> {
    let mut need = Need::leaf(&own.name);
    match own.arguments.as_slice() {
        [] => {}
        [one] if one.ty == Ty::Named("Int".to_owned(), one.ty.non_null()) => {
            if one.default.is_none() || random.chance(50) {
                need.arguments = format!("(a0: {})", random.below(9));
            }
        }
        _ => return None,
    }
    let base = own.ty.base();
    if is_leaf(base) {
        return (!world.strict || !own.ty.any_non_null()).then_some(need);
    }
    if world.strict {
        return None;
    }
    if !world.is_abstract(base) {
        need.children = need_of_value(world, random, base)?;
        return Some(need);
    }
    for member in world.members(base) {
        let children = need_of_value(world, random, &member)?;
        need.children.push(Need {
            on: Some(member),
            children,
            ..Need::leaf("")
        });
    }
    Some(need)
}

pub(crate) fn need_of_value(world: &World, random: &mut Random, name: &str) -> Option<Vec<Need>> {
    let object = world.object(name).filter(|o| o.kind == Kind::Value)?;
    let below = object
        .fields
        .iter()
        .filter(|f| f.arguments.is_empty() && is_leaf(f.ty.base()) && f.missing.is_empty());
    let below: Vec<Need> = below.map(|f| Need::leaf(&f.name)).collect();
    if below.is_empty() {
        return None;
    }
    Some(random.some(&below, 2))
}

/// The abstract types with members that the requirements of a subgraph's computed fields name.
fn required_in_parts(world: &World) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    for object in &world.objects {
        for own in &object.fields {
            let Source::Computed(needs) = &own.source else {
                continue;
            };
            for need in needs {
                let Some(base) = object.field(&need.field).map(|field| field.ty.base()) else {
                    continue;
                };
                if need.children.iter().any(|child| child.on.is_some()) {
                    out.extend(own.at.iter().map(|home| (*home, base.to_owned())));
                }
            }
        }
    }
    out
}

/// Makes some fields computed: from fields before them that their subgraph does not resolve.
fn compute(world: &mut World, random: &mut Random) {
    for index in 0..world.objects.len() {
        if world.objects[index].kind != Kind::Entity {
            continue;
        }
        for place in 0..world.objects[index].fields.len() {
            let object = &world.objects[index];
            let own = &object.fields[place];
            if own.source != Source::Plain
                || own.at.len() > 1
                || own.overridden.is_some()
                || !random.chance(25)
            {
                continue;
            }
            let home = *own.at.first().unwrap();
            let rest = world.subgraphs[home].rest;
            let earlier: Vec<&Field> = object.fields[..place]
                .iter()
                .filter(|f| !f.at.contains(&home) && f.overridden != Some(home))
                .filter(|f| matches!(f.source, Source::Plain | Source::Computed(_)))
                .collect();
            let mut needs: Vec<Need> = Vec::new();
            for _ in 0..2 {
                if !earlier.is_empty() {
                    let chosen = *random.pick(&earlier);
                    let found = need(world, random, chosen).filter(|found| {
                        // A connect reads `$this.name`, without arguments.
                        !rest || found.children.is_empty() && chosen.arguments.is_empty()
                    });
                    needs
                        .extend(found.filter(|found| needs.iter().all(|n| n.field != found.field)));
                }
            }
            if !needs.is_empty() {
                let own = &mut world.objects[index].fields[place];
                own.source = Source::Computed(needs);
                own.fails &= !rest || !own.arguments.is_empty();
            }
        }
    }
}

/// Chooses the members of interfaces and unions that each subgraph defines.
fn known(world: &mut World, random: &mut Random, count: usize) {
    let required = required_in_parts(world);
    let bases = covariant::bases(world);
    let needs_all = |subgraph: usize, name: &str| {
        let mut required = required.iter();
        bases.contains(name) || required.any(|(home, base)| *home == subgraph && base == name)
    };
    for interface in &mut world.interfaces {
        for subgraph in 0..count {
            let all = &interface.members;
            let is_owner = interface.entity.is_some_and(|(owner, _)| owner == subgraph);
            let known = if is_owner || needs_all(subgraph, &interface.name) || random.chance(60) {
                all.clone()
            } else {
                random.some(all, 3)
            };
            interface.known.insert(subgraph, known);
        }
    }
    known_by_parents(world);
    for union in &mut world.unions {
        for subgraph in 0..count {
            let all = &union.members;
            let known = if needs_all(subgraph, &union.name) || random.chance(60) {
                all.clone()
            } else {
                random.some(all, 3)
            };
            union.known.insert(subgraph, known);
        }
    }
}

/// A subgraph that defines a type as a member of an interface defines it as a member of the parent interface too.
fn known_by_parents(world: &mut World) {
    let rest = rest_subgraphs(world);
    let children: Vec<_> = world
        .interfaces
        .iter()
        .filter_map(|own| Some((own.parent.clone()?, own.known.clone())))
        .collect();
    for (parent, known) in children {
        let parent = world.interfaces.iter_mut().find(|own| own.name == parent);
        let Some(parent) = parent else { continue };
        for (subgraph, members) in known {
            let own = parent.known.entry(subgraph).or_default();
            if rest.contains(&subgraph) {
                // A connector must not define types that no connect yields.
                *own = members;
                continue;
            }
            let all = parent.members.iter();
            let both = all.filter(|member| own.contains(member) || members.contains(member));
            *own = both.cloned().collect();
        }
    }
}

/// Computes the types that fields of abstract types can yield: those that all their subgraphs define.
fn possible(world: &mut World) {
    let copy = world.clone();
    let declared: Vec<_> = (0..world.subgraphs.len())
        .map(|s| declared(&copy, s))
        .collect();
    for object in world.objects.iter_mut().chain(&mut world.roots) {
        for own in &mut object.fields {
            let base = own.ty.base();
            if !copy.is_abstract(base) {
                continue;
            }
            let mut possible = copy.members(base);
            for (subgraph, types) in declared.iter().enumerate() {
                let has = types.get(&object.name).is_some_and(|fields| {
                    fields
                        .get(&own.name)
                        .is_some_and(|how| *how != How::Overridden)
                });
                let is_object = types.get(base).is_some()
                    && copy
                        .interface(base)
                        .is_some_and(|i| i.entity.is_some_and(|(_, s)| s == subgraph));
                if has && !is_object {
                    let known = match own.narrower.get(&subgraph) {
                        Some(name) => vec![name.clone()],
                        None => copy.known(base, subgraph),
                    };
                    possible.retain(|name| known.contains(name));
                }
            }
            if possible.is_empty() && own.percent.is_some() {
                // Composition does not compare the types of a progressive override with those of the original field.
                (own.overridden, own.percent) = (None, None);
                possible = copy.members(base);
                possible.retain(|name| own.at.iter().all(|s| copy.known(base, *s).contains(name)));
            }
            if possible.is_empty() {
                // No subgraph can yield a value: composition refuses such a world.
                possible = copy.members(base);
            }
            own.possible = possible;
        }
    }
}

/// Some subgraphs do not declare all fields of an interface.
fn interface_fields(world: &mut World, random: &mut Random) {
    let lines: BTreeSet<String> = world
        .interfaces
        .iter()
        .map(|interface| interface.name.clone())
        .filter(|name| in_a_line(world, name))
        .collect();
    let declared: Vec<_> = (0..world.subgraphs.len())
        .map(|s| declared(world, s))
        .collect();
    for interface in &mut world.interfaces {
        let owner = interface.entity.map(|(owner, _)| owner);
        let object = interface.entity.map(|(_, object)| object);
        let having = |s: &usize| declared[*s].contains_key(&interface.name) && Some(*s) != object;
        let having: Vec<usize> = (0..declared.len()).filter(having).collect();
        for subgraph in having.iter().skip(1) {
            let mut missing: BTreeSet<String> = interface
                .fields
                .iter()
                .filter(|_| random.chance(30))
                .cloned()
                .collect();
            if Some(*subgraph) == owner {
                missing.remove("id");
            }
            if lines.contains(&interface.name) {
                missing.clear();
            }
            missing.extend(
                interface
                    .missing
                    .get(subgraph)
                    .into_iter()
                    .flatten()
                    .cloned(),
            );
            let extra = format!("{}o", interface.name.to_lowercase());
            if interface
                .fields
                .iter()
                .any(|own| *own != extra && !missing.contains(own))
            {
                interface.missing.insert(*subgraph, missing);
            }
        }
    }
}

/// Removes what no subgraph declares, so that the world matches its graph.
fn prune(world: &mut World) {
    let declared: Vec<_> = (0..world.subgraphs.len())
        .map(|s| declared(world, s))
        .collect();
    let known = |ty: &str| declared.iter().any(|types| types.contains_key(ty));
    let field = |ty: &str, field: &str| {
        declared.iter().any(|types| {
            types
                .get(ty)
                .is_some_and(|fields| fields.contains_key(field))
        })
    };
    let members =
        |name: &str, known: &std::collections::BTreeMap<usize, Vec<String>>| -> BTreeSet<String> {
            let having = known
                .iter()
                .filter(|(subgraph, _)| declared[**subgraph].contains_key(name));
            having.flat_map(|(_, members)| members.clone()).collect()
        };
    for interface in &mut world.interfaces {
        let found = members(&interface.name, &interface.known);
        interface.members.retain(|member| found.contains(member));
        // A field that no subgraph has on the interface, because a member lacks it there.
        let of_parent = |own: &String| {
            let parent = interface.parent.as_deref();
            parent.is_some_and(|parent| field(parent, own))
        };
        interface
            .fields
            .retain(|own| field(&interface.name, own) || of_parent(own));
    }
    for union in &mut world.unions {
        let found = members(&union.name, &union.known);
        union.members.retain(|member| found.contains(member));
    }
    world.objects.retain(|object| known(&object.name));
    world
        .interfaces
        .retain(|interface| known(&interface.name) && !interface.members.is_empty());
    world
        .unions
        .retain(|union| known(&union.name) && !union.members.is_empty());
    for object in &mut world.objects {
        let name = object.name.clone();
        object.fields.retain(|own| {
            matches!(own.source, Source::InterfaceObject(_)) || field(&name, &own.name)
        });
    }
}
