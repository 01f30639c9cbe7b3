//! The named operations: `schema/operations/<Name>.graphql`, each with example variables in `<Name>.variables.json` if it needs some.

use std::path::{Path, PathBuf};

use apollo_compiler::ast::{Definition, Document};
use serde_json::{Value, json};

/// A named operation, and what its comment says of it.
pub(crate) struct NamedOperation {
    pub(crate) name: String,
    pub(crate) text: String,
    /// Examples.
    pub(crate) variables: Value,
}

/// What the comment above an operation says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    /// The first sentence: what the operation is for, and who uses it.
    pub(crate) purpose: String,
    /// `At most 3 calls: …`, with cold caches.
    pub(crate) cold_calls: u64,
    /// `Asked again, at most 1 call: …`; without such a line none.
    pub(crate) warm_calls: u64,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/operations")
}

impl NamedOperation {
    /// All of them, by name.
    pub(crate) fn all() -> Vec<NamedOperation> {
        let entries = std::fs::read_dir(folder()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut names: Vec<String> = paths
            .filter(|path| path.extension().is_some_and(|kind| kind == "graphql"))
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
            .iter()
            .map(|name| NamedOperation::read(name))
            .collect()
    }

    /// The one with this name.
    pub(crate) fn read(name: &str) -> NamedOperation {
        let read = |file: String| std::fs::read_to_string(folder().join(file));
        let variables = read(format!("{name}.variables.json"));
        NamedOperation {
            name: name.to_owned(),
            text: read(format!("{name}.graphql")).unwrap_or_else(|error| panic!("{name}: {error}")),
            variables: variables.map_or(json!({}), |text| serde_json::from_str(&text).unwrap()),
        }
    }

    /// The names of the operations in the file.
    pub(crate) fn operations(&self) -> Vec<Option<String>> {
        let document = Document::parse(self.text.as_str(), &self.name).unwrap();
        let definitions = document.definitions.iter();
        definitions
            .filter_map(|definition| match definition {
                Definition::OperationDefinition(operation) => {
                    Some(operation.name.as_ref().map(ToString::to_string))
                }
                _ => None,
            })
            .collect()
    }

    /// What its comment says.
    pub(crate) fn comment(&self) -> Result<Comment, String> {
        comment(&self.text).map_err(|problem| format!("{}.graphql: {problem}", self.name))
    }
}

/// Reads the comment that a file begins with.
fn comment(text: &str) -> Result<Comment, String> {
    let lines: Vec<&str> = text
        .lines()
        .map_while(|line| line.strip_prefix('#'))
        .map(str::trim)
        .collect();
    let number = |before: &str| {
        let line = lines.iter().find_map(|line| line.strip_prefix(before))?;
        let (number, rest) = line.split_once(' ')?;
        let is_argued = rest.starts_with("call: ") || rest.starts_with("calls: ");
        number.parse::<u64>().ok().filter(|_| is_argued)
    };
    let first_paragraph: Vec<&str> = lines
        .iter()
        .copied()
        .take_while(|line| !line.is_empty())
        .collect();
    let first_paragraph = first_paragraph.join(" ");
    let purpose = first_paragraph
        .split(". ")
        .next()
        .unwrap_or_default()
        .trim_end_matches('.');
    if purpose.is_empty() || purpose.starts_with("At most ") {
        return Err(
            "it does not begin with a comment that says what the operation is for".to_owned(),
        );
    }
    Ok(Comment {
        purpose: format!("{purpose}."),
        cold_calls: number("At most ")
            .ok_or("no line of its comment begins with `At most N calls: ` and the reason")?,
        warm_calls: number("Asked again, at most ").unwrap_or(0),
    })
}

#[test]
fn a_comment_has_a_purpose_and_a_number() {
    let read = comment(
        "# A page: for citizens. It has\n# more.\n# At most 2 calls: one, then\n# another.\n# Asked again, at most 1 call: it is not kept.\nquery A { a }\n# At most 9 calls: no.",
    );
    let expected = Comment {
        purpose: "A page: for citizens.".to_owned(),
        cold_calls: 2,
        warm_calls: 1,
    };
    assert_eq!(read, Ok(expected));
    for wrong in [
        "query A { a }",
        "# At most 1 call: it.",
        "# A page.\n# At most 1 call.",
        "# A page.\n# At most one call: it.",
    ] {
        assert!(comment(wrong).is_err(), "{wrong}");
    }
}
