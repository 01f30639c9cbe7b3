//! Imports run one way, and the pure rooms are pure.

use super::{code, files, root};

/// Which rooms a room may use. `observe` and `config` are leaves that only the upper rooms use; what is measured of
/// calls has its names from `observe`.
const MAY_USE: [(&str, &[&str]); 18] = [
    ("budget", &[]),
    ("priority", &[]),
    ("document", &[]),
    ("mapping", &["document"]),
    ("connector", &["document", "mapping"]),
    ("graph", &["document", "mapping", "connector"]),
    ("plan", &["document", "mapping", "connector", "graph"]),
    ("cost", &["document", "graph", "plan"]),
    (
        "source",
        &[
            "budget",
            "document",
            "mapping",
            "connector",
            "observe",
            "priority",
        ],
    ),
    (
        "cache",
        &[
            "budget",
            "document",
            "mapping",
            "connector",
            "source",
            "observe",
            "priority",
        ],
    ),
    (
        "execute",
        &[
            "budget",
            "document",
            "mapping",
            "connector",
            "graph",
            "plan",
            "cost",
            "source",
            "cache",
            "observe",
            "priority",
        ],
    ),
    ("config", &["document", "connector"]),
    ("observe", &["document", "config", "priority"]),
    (
        "gateway",
        &[
            "budget",
            "document",
            "mapping",
            "connector",
            "graph",
            "plan",
            "cost",
            "source",
            "cache",
            "execute",
            "config",
            "observe",
            "priority",
        ],
    ),
    (
        "server",
        &[
            "budget", "document", "gateway", "config", "observe", "priority",
        ],
    ),
    (
        "spec",
        &[
            "document",
            "connector",
            "graph",
            "plan",
            "gateway",
            "config",
        ],
    ),
    (
        "cli",
        &[
            "document",
            "mapping",
            "connector",
            "graph",
            "plan",
            "cost",
            "source",
            "cache",
            "execute",
            "gateway",
            "server",
            "spec",
            "config",
            "observe",
            "priority",
        ],
    ),
    ("main", &["cli"]),
];

/// Rooms that do no IO, read no clock and are not async.
const PURE: [&str; 6] = ["budget", "document", "mapping", "graph", "plan", "cost"];

const IMPURE: [&str; 8] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::time::Instant",
    "SystemTime",
    "Instant::now",
    "tokio::",
    "async fn",
];

#[test]
fn imports_run_one_way() {
    let source = root().join("src");
    let mut wrong = Vec::new();
    for file in files(&source, &["rs"]) {
        let relative = file.strip_prefix(&source).unwrap();
        let first = relative.components().next().unwrap().as_os_str();
        let room = first.to_string_lossy().trim_end_matches(".rs").to_owned();
        let is_test = relative.to_string_lossy().contains("test");
        if room == "lib" || is_test {
            continue;
        }
        let allowed = MAY_USE.iter().find(|(name, _)| *name == room);
        let Some((_, allowed)) = allowed else {
            wrong.push(format!(
                "{}: a room that is not in the table",
                file.display()
            ));
            continue;
        };
        let text = std::fs::read_to_string(&file).unwrap();
        for (number, line) in code(&text) {
            for used in rooms_used(line) {
                if used != room && !allowed.contains(&used) && is_room(used) {
                    wrong.push(format!("{}:{number}: {room} uses {used}", file.display()));
                }
            }
            if PURE.contains(&room.as_str()) {
                for word in IMPURE.iter().filter(|word| line.contains(**word)) {
                    wrong.push(format!(
                        "{}:{number}: {word} in {room}, which is pure",
                        file.display()
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_room(name: &str) -> bool {
    MAY_USE.iter().any(|(room, _)| *room == name)
}

/// The names after `crate::` in a line, each as far as it is a name; `crate::{a, b}` names several.
fn rooms_used(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for rest in line.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(list) => {
                let list = list.split('}').next().unwrap_or_default();
                found.extend(list.split(',').map(|item| name(item.trim())));
            }
            None => found.push(name(rest)),
        }
    }
    found
}

fn name(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

#[test]
fn stand_ins_share_no_code_with_the_gateway() {
    for file in files(&root().join("demo"), &["rs", "toml"]) {
        let text = std::fs::read_to_string(&file).unwrap();
        let uses = text.contains("sangam::") || text.contains("path = \"..\"");
        assert!(!uses, "{} uses the gateway's code", file.display());
    }
}
