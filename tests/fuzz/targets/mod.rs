//! The targets, one file each.

mod answers;
mod composed;
mod connectors;
mod documents;
mod executions;
mod formats;
mod mappings;
mod operations;
mod requests;
mod response;
mod settings;
mod specs;
mod worlds;

use super::run::Named;
pub(in crate::fuzz) use worlds::DEPARTMENTS;

pub(super) const ALL: &[Named] = &[
    Named {
        name: "documents",
        make: documents::make,
        cases: 1_500,
    },
    Named {
        name: "mappings",
        make: mappings::make,
        cases: 600,
    },
    Named {
        name: "connectors",
        make: connectors::make,
        cases: 60,
    },
    Named {
        name: "compositions",
        make: composed::compositions,
        cases: 60,
    },
    Named {
        name: "supergraphs",
        make: composed::supergraphs,
        cases: 30,
    },
    Named {
        name: "operations",
        make: operations::make,
        cases: 300,
    },
    Named {
        name: "answers",
        make: answers::make,
        cases: 200,
    },
    Named {
        name: "executions",
        make: executions::make,
        cases: 60,
    },
    Named {
        name: "formats",
        make: formats::make,
        cases: 60,
    },
    Named {
        name: "requests",
        make: requests::make,
        cases: 300,
    },
    Named {
        name: "settings",
        make: settings::make,
        cases: 300,
    },
    Named {
        name: "specs",
        make: specs::make,
        cases: 600,
    },
];

pub(super) fn named(name: &str) -> Named {
    let target = ALL.iter().find(|named| named.name == name);
    *target.unwrap_or_else(|| panic!("there is no target {name}"))
}

/// The words of a list, sorted and without duplicates: an outcome.
fn words<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let mut words: Vec<&str> = words.into_iter().collect();
    words.sort_unstable();
    words.dedup();
    words.join(" ")
}
