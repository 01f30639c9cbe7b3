//! Resolves a path through modules, imports and re-exports to the module that defines the name.

use std::collections::BTreeSet;

use super::modules::{Crate, ModuleId, PathUse};

/// A resolved path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resolved {
    /// An item of a module, or a name whose definition in the module is unknown.
    Item(ModuleId),
    /// A module.
    Module(ModuleId),
    /// A path of another crate, or a name that is not of the crate: a variable, a type parameter, the prelude.
    Outside(String),
}

/// The names that are being looked up, so that cyclic imports end.
type Open = BTreeSet<(ModuleId, String)>;

impl Crate {
    /// Resolves a path in a module.
    pub(super) fn resolve(&self, module: ModuleId, path: &PathUse) -> Resolved {
        self.follow(module, path, &mut Open::new())
    }

    /// The room that a path names, without following re-exports: the first name after the root.
    pub(super) fn named_room(&self, module: ModuleId, path: &PathUse) -> Option<String> {
        let (from, rest) = self.anchored(module, path)?;
        if from != self.library {
            // `super::…` inside a room stays in the room.
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

    /// The module at which a path with `crate`, `self`, `super` or the name of this crate starts; and the rest of the path.
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
            crate_name if crate_name == self.name() => from = self.library,
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
                let rest = rest.iter().map(|segment| format!("::{segment}"));
                Resolved::Outside(name + &rest.collect::<String>())
            }
            Some(item) => item,
            None => outside(),
        }
    }

    /// Follows the rest of a path from a module.
    fn descend(&self, module: ModuleId, rest: &[String], open: &mut Open) -> Resolved {
        let Some((first, rest)) = rest.split_first() else {
            return Resolved::Module(module);
        };
        match self.lookup(module, first, open) {
            Some(Resolved::Module(next)) => self.descend(next, rest, open),
            Some(other) => other,
            // A macro may define it there.
            None => Resolved::Item(module),
        }
    }

    /// Looks up a name in a module.
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
