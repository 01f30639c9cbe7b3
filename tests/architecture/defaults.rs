//! A bound has one default, which the settings declare. The rooms get their limits from the settings.

use std::path::Path;

use syn::visit;
use syn::visit::Visit;

use super::{files, root};

/// Types outside the settings whose `Default` may have numbers, with the reasons.
const EXCEPTIONS: [(&str, &str); 1] = [(
    "src/mapping/evaluate/budget.rs: EvaluationBudget",
    "bounds one evaluation of a mapping, which the author of a connector tests; no deployment sets it",
)];

/// The implementations of `Default` that have a number greater than one.
struct Defaults<'f> {
    file: &'f str,
    names: Vec<String>,
}

impl<'ast> Visit<'ast> for Defaults<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.ident != "tests" {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let of_default = item.trait_.as_ref().is_some_and(|(_, path, _)| {
            let last = path.segments.last();
            last.is_some_and(|last| last.ident == "Default")
        });
        let mut numbers = Numbers(false);
        numbers.visit_item_impl(item);
        if of_default && numbers.0 {
            let syn::Type::Path(ty) = &*item.self_ty else {
                panic!("{}: a default of no path", self.file);
            };
            let name = &ty.path.segments.last().unwrap().ident;
            self.names.push(format!("{}: {name}", self.file));
        }
    }
}

struct Numbers(bool);

impl Visit<'_> for Numbers {
    fn visit_lit(&mut self, literal: &syn::Lit) {
        self.0 |= match literal {
            syn::Lit::Int(number) => number.base10_parse::<u128>().unwrap() > 1,
            syn::Lit::Float(_) => true,
            _ => false,
        };
    }
}

/// Those in the text of one file.
fn defaults(file: &str, text: &str) -> Vec<String> {
    let syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut defaults = Defaults {
        file,
        names: Vec::new(),
    };
    defaults.visit_file(&syntax);
    defaults.names
}

#[test]
fn a_bound_has_one_default() {
    let (root, settings) = (root(), Path::new("src/config"));
    let mut numeric_defaults = Vec::new();
    for path in files(&root.join("src"), &["rs"]) {
        let file = path.strip_prefix(&root).unwrap();
        if !file.starts_with(settings) {
            let text = std::fs::read_to_string(&path).unwrap();
            numeric_defaults.extend(defaults(&file.display().to_string(), &text));
        }
    }
    let exceptions: Vec<&str> = EXCEPTIONS.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        numeric_defaults, exceptions,
        "declare the default in src/config/sections.rs, and make the limit from the setting"
    );
}

#[test]
fn a_second_default_is_found() {
    let text = "
        impl std::default::Default for Limits {
            fn default() -> Self { Limits { rows: 0, time: Duration::from_secs(30) } }
        }
        impl Default for Derived {
            fn default() -> Self { Derived::from(&config::Limits::default()) }
        }
        mod tests { impl Default for World { fn default() -> Self { World(7) } } }
    ";
    assert_eq!(defaults("a.rs", text), ["a.rs: Limits"]);
}
