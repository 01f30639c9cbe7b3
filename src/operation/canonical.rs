//! What a text says, whatever its layout: a hash that is the same for texts which differ only in ignored characters, in the order
//! of their definitions, and in `__typename`.
//!
//! Tools print the same operation in several ways: a manifest sorts the definitions, a client removes comments, and most clients
//! select `__typename` everywhere. `query A { a ...F } fragment F on T { b }` and `fragment F on T{b __typename} query A{a,...F}`
//! have one form. Texts with the same form are executed alike, apart from type names in the response: each definition has the
//! same tokens, and the order of definitions has no meaning.

use apollo_parser::{Lexer, Token, TokenKind};
use blake3::Hasher;

/// The hash of what a text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CanonicalForm([u8; 32]);

impl CanonicalForm {
    /// The form of a text; `None` if its tokens cannot be read. A text that is otherwise no GraphQL has a form that no valid
    /// text has.
    pub fn of(text: &str) -> Option<CanonicalForm> {
        // The lexer of the parser that reads operations, so that both see the same tokens.
        let tokens = Lexer::new(text).filter(|token| !is_ignored(token));
        let mut tokens = tokens.peekable();
        let (mut definitions, mut definition) = (Vec::new(), Hasher::new());
        let (mut depth, mut before) = (0_usize, TokenKind::Eof);
        while let Some(token) = tokens.next() {
            let token = token.ok()?;
            let after = tokens.peek().and_then(|token| token.as_ref().ok());
            if !is_type_name(before, &token, after) {
                // Each token after its length, so that no other list of tokens gives the same bytes.
                definition.update(&(token.data().len() as u64).to_le_bytes());
                definition.update(token.data().as_bytes());
            }
            before = token.kind();
            match before {
                TokenKind::LCurly | TokenKind::LParen | TokenKind::LBracket => depth += 1,
                TokenKind::RParen | TokenKind::RBracket => depth = depth.saturating_sub(1),
                TokenKind::RCurly => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        definitions.push(*definition.finalize().as_bytes());
                        definition = Hasher::new();
                    }
                }
                _ => {}
            }
        }
        // A rest without an end makes the text none that is valid.
        definitions.push(*definition.finalize().as_bytes());
        definitions.sort_unstable();
        let mut whole = Hasher::new();
        for definition in &definitions {
            whole.update(definition);
        }
        Some(CanonicalForm(*whole.finalize().as_bytes()))
    }
}

fn is_ignored(token: &Result<Token<'_>, apollo_parser::Error>) -> bool {
    let ignored = [
        TokenKind::Whitespace,
        TokenKind::Comment,
        TokenKind::Comma,
        TokenKind::Eof,
    ];
    token
        .as_ref()
        .is_ok_and(|token| ignored.contains(&token.kind()))
}

/// Whether a token is a selection of `__typename` without an alias, arguments and directives. No name of a schema begins with two
/// underscores, so it is no other name in a valid text.
fn is_type_name(before: TokenKind, token: &Token<'_>, after: Option<&Token<'_>>) -> bool {
    let of_another = [
        TokenKind::Colon,
        TokenKind::Dollar,
        TokenKind::At,
        TokenKind::Spread,
    ];
    let has_more = [TokenKind::Colon, TokenKind::LParen, TokenKind::At];
    token.data() == "__typename"
        && !of_another.contains(&before)
        && !after.is_some_and(|after| has_more.contains(&after.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        let form = CanonicalForm::of(one);
        form.is_some() && form == CanonicalForm::of(other)
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
            "query A { a(s: \"x y\") { b ...__typename } }",
            "query A { a(s: \"\"\"x y\"\"\") { b } }",
            "query A { a(s: \"x y) { b } }",
            "query A { a(s: \"x y\") { b } } # é \r { c }",
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
