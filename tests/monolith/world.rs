//! A small world: the types of one graph, and which subgraph resolves what.
//!
//! It is plain data, so that a failing case can be shrunk by removing parts. It has no values: they are a function of its
//! seed (see `data`), so that removing one field does not change the others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The number of entities of each type.
pub(crate) const ENTITIES: u64 = 5;

#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) objects: Vec<Object>,
    pub(crate) interfaces: Vec<Interface>,
    pub(crate) unions: Vec<Union>,
    /// `Query`, then `Mutation` if there is one.
    pub(crate) roots: Vec<Object>,
    /// The subgraphs, by number.
    pub(crate) subgraphs: Vec<Subgraph>,
    /// Values of non-null types may be null or fail.
    pub(crate) strict: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Subgraph {
    pub(crate) name: String,
    /// A connector with a REST service, not a GraphQL service.
    pub(crate) rest: bool,
}

/// The kind of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Entity,
    /// Every subgraph that defines it resolves all of its fields.
    Value,
    /// The value of a nested key.
    KeyValue,
    Root,
}

#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) keys: Vec<Vec<Need>>,
    /// The subgraphs in which it can be entered, with the keys (by index) that each declares.
    pub(crate) homes: BTreeMap<usize, Vec<usize>>,
    /// The key (by index) by which each other subgraph refers to it.
    pub(crate) reference: BTreeMap<usize, usize>,
    /// The homes that declare its key as external: they do not resolve it.
    pub(crate) external: BTreeSet<usize>,
    pub(crate) fields: Vec<Field>,
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) ty: Ty,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) source: Source,
    /// The subgraphs that resolve it; empty for fields of value types and keys, which all subgraphs resolve that define them.
    pub(crate) at: BTreeSet<usize>,
    /// A subgraph that declares it, and is overridden.
    pub(crate) overridden: Option<usize>,
    /// The percentage of requests for which it is overridden.
    pub(crate) percent: Option<u32>,
    /// `@inaccessible`: not in the public schema.
    pub(crate) hidden: bool,
    pub(crate) shareable: bool,
    /// For fields of value types: the subgraphs that lack it.
    pub(crate) missing: BTreeSet<usize>,
    /// Its resolver sometimes fails.
    pub(crate) fails: bool,
    /// Only the whole value fails: an element of a REST document cannot fail.
    pub(crate) only_whole: bool,
    /// `@provides` of a subgraph: fields of its values.
    pub(crate) provides: BTreeMap<usize, Vec<Need>>,
    /// For an abstract type: the object types that it can yield.
    pub(crate) possible: Vec<String>,
    /// For an abstract type: the object type that it has instead in a subgraph.
    pub(crate) narrower: BTreeMap<usize, String>,
}

/// The origin of the values of a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    Plain,
    /// Part of a key.
    Key,
    /// Computed from other fields of its object, which the computing subgraph does not resolve.
    Computed(Vec<Need>),
    /// At the query root: the entity with the arguments as its key.
    Lookup(String),
    /// Added to all implementations by an `@interfaceObject` of this interface.
    InterfaceObject(String),
}

/// A part of a field set: of a key, or of the requirements of a computed field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Need {
    pub(crate) field: String,
    /// Arguments as text, with parentheses.
    pub(crate) arguments: String,
    pub(crate) children: Vec<Need>,
    /// For an inline fragment instead of a field: its type condition.
    pub(crate) on: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Argument {
    pub(crate) name: String,
    pub(crate) ty: Ty,
    pub(crate) default: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Interface {
    pub(crate) name: String,
    pub(crate) fields: Vec<String>,
    /// Those of them that its members have with a narrower type.
    pub(crate) wider: BTreeMap<String, Field>,
    pub(crate) members: Vec<String>,
    /// The implementations that each subgraph defines.
    pub(crate) known: BTreeMap<usize, Vec<String>>,
    /// The fields that each subgraph does not declare on it.
    pub(crate) missing: BTreeMap<usize, BTreeSet<String>>,
    /// The interface that it implements: all its members are members of that one.
    pub(crate) parent: Option<String>,
    /// The subgraph that owns it as an entity, and the one that has it as `@interfaceObject`.
    pub(crate) entity: Option<(usize, usize)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Union {
    pub(crate) name: String,
    pub(crate) members: Vec<String>,
    pub(crate) known: BTreeMap<usize, Vec<String>>,
}

/// A type reference; the flag means non-null.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ty {
    Named(String, bool),
    List(Box<Ty>, bool),
}

impl Ty {
    pub(crate) fn base(&self) -> &str {
        match self {
            Ty::Named(name, _) => name,
            Ty::List(item, _) => item.base(),
        }
    }

    pub(crate) fn non_null(&self) -> bool {
        match self {
            Ty::Named(_, non_null) | Ty::List(_, non_null) => *non_null,
        }
    }

    /// Whether any part of it is non-null.
    pub(crate) fn any_non_null(&self) -> bool {
        self.non_null() || matches!(self, Ty::List(item, _) if item.any_non_null())
    }

    /// The same type with another named type.
    pub(crate) fn of(&self, name: &str) -> Ty {
        match self {
            Ty::Named(_, non_null) => Ty::Named(name.to_owned(), *non_null),
            Ty::List(item, non_null) => Ty::List(Box::new(item.of(name)), *non_null),
        }
    }

    /// The same type, nullable.
    pub(crate) fn nullable(&self) -> Ty {
        match self {
            Ty::Named(name, _) => Ty::Named(name.clone(), false),
            Ty::List(item, _) => Ty::List(item.clone(), false),
        }
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ty::Named(name, _) => f.write_str(name)?,
            Ty::List(item, _) => write!(f, "[{item}]")?,
        }
        f.write_str(if self.non_null() { "!" } else { "" })
    }
}

impl Need {
    pub(crate) fn leaf(field: &str) -> Need {
        Need {
            field: field.to_owned(),
            arguments: String::new(),
            children: Vec::new(),
            on: None,
        }
    }

    /// Whether it contains a field of this name.
    pub(crate) fn mentions(&self, field: &str) -> bool {
        self.field == field || self.children.iter().any(|child| child.mentions(field))
    }

    /// The parts of a field set for objects of a type.
    pub(crate) fn of_type<'n>(needs: &'n [Need], ty: &str) -> Vec<&'n Need> {
        let applying = needs.iter().flat_map(|need| match &need.on {
            Some(on) if on == ty => need.children.iter().collect(),
            Some(_) => Vec::new(),
            None => vec![need],
        });
        applying.collect()
    }

    /// The names of the fields, including those in fragments.
    pub(crate) fn names(needs: &[Need]) -> Vec<&str> {
        let names = needs.iter().flat_map(|need| match need.on {
            Some(_) => Need::names(&need.children),
            None => vec![need.field.as_str()],
        });
        names.collect()
    }

    /// The text of a field set.
    pub(crate) fn text(needs: &[Need]) -> String {
        let texts = needs.iter().map(|need| {
            let mut text = match &need.on {
                Some(on) => format!("... on {on}"),
                None => format!("{}{}", need.field, need.arguments),
            };
            if !need.children.is_empty() {
                text.push_str(&format!(" {{ {} }}", Need::text(&need.children)));
            }
            text
        });
        texts.collect::<Vec<_>>().join(" ")
    }
}

/// The scalars, the enum and the input object of every world.
pub(crate) const COMMON: &str = "enum Colour { RED GREEN BLUE }\ninput Filter { least: Int = 3 most: Int! = 9 words: [String!] colour: Colour nested: Filter choice: Choice }\ninput Choice @oneOf { count: Int word: String words: [String] colour: Colour filter: Filter }\n";

pub(crate) const COLOURS: [&str; 3] = ["RED", "GREEN", "BLUE"];

pub(crate) fn is_leaf(name: &str) -> bool {
    matches!(
        name,
        "Int" | "Float" | "String" | "Boolean" | "ID" | "Colour"
    )
}

impl World {
    pub(crate) fn object(&self, name: &str) -> Option<&Object> {
        let mut all = self.objects.iter().chain(&self.roots);
        all.find(|object| object.name == name)
    }

    pub(crate) fn interface(&self, name: &str) -> Option<&Interface> {
        self.interfaces.iter().find(|known| known.name == name)
    }

    pub(crate) fn union(&self, name: &str) -> Option<&Union> {
        self.unions.iter().find(|known| known.name == name)
    }

    /// The concrete types of a type.
    pub(crate) fn members(&self, name: &str) -> Vec<String> {
        if let Some(interface) = self.interface(name) {
            return interface.members.clone();
        }
        if let Some(union) = self.union(name) {
            return union.members.clone();
        }
        vec![name.to_owned()]
    }

    /// The members that a subgraph defines.
    pub(crate) fn known(&self, name: &str, subgraph: usize) -> Vec<String> {
        let known = match (self.interface(name), self.union(name)) {
            (Some(interface), _) => interface.known.get(&subgraph),
            (_, Some(union)) => union.known.get(&subgraph),
            _ => None,
        };
        known.cloned().unwrap_or_else(|| self.members(name))
    }

    pub(crate) fn is_abstract(&self, name: &str) -> bool {
        self.interface(name).is_some() || self.union(name).is_some()
    }

    pub(crate) fn interfaces_of(&self, object: &str) -> impl Iterator<Item = &Interface> {
        let object = object.to_owned();
        let all = self.interfaces.iter();
        all.filter(move |interface| interface.members.contains(&object))
    }

    /// A field of an object or an interface.
    pub(crate) fn field(&self, ty: &str, field: &str) -> Option<&Field> {
        if let Some(object) = self.object(ty) {
            return object.fields.iter().find(|own| own.name == field);
        }
        let interface = self.interface(ty)?;
        interface.fields.iter().find(|own| *own == field)?;
        if let Some(wider) = interface.wider.get(field) {
            return Some(wider);
        }
        self.field(interface.members.first()?, field)
    }

    /// The names of the accessible fields of a type.
    pub(crate) fn visible_names(&self, ty: &str) -> Vec<String> {
        let mut names = self.field_names(ty);
        names.retain(|name| self.field(ty, name).is_some_and(|own| !own.hidden));
        names
    }

    /// The names of the fields of a type.
    pub(crate) fn field_names(&self, ty: &str) -> Vec<String> {
        match (self.object(ty), self.interface(ty)) {
            (Some(object), _) => object
                .fields
                .iter()
                .map(|field| field.name.clone())
                .collect(),
            (_, Some(interface)) => interface.fields.clone(),
            _ => Vec::new(),
        }
    }
}

impl Field {
    /// Its type in a subgraph.
    pub(crate) fn ty_at(&self, subgraph: usize) -> Ty {
        match self.narrower.get(&subgraph) {
            Some(name) => self.ty.of(name),
            None => self.ty.clone(),
        }
    }

    /// The same field as a subgraph declares it.
    pub(crate) fn at_subgraph(&self, subgraph: usize) -> Field {
        Field {
            ty: self.ty_at(subgraph),
            ..self.clone()
        }
    }
}

impl Object {
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The keys that a subgraph declares: its own, or the one by which it refers to the entity.
    pub(crate) fn keys_at(&self, subgraph: usize) -> Vec<usize> {
        match self.homes.get(&subgraph) {
            Some(keys) => keys.clone(),
            None => self.reference.get(&subgraph).copied().into_iter().collect(),
        }
    }

    pub(crate) fn is_key_at(&self, field: &str, subgraph: usize) -> bool {
        let keys = self.keys_at(subgraph);
        let mut needs = keys.iter().flat_map(|key| &self.keys[*key]);
        needs.any(|need| need.field == field)
    }
}
