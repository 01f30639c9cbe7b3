//! Reads a type that a supergraph gives as a text, such as `[Int!]`.

use apollo_compiler::Name;
use apollo_compiler::ast::Type;

/// The most lists within each other in a type that a supergraph names.
const DEEPEST_LIST: usize = 64;

/// A type as its text: a name in any number of `[…]` and `!`. None when it is none. ([`Type::parse`] panics on a text that
/// does not begin as a type.)
pub(super) fn type_reference(text: &str) -> Option<Type> {
    // From the outside in, whether each list is `!`.
    let mut lists = Vec::new();
    let mut inner = text.trim();
    let named = loop {
        let nullable = inner.strip_suffix('!').map(str::trim_end);
        let (bare, non_null) = (nullable.unwrap_or(inner), nullable.is_some());
        match bare.strip_prefix('[') {
            Some(list) if lists.len() < DEEPEST_LIST => {
                inner = list.strip_suffix(']')?.trim();
                lists.push(non_null);
            }
            Some(_) => return None,
            None if non_null => break Type::NonNullNamed(Name::new(bare).ok()?),
            None => break Type::Named(Name::new(bare).ok()?),
        }
    };
    let wrap = |item: Type, non_null: bool| match non_null {
        true => Type::NonNullList(Box::new(item)),
        false => Type::List(Box::new(item)),
    };
    Some(lists.into_iter().rev().fold(named, wrap))
}

#[cfg(test)]
mod tests {
    use super::type_reference;

    #[test]
    fn a_type_is_read_from_its_text() {
        for text in ["Int", "Int!", "[Int]", "[Int!]!", "[[Works]!]"] {
            assert_eq!(
                type_reference(text).map(|ty| ty.to_string()),
                Some(text.to_owned())
            );
        }
        let spaced = type_reference(" [ [ Int ! ] ] ! ").map(|ty| ty.to_string());
        assert_eq!(spaced.as_deref(), Some("[[Int!]]!"));
        let deep = format!("{}Int{}", "[".repeat(100_000), "]".repeat(100_000));
        for text in [
            "", " ", "!", "[", "]", "[]", "Int!!", "[Int", "Int]", "{", "\"", "Int Int", &deep,
        ] {
            assert_eq!(type_reference(text), None, "{text}");
        }
    }
}
