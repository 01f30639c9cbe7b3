//! Small random graphs, as plain data.

use std::collections::{BTreeMap, BTreeSet};

use crate::monolith::random::Random;

/// The number of the query root among the types.
pub(super) const ROOT: usize = 0;

/// The keys of entities.
pub(super) const KEYS: [&str; 2] = ["id", "code"];

pub(super) struct Graph {
    pub(super) services: usize,
    pub(super) types: Vec<Type>,
}

pub(super) struct Type {
    pub(super) name: String,
    /// By service: the keys of an entity by which it can be entered; empty for values and the root.
    pub(super) homes: BTreeMap<usize, BTreeSet<usize>>,
    /// The key by which all other services refer to the entity.
    pub(super) reference: usize,
    pub(super) fields: Vec<Field>,
}

pub(super) struct Field {
    pub(super) name: String,
    /// The number of its type; `None` for a leaf.
    pub(super) to: Option<usize>,
    pub(super) is_list: bool,
    /// The services that resolve it.
    pub(super) at: BTreeSet<usize>,
    /// `@requires` of each service that resolves it.
    pub(super) requires: Vec<Required>,
    /// `@provides`, by service: leaves of its type.
    pub(super) provides: BTreeMap<usize, Vec<String>>,
}

/// A required field: a leaf, or a value with the leaves below.
#[derive(Clone)]
pub(super) struct Required {
    pub(super) field: String,
    pub(super) below: Vec<String>,
}

impl Type {
    pub(super) fn is_entity(&self) -> bool {
        !self.homes.is_empty()
    }

    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The keys whose fields a service resolves.
    pub(super) fn keys_at(&self, service: usize) -> BTreeSet<usize> {
        match self.homes.get(&service) {
            Some(keys) => keys.clone(),
            None if self.is_entity() => [self.reference].into(),
            None => BTreeSet::new(),
        }
    }
}

fn field(name: String, to: Option<usize>, at: BTreeSet<usize>) -> Field {
    Field {
        name,
        to,
        is_list: false,
        at,
        requires: Vec::new(),
        provides: BTreeMap::new(),
    }
}

fn subset(random: &mut Random, from: &[usize], most: usize) -> BTreeSet<usize> {
    random.some(from, most).into_iter().collect()
}

pub(super) fn graph(random: &mut Random) -> Graph {
    let services = random.between(2, 5);
    let all: Vec<usize> = (0..services).collect();
    let entities = random.between(1, 3);
    let values = random.below(3).min(1);
    let mut types = vec![Type {
        name: "Query".to_owned(),
        homes: BTreeMap::new(),
        reference: 0,
        fields: Vec::new(),
    }];
    for number in 0..entities {
        let two = random.chance(35);
        let mut homes = BTreeMap::new();
        for home in random.some(&all, 4) {
            let keys = match (two, random.below(3)) {
                (false, _) | (true, 0) => BTreeSet::from([0]),
                (true, 1) => BTreeSet::from([1]),
                _ => BTreeSet::from([0, 1]),
            };
            homes.insert(home, keys);
        }
        let keys: Vec<usize> = homes.values().flatten().copied().collect();
        types.push(Type {
            name: format!("E{number}"),
            reference: *random.pick(&keys),
            homes,
            fields: Vec::new(),
        });
    }
    for number in 0..values {
        types.push(Type {
            name: format!("V{number}"),
            homes: BTreeMap::new(),
            reference: 0,
            fields: Vec::new(),
        });
    }
    let mut graph = Graph { services, types };
    for number in 0..graph.types.len() {
        fields(&mut graph, random, number, entities);
    }
    requires(&mut graph, random);
    provides(&mut graph, random);
    complete_values(&mut graph);
    graph
}

/// Gives a type its fields: the root leads to entities, an entity to anything, a value has leaves.
fn fields(graph: &mut Graph, random: &mut Random, number: usize, entities: usize) {
    let own = &graph.types[number];
    let homes: Vec<usize> = match own.is_entity() {
        true => own.homes.keys().copied().collect(),
        false => (0..graph.services).collect(),
    };
    let letter = own.name.to_lowercase();
    let (is_entity, last) = (own.is_entity(), graph.types.len() - 1);
    let most = if number == ROOT { 3 } else { 5 };
    let least = if number == ROOT { 1 } else { 2 };
    let mut made = Vec::new();
    for place in 0..random.between(least, most) {
        let to = match random.below(10) {
            _ if number == ROOT => Some(random.between(1, entities)),
            0..4 if is_entity => Some(random.between(1, last)),
            _ => None,
        };
        let most = if random.chance(35) { 3 } else { 1 };
        let at = subset(random, &homes, most);
        let mut own = field(
            format!("{letter}{}", ["a", "b", "c", "d", "e"][place]),
            to,
            at,
        );
        own.is_list = to.is_some() && random.chance(30);
        made.push(own);
    }
    graph.types[number].fields = made;
}

/// Some leaves of entities require others that their service does not resolve.
fn requires(graph: &mut Graph, random: &mut Random) {
    for number in 1..graph.types.len() {
        if !graph.types[number].is_entity() {
            continue;
        }
        for place in 1..graph.types[number].fields.len() {
            let own = &graph.types[number].fields[place];
            if own.to.is_some() || own.at.len() > 1 || !random.chance(30) {
                continue;
            }
            let home = *own.at.iter().next().unwrap();
            let mut required = Vec::new();
            for earlier in &graph.types[number].fields[..place] {
                let to_entity = earlier.to.is_some_and(|to| graph.types[to].is_entity());
                if earlier.at.contains(&home) || to_entity || !random.chance(60) {
                    continue;
                }
                let below = earlier.to.map(|to| {
                    let names: Vec<String> = names(&graph.types[to]);
                    random.some(&names, 2)
                });
                required.push(Required {
                    field: earlier.name.clone(),
                    below: below.unwrap_or_default(),
                });
            }
            for one in &required {
                let to = graph.types[number].field(&one.field).and_then(|own| own.to);
                let Some(to) = to else { continue };
                for own in &mut graph.types[to].fields {
                    // The service declares the leaves below, and so resolves them where it yields such a value.
                    if one.below.contains(&own.name) {
                        own.at.insert(home);
                    }
                }
            }
            graph.types[number].fields[place].requires = required;
        }
    }
}

fn names(own: &Type) -> Vec<String> {
    own.fields.iter().map(|field| field.name.clone()).collect()
}

/// Some fields that yield entities provide leaves that their service does not resolve.
fn provides(graph: &mut Graph, random: &mut Random) {
    for number in 0..graph.types.len() {
        for place in 0..graph.types[number].fields.len() {
            let own = &graph.types[number].fields[place];
            let Some(to) = own.to.filter(|to| graph.types[*to].is_entity()) else {
                continue;
            };
            let mut provided = BTreeMap::new();
            for service in &own.at {
                let leaves = graph.types[to].fields.iter().filter(|leaf| {
                    leaf.to.is_none() && leaf.requires.is_empty() && !leaf.at.contains(service)
                });
                let leaves: Vec<String> = leaves.map(|leaf| leaf.name.clone()).collect();
                if !leaves.is_empty() && random.chance(25) {
                    provided.insert(*service, random.some(&leaves, 2));
                }
            }
            graph.types[number].fields[place].provides = provided;
        }
    }
}

/// Each service that yields a value, or requires a part of it, has at least one of its fields; others have none.
fn complete_values(graph: &mut Graph) {
    for number in 1..graph.types.len() {
        if graph.types[number].is_entity() {
            continue;
        }
        let services = declaring(graph, number);
        let own = &mut graph.types[number];
        for field in &mut own.fields {
            field.at.retain(|service| services.contains(service));
        }
        for service in services {
            if own.fields.iter().all(|field| !field.at.contains(&service)) {
                own.fields[0].at.insert(service);
            }
        }
        own.fields.retain(|field| !field.at.is_empty());
    }
}

/// The services that declare a value.
fn declaring(graph: &Graph, number: usize) -> BTreeSet<usize> {
    let mut services = BTreeSet::new();
    for own in &graph.types {
        for field in own.fields.iter().filter(|own| own.to == Some(number)) {
            services.extend(&field.at);
            let requiring = own.fields.iter().filter(|other| {
                let mut all = other.requires.iter();
                all.any(|one| one.field == field.name)
            });
            services.extend(requiring.flat_map(|other| &other.at));
        }
    }
    services
}
