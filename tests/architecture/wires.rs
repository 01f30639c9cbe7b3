//! Only `source` knows the wire protocols of upstreams.

use super::{files, root};

/// The rooms between a client's request and the drivers.
const ROOMS: [&str; 8] = [
    "cache",
    "cost",
    "execute",
    "gateway",
    "graph",
    "operation",
    "plan",
    "response",
];

/// Names that only code with knowledge of HTTP towards upstreams uses.
const NAMES: [&str; 5] = [
    "HttpRequest",
    "StatusCode",
    "is_graphql",
    "is_http",
    "source::http",
];

#[test]
fn no_other_room_knows_a_wire() {
    let mut wrong = Vec::new();
    for room in ROOMS {
        for file in files(&root().join("src").join(room), &["rs"]) {
            // Tests build requests and responses as the HTTP driver would.
            if !file.to_string_lossy().ends_with("tests.rs") {
                let text = std::fs::read_to_string(&file).unwrap();
                let lines = of_a_wire(&text).into_iter();
                wrong.extend(lines.map(|line| format!("{}: {line}", file.display())));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_names_of_a_wire_are_found() {
    let sample = "\
//! A StatusCode.
use crate::source::http::body;
fn f(request: &HttpRequest) {} // is_http
fn my_is_graphqls() {}
#[cfg(test)]
mod tests {
    use crate::connector::HttpRequest;
}
";
    assert_eq!(
        of_a_wire(sample),
        [
            "use crate::source::http::body;",
            "fn f(request: &HttpRequest) {}"
        ]
    );
}

/// The lines of code with one of the names, without comments and without the tests at the end of the file.
fn of_a_wire(text: &str) -> Vec<&str> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().map(|line| match line.split_once("//") {
        Some((code, _)) => code.trim(),
        None => line.trim(),
    });
    lines
        .filter(|line| NAMES.iter().any(|name| has_word(line, name)))
        .collect()
}

fn has_word(line: &str, word: &str) -> bool {
    let of_a_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        !before.is_some_and(of_a_name) && !after.is_some_and(of_a_name)
    })
}
