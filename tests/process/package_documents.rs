//! The documents of the package are true inside the package: each link leads to a file and a heading, and each path that they
//! name exists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::package::unpacked;

/// The folders of the repository and of the package: a code span that begins with one is a path.
const FOLDERS: [&str; 13] = [
    "benches",
    "connectors",
    "demo",
    "docs",
    "examples",
    "packaging",
    "schema",
    "scripts",
    "src",
    "target",
    "tests",
    "tools",
    "web",
];

#[test]
fn documents_of_the_package_are_true() {
    let folder = tempfile::tempdir().unwrap();
    // The documents do not depend on the program.
    let package = unpacked(folder.path(), Path::new("/bin/true"));
    let mut documents = Vec::new();
    collect(&package, &mut documents);
    let (mut wrong, mut links, mut paths) = (Vec::new(), 0, 0);
    for document in &documents {
        let text = shown(&std::fs::read_to_string(document).unwrap());
        let name = document.strip_prefix(&package).unwrap().display();
        for target in targets(&text) {
            links += 1;
            if !leads_somewhere(document, target) {
                wrong.push(format!("{name}: link to {target}"));
            }
        }
        // The changelog is about the repository, and says so.
        let is_changelog = document.ends_with("CHANGELOG.md");
        for path in code_spans(&text)
            .filter(|_| !is_changelog)
            .filter(|span| is_path(span))
        {
            paths += 1;
            if !exists(&package, path) {
                wrong.push(format!("{name}: path {path}"));
            }
        }
        let commands = text.lines().map(str::trim_start);
        let commands = commands.chain(code_spans(&text).filter(|_| !is_changelog));
        for command in
            commands.filter(|line| line.starts_with("make ") || line.starts_with("cargo "))
        {
            wrong.push(format!("{name}: command {command}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    // The search finds what there is.
    assert!(
        documents.len() > 30 && links > 40 && paths > 20,
        "{} {links} {paths}",
        documents.len()
    );
}

/// The Markdown files of a folder and those below it.
fn collect(folder: &Path, documents: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(&path, documents),
            false if path.extension().is_some_and(|extension| extension == "md") => {
                documents.push(path)
            }
            false => {}
        }
    }
}

/// A text without its comments.
fn shown(text: &str) -> String {
    let mut parts = text.split("<!--");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown += part.split_once("-->").map_or("", |(_, after)| after);
    }
    shown
}

/// The targets of links to files: `[text](target)`.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let after = text.split("](").skip(1);
    let targets = after.filter_map(|rest| Some(rest.split_once(')')?.0));
    // What has other characters is no link, but an example of code.
    targets.filter(|target| {
        let is_url = target.contains("://") || target.starts_with("mailto:");
        !is_url
            && !target
                .contains(|character: char| character.is_whitespace() || "`\"$".contains(character))
    })
}

fn leads_somewhere(document: &Path, target: &str) -> bool {
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let file = match path {
        "" => document.to_owned(),
        path => document.parent().unwrap().join(path),
    };
    if heading.is_empty() {
        return file.exists();
    }
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let headings: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect();
    headings.contains(heading)
}

/// The anchor of a heading: lower case, blanks as dashes, without other characters.
fn anchor(heading: &str) -> String {
    let heading = heading.trim().to_lowercase().replace(' ', "-");
    let is_kept = |character: &char| character.is_alphanumeric() || "-_".contains(*character);
    heading.chars().filter(is_kept).collect()
}

/// The texts between backquotes, on one line.
fn code_spans(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().filter(|line| !line.starts_with("```"));
    lines.flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// Whether a code span is a path in the repository or the package.
fn is_path(span: &str) -> bool {
    let mut parts = span.split('/');
    let is_folder = parts.next().is_some_and(|first| FOLDERS.contains(&first));
    is_folder && span.contains('/') && !span.contains(' ')
}

/// Whether a path exists, up to the part that stands for any name.
fn exists(package: &Path, path: &str) -> bool {
    let any = path.find(['<', '*']).unwrap_or(path.len());
    let known = match path[..any].rfind('/') {
        Some(slash) if any < path.len() => &path[..slash],
        _ => path,
    };
    package.join(known).exists()
}

#[test]
fn what_is_not_there_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("a.md");
    std::fs::write(&document, "# A heading, with `code`\n").unwrap();
    for (target, leads) in [
        ("a.md", true),
        ("#a-heading-with-code", true),
        ("a.md#a-heading-with-code", true),
        ("a.md#another", false),
        ("b.md", false),
    ] {
        assert_eq!(leads_somewhere(&document, target), leads, "{target}");
    }
    assert!(exists(folder.path(), "a.md") && !exists(folder.path(), "docs/b.md"));
    assert!(exists(folder.path(), "<name>/x.md") || !is_path("<name>/x.md"));
    let text = "See [x](y.md), `docs/b.md` <!-- `src/c.rs` -->and `src/d.rs`.";
    let spans: Vec<&str> = code_spans(text).collect();
    assert_eq!(spans, ["docs/b.md", "src/c.rs", "src/d.rs"]);
    assert!(!shown(text).contains("c.rs") && shown(text).contains("d.rs"));
    assert_eq!(targets(text).collect::<Vec<_>>(), ["y.md"]);
}
