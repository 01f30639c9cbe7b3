//! The reader rejects cases that cannot fail, and folders of cases contain only cases.

use std::path::{Path, PathBuf};

use super::{Case, Fence, Suite, files, is_case, tests_folder};

/// A folder of cases has only cases, the code that runs them, and folders of cases.
#[test]
fn folders_of_cases_hold_nothing_else() {
    let folders: Vec<PathBuf> = Suite::all()
        .flat_map(|suite| suite.folders)
        .map(|folder| tests_folder().join(folder))
        .filter(|path| path.is_dir())
        .collect();
    let mut wrong = Vec::new();
    for folder in &folders {
        assert!(
            !files(folder).is_empty(),
            "no cases in {}",
            folder.display()
        );
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let is_known = match path.is_dir() {
                true => folders.contains(&path) || name == "fixtures",
                false => is_case(&path) || name == "README.md" || name.ends_with(".rs"),
            };
            if !is_known {
                wrong.push(path.display().to_string());
            }
        }
    }
    assert!(wrong.is_empty(), "no cases:\n{}", wrong.join("\n"));
}

#[test]
fn what_could_not_fail_is_refused() {
    const FENCES: &[Fence] = &[
        Fence::single("graphql subgraph").named(),
        Fence::input("graphql operation"),
        Fence::expected("json answer"),
    ];
    let case = |text: &str| {
        let wrong = Case::parse(Path::new("case.md"), text.to_owned(), FENCES);
        wrong.err().unwrap_or_default()
    };
    for (text, expected) in [
        (
            "# Right\n\n```graphql operation\n{ a }\n```\n\n```json answer\n{}\n```\n",
            "",
        ),
        (
            "```json answr\n{}\n```\n",
            "case.md:1: an unknown fence: json answr",
        ),
        (
            "```json  answer\n{}\n```\n",
            "case.md:1: an unknown fence: json  answer",
        ),
        ("```\n{}\n```\n", "case.md:1: an unknown fence: "),
        (
            "```json answer x\n{}\n```\n",
            "case.md:1: an unknown fence: json answer x",
        ),
        (
            "```graphql subgraph\n{}\n```\n",
            "case.md:1: an unknown fence: graphql subgraph",
        ),
        (
            "``json answer\n{}\n",
            "case.md:1: not a fence, but like one: ``json answer",
        ),
        (
            "a\n ```json answer\n",
            "case.md:2: not a fence, but like one:  ```json answer",
        ),
        (
            "~~~json answer\n{}\n~~~\n",
            "case.md:1: not a fence, but like one: ~~~json answer\ncase.md:3: not a fence, but like one: ~~~",
        ),
        ("```json answer\n{}\n", "case.md:1: a block without an end"),
        (
            "```graphql operation\n{ a }\n```json answer\n{}\n```\n",
            "case.md:3: a fence inside a block: ```json answer",
        ),
        (
            "```graphql subgraph a\n```\n```graphql subgraph b\n```\n```graphql subgraph a\n```\n",
            "case.md:5: a second block: graphql subgraph a",
        ),
    ] {
        assert_eq!(case(text), expected, "{text}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case.md");
    std::fs::write(&path, "# Only input\n\n```graphql operation\n{ a }\n```\n").unwrap();
    let error = Case::read(&path, FENCES).unwrap_err();
    assert!(error.ends_with("case.md: expects nothing"), "{error}");
    std::fs::write(&path, "```json answer\n{}\n```\n").unwrap();
    let case = Case::read(&path, FENCES).unwrap();
    let error = case.compare(&[None]).unwrap_err();
    assert!(
        error.ends_with("case.md:1: nothing is compared with `json answer`\n"),
        "{error}"
    );
}
