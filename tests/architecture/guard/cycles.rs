//! Cycles between the files of a room.

use std::collections::{BTreeMap, BTreeSet};

use super::modules::Crate;
use super::resolve::Resolved;

/// The files of a cycle.
type Cycle = BTreeSet<String>;

/// For each file, the files of its room that it uses.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// The cycles, a line each with the files, sorted.
pub(super) fn findings(source: &Crate) -> impl Iterator<Item = String> {
    let line = |cycle: Cycle| Vec::from_iter(cycle).join(" ");
    let cycles = cycles(&uses(source)).into_iter();
    cycles.map(move |cycle| format!("a cycle: {}", line(cycle)))
}

/// A re-export does not use a file. A file that uses a re-exported name uses the file that defines the name.
fn uses(source: &Crate) -> Uses {
    let mut uses = Uses::new();
    for (id, module) in source.modules() {
        let used = uses.entry(source.file(id)).or_default();
        for path in module.paths.iter().filter(|path| !path.is_reexport) {
            let Resolved::Item(target) = source.resolve(id, path) else {
                continue;
            };
            let file = source.file(target);
            if file != source.file(id) && source.room(target) == source.room(id) {
                used.insert(file);
            }
        }
    }
    uses
}

/// The sets of files that use each other, directly or indirectly.
fn cycles(uses: &Uses) -> BTreeSet<Cycle> {
    let files = uses.keys().map(String::as_str);
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        files.map(|file| (file, reached(uses, file))).collect();
    let mut cycles = BTreeSet::new();
    for (file, from) in &reached {
        let back = |other: &&&str| {
            reached
                .get(**other)
                .is_some_and(|there| there.contains(file))
        };
        let cycle: Cycle = from
            .iter()
            .filter(back)
            .map(|file| (*file).to_owned())
            .collect();
        if cycle.len() > 1 {
            cycles.insert(cycle);
        }
    }
    cycles
}

fn reached<'u>(uses: &'u Uses, file: &str) -> BTreeSet<&'u str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![file];
    while let Some(next) = open.pop() {
        for used in uses.get(next).into_iter().flatten() {
            if reached.insert(used.as_str()) {
                open.push(used);
            }
        }
    }
    reached
}
