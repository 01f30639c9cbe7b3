//! The names that an operation selects, which is all that a stub has to understand of GraphQL. What the operations of
//! two Federation subgraphs need is known here: fields, inline fragments, arguments; no aliases, no directives.

use std::collections::BTreeSet;

/// The paths of all fields, such as `posts.user.id`; an inline fragment shows as `on User`. `None` if it cannot be read.
pub(super) fn paths(operation: &str) -> Option<BTreeSet<String>> {
    // What stands before the first brace is the kind, the name and the variables of the operation.
    let begin = operation.find('{')?;
    let mut rest = operation[begin..].chars().peekable();
    let mut open: Vec<String> = Vec::new();
    let mut last = String::new();
    let mut paths = BTreeSet::new();
    while let Some(next) = rest.next() {
        match next {
            '{' => open.push(std::mem::take(&mut last)),
            '}' => {
                open.pop()?;
                last.clear();
            }
            '(' => {
                // Arguments: the operations of two subgraphs have no parenthesis inside them.
                rest.by_ref().find(|next| *next == ')')?;
            }
            '.' => {
                let rest_of_dots = [rest.next()?, rest.next()?];
                let word = spaced_word(&mut rest);
                let on = spaced_word(&mut rest);
                if rest_of_dots != ['.', '.'] || word != "on" || on.is_empty() {
                    return None;
                }
                last = format!("on {on}");
            }
            next if next.is_whitespace() || next == ',' => {}
            next if next.is_alphanumeric() || next == '_' => {
                last = format!("{next}{}", word(&mut rest));
                let parents = open.iter().skip(1).chain([&last]);
                paths.insert(parents.cloned().collect::<Vec<_>>().join("."));
            }
            _ => return None,
        }
    }
    open.is_empty().then_some(paths)
}

type Characters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn spaced_word(rest: &mut Characters<'_>) -> String {
    while rest.next_if(|next| next.is_whitespace()).is_some() {}
    word(rest)
}

fn word(rest: &mut Characters<'_>) -> String {
    let mut word = String::new();
    while let Some(next) = rest.next_if(|next| next.is_alphanumeric() || *next == '_') {
        word.push(next);
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(operation: &str) -> Option<String> {
        Some(paths(operation)?.into_iter().collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn paths_of_fields() {
        assert_eq!(
            read("query Q { posts { id user { id } } }").as_deref(),
            Some("posts posts.id posts.user posts.user.id")
        );
        assert_eq!(
            read("query($r:[_Any!]!){_entities(representations:$r){...on User{name email}}}")
                .as_deref(),
            Some("_entities _entities.on User.email _entities.on User.name")
        );
        assert_eq!(read("{ posts { id }"), None);
        assert_eq!(read("{ a: posts }"), None);
    }
}
