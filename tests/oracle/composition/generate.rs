//! Random sets of subgraphs: entities with their keys, with shared, required, provided and overridden fields, and other
//! types. A seed always gives the same set. Generated sets usually compose; `mutate` changes some of them.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::model::{Kind, Sub};
use super::mutate::mutate;
use super::sets::{Given, Origin, Set};

/// The set of a seed. Every second one has one or two mutations.
pub(super) fn set(seed: u64) -> Set {
    let mut random = StdRng::seed_from_u64(seed);
    let mut making = Making::new(&mut random);
    making.entities();
    making.values();
    if making.random.random_bool(0.5) {
        making.interface();
    }
    if making.random.random_bool(0.4) {
        making.union();
    }
    making.requirements();
    making.provisions();
    making.overrides();
    making.roots();
    making.marks();
    let mut subs = making.subs;
    if seed % 2 == 1 {
        for _ in 0..random.random_range(1..=2) {
            mutate(&mut random, &mut subs);
        }
    }
    let given = subs.iter().map(|sub| Given::service(&sub.name, &sub.sdl()));
    Set {
        name: format!("seed {seed}"),
        origin: Origin::Generated,
        subgraphs: given.collect(),
    }
}

/// A set that is being generated.
struct Making<'r> {
    random: &'r mut StdRng,
    subs: Vec<Sub>,
    /// The name of each entity, and the subgraphs with a resolvable key of it.
    entities: Vec<(String, Vec<usize>)>,
}

impl<'r> Making<'r> {
    fn new(random: &'r mut StdRng) -> Self {
        let count = random.random_range(2..=5);
        let names = ["a", "b", "c", "d", "e"];
        Self {
            subs: names[..count]
                .iter()
                .map(|name| Sub::new((*name).to_owned()))
                .collect(),
            random,
            entities: Vec::new(),
        }
    }

    fn chance(&mut self, of: f64) -> bool {
        self.random.random_bool(of)
    }

    fn some_sub(&mut self) -> usize {
        self.random.random_range(0..self.subs.len())
    }

    /// Some subgraphs in their order, at least one.
    fn some_subs(&mut self) -> Vec<usize> {
        let subs: Vec<usize> = (0..self.subs.len()).collect();
        let count = self.random.random_range(1..=subs.len().min(3));
        let mut some: Vec<usize> = subs.choose_multiple(self.random, count).copied().collect();
        some.sort_unstable();
        some
    }

    /// Adds entities with one to three keys; each field is in one subgraph or shared by several.
    fn entities(&mut self) {
        for index in 0..self.random.random_range(1..=3) {
            let name = format!("E{index}");
            let mut holders = self.some_subs();
            let second = self.chance(0.3);
            let nested = self.chance(0.2);
            // Every subgraph with the entity has the key `id`, except one that may have only the second key.
            let stranger = (second && holders.len() > 1 && self.chance(0.5))
                .then(|| holders[holders.len() - 1]);
            for (place, &sub) in holders.iter().enumerate() {
                let entity = self.subs[sub].ty(Kind::Object, &name);
                if stranger != Some(sub) {
                    entity.mark("@key(fields: \"id\")");
                    entity.field("id", "ID!");
                }
                if second && (place == 0 || stranger == Some(sub)) {
                    entity.mark("@key(fields: \"code\")");
                    entity.field("code", "String!");
                }
                if nested && place == 0 {
                    entity.mark("@key(fields: \"org { id } nr\")");
                    entity.field("org", "Org!");
                    entity.field("nr", "Int!");
                    self.subs[sub]
                        .ty(Kind::Object, "Org")
                        .field("id", "ID!")
                        .mark("@shareable");
                }
            }
            holders.dedup();
            self.entities.push((name, holders));
        }
        for index in 0..self.entities.len() {
            self.entity_fields(index);
        }
    }

    fn entity_fields(&mut self, index: usize) {
        let (name, holders) = self.entities[index].clone();
        for number in 0..self.random.random_range(1..=5) {
            let field = format!("f{number}");
            let shared = holders.len() > 1 && self.chance(0.25);
            let first = *holders.choose(self.random).unwrap_or(&holders[0]);
            let mut at = vec![first];
            if shared {
                at.extend(
                    holders
                        .iter()
                        .copied()
                        .filter(|holder| *holder != first)
                        .take(1),
                );
            }
            let ty = self.output(&at);
            let argument = self.chance(0.2).then(|| self.argument());
            for &sub in &at {
                let made = self.subs[sub].ty(Kind::Object, &name).field(&field, &ty);
                made.arguments.extend(argument.clone());
                if shared {
                    made.mark("@shareable");
                }
            }
        }
    }

    /// A type for a field of the subgraphs; adds what the type needs to them.
    fn output(&mut self, at: &[usize]) -> String {
        let named = match self.random.random_range(0..10) {
            0..=4 => ["Int", "String", "Float", "Boolean", "ID"]
                .choose(self.random)
                .unwrap_or(&"Int")
                .to_string(),
            5 => {
                let values = ["RED", "GREEN", "BLUE"];
                for &sub in at {
                    let colour = self.subs[sub].ty(Kind::Enum, "Colour");
                    for value in values {
                        colour.field(value, "");
                    }
                }
                "Colour".to_owned()
            }
            6 => {
                for &sub in at {
                    let value = self.subs[sub].ty(Kind::Object, "Value");
                    value.mark("@shareable");
                    value.field("amount", "Float");
                    value.field("unit", "String");
                }
                "Value".to_owned()
            }
            _ => {
                let (name, _) = self
                    .entities
                    .choose(self.random)
                    .cloned()
                    .unwrap_or_default();
                for &sub in at {
                    self.reference(sub, &name);
                }
                name
            }
        };
        match self.random.random_range(0..6) {
            0 => format!("[{named}]"),
            1 => format!("[{named}!]!"),
            2 => format!("{named}!"),
            _ => named,
        }
    }

    /// Adds a reference to an entity to a subgraph, if it has none.
    fn reference(&mut self, sub: usize, name: &str) {
        if !self.subs[sub].has(name) {
            let by = self.entities.iter().find(|(entity, _)| entity == name);
            let first = by.map_or(0, |(_, holders)| holders[0]);
            let key = self.subs[first]
                .get(name)
                .and_then(|ty| ty.directives.first());
            let code = key.is_some_and(|key| key.contains("code"));
            let (key, ty) = if code {
                ("code", "String!")
            } else {
                ("id", "ID!")
            };
            let stub = self.subs[sub].ty(Kind::Object, name);
            stub.mark(&format!("@key(fields: \"{key}\", resolvable: false)"));
            stub.field(key, ty);
        }
    }

    fn argument(&mut self) -> String {
        let choices = [
            "x: Int",
            "x: String = \"s\"",
            "x: [Int!] = [1, 2]",
            "x: Boolean = false",
            "x: ID",
        ];
        choices.choose(self.random).unwrap_or(&"x: Int").to_string()
    }

    /// Adds a value type in parts, an enum and an input type.
    fn values(&mut self) {
        if self.chance(0.4) {
            let at = self.some_subs();
            for &sub in &at {
                let filter = self.subs[sub].ty(Kind::Input, "Filter");
                filter.field("text", "String");
                filter.field("limit", "Int = 10");
            }
            for sub in at {
                if self.chance(0.3) {
                    self.subs[sub]
                        .ty(Kind::Input, "Filter")
                        .field("only", "[ID!]");
                }
                let field_name = format!("found_{}", self.subs[sub].name);
                let field = self.subs[sub]
                    .ty(Kind::Object, "Query")
                    .field(&field_name, "Int");
                field.arguments.push("filter: Filter".to_owned());
            }
        }
    }

    /// Adds an interface of some entities, sometimes with a key, and then sometimes with an interface object in another
    /// subgraph.
    fn interface(&mut self) {
        let sub = self.some_sub();
        let keyed = self.chance(0.5);
        let ids = |sub: &Sub| -> Vec<String> {
            let has_id = |ty: &&super::model::Ty| {
                ty.directives
                    .iter()
                    .any(|directive| directive == "@key(fields: \"id\")")
            };
            sub.types
                .iter()
                .filter(has_id)
                .map(|ty| ty.name.clone())
                .collect()
        };
        let members = ids(&self.subs[sub]);
        if members.is_empty() {
            return;
        }
        let interface = self.subs[sub].ty(Kind::Interface, "Node");
        interface.field("id", "ID!");
        if keyed {
            interface.mark("@key(fields: \"id\")");
        }
        for member in &members {
            self.subs[sub]
                .ty(Kind::Object, member)
                .implements
                .push("Node".to_owned());
        }
        let name = format!("nodes_{}", self.subs[sub].name);
        self.subs[sub]
            .ty(Kind::Object, "Query")
            .field(&name, "[Node!]");
        if keyed && self.chance(0.7) {
            let other = self.some_sub();
            if other != sub && !members.iter().any(|member| self.subs[other].has(member)) {
                let object = self.subs[other].ty(Kind::Object, "Node");
                object.mark("@key(fields: \"id\")");
                object.mark("@interfaceObject");
                object.field("id", "ID!");
                object.field("rating", "Int");
            }
        }
    }

    fn union(&mut self) {
        for sub in self.some_subs() {
            let entities: Vec<String> =
                self.entities.iter().map(|(name, _)| name.clone()).collect();
            let members: Vec<String> = entities
                .into_iter()
                .filter(|name| self.subs[sub].has(name))
                .collect();
            if members.is_empty() {
                continue;
            }
            let union = self.subs[sub].ty(Kind::Union, "Any");
            for member in &members {
                union.field(member, "");
            }
            let name = format!("any_{}", self.subs[sub].name);
            self.subs[sub].ty(Kind::Object, "Query").field(&name, "Any");
        }
    }

    /// Adds a field that requires a leaf of another subgraph.
    fn requirements(&mut self) {
        for (name, holders) in self.entities.clone() {
            if holders.len() < 2 || !self.chance(0.4) {
                continue;
            }
            let Some((field, ty, from)) = self.leaf(&name, &holders) else {
                continue;
            };
            let others: Vec<usize> = holders
                .iter()
                .copied()
                .filter(|holder| *holder != from)
                .collect();
            let Some(&at) = others.choose(self.random) else {
                continue;
            };
            let entity = self.subs[at].ty(Kind::Object, &name);
            if entity.fields.iter().any(|existing| existing.name == field) {
                continue;
            }
            entity.field(&field, &ty).mark("@external");
            entity
                .field("needs", "String")
                .mark(&format!("@requires(fields: \"{field}\")"));
        }
    }

    /// A leaf of an entity that only one subgraph has: its name, its type, and the subgraph.
    fn leaf(&mut self, name: &str, holders: &[usize]) -> Option<(String, String, usize)> {
        let mut leaves = Vec::new();
        for &sub in holders {
            for field in &self.subs[sub].get(name)?.fields {
                let plain = field.arguments.is_empty() && field.directives.is_empty();
                let leaf = ["Int", "String", "Float", "Boolean"].contains(&field.ty.as_str());
                if plain && leaf && field.name.starts_with('f') {
                    leaves.push((field.name.clone(), field.ty.clone(), sub));
                }
            }
        }
        leaves.choose(self.random).cloned()
    }

    /// Adds a root field with an entity of which it provides a field of another subgraph.
    fn provisions(&mut self) {
        for (name, holders) in self.entities.clone() {
            if holders.len() < 2 || !self.chance(0.3) {
                continue;
            }
            let Some((field, ty, from)) = self.leaf(&name, &holders) else {
                continue;
            };
            let Some(at) = holders.iter().copied().find(|holder| *holder != from) else {
                continue;
            };
            let owner = self.subs[from].ty(Kind::Object, &name).field(&field, &ty);
            owner.mark("@shareable");
            let entity = self.subs[at].ty(Kind::Object, &name);
            entity.field(&field, &ty).mark("@external");
            let root = format!("best_{name}_{}", self.subs[at].name);
            let root = self.subs[at].ty(Kind::Object, "Query").field(&root, &name);
            root.mark(&format!("@provides(fields: \"{field}\")"));
        }
    }

    /// Adds a field that moves from one subgraph to another.
    fn overrides(&mut self) {
        for (name, holders) in self.entities.clone() {
            if holders.len() < 2 || !self.chance(0.3) {
                continue;
            }
            let Some((field, ty, from)) = self.leaf(&name, &holders) else {
                continue;
            };
            let Some(to) = holders.iter().copied().find(|holder| *holder != from) else {
                continue;
            };
            let old = self.subs[from].name.clone();
            let entity = self.subs[to].ty(Kind::Object, &name);
            if !entity.fields.iter().any(|existing| existing.name == field) {
                entity
                    .field(&field, &ty)
                    .mark(&format!("@override(from: \"{old}\")"));
            }
        }
    }

    /// Adds root fields: at least one, and perhaps a mutation.
    fn roots(&mut self) {
        for (name, holders) in self.entities.clone() {
            if self.chance(0.8) {
                let &at = holders.choose(self.random).unwrap_or(&holders[0]);
                let root = format!("one_{name}");
                self.subs[at]
                    .ty(Kind::Object, "Query")
                    .field(&root, &name)
                    .arguments
                    .push("id: ID!".to_owned());
            }
            if self.chance(0.2) {
                let &at = holders.choose(self.random).unwrap_or(&holders[0]);
                let change = format!("change_{name}");
                self.subs[at]
                    .ty(Kind::Object, "Mutation")
                    .field(&change, &name);
            }
        }
        for sub in self.some_subs() {
            self.subs[sub]
                .ty(Kind::Object, "Query")
                .field("now", "Int")
                .mark("@shareable");
        }
    }

    /// Adds tags, deprecations, inaccessible elements and costs at random.
    fn marks(&mut self) {
        for sub in &mut self.subs {
            for ty in &mut sub.types {
                for field in &mut ty.fields {
                    let plain =
                        !field.ty.is_empty() && !field.has("@external") && ty.kind == Kind::Object;
                    let mark = match self.random.random_range(0..60) {
                        0 => "@tag(name: \"t\")",
                        1 => "@deprecated(reason: \"old\")",
                        2 if field.name.starts_with('f') => "@inaccessible",
                        3 => "@cost(weight: 5)",
                        4 => "@authenticated",
                        _ => continue,
                    };
                    if plain {
                        field.mark(mark);
                    }
                }
            }
        }
    }
}
