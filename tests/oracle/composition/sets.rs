//! The sets of subgraphs that are written down: those of the composition cases and of the golden plans, as far as they
//! are made of GraphQL services only, and those in `sets/`, several to a file.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::support::cases::{Block, Fence, blocks, cases};

/// Subgraphs that are composed together.
pub(super) struct Set {
    /// What it is called in waivers and reports.
    pub(super) name: String,
    pub(super) origin: Origin,
    pub(super) subgraphs: Vec<Given>,
}

/// Where a set comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    Written,
    /// Made from a seed.
    Generated,
    /// A world of `tests/monolith`, all of it services.
    World,
    /// The same with its folders of connectors, which the other composer is given as services.
    WorldWithConnectors,
}

/// A subgraph as it is given to each composer.
pub(super) struct Given {
    pub(super) name: String,
    pub(super) ours: String,
    pub(super) theirs: String,
}

/// A subgraph that links nothing itself has every directive that both composers know under its short name.
const FEDERATION: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
  "@key" "@requires" "@provides" "@external" "@extends" "@shareable" "@override" "@tag" "@inaccessible"
  "@composeDirective" "@interfaceObject" "@authenticated" "@requiresScopes" "@policy" "@context" "@fromContext"
  "@cost" "@listSize"
])
"#;

impl Given {
    /// A service of Federation 2, unless it links something itself.
    pub(super) fn service(name: &str, sdl: &str) -> Self {
        let links = if sdl.contains("@link(") {
            ""
        } else {
            FEDERATION
        };
        Self::with(name, &format!("{sdl}{links}"))
    }

    pub(super) fn with(name: &str, sdl: &str) -> Self {
        let wire = format!(
            "\nextend schema\n  @link(url: \"https://specs.sangam.dev/wire/v0.1\", import: [\"@graphql\"])\n  \
             @graphql(url: \"http://{name}.example/graphql\")\n"
        );
        Self {
            name: name.to_owned(),
            ours: format!("{sdl}{wire}"),
            theirs: sdl.to_owned(),
        }
    }
}

const SUBGRAPH: &str = "graphql subgraph";

/// The blocks of a section of `sets/`.
const FENCES: &[Fence] = &[Fence::single(SUBGRAPH).named()];

/// Every set that is written down.
pub(super) fn written() -> Vec<Set> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut sets = Vec::new();
    for folder in ["composition", "plans"] {
        for case in cases(folder) {
            let name = format!("{folder}/{}", stem(&case.path));
            sets.extend(set(name, &case.blocks));
        }
    }
    for file in files(&tests.join("oracle/composition/sets")) {
        let text = std::fs::read_to_string(&file).unwrap();
        for section in text.split("\n## ").skip(1) {
            let title = section.lines().next().unwrap();
            let name = format!("{}: {title}", stem(&file));
            let blocks = blocks(section, FENCES);
            let blocks = blocks.unwrap_or_else(|wrong| panic!("{name}: {wrong:?}"));
            let set = set(name, &blocks);
            sets.push(set.unwrap_or_else(|| panic!("{}: {title}: no subgraphs", file.display())));
        }
    }
    sets
}

/// The set of a text's blocks, unless it has none, or one that the oracle cannot know.
fn set(name: String, blocks: &[Block]) -> Option<Set> {
    let subgraphs = blocks.iter().filter(|block| block.fence == SUBGRAPH);
    let subgraphs: Option<Vec<Given>> = subgraphs
        .map(|block| given(&block.name, &block.body))
        .collect();
    let subgraphs = subgraphs?;
    (!subgraphs.is_empty()).then_some(Set {
        name,
        origin: Origin::Written,
        subgraphs,
    })
}

/// A block as a subgraph; `None` for one that is no GraphQL service of a version that the oracle knows.
fn given(label: &str, sdl: &str) -> Option<Given> {
    if sdl.contains("@connect") || sdl.contains("@cacheTag") {
        return None;
    }
    if let Some(name) = label.strip_suffix(" of Federation 1") {
        return Some(Given::with(name, sdl));
    }
    if sdl.contains("https://specs.sangam.dev/wire/") {
        return Some(Given::with(label, &without_wire(sdl)));
    }
    Some(Given::service(label, sdl))
}

/// Without what says where the service answers.
pub(super) fn without_wire(sdl: &str) -> String {
    let lines: Vec<&str> = sdl
        .lines()
        .filter(|line| !line.contains("specs.sangam.dev/wire/") && !line.starts_with("  @graphql("))
        .collect();
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        let next = lines.get(index + 1).copied().unwrap_or_default();
        if *line != "extend schema" || next.trim_start().starts_with('@') {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    files
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap().to_string_lossy().into_owned()
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for subgraph in &self.subgraphs {
            let sdl = subgraph.theirs.replace(FEDERATION, "");
            writeln!(
                f,
                "```graphql subgraph {}\n{}\n```",
                subgraph.name,
                sdl.trim()
            )?;
        }
        Ok(())
    }
}
