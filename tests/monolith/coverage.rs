//! Counts the constructs of the worlds of a run, to detect a generator that no longer generates one of them.

use std::collections::BTreeMap;

use super::case::sdl;
use super::world::World;

/// Constructs, each with a text in the SDL of subgraphs that have it.
const CONSTRUCTS: [(&str, &str); 22] = [
    ("nested keys", "org { "),
    ("keys of several fields", "(fields: \"id code\""),
    ("keys that are lists", "(fields: \"tags\""),
    ("references", "resolvable: false"),
    ("shareable fields", " @shareable"),
    ("requires", "@requires("),
    ("fragments in requires", "{ ... on V"),
    ("provides", "@provides("),
    ("provides on fragments", "@provides(fields: \"... on"),
    ("override", "@override("),
    ("override with a label", "label: \"percent("),
    ("inaccessible", " @inaccessible"),
    ("interface objects", "@interfaceObject {"),
    ("unions", "union U0"),
    ("interfaces", "interface I"),
    ("interfaces of interfaces", "interface I1 implements I0"),
    ("covariant fields", "\n  i0z: "),
    ("connects with keys in the path", "GET: \"/e/"),
    ("batches", "$batch"),
    ("pages", "@paginate("),
    ("connects that read what others bring", "c_"),
    ("connects of abstract types", "r_kind->match("),
];

/// A construct without such a text: a subgraph lacks a field of a value type.
const PARTS: &str = "value types in parts";

/// How many worlds have each construct.
#[derive(Debug, Default)]
pub(crate) struct Coverage(BTreeMap<&'static str, usize>);

impl Coverage {
    pub(crate) fn add(&mut self, world: &World) {
        let texts: Vec<String> = (0..world.subgraphs.len())
            .map(|subgraph| sdl(world, subgraph))
            .collect();
        for (name, text) in CONSTRUCTS {
            if texts.iter().any(|sdl| sdl.contains(text)) {
                *self.0.entry(name).or_default() += 1;
            }
        }
        let mut fields = world.objects.iter().flat_map(|object| &object.fields);
        if fields.any(|field| !field.missing.is_empty()) {
            *self.0.entry(PARTS).or_default() += 1;
        }
    }

    /// The constructs that no world has.
    pub(crate) fn lacking(&self) -> Vec<&'static str> {
        let all = CONSTRUCTS.iter().map(|(name, _)| *name);
        all.chain([PARTS])
            .filter(|name| !self.0.contains_key(name))
            .collect()
    }
}
