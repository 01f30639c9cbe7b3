//! Every dependency has a licence that `deny.toml` allows, and comes from the registry. Needs neither network nor
//! cargo-deny, which checks more if it is installed.

use std::collections::BTreeSet;
use std::process::Command;

use super::root;

#[test]
fn every_dependency_is_allowed() {
    let text = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let rules: toml::Table = text.parse().unwrap();
    let texts = |list: &toml::Value, key: Option<&str>| -> BTreeSet<String> {
        let items = list.as_array().unwrap().iter();
        items
            .map(|item| {
                key.map_or(item, |key| &item[key])
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    };
    let allowed = texts(&rules["licenses"]["allow"], None);
    let banned = texts(&rules["bans"]["deny"], Some("crate"));
    let clarify = rules["licenses"]["clarify"].as_array().unwrap();
    let target = rules["graph"]["targets"][0].as_str().unwrap().to_owned();
    let mut wrong = Vec::new();
    for package in packages(&target) {
        let name = package["name"].as_str().unwrap();
        if banned.contains(name) {
            wrong.push(format!("{name} is banned"));
        }
        let Some(source) = package["source"].as_str() else {
            continue;
        };
        if source != "registry+https://github.com/rust-lang/crates.io-index" {
            wrong.push(format!("{name} comes from {source}"));
        }
        let clarified = clarify
            .iter()
            .find(|entry| entry["crate"].as_str() == Some(name));
        let licence = package["license"]
            .as_str()
            .or_else(|| clarified?["expression"].as_str())
            .unwrap_or("none");
        if !fits(licence, &allowed) {
            wrong.push(format!("{name}: {licence}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn packages(target: &str) -> Vec<serde_json::Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", target])
        .current_dir(root())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Whether the allowed licences satisfy an SPDX expression: `OR` needs one side, `AND` both. `/` is an old form of `OR`.
fn fits(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = expression.replace('/', " OR ");
    let spaced = expression.replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    either(&mut words, allowed)
}

type Words<'w> = std::iter::Peekable<std::str::SplitWhitespace<'w>>;

fn either(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut met = both(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= both(words, allowed);
    }
    met
}

fn both(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let first = words.next().unwrap_or_default();
    if first == "(" {
        let met = either(words, allowed);
        assert_eq!(words.next(), Some(")"));
        return met;
    }
    let mut licence = first.to_owned();
    if words.next_if_eq(&"WITH").is_some() {
        licence = format!("{licence} WITH {}", words.next().unwrap_or_default());
    }
    allowed.contains(&licence)
}

#[test]
fn reads_licence_expressions() {
    let allowed: BTreeSet<String> = ["MIT", "Apache-2.0 WITH LLVM-exception"]
        .map(str::to_owned)
        .into();
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("(GPL-3.0 OR MIT) AND Apache-2.0 WITH LLVM-exception", true),
        ("MIT AND (GPL-3.0 OR ISC)", false),
    ] {
        assert_eq!(fits(expression, &allowed), expected, "{expression}");
    }
}
