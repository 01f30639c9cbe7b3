//! The mapping language, held to the cases under `tests/mapping/`, which a README there explains.

mod case;

use std::fs;
use std::path::{Path, PathBuf};

use case::{Case, Outcome};

/// The files of cases, sorted.
fn files() -> Vec<PathBuf> {
    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "md")
                && path.file_name().is_some_and(|name| name != "README.md")
            {
                files.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The tour of the language is made of cases too.
    let mut files = vec![root.join("docs/mapping.md")];
    collect(&root.join("tests/mapping"), &mut files);
    files.sort();
    files
}

fn cases() -> Vec<Case> {
    let read = |path: PathBuf| case::read(&path, &fs::read_to_string(&path).unwrap());
    files().into_iter().flat_map(read).collect()
}

#[test]
fn every_case_comes_out_as_written() {
    let mut failures = Vec::new();
    let mut count = 0;
    for case in cases() {
        count += 1;
        for version in case.versions() {
            let expected = case.expected();
            let found = Outcome::of(&case, version);
            if expected != found {
                failures.push(format!(
                    "{} ({version})\n{}",
                    case.title(),
                    expected.difference(&found)
                ));
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {count} cases:\n\n{}",
        failures.len(),
        failures.join("\n\n")
    );
    assert!(count > 0, "no cases found");
}

#[test]
fn no_two_cases_are_the_same() {
    let mut seen = std::collections::HashMap::new();
    for case in cases() {
        if let Some(other) = seen.insert(case.subject(), case.title()) {
            panic!("{} repeats {other}", case.title());
        }
    }
}
#[test]
fn every_method_has_cases_of_its_own() {
    let cases = cases();
    for name in sangam::mapping::method_names() {
        let call = format!("->{name}");
        let uses = cases
            .iter()
            .filter(|case| case.subject().contains(&call))
            .count();
        assert!(uses >= 2, "`{call}` has {uses} cases");
    }
}

#[test]
fn the_documentation_has_a_row_for_every_method() {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/mapping.md")).unwrap();
    let rows: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    for name in sangam::mapping::method_names() {
        let (call, bare) = (format!("`{name}("), format!("`{name}`"));
        let found = rows.iter().any(|row| {
            let first = row.split(" | ").next().unwrap_or_default();
            first.contains(&call) || first.contains(&bare)
        });
        assert!(found, "docs/mapping.md has no row for `{name}`");
    }
}

#[test]
fn the_documentation_tells_the_bounds() {
    use sangam::mapping::{Budget, MAX_LENGTH, MAX_NESTING};
    let budget = Budget::default();
    let bounds = (
        MAX_LENGTH,
        MAX_NESTING,
        budget.steps,
        budget.text,
        budget.nodes,
        budget.warnings,
    );
    let told = (256 << 10, 64, 4_000_000, 64 << 20, 2_000_000, 100);
    assert_eq!(
        bounds, told,
        "docs/mapping.md, `Bounds`, tells other numbers"
    );
}
