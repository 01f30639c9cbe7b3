//! Codes and kinds of errors are constants from the tables in `src/errors/`, and not texts in the code.

use std::collections::BTreeSet;

use sangam::errors::{ErrorCode, ErrorKind};

use super::{guard, root};

#[test]
fn no_code_or_kind_is_a_text_outside_its_table() {
    let codes = ErrorCode::ALL.iter().map(|code| code.as_str());
    let kinds = ErrorKind::ALL.into_iter().map(ErrorKind::as_str);
    let names: BTreeSet<&str> = codes.chain(kinds).collect();
    let texts = guard::texts(&root());
    let outside = texts
        .iter()
        .filter(|(at, text)| !at.starts_with("src/errors/") && names.contains(text.as_str()));
    let wrong: Vec<String> = outside.map(|(at, text)| format!("{at}: {text}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Checks that the search finds texts: the table has the kinds.
    let kind =
        |(at, text): &(String, String)| at.starts_with("src/errors/kind.rs") && text == "BUSY";
    assert!(texts.iter().any(kind));
}

#[test]
fn each_code_stands_once_in_the_table() {
    let names = ErrorCode::ALL.iter().map(|code| code.as_str());
    let different: BTreeSet<&str> = names.collect();
    assert_eq!(different.len(), ErrorCode::ALL.len());
}
