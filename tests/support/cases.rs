//! Case files: Markdown with prose that says what is tested, and fenced blocks with the input and the expected output.
//!
//! A fence has a language, a label and, for some, a name: ```` ```graphql subgraph NAME ````. Each suite declares its
//! fences; the same thing has the same fence in all suites. All suites use this reader. It rejects everything that would
//! make a case which cannot fail: a fence that the suite does not declare, a line that only looks like a fence, a block
//! without an end, a case without an expected block, an expected block that is not compared, and a file in a folder of cases
//! that is not a case.
//!
//! With `UPDATE_EXPECT=1`, the actual output is written into the expected blocks; compare it with the prose before you
//! commit it.

mod tests;

use std::path::{Path, PathBuf};

/// A declared kind of block.
#[derive(Debug)]
pub(crate) struct Fence {
    /// The language and the label.
    text: &'static str,
    is_named: bool,
    is_expected: bool,
    /// A case has at most one of each name.
    is_single: bool,
}

impl Fence {
    /// An input block that may repeat: each is the input for the blocks after it.
    pub(crate) const fn input(text: &'static str) -> Fence {
        Fence {
            text,
            is_named: false,
            is_expected: false,
            is_single: false,
        }
    }

    /// An input block that a case has at most once.
    pub(crate) const fn single(text: &'static str) -> Fence {
        Fence {
            is_single: true,
            ..Fence::input(text)
        }
    }

    /// An expected block.
    pub(crate) const fn expected(text: &'static str) -> Fence {
        Fence {
            is_expected: true,
            ..Fence::input(text)
        }
    }

    /// This fence with a name after the label.
    pub(crate) const fn named(self) -> Fence {
        Fence {
            is_named: true,
            ..self
        }
    }

    /// The name in an info string, or an empty string for a fence without a name; `None` if it is a different fence.
    fn name_in<'i>(&self, info: &'i str) -> Option<&'i str> {
        let rest = info.strip_prefix(self.text)?;
        match self.is_named {
            true => rest.strip_prefix(' ').filter(|name| !name.is_empty()),
            false => Some(rest).filter(|rest| rest.is_empty()),
        }
    }
}

/// A folder of cases, and the function that runs one.
pub(crate) struct Suite {
    /// Folders under `tests/` whose Markdown files are its cases, or single files of the repository.
    pub(crate) folders: &'static [&'static str],
    pub(crate) fences: &'static [Fence],
    /// Returns the actual output for each block of a case; `None` for input.
    pub(crate) run: fn(&Case) -> Vec<Option<String>>,
}

inventory::collect!(Suite);

impl Suite {
    pub(crate) fn all() -> impl Iterator<Item = &'static Suite> {
        inventory::iter::<Suite>.into_iter()
    }

    /// The suite of a folder.
    pub(crate) fn of(folder: &str) -> &'static Suite {
        let suite = Suite::all().find(|suite| suite.folders.contains(&folder));
        suite.unwrap_or_else(|| panic!("{folder} has no suite"))
    }

    /// Its files, sorted by folder and name.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let files = self.folders.iter().flat_map(|folder| {
            let file = root().join(folder);
            match file.is_file() {
                true => vec![file],
                false => files(&tests_folder().join(folder)),
            }
        });
        files.collect()
    }

    /// Its cases.
    pub(crate) fn cases(&self) -> Vec<Case> {
        let files = self.files();
        files.iter().map(|file| self.case(file)).collect()
    }

    fn case(&self, path: &Path) -> Case {
        Case::read(path, self.fences).unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    /// The name of a case as a test: its path without the extension.
    pub(crate) fn name_of(path: &Path) -> String {
        let path = path.with_extension("");
        let inside = path.strip_prefix(tests_folder());
        let name = inside.or_else(|_| path.strip_prefix(root()));
        name.unwrap_or(&path).display().to_string()
    }

    /// Runs a case, and compares the output.
    pub(crate) fn check(&self, path: &Path) -> Result<(), String> {
        let case = Case::read(path, self.fences)?;
        let outputs = (self.run)(&case);
        case.compare(&outputs)
    }
}

/// The cases of a suite, for other tests that use them.
pub(crate) fn cases(folder: &str) -> Vec<Case> {
    let files = files(&tests_folder().join(folder));
    let suite = Suite::of(folder);
    files.iter().map(|file| suite.case(file)).collect()
}

/// A case file.
#[derive(Debug)]
pub(crate) struct Case {
    /// Its path.
    pub(crate) path: PathBuf,
    /// Its blocks in order.
    pub(crate) blocks: Vec<Block>,
    text: String,
}

/// A fenced block.
#[derive(Debug)]
pub(crate) struct Block {
    /// The text of its declared fence: language and label.
    pub(crate) fence: &'static str,
    /// The name after the label.
    pub(crate) name: String,
    /// Its lines, with their line ends.
    pub(crate) body: String,
    /// The line number of its fence.
    pub(crate) line: usize,
    is_expected: bool,
}

impl Case {
    /// Reads a case. The error has all faults of its form.
    pub(crate) fn read(path: &Path, fences: &'static [Fence]) -> Result<Case, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let case = Case::parse(path, text, fences)?;
        match case.blocks.iter().any(|block| block.is_expected) {
            true => Ok(case),
            false => Err(format!("{}: expects nothing", path.display())),
        }
    }

    /// Reads a file with the form of a case, which may have no expected block.
    pub(crate) fn parse(
        path: &Path,
        text: String,
        fences: &'static [Fence],
    ) -> Result<Case, String> {
        let blocks = blocks(&text, fences);
        let blocks = blocks.map_err(|wrong| {
            let wrong = wrong
                .iter()
                .map(|problem| format!("{}:{problem}", path.display()));
            wrong.collect::<Vec<_>>().join("\n")
        })?;
        Ok(Case {
            path: path.to_owned(),
            blocks,
            text,
        })
    }

    /// The body of the first block with this fence.
    pub(crate) fn block(&self, fence: &str) -> Option<&str> {
        let block = self.blocks.iter().find(|block| block.fence == fence);
        block.map(|block| block.body.as_str())
    }

    /// The names and bodies of the blocks with this fence.
    pub(crate) fn named(&self, fence: &str) -> impl Iterator<Item = (&str, &str)> {
        let blocks = self.blocks.iter().filter(move |block| block.fence == fence);
        blocks.map(|block| (block.name.as_str(), block.body.as_str()))
    }

    /// The headings of the second level, with their lines.
    pub(crate) fn headings(&self) -> Vec<(usize, String)> {
        let mut headings = Vec::new();
        let mut is_inside = false;
        for (line, number) in self.text.lines().zip(1..) {
            is_inside ^= line.starts_with("```");
            let heading = line.strip_prefix("## ").filter(|_| !is_inside);
            headings.extend(heading.map(|heading| (number, heading.to_owned())));
        }
        headings
    }

    /// Compares the output with the expected blocks; with `UPDATE_EXPECT=1`, writes it where it differs.
    fn compare(&self, outputs: &[Option<String>]) -> Result<(), String> {
        let path = self.path.display();
        assert_eq!(outputs.len(), self.blocks.len(), "{path}: not every block");
        let mut wrong = String::new();
        for (block, output) in self.blocks.iter().zip(outputs) {
            match output {
                Some(output) if !block.is_expected => {
                    panic!(
                        "{path}:{}: this is input, and {output} came out",
                        block.line
                    )
                }
                None if block.is_expected => {
                    wrong += &format!(
                        "{path}:{}: nothing is compared with `{}`\n",
                        block.line, block.fence
                    )
                }
                Some(output) if block.body.trim() != output.trim() => {
                    wrong += &format!(
                        "{path}:{}:\n--- expected ({})\n{}--- found\n{}\n",
                        block.line,
                        block.fence,
                        block.body,
                        output.trim_end()
                    );
                }
                _ => {}
            }
        }
        if !wrong.is_empty() && std::env::var_os("UPDATE_EXPECT").is_some() {
            self.update(outputs);
            return Ok(());
        }
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(wrong),
        }
    }

    fn update(&self, outputs: &[Option<String>]) {
        let mut out = String::new();
        let mut lines = self.text.lines();
        let mut outputs = outputs.iter();
        while let Some(line) = lines.next() {
            out += &format!("{line}\n");
            if !line.starts_with("```") {
                continue;
            }
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            match outputs.next().and_then(Option::as_ref) {
                Some(output) if output.trim().is_empty() => {}
                Some(output) => out += &format!("{}\n", output.trim_end()),
                None => out.extend(body.iter().map(|line| format!("{line}\n"))),
            }
            out += "```\n";
        }
        std::fs::write(&self.path, out).unwrap();
    }
}

/// The fenced blocks of a text, or their faults, each with its line.
pub(crate) fn blocks(text: &str, fences: &'static [Fence]) -> Result<Vec<Block>, Vec<String>> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut wrong = Vec::new();
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            let start = line.trim_start();
            if ["```", "``", "~~~"]
                .iter()
                .any(|mark| start.starts_with(mark))
            {
                wrong.push(format!("{number}: not a fence, but like one: {line}"));
            }
            continue;
        };
        let mut body = String::new();
        let mut is_closed = false;
        for (line, number) in lines.by_ref() {
            if line == "```" {
                is_closed = true;
                break;
            }
            if line.starts_with("```") {
                wrong.push(format!("{number}: a fence inside a block: {line}"));
            }
            body += &format!("{line}\n");
        }
        if !is_closed {
            wrong.push(format!("{number}: a block without an end"));
        }
        let declared = fences
            .iter()
            .find_map(|fence| Some((fence, fence.name_in(info)?)));
        let Some((fence, name)) = declared else {
            wrong.push(format!("{number}: an unknown fence: {info}"));
            continue;
        };
        let same = |block: &Block| block.fence == fence.text && block.name == name;
        if fence.is_single && blocks.iter().any(same) {
            wrong.push(format!("{number}: a second block: {info}"));
        }
        blocks.push(Block {
            fence: fence.text,
            name: name.to_owned(),
            body,
            line: number,
            is_expected: fence.is_expected,
        });
    }
    match wrong.is_empty() {
        true => Ok(blocks),
        false => Err(wrong),
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn tests_folder() -> PathBuf {
    root().join("tests")
}

/// The Markdown files directly in a folder, without its README, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder);
    let entries = entries.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| is_case(path)).collect();
    files.sort();
    files
}

fn is_case(path: &Path) -> bool {
    let is_markdown = path.extension().is_some_and(|extension| extension == "md");
    is_markdown && path.file_name().is_some_and(|name| name != "README.md")
}
