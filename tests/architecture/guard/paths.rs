//! Collects the names and paths of a module from its syntax tree.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::{Attribute, Meta, UseTree, Visibility, visit};

use super::modules::{Module, PathUse};

/// Visits the items of one module, without its child modules.
#[derive(Default)]
pub(super) struct Collector {
    module: Module,
    depth: usize,
    pub(super) exported_macros: Vec<String>,
}

impl Collector {
    /// Moves the collected names and paths into a module.
    pub(super) fn give_to(self, module: &mut Module) {
        module.items = self.module.items;
        module.imports = self.module.imports;
        module.globs = self.module.globs;
        module.paths = self.module.paths;
        module.texts = self.module.texts;
        module.is_async = self.module.is_async;
    }

    fn path(&mut self, segments: Vec<String>, line: usize, is_global: bool) {
        self.module.paths.push(PathUse {
            segments,
            line,
            is_global,
            is_reexport: false,
        });
    }

    /// Adds the imports of a `use`.
    fn import(&mut self, tree: &UseTree, prefix: &mut Vec<String>, is_global: bool, public: bool) {
        let path_use = |prefix: &[String], last: Option<&Ident>, line: usize| PathUse {
            segments: prefix
                .iter()
                .cloned()
                // `a::{self}` imports `a`.
                .chain(last.filter(|last| *last != "self").map(Ident::to_string))
                .collect(),
            line,
            is_global,
            is_reexport: public,
        };
        match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.import(&path.tree, prefix, is_global, public);
                prefix.pop();
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, prefix, is_global, public);
                }
            }
            UseTree::Glob(glob) => {
                let path = path_use(prefix, None, glob.star_token.spans[0].start().line);
                self.module.globs.push(path.clone());
                self.module.paths.push(path);
            }
            UseTree::Name(name) => {
                let path = path_use(prefix, Some(&name.ident), name.ident.span().start().line);
                let bound = path.segments.last().cloned().unwrap_or_default();
                self.module.imports.insert(bound, path.clone());
                self.module.paths.push(path);
            }
            UseTree::Rename(rename) => {
                let line = rename.ident.span().start().line;
                let path = path_use(prefix, Some(&rename.ident), line);
                self.module
                    .imports
                    .insert(rename.rename.to_string(), path.clone());
                self.module.paths.push(path);
            }
        }
    }

    /// Adds the paths in the tokens of a macro: names with `::` between them.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is = |at: usize, what: char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == what);
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(first) => {
                    let member = at > 0 && (is(at - 1, '.') && !(at > 1 && is(at - 2, '.')));
                    let lifetime = at > 0 && is(at - 1, '\'');
                    let fragment = at > 0 && is(at - 1, '$') && first != "crate";
                    let mut segments = vec![first.to_string()];
                    while is(at + 1, ':') && is(at + 2, ':') {
                        match tokens.get(at + 3) {
                            Some(TokenTree::Ident(next)) => segments.push(next.to_string()),
                            Some(TokenTree::Group(group))
                                if group.delimiter() == Delimiter::Brace =>
                            {
                                self.group(&segments, group.stream());
                                break;
                            }
                            _ => break,
                        }
                        at += 3;
                    }
                    if !(member || lifetime || fragment) {
                        self.path(segments, first.span().start().line, false);
                    }
                }
                TokenTree::Literal(literal) => {
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                        let line = literal.span().start().line;
                        self.module.texts.push((text.value(), line));
                    }
                }
                TokenTree::Punct(_) => {}
            }
            at += 1;
        }
    }

    /// Adds `first::{a, b}` in a macro.
    fn group(&mut self, first: &[String], tokens: TokenStream) {
        let mut begins = true;
        for token in tokens {
            match token {
                TokenTree::Ident(name) if begins => {
                    let segments = first.iter().cloned().chain([name.to_string()]).collect();
                    self.path(segments, name.span().start().line, false);
                    begins = false;
                }
                TokenTree::Punct(comma) if comma.as_char() == ',' => begins = true,
                _ => {}
            }
        }
    }

    /// Adds a name that the module defines; names inside functions do not belong to the module.
    fn define(&mut self, name: &Ident) {
        if self.depth == 0 {
            self.module.items.insert(name.to_string());
        }
    }
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        use syn::Item;
        if is_for_tests(attributes(item)) {
            return;
        }
        match item {
            // A separate module, even if it is a block.
            Item::Mod(_) => return,
            Item::Use(item) => {
                let is_public = !matches!(item.vis, Visibility::Inherited);
                let is_global = item.leading_colon.is_some();
                return self.import(&item.tree, &mut Vec::new(), is_global, is_public);
            }
            Item::Macro(item) => {
                if let Some(name) = &item.ident {
                    let is_exported =
                        |attribute: &Attribute| attribute.path().is_ident("macro_export");
                    if item.attrs.iter().any(is_exported) {
                        self.exported_macros.push(name.to_string());
                    }
                    self.define(name);
                }
            }
            Item::Const(item) => self.define(&item.ident),
            Item::Enum(item) => self.define(&item.ident),
            Item::Fn(item) => self.define(&item.sig.ident),
            Item::Static(item) => self.define(&item.ident),
            Item::Struct(item) => self.define(&item.ident),
            Item::Trait(item) => self.define(&item.ident),
            Item::Type(item) => self.define(&item.ident),
            Item::Union(item) => self.define(&item.ident),
            _ => {}
        }
        self.depth += 1;
        visit::visit_item(self, item);
        self.depth -= 1;
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        let attributes: &[Attribute] = match item {
            syn::ImplItem::Const(item) => &item.attrs,
            syn::ImplItem::Fn(item) => &item.attrs,
            syn::ImplItem::Type(item) => &item.attrs,
            syn::ImplItem::Macro(item) => &item.attrs,
            _ => &[],
        };
        if !is_for_tests(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if !is_for_tests(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        if !is_for_tests(&variant.attrs) {
            visit::visit_variant(self, variant);
        }
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if !is_for_tests(&arm.attrs) {
            visit::visit_arm(self, arm);
        }
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if !is_for_tests(&local.attrs) {
            visit::visit_local(self, local);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let Some(first) = path.segments.first() {
            let segments = path
                .segments
                .iter()
                .map(|segment| segment.ident.to_string());
            let line = first.ident.span().start().line;
            self.path(segments.collect(), line, path.leading_colon.is_some());
        }
        visit::visit_path(self, path);
    }

    /// `pub(super)` imports nothing.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        visit::visit_macro(self, call);
        self.tokens(call.tokens.clone());
    }

    /// An attribute can have paths in its tokens, or in a string: `with = "crate::a::b"`.
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("doc") {
            return;
        }
        let Meta::List(list) = &attribute.meta else {
            return;
        };
        self.tokens(list.tokens.clone());
        for token in list.tokens.clone() {
            let TokenTree::Literal(literal) = token else {
                continue;
            };
            let text = literal.to_string();
            let path = syn::parse_str::<syn::Path>(text.trim_matches('"'));
            if let Ok(path) = path.as_ref().map(|path| &path.segments) {
                let segments = path
                    .iter()
                    .map(|segment| segment.ident.to_string())
                    .collect();
                self.path(segments, literal.span().start().line, false);
            }
        }
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        let line = text.span().start().line;
        self.module.texts.push((text.value(), line));
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if let Some(token) = &signature.asyncness {
            self.module.is_async.insert(token.span.start().line);
        }
        visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        let line = block.async_token.span.start().line;
        self.module.is_async.insert(line);
        visit::visit_expr_async(self, block);
    }

    fn visit_expr_await(&mut self, expression: &'ast syn::ExprAwait) {
        let line = expression.await_token.span.start().line;
        self.module.is_async.insert(line);
        visit::visit_expr_await(self, expression);
    }
}

/// Whether attributes exclude an item from the program: `#[cfg(test)]`, or a condition that requires `test`.
pub(super) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let condition = attribute.parse_args::<Meta>();
        attribute.path().is_ident("cfg") && condition.is_ok_and(|condition| needs_test(&condition))
    })
}

fn needs_test(condition: &Meta) -> bool {
    let parts = |list: &syn::MetaList| -> Vec<Meta> {
        let parts = list.parse_args_with(Punctuated::<Meta, syn::Token![,]>::parse_terminated);
        parts.map_or_else(|_| Vec::new(), |parts| parts.into_iter().collect())
    };
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => parts(list).iter().any(needs_test),
        Meta::List(list) if list.path.is_ident("any") => {
            let parts = parts(list);
            !parts.is_empty() && parts.iter().all(needs_test)
        }
        _ => false,
    }
}

fn attributes(item: &syn::Item) -> &[Attribute] {
    use syn::Item;
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
