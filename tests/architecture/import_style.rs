//! One `use` per module, with its names in braces, and no braces inside braces. rustfmt fixes this style
//! (`imports_granularity = "Module"`) on nightly only.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{UseTree, Visibility};

use super::{files, root};

/// The lines of imports in another style.
#[derive(Default)]
struct WrongImports {
    lines: Vec<usize>,
    /// What the module or block that is visited has imported from: visibility and path of each.
    modules: BTreeSet<String>,
}

impl WrongImports {
    fn import(&mut self, item: &syn::ItemUse) {
        // One with attributes, such as `#[cfg(test)]`, stands for itself.
        if !item.attrs.is_empty() {
            return;
        }
        let mut module = match &item.vis {
            Visibility::Public(_) => "pub ".to_owned(),
            Visibility::Restricted(within) => {
                let names = within.path.segments.iter();
                names.map(|name| format!("{} ", name.ident)).collect()
            }
            Visibility::Inherited => String::new(),
        };
        let mut tree = &item.tree;
        while let UseTree::Path(path) = tree {
            module += &format!("::{}", path.ident);
            tree = &path.tree;
        }
        let wrong = match tree {
            UseTree::Group(group) => {
                let nested = |part: &UseTree| matches!(part, UseTree::Path(_) | UseTree::Group(_));
                group.items.iter().any(nested) || !self.modules.insert(module)
            }
            UseTree::Name(_) | UseTree::Rename(_) if matches!(item.tree, UseTree::Path(_)) => {
                !self.modules.insert(module)
            }
            _ => false,
        };
        if wrong {
            self.lines.push(item.use_token.span.start().line);
        }
    }
}

impl<'ast> Visit<'ast> for WrongImports {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.import(item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let outer = std::mem::take(&mut self.modules);
        visit::visit_item_mod(self, item);
        self.modules = outer;
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        let outer = std::mem::take(&mut self.modules);
        visit::visit_block(self, block);
        self.modules = outer;
    }
}

/// Those in the text of one file.
fn wrong(file: &str, text: &str) -> Vec<String> {
    let syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut imports = WrongImports::default();
    imports.visit_file(&syntax);
    let lines = imports.lines.iter();
    lines.map(|line| format!("{file}:{line}")).collect()
}

#[test]
fn a_use_imports_the_names_of_one_module() {
    let root = root();
    let mut problems = Vec::new();
    for folder in ["src", "tests", "demo", "benches"] {
        for path in files(&root.join(folder), &["rs"]) {
            let file = path.strip_prefix(&root).unwrap().display().to_string();
            // The sample has imports in every form.
            if !file.contains("architecture/samples") {
                let text = std::fs::read_to_string(&path).unwrap();
                problems.extend(wrong(&file, &text));
            }
        }
    }
    assert_eq!(
        problems,
        Vec::<String>::new(),
        "write one `use` per module, without braces inside braces"
    );
}

#[test]
fn another_style_is_found() {
    let text = "
        use std::fs;
        use std::io::{Read, Write};
        pub use std::{io::{self, Seek}, path::Path};
        use std::io::Seek;
        pub use std::io::BufRead;
        use std::io;
        use std::collections::BTreeMap;
        #[cfg(test)]
        use std::collections::BTreeSet;
        mod tests { use super::*; use std::io::Read; use std::io::Write; }
        fn read() { use std::fmt::{Debug}; use std::fmt::Display; }
    ";
    let expected = ["a.rs:4", "a.rs:5", "a.rs:7", "a.rs:11", "a.rs:12"];
    assert_eq!(wrong("a.rs", text), expected);
}
