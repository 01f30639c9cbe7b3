//! The features of a world that an operation uses: a feature that no operation has used is not tested.

use std::collections::{BTreeMap, BTreeSet};

use super::operation::{Operation, Selection, What};
use super::world::{Field, Kind, Source, World, is_leaf};

/// What an operation uses.
pub(crate) type Features = BTreeSet<&'static str>;

const COVARIANT: &str = "covariant fields";
const DEEP: &str = "covariant fields below covariant fields";
const COVARIANT_CONNECTORS: &str = "covariant fields of connectors";
const NARROWER: &str = "fields narrower in one subgraph";
const CONNECTIONS: &str = "connections";
const CONDITIONS: &str = "one field on several type conditions";
const COMPOSITE: &str = "composite fields of interfaces";
const ONE_MEMBER: &str = "interfaces with one implementation";
const SHARED: &str = "shared root fields of composite types";
const EXTERNAL_KEYS: &str = "external keys";
const PARTIAL: &str = "partial types";
const KEYLESS: &str = "keyless values in parts";
const REQUIRED_PARTS: &str = "requires of keyless values in parts";
const REQUIRES: &str = "requires";
const PROVIDES: &str = "provides";
const INTERFACE_OBJECTS: &str = "interface objects";
const OVERRIDES: &str = "overrides";
const LABELS: &str = "overrides with a label";
const CONNECTORS: &str = "connectors";
const MUTATIONS: &str = "mutations";
const LOOKUPS: &str = "entities by their key";

/// All features.
pub(crate) const ALL: [&str; 21] = [
    COVARIANT,
    DEEP,
    COVARIANT_CONNECTORS,
    NARROWER,
    CONNECTIONS,
    CONDITIONS,
    COMPOSITE,
    ONE_MEMBER,
    SHARED,
    EXTERNAL_KEYS,
    PARTIAL,
    KEYLESS,
    REQUIRED_PARTS,
    REQUIRES,
    PROVIDES,
    INTERFACE_OBJECTS,
    OVERRIDES,
    LABELS,
    CONNECTORS,
    MUTATIONS,
    LOOKUPS,
];

/// The features that an operation uses.
pub(crate) fn used(world: &World, operation: &Operation) -> Features {
    let mut walk = Walk {
        world,
        operation,
        used: Features::new(),
    };
    let root = if operation.mutation {
        walk.used.insert(MUTATIONS);
        "Mutation"
    } else {
        "Query"
    };
    walk.position(&[(root, &operation.selections)], Above::default());
    walk.used
}

struct Walk<'w> {
    world: &'w World,
    operation: &'w Operation,
    used: Features,
}

/// What is known of the fields above a position.
#[derive(Debug, Clone, Copy, Default)]
struct Above {
    /// One of them is covariant.
    covariant: bool,
    /// The last one that is placed is in a connector.
    in_connector: bool,
}

/// A field of the operation, with the type on which it is selected.
type Mentioned<'w> = (&'w str, &'w str, &'w [Selection]);

impl<'w> Walk<'w> {
    /// The selection sets that are merged at one position, each with its type.
    fn position(&mut self, sets: &[(&'w str, &'w [Selection])], above: Above) {
        let mut fields: BTreeMap<&str, Vec<Mentioned<'w>>> = BTreeMap::new();
        for (ty, selections) in sets {
            self.collect(ty, selections, &mut fields);
        }
        let mentioned: Vec<(&str, &str)> = fields
            .values()
            .flatten()
            .map(|(on, name, _)| (*on, *name))
            .collect();
        self.values(&mentioned);
        for group in fields.values() {
            let mut below = Vec::new();
            let mut own = above;
            for (on, name, selections) in group {
                let Some(field) = self.world.field(on, name) else {
                    continue;
                };
                own.covariant |= is_covariant(self.world, on, field);
                if !field.at.is_empty() {
                    let mut homes = field.at.iter();
                    own.in_connector = homes.any(|home| self.world.subgraphs[*home].rest);
                }
                self.field(on, field, above);
                below.push((field.ty.base(), *selections));
            }
            let on: BTreeSet<&str> = group.iter().map(|(on, ..)| *on).collect();
            if below.is_empty() || below.iter().all(|(base, _)| is_leaf(base)) {
                continue;
            }
            if on.len() > 1 {
                self.used.insert(CONDITIONS);
            }
            self.position(&below, own);
        }
    }

    fn collect(
        &mut self,
        ty: &'w str,
        selections: &'w [Selection],
        fields: &mut BTreeMap<&'w str, Vec<Mentioned<'w>>>,
    ) {
        for own in selections {
            if own.directives.contains("@skip(if: true)")
                || own.directives.contains("@include(if: false)")
            {
                continue;
            }
            match &own.what {
                What::Field(alias, name, _) => {
                    let key = alias.as_ref().unwrap_or(name);
                    let mentioned = (ty, name.as_str(), own.selections.as_slice());
                    fields.entry(key).or_default().push(mentioned);
                }
                What::Inline(on) => {
                    let on = on.as_deref().unwrap_or(ty);
                    self.one_member(on);
                    self.collect(on, &own.selections, fields);
                }
                What::Spread(name) => {
                    let operation = self.operation;
                    let mut all = operation.fragments.iter();
                    if let Some(fragment) = all.find(|fragment| fragment.name == *name) {
                        self.one_member(&fragment.on);
                        self.collect(&fragment.on, &fragment.selections, fields);
                    }
                }
            }
        }
    }

    fn one_member(&mut self, ty: &str) {
        let interface = self.world.interface(ty);
        if interface.is_some_and(|own| own.members.len() == 1) {
            self.used.insert(ONE_MEMBER);
        }
    }

    /// Two fields of a value that different subgraphs lack.
    fn values(&mut self, mentioned: &[(&str, &str)]) {
        let mut lacking: BTreeMap<&str, BTreeSet<&BTreeSet<usize>>> = BTreeMap::new();
        for (on, name) in mentioned {
            let Some(field) = self.world.field(on, name) else {
                continue;
            };
            if !field.missing.is_empty() {
                lacking.entry(on).or_default().insert(&field.missing);
            }
        }
        if lacking.values().any(|sets| sets.len() > 1) {
            self.used.insert(KEYLESS);
        }
    }

    fn field(&mut self, on: &str, field: &Field, above: Above) {
        let world = self.world;
        let base = field.ty.base();
        let mut note = |feature, holds: bool| {
            if holds {
                self.used.insert(feature);
            }
        };
        let object = world.object(on);
        let is_root = object.is_some_and(|own| own.kind == Kind::Root);
        let is_composite = !is_leaf(base);
        let covariant = is_covariant(world, on, field);
        note(COVARIANT, covariant);
        note(DEEP, covariant && above.covariant);
        note(COVARIANT_CONNECTORS, covariant && above.in_connector);
        note(NARROWER, !field.narrower.is_empty());
        note(CONNECTIONS, matches!(field.name.as_str(), "edges" | "node"));
        note(COMPOSITE, is_composite && world.interface(on).is_some());
        note(SHARED, is_root && is_composite && field.at.len() > 1);
        let members = world.members(on);
        let mut members = members.iter().filter_map(|name| world.object(name));
        note(EXTERNAL_KEYS, members.any(|own| !own.external.is_empty()));
        note(PARTIAL, !field.missing.is_empty());
        note(PROVIDES, !field.provides.is_empty());
        note(OVERRIDES, field.overridden.is_some());
        note(
            LABELS,
            field.overridden.is_some() && field.percent.is_some(),
        );
        let rest = field.at.iter().any(|home| world.subgraphs[*home].rest);
        note(CONNECTORS, rest);
        let of_object = |name: &str| world.interface(name).is_some_and(|i| i.entity.is_some());
        let from_object = matches!(field.source, Source::InterfaceObject(_));
        note(INTERFACE_OBJECTS, from_object || of_object(base));
        note(LOOKUPS, matches!(field.source, Source::Lookup(_)));
        if let Source::Computed(needs) = &field.source {
            note(REQUIRES, true);
            let in_parts = needs.iter().any(|need| {
                let value = world.field(on, &need.field).map(|own| own.ty.base());
                let mut children = need.children.iter();
                children.any(|child| {
                    let own = value.and_then(|value| world.field(value, &child.field));
                    own.is_some_and(|own| !own.missing.is_empty())
                })
            });
            note(REQUIRED_PARTS, in_parts);
        }
        self.one_member(base);
    }
}

/// Whether a field has a wider type on an interface than on an object.
fn is_covariant(world: &World, on: &str, field: &Field) -> bool {
    let differs = |name: &str, wide: &Field| {
        let own = world.field(name, &field.name);
        own.is_some_and(|own| own.ty.base() != wide.ty.base())
    };
    let mut all = world.interfaces.iter();
    all.any(|interface| {
        let Some(wide) = interface.wider.get(&field.name) else {
            return false;
        };
        match interface.name == on {
            true => interface.members.iter().any(|name| differs(name, wide)),
            false => interface.members.iter().any(|name| name == on) && differs(on, wide),
        }
    })
}
