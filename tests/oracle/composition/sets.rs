//! The sets of subgraphs in files: those of the composition cases and golden plans that have only GraphQL services, and
//! those in `sets/`, several in each file.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::support::cases::{Block, Fence, blocks, cases};

/// Subgraphs that are composed together.
pub(super) struct Set {
    /// Its name in waivers and reports.
    pub(super) name: String,
    pub(super) origin: Origin,
    pub(super) subgraphs: Vec<Given>,
}

/// The origin of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    Written,
    /// Generated from a seed.
    Generated,
    /// A world of `tests/monolith`, with all subgraphs as services.
    World,
    /// The same with its connectors, which the other composer gets as services.
    WorldWithConnectors,
}

/// A subgraph for each composer.
pub(super) struct Given {
    pub(super) name: String,
    pub(super) ours: String,
    pub(super) theirs: String,
}

/// A subgraph without `@link` imports all directives that both composers support.
const FEDERATION: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
  "@key" "@requires" "@provides" "@external" "@extends" "@shareable" "@override" "@tag" "@inaccessible"
  "@composeDirective" "@interfaceObject" "@authenticated" "@requiresScopes" "@policy" "@context" "@fromContext"
  "@cost" "@listSize"
])
"#;

impl Given {
    /// A Federation 2 service, unless it has its own `@link`.
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

/// All sets in files.
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

/// The set of a text's blocks; `None` without subgraphs, or with one that the oracle does not support.
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

/// A block as a subgraph; `None` if it is not a GraphQL service of a version that the oracle supports.
fn given(label: &str, sdl: &str) -> Option<Given> {
    if sdl.contains("@connect") || sdl.contains("@cacheTag") || sdl.contains("@node") {
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

/// The SDL without the directive with the URL of the service.
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
