//! The input of a target: one or several texts, each in a language; and its file format.

use std::fmt;
use std::path::Path;

/// The language of a text, which decides how it is mutated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// Not mutated: it identifies what the other parts belong to.
    Fixed,
    Graphql,
    Mapping,
    Json,
    Toml,
    Markdown,
    /// A query string, headers, and other texts with little structure.
    Plain,
}

const NAMES: [(Language, &str); 7] = [
    (Language::Fixed, "fixed"),
    (Language::Graphql, "graphql"),
    (Language::Mapping, "mapping"),
    (Language::Json, "json"),
    (Language::Toml, "toml"),
    (Language::Markdown, "markdown"),
    (Language::Plain, "plain"),
];

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) language: Language,
    /// The meaning of the part for the target; one word.
    pub(super) label: String,
    pub(super) bytes: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Input {
    pub(super) parts: Vec<Part>,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.bytes.escape_ascii();
        write!(f, "{:?} {}: {text}", self.language, self.label)
    }
}

impl Input {
    pub(super) fn one(language: Language, label: &str, text: impl AsRef<[u8]>) -> Input {
        Input::default().with(language, label, text)
    }

    pub(super) fn with(mut self, language: Language, label: &str, text: impl AsRef<[u8]>) -> Input {
        assert!(!label.is_empty() && !label.contains(char::is_whitespace));
        self.parts.push(Part {
            language,
            label: label.to_owned(),
            bytes: text.as_ref().to_vec(),
        });
        self
    }

    /// The bytes of the first part with this label; empty if there is none.
    pub(super) fn bytes(&self, label: &str) -> &[u8] {
        let part = self.parts.iter().find(|part| part.label == label);
        part.map_or(&[], |part| &part.bytes)
    }

    /// The part as text; invalid UTF-8 is replaced, since reading a file would refuse it.
    pub(super) fn text(&self, label: &str) -> String {
        String::from_utf8_lossy(self.bytes(label)).into_owned()
    }

    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.bytes.len()).sum()
    }

    /// The parts one after the other, each after a line with its language, label and length.
    pub(super) fn to_file(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for part in &self.parts {
            let name = NAMES
                .iter()
                .find(|(language, _)| *language == part.language);
            let name = name.unwrap().1;
            let head = format!("@@ {name} {} {}\n", part.label, part.bytes.len());
            out.extend_from_slice(head.as_bytes());
            out.extend_from_slice(&part.bytes);
            out.push(b'\n');
        }
        out
    }

    pub(super) fn from_file(path: &Path) -> Input {
        let bytes = std::fs::read(path).unwrap();
        let mut rest = bytes.as_slice();
        let mut input = Input::default();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let head = std::str::from_utf8(&rest[..end]).unwrap();
            let words: Vec<&str> = head.split(' ').collect();
            let ["@@", name, label, length] = words.as_slice() else {
                panic!("{}: {head}", path.display());
            };
            let language = NAMES
                .iter()
                .find(|(_, language_name)| language_name == name)
                .unwrap()
                .0;
            let (from, length) = (end + 1, length.parse::<usize>().unwrap());
            input = input.with(language, label, &rest[from..from + length]);
            rest = &rest[from + length + 1..];
        }
        assert!(!input.parts.is_empty(), "{}", path.display());
        input
    }
}

#[test]
fn an_input_survives_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case");
    let input = Input::one(Language::Fixed, "graph", "a")
        .with(Language::Json, "answer", b"@@ json \xff\n\n")
        .with(Language::Plain, "empty", "");
    std::fs::write(&path, input.to_file()).unwrap();
    assert_eq!(Input::from_file(&path), input);
}
