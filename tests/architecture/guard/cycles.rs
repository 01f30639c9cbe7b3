//! Cycles between the files of a room.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::modules::Crate;
use super::resolve::Resolved;

/// The files of a cycle.
type Cycle = BTreeSet<String>;

/// For each file, the files of its room that it uses.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// The cycles that are missing in the list, and the entries of the list that are no longer cycles. The list has a paragraph
/// for each cycle: its files, sorted, a line each. Lines that begin with `#` are comments. With `UPDATE_EXPECT=1`, the list
/// is written if it becomes shorter: if each cycle is a part of one in the list.
pub(super) fn findings(source: &Crate, list: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(list).unwrap();
    let (comments, files): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| line.starts_with('#'));
    let known: BTreeSet<Cycle> = files
        .split(|line| line.is_empty())
        .filter(|cycle| !cycle.is_empty())
        .map(|cycle| cycle.iter().map(|file| (*file).to_owned()).collect())
        .collect();
    let found = cycles(&uses(source));
    let is_shorter = |cycle: &Cycle| known.iter().any(|known| cycle.is_subset(known));
    if std::env::var_os("UPDATE_EXPECT").is_some() && found.iter().all(is_shorter) {
        let lines = |cycle: &Cycle| -> String {
            let lines = cycle.iter().map(|file| format!("{file}\n"));
            format!("\n{}", lines.collect::<String>())
        };
        let cycles: String = found.iter().map(lines).collect();
        std::fs::write(list, format!("{}\n{cycles}", comments.join("\n"))).unwrap();
        return BTreeSet::new();
    }
    let line = |cycle: &Cycle| cycle.iter().cloned().collect::<Vec<_>>().join(" ");
    let new = found
        .difference(&known)
        .map(|cycle| match is_shorter(cycle) {
            true => format!("a cycle that got shorter: {}", line(cycle)),
            false => format!("a cycle: {}", line(cycle)),
        });
    let gone = known.difference(&found);
    let gone =
        gone.map(|cycle| format!("no cycle any more, take it off the list: {}", line(cycle)));
    new.chain(gone).collect()
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
