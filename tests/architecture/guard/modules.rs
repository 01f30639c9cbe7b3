//! A crate as a tree of modules: the file of each, its items, its imports and its paths.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::Item;
use syn::visit::Visit;

use super::paths::{Collector, is_for_tests};

/// The index of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ModuleId(usize);

/// A module: a file, or a block in a file.
#[derive(Debug, Default)]
pub(super) struct Module {
    pub(super) parent: Option<ModuleId>,
    name: String,
    file: PathBuf,
    pub(super) children: BTreeMap<String, ModuleId>,
    /// The names of its items.
    pub(super) items: BTreeSet<String>,
    /// The names that it imports by `use`, and their paths.
    pub(super) imports: BTreeMap<String, PathUse>,
    /// The paths of `use …::*`.
    pub(super) globs: Vec<PathUse>,
    /// All paths in its code.
    pub(super) paths: Vec<PathUse>,
    /// Its string literals, with their lines.
    pub(super) texts: Vec<(String, usize)>,
    /// The lines with async code.
    pub(super) is_async: BTreeSet<usize>,
}

/// A path, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathUse {
    pub(super) segments: Vec<String>,
    pub(super) line: usize,
    /// It begins with `::`, so its first segment is a crate.
    pub(super) is_global: bool,
    /// It is the path of a `pub use`.
    pub(super) is_reexport: bool,
}

/// All modules of a crate.
pub(super) struct Crate {
    source: PathBuf,
    modules: Vec<Module>,
    /// The roots: `lib.rs`, and `main.rs`, which is a separate crate.
    pub(super) library: ModuleId,
    /// Macros with `#[macro_export]`, which are names of the root, by their defining modules.
    pub(super) exported_macros: BTreeMap<String, ModuleId>,
    seen: BTreeSet<PathBuf>,
}

impl Crate {
    /// Reads `lib.rs` and `main.rs` of a folder, and every module below them.
    pub(super) fn read(source: &Path) -> Crate {
        let mut tree = Crate {
            source: source.to_owned(),
            modules: Vec::new(),
            library: ModuleId(0),
            exported_macros: BTreeMap::new(),
            seen: BTreeSet::new(),
        };
        for root in ["lib.rs", "main.rs"] {
            let file = source.join(root);
            if file.exists() {
                let name = root.trim_end_matches(".rs");
                tree.read_file(None, name, &file, source, false);
            }
        }
        tree
    }

    /// Reads a file as a module; the files of its children are in `folder`. Of files for tests, only the existence is
    /// recorded.
    fn read_file(
        &mut self,
        parent: Option<ModuleId>,
        name: &str,
        file: &Path,
        folder: &Path,
        for_tests: bool,
    ) -> ModuleId {
        self.seen.insert(file.to_owned());
        let text = std::fs::read_to_string(file)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let syntax =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.read_module(parent, name, file, folder, &syntax.items, for_tests)
    }

    fn read_module(
        &mut self,
        parent: Option<ModuleId>,
        name: &str,
        file: &Path,
        folder: &Path,
        items: &[Item],
        for_tests: bool,
    ) -> ModuleId {
        let id = ModuleId(self.modules.len());
        self.modules.push(Module {
            parent,
            name: name.to_owned(),
            file: file.to_owned(),
            ..Module::default()
        });
        if !for_tests {
            let mut collector = Collector::default();
            for item in items {
                collector.visit_item(item);
            }
            for name in collector.exported_macros.drain(..) {
                self.exported_macros.insert(name, id);
            }
            collector.give_to(&mut self.modules[id.0]);
        }
        for item in items {
            let Item::Mod(child) = item else { continue };
            let name = child.ident.to_string();
            let for_tests = for_tests || is_for_tests(&child.attrs);
            let below = folder.join(&name);
            let child_id = match &child.content {
                Some((_, items)) => {
                    self.read_module(Some(id), &name, file, &below, items, for_tests)
                }
                None => {
                    let file = file_of(child, file, folder);
                    self.read_file(Some(id), &name, &file, &below, for_tests)
                }
            };
            if !for_tests {
                self.modules[id.0].children.insert(name, child_id);
            }
        }
        id
    }

    /// The modules without those for tests.
    pub(super) fn modules(&self) -> impl Iterator<Item = (ModuleId, &Module)> {
        let modules = self.modules.iter().enumerate();
        modules.map(|(index, module)| (ModuleId(index), module))
    }

    pub(super) fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0]
    }

    /// The file of a module, relative to the folder above the sources.
    pub(super) fn file(&self, id: ModuleId) -> String {
        shown(&self.modules[id.0].file, &self.source)
    }

    /// The room of a module: its ancestor directly below the root.
    pub(super) fn room(&self, id: ModuleId) -> String {
        let mut module = self.module(id);
        while let Some(parent) = module.parent.filter(|parent| *parent != self.library) {
            module = self.module(parent);
        }
        module.name.clone()
    }

    /// All rooms. `lib.rs` only lists them.
    pub(super) fn rooms(&self) -> BTreeSet<String> {
        let below = self.module(self.library).children.keys().cloned();
        let is_root = |module: &&Module| module.parent.is_none() && module.name != "lib";
        let roots = self.modules.iter().filter(is_root);
        below.chain(roots.map(|root| root.name.clone())).collect()
    }

    /// Files that no module declares.
    pub(super) fn orphans(&self) -> impl Iterator<Item = String> {
        let files = crate::architecture::files(&self.source, &["rs"]).into_iter();
        let unseen = files.filter(|file| !self.seen.contains(file));
        unseen.map(|file| shown(&file, &self.source))
    }
}

fn shown(file: &Path, source: &Path) -> String {
    let relative = file.strip_prefix(source).unwrap();
    Path::new("src").join(relative).display().to_string()
}

/// The file of a module that another file declares.
fn file_of(module: &syn::ItemMod, parent: &Path, folder: &Path) -> PathBuf {
    let path = module.attrs.iter().find_map(|attribute| {
        let syn::Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        match &pair.value {
            syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) if pair.path.is_ident("path") => Some(text.value()),
            _ => None,
        }
    });
    if let Some(path) = path {
        return parent.parent().unwrap().join(path);
    }
    let name = module.ident.to_string();
    let file = folder.join(format!("{name}.rs"));
    match file.exists() {
        true => file,
        false => folder.join(name).join("mod.rs"),
    }
}
