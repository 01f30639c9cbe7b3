//! The comment above an operation, which says what it is for.

/// The first paragraph of the comment that ends in the line before `offset`, on one line.
pub(super) fn above(text: &str, offset: usize) -> String {
    let lines = lines(text, offset).into_iter();
    let paragraph = lines
        .skip_while(|line| line.is_empty())
        .take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
}

/// Whether a line of this comment begins with a text.
pub(super) fn has_line(text: &str, offset: usize, beginning: &str) -> bool {
    let mut lines = lines(text, offset).into_iter();
    lines.any(|line| line.starts_with(beginning))
}

/// What follows a text at the beginning of each line of this comment that begins with it.
pub(super) fn after<'t>(text: &'t str, offset: usize, beginning: &str) -> Vec<&'t str> {
    let lines = lines(text, offset).into_iter();
    let rests = lines.filter_map(|line| line.strip_prefix(beginning));
    rests.map(str::trim).collect()
}

/// The lines of the comment, without their marks.
fn lines(text: &str, offset: usize) -> Vec<&str> {
    let before = text.get(..offset).unwrap_or_default();
    // The operation may be indented: its own line is no part of the comment.
    let end = before.rfind('\n').map_or(0, |newline| newline + 1);
    let mut lines: Vec<&str> = before[..end]
        .lines()
        .rev()
        .map_while(|line| line.trim().strip_prefix('#'))
        .map(str::trim)
        .collect();
    lines.reverse();
    lines
}

#[cfg(test)]
mod tests {
    use super::above;

    #[test]
    fn the_first_paragraph_above_the_operation() {
        let cases = [
            ("query A { a }", ""),
            (
                "# The page of\n# one district.\n#\n# At most 3 calls.\nquery A { a }",
                "The page of one district.",
            ),
            ("# Of the file.\n\n# Of A.\r\n  query A { a }", "Of A."),
            ("#\n#  Later.\nquery A { a }", "Later."),
        ];
        for (text, expected) in cases {
            let offset = text.find("query").unwrap_or_default();
            assert_eq!(above(text, offset), expected, "{text}");
        }
    }
}
