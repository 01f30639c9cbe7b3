//! The origins of pages that may read one operation: a line of the comment above it.
//!
//! ```text
//! # Origins: https://news.example, https://city.example
//! ```

use super::comment;
use crate::config::AllowedOrigin;

/// The beginning of the line.
const ORIGINS: &str = "Origins:";

/// What the line says if no page may read the operation.
const NONE: &str = "none";

/// The origins that the comment names; `None` if it has no such line. In error, what is no origin, with its offset in the text.
pub(super) fn of(text: &str, offset: usize) -> Result<Option<Vec<AllowedOrigin>>, (&str, usize)> {
    let lines = comment::after(text, offset, ORIGINS);
    if lines.is_empty() {
        return Ok(None);
    }
    let words = lines.iter().flat_map(|line| line.split([',', ' ']));
    let words = words.filter(|word| !word.is_empty() && *word != NONE);
    let origins = words.map(|word| {
        // A part of the text.
        let at = word.as_ptr().addr() - text.as_ptr().addr();
        AllowedOrigin::new(word).ok_or((word, at))
    });
    origins.collect::<Result<_, _>>().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_comment_names_origins() {
        let origins = |comment: &str| {
            let text = format!("{comment}\nquery A {{ a }}");
            let found = of(&text, comment.len() + 1);
            found.map_err(|(word, at)| (word.to_owned(), at))
        };
        let named = |names: &[&str]| {
            names
                .iter()
                .filter_map(|name| AllowedOrigin::new(name))
                .collect::<Vec<_>>()
        };
        assert_eq!(origins("# The page."), Ok(None));
        assert_eq!(
            origins("# The page.\n#\n# Origins: none"),
            Ok(Some(Vec::new()))
        );
        assert_eq!(
            origins(
                "# Origins: https://a.example, http://localhost:*\n# Origins: https://b.example"
            ),
            Ok(Some(named(&[
                "https://a.example",
                "http://localhost:*",
                "https://b.example"
            ])))
        );
        assert_eq!(
            origins("# Origins: https://a.example/x"),
            Err(("https://a.example/x".to_owned(), 11))
        );
    }
}
