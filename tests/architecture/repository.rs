//! No file of the repository reads a file outside of it, or contains a path of a developer's machine.

use super::{files, root};

#[test]
fn nothing_names_a_path_outside() {
    // Composed, so that this file does not contain them.
    let outside = [
        ["/wo", "rk/"].concat(),
        ["../sha", "red"].concat(),
        ["/ro", "ot/"].concat(),
    ];
    let extensions = [
        "rs", "toml", "md", "graphql", "json", "csv", "sh", "yml", "service", "lock", "txt",
    ];
    let mut wrong = Vec::new();
    for file in files(&root(), &extensions) {
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        for (index, line) in text.lines().enumerate() {
            if outside.iter().any(|path| line.contains(path.as_str())) {
                wrong.push(format!("{}:{}: {}", file.display(), index + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_module_says_what_it_is() {
    let mut wrong = Vec::new();
    for folder in ["src", "demo/src", "benches", "tests"] {
        for file in files(&root().join(folder), &["rs"]) {
            let text = std::fs::read_to_string(&file).unwrap();
            if !text.starts_with("//!") {
                wrong.push(file.display().to_string());
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "no `//!` at the top of:\n{}",
        wrong.join("\n")
    );
}
