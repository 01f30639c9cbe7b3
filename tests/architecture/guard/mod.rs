//! The check of module boundaries: parses the sources of a crate and reports the imports that its table forbids.
//!
//! It checks:
//! - A room (a folder or file directly under `src/`) imports only the rooms in its row of the table in `ARCHITECTURE.md`,
//!   and a row has only rooms of the rows above it.
//! - A pure room does no IO, reads no clock and is not async.
//! - Files of a room have no import cycles.
//! - Every file is a module of the crate.
//!
//! It skips items under `#[cfg(test)]`. It cannot find the use of a method whose `impl` is in another file, or of a path
//! that a macro of another crate generates.

mod cycles;
mod modules;
mod paths;
mod resolve;
mod table;

use std::collections::BTreeSet;
use std::path::Path;

use modules::{Crate, ModuleId, PathUse};
use resolve::Resolved;
use table::Table;

/// The names that a pure room must not use.
const IMPURE: [&str; 8] = [
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "tokio",
];

/// Checks the crate with the sources in `root/src` by the table in `root/ARCHITECTURE.md`. Returns the findings, sorted, a
/// line each.
pub(super) fn check(root: &Path) -> Vec<String> {
    let source = Crate::read(&root.join("src"));
    let text = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let table = Table::parse(&text);
    let mut findings: BTreeSet<String> = table.findings(&source.rooms());
    findings.extend(source.orphans().map(|file| format!("{file}: no module")));
    for (id, module) in source.modules() {
        let file = source.file(id);
        let room = source.room(id);
        for path in &module.paths {
            let line = path.line;
            let used = source.named_room(id, path);
            if let Some(used) = used.filter(|used| !table.allows(&room, used)) {
                findings.insert(format!("{file}:{line}: {room} imports {used}"));
            }
            let impure = impure(&source, id, path).filter(|_| table.is_pure(&room));
            if let Some(what) = impure {
                findings.insert(format!("{file}:{line}: {what} in {room}, which is pure"));
            }
        }
        for line in module.is_async.iter().filter(|_| table.is_pure(&room)) {
            findings.insert(format!("{file}:{line}: async in {room}, which is pure"));
        }
    }
    findings.extend(cycles::findings(&source));
    findings.into_iter().collect()
}

/// The string literals of the crate, each with its file and line: `src/a.rs:1` and `text`.
pub(super) fn texts(root: &Path) -> Vec<(String, String)> {
    let source = Crate::read(&root.join("src"));
    let of_module = |(id, module): (ModuleId, &modules::Module)| {
        let file = source.file(id);
        let texts = module.texts.clone().into_iter();
        texts.map(move |(text, line)| (format!("{file}:{line}"), text))
    };
    source.modules().flat_map(of_module).collect()
}

/// The name of [`IMPURE`] that a path uses.
fn impure(source: &Crate, module: ModuleId, path: &PathUse) -> Option<&'static str> {
    let Resolved::Outside(name) = source.resolve(module, path) else {
        return None;
    };
    IMPURE.into_iter().find(|impure| {
        let rest = name.strip_prefix(impure);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    })
}
