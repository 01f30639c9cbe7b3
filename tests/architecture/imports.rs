//! Imports are as the table of rooms allows, and the check itself finds violations.

use super::{files, guard, root};

#[test]
fn imports_run_as_the_table_says() {
    let findings = guard::check(&root());
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

/// The check reads a sample crate that breaks each rule, and has code that only looks like a violation.
#[test]
fn the_guard_finds_what_a_sample_breaks() {
    let sample = root().join("tests/architecture/samples/house");
    let findings = guard::check(&sample);
    let lines: String = findings.iter().map(|line| format!("{line}\n")).collect();
    let expected = sample.join("findings.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&expected, &lines).unwrap();
    }
    assert_eq!(lines, std::fs::read_to_string(&expected).unwrap());
}

#[test]
fn stand_ins_share_no_code_with_the_gateway() {
    for file in files(&root().join("demo"), &["rs", "toml"]) {
        let text = std::fs::read_to_string(&file).unwrap();
        let uses = text.contains("sangam::") || text.contains("path = \"..\"");
        assert!(!uses, "{} uses the gateway's code", file.display());
    }
}
