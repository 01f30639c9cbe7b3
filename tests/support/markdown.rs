//! Markdown files as test cases: prose that says what is tested, fenced blocks that hold input and expected output.
//!
//! A block's info string is its language and a label: ```` ```text diagnostics ````. With `UPDATE_EXPECT=1` the tests
//! write what came out into the expected blocks; read it against the prose before you keep it.

use std::path::{Path, PathBuf};

/// A case file.
pub(crate) struct Case {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its blocks in order.
    pub(crate) blocks: Vec<Block>,
    text: String,
}

/// A fenced block.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// What follows the fence: language and label.
    pub(crate) info: String,
    /// Its lines, each with its end.
    pub(crate) body: String,
}

impl Case {
    /// Reads a case.
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let mut blocks = Vec::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(info) = line.strip_prefix("```") {
                let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
                blocks.push(Block {
                    info: info.to_owned(),
                    body: body.iter().map(|line| format!("{line}\n")).collect(),
                });
            }
        }
        Self {
            path: path.to_owned(),
            blocks,
            text,
        }
    }

    /// The body of the first block with this info string.
    pub(crate) fn block(&self, info: &str) -> Option<&str> {
        let found = self.blocks.iter().find(|block| block.info == info);
        found.map(|block| block.body.as_str())
    }

    /// Compares what came out, block by block in their order (`None` for blocks that are input), and returns how it
    /// differs; with `UPDATE_EXPECT=1` writes it instead.
    pub(crate) fn compare(&self, found: &[Option<String>]) -> Option<String> {
        let differs = |block: &Block, found: &String| block.body.trim() != found.trim();
        let different: Vec<String> = self
            .blocks
            .iter()
            .zip(found)
            .filter_map(|(block, found)| {
                let found = found.as_ref().filter(|found| differs(block, found))?;
                Some(format!(
                    "--- expected ({})\n{}\n--- found\n{found}\n",
                    block.info, block.body
                ))
            })
            .collect();
        if different.is_empty() {
            return None;
        }
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            self.update(found);
            return None;
        }
        Some(format!(
            "{}:\n{}",
            self.path.display(),
            different.join("\n")
        ))
    }

    fn update(&self, found: &[Option<String>]) {
        let mut out = String::new();
        let mut lines = self.text.lines();
        let mut index = 0;
        while let Some(line) = lines.next() {
            out.push_str(line);
            out.push('\n');
            if line.starts_with("```") {
                let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
                match found.get(index).and_then(Option::as_ref) {
                    Some(found) if found.trim().is_empty() => {}
                    Some(found) => {
                        out.push_str(found.trim_end());
                        out.push('\n');
                    }
                    None => out.extend(body.iter().map(|line| format!("{line}\n"))),
                }
                out.push_str("```\n");
                index += 1;
            }
        }
        std::fs::write(&self.path, out).unwrap();
    }
}

/// The Markdown files directly in a folder under `tests/`, sorted.
pub(crate) fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    files
}
