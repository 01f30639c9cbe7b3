//! What a text says, whatever its layout: a hash that is the same for texts which differ only in ignored characters, in the order
//! of their definitions, and in `__typename`.
//!
//! Tools print the same operation in several ways: a manifest sorts the definitions, a client removes comments, and most clients
//! select `__typename` everywhere. `query A { a ...F } fragment F on T { b }` and `fragment F on T{b __typename} query A{a,...F}`
//! have one form. Texts with the same form are executed alike, apart from type names in the response: each definition has the
//! same tokens, and the order of definitions has no meaning.

use super::tokens::Tokens;

/// The hash of what a text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CanonicalForm([u8; 32]);

impl CanonicalForm {
    /// The form of a text, which may be no GraphQL: then no valid text has the same.
    pub fn of(text: &str) -> CanonicalForm {
        let mut definitions = Vec::new();
        let mut definition = blake3::Hasher::new();
        let mut depth = 0_usize;
        let mut tokens = Tokens::new(text).peekable();
        let mut before: &[u8] = b"";
        while let Some(token) = tokens.next() {
            let after = tokens.peek().copied().unwrap_or_default();
            if !is_type_name(before, token, after) {
                // Each token after its length, so that no other list of tokens gives the same bytes.
                definition.update(&(token.len() as u64).to_le_bytes());
                definition.update(token);
            }
            before = token;
            match token {
                b"{" | b"(" | b"[" => depth += 1,
                b")" | b"]" => depth = depth.saturating_sub(1),
                b"}" => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        definitions.push(*definition.finalize().as_bytes());
                        definition = blake3::Hasher::new();
                    }
                }
                _ => {}
            }
        }
        // A rest without an end makes the text none that is valid.
        definitions.push(*definition.finalize().as_bytes());
        definitions.sort_unstable();
        let mut whole = blake3::Hasher::new();
        for definition in &definitions {
            whole.update(definition);
        }
        CanonicalForm(*whole.finalize().as_bytes())
    }
}

/// Whether a token is a selection of `__typename` without an alias, arguments and directives. No name of a schema begins with two
/// underscores, so it is no other name in a valid text.
fn is_type_name(before: &[u8], token: &[u8], after: &[u8]) -> bool {
    token == b"__typename"
        && !matches!(before, b":" | b"$" | b"@")
        && !matches!(after, b":" | b"(" | b"@")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        CanonicalForm::of(one) == CanonicalForm::of(other)
    }

    #[test]
    fn layout_order_and_type_names_do_not_count() {
        let text = "query A($n: Int = 1, $o: In = {a: 1}) { a(n: $n) ...F }\nfragment F on T { b }";
        for other in [
            "query A($n:Int=1$o:In={a:1}){a(n:$n)...F}fragment F on T{b}",
            "# x\nfragment F on T { b, __typename }\nquery A($n: Int = 1, $o: In = {a: 1}) { a(n: $n) ...F __typename }",
            "\u{feff}query A($n: Int = 1, $o: In = {a: 1}) { a(n: $n) ...F },fragment F on T { __typename b }",
        ] {
            assert!(same(text, other), "{other}");
        }
    }

    #[test]
    fn everything_else_counts() {
        let text = "query A { a(s: \"x y\") { b } }";
        for other in [
            "query A { a(s: \"x  y\") { b } }",
            "query A { a(s: \"x y\") { b c } }",
            "query A { a(s: \"x y\") }{ b }",
            "query A { a(s: \"x y\") { b } } query B { a }",
            "query A { a(s: \"x y\") { b } } }",
            "query A { a(s: \"x y\") { b } ",
            "query A { a(s: \"x y\") { b t: __typename } }",
            "query A { a(s: \"x y\") { b __typename @skip(if: true) } }",
            "mutation A { a(s: \"x y\") { b } }",
            "",
        ] {
            assert!(!same(text, other), "{other}");
        }
        // The tokens are the same, and the definitions are not.
        assert!(!same("{ a } { b }", "{ a b }"));
        assert!(!same("{ab}", "{a b}"));
    }
}
