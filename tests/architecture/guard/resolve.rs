//! What a path leads to: through modules, imports and re-exports to the module that defines the name.

use std::collections::BTreeSet;

use super::modules::Crate;
use super::modules::ModuleId;
use super::modules::PathUse;

/// The end of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resolved {
    /// Something that a module defines, or the module does not say how.
    Item(ModuleId),
    /// A module itself.
    Module(ModuleId),
    /// A path of another crate, or a name that is nothing here: a variable, a type parameter, the prelude.
    Outside(String),
}

/// The names that are being looked up, so that imports that go in a circle end.
type Open = BTreeSet<(ModuleId, String)>;

impl Crate {
    /// What a path in a module leads to.
    pub(super) fn resolve(&self, module: ModuleId, path: &PathUse) -> Resolved {
        self.follow(module, path, &mut Open::new())
    }

    /// The room that a path names, whatever it re-exports: the first name after the root, for a path that leads there.
    pub(super) fn named_room(&self, module: ModuleId, path: &PathUse) -> Option<String> {
        let (from, rest) = self.anchored(module, path)?;
        if from != self.library {
            // `super::…` inside a room stays there.
            return Some(self.room(from));
        }
        let first = rest.first()?;
        if self.module(from).children.contains_key(first) {
            return Some(first.clone());
        }
        match self.lookup(from, first, &mut Open::new())? {
            Resolved::Item(module) | Resolved::Module(module) => Some(self.room(module)),
            Resolved::Outside(_) => None,
        }
    }

    /// The module from which a path with `crate`, `self` or `super` goes, or that of this crate's own name; and the rest.
    fn anchored<'p>(
        &self,
        module: ModuleId,
        path: &'p PathUse,
    ) -> Option<(ModuleId, &'p [String])> {
        let mut from = module;
        let mut rest = path.segments.as_slice();
        match rest.first()?.as_str() {
            "crate" => from = self.root(module),
            "self" => {}
            "super" => from = self.module(module).parent?,
            own if own == self.name() => from = self.library,
            _ => return None,
        }
        rest = &rest[1..];
        while rest.first().is_some_and(|next| next == "super") {
            from = self.module(from).parent?;
            rest = &rest[1..];
        }
        Some((from, rest))
    }

    fn root(&self, module: ModuleId) -> ModuleId {
        let mut root = module;
        while let Some(parent) = self.module(root).parent {
            root = parent;
        }
        root
    }

    /// The name of the library, by which `main.rs` imports it.
    fn name(&self) -> &'static str {
        env!("CARGO_PKG_NAME")
    }

    fn follow(&self, module: ModuleId, path: &PathUse, open: &mut Open) -> Resolved {
        let outside = || Resolved::Outside(path.segments.join("::"));
        if path.is_global {
            return outside();
        }
        if let Some((from, rest)) = self.anchored(module, path) {
            return self.descend(from, rest, open);
        }
        let Some((first, rest)) = path.segments.split_first() else {
            return outside();
        };
        match self.lookup(module, first, open) {
            Some(Resolved::Module(next)) => self.descend(next, rest, open),
            Some(Resolved::Outside(name)) => {
                let rest = rest.iter().map(|one| format!("::{one}"));
                Resolved::Outside(name + &rest.collect::<String>())
            }
            Some(item) => item,
            None => outside(),
        }
    }

    /// Follows the rest of a path down from a module.
    fn descend(&self, module: ModuleId, rest: &[String], open: &mut Open) -> Resolved {
        let Some((first, rest)) = rest.split_first() else {
            return Resolved::Module(module);
        };
        match self.lookup(module, first, open) {
            Some(Resolved::Module(next)) => self.descend(next, rest, open),
            Some(other) => other,
            // What a macro has defined there.
            None => Resolved::Item(module),
        }
    }

    /// What a name means in a module.
    fn lookup(&self, id: ModuleId, name: &str, open: &mut Open) -> Option<Resolved> {
        let module = self.module(id);
        if let Some(child) = module.children.get(name) {
            return Some(Resolved::Module(*child));
        }
        if module.items.contains(name) {
            return Some(Resolved::Item(id));
        }
        if id == self.library
            && let Some(at) = self.exported_macros.get(name)
        {
            return Some(Resolved::Item(*at));
        }
        if !open.insert((id, name.to_owned())) {
            return None;
        }
        if let Some(import) = module.imports.get(name) {
            return Some(self.follow(id, import, open));
        }
        module.globs.iter().find_map(|glob| {
            let Resolved::Module(from) = self.follow(id, glob, open) else {
                return None;
            };
            self.lookup(from, name, open)
        })
    }
}
