//! Extracts the fenced blocks of a Markdown text, with their line numbers and headings.

/// A fenced block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block<'t> {
    /// The info string after the fence, such as `json variables`.
    pub(super) info: &'t str,
    /// The line number of its first line of content, from 1.
    pub(super) line: usize,
    /// The lines of its content.
    pub(super) lines: Vec<&'t str>,
    /// The heading above it.
    pub(super) heading: &'t str,
}

impl Block<'_> {
    /// The content as one text.
    pub(super) fn text(&self) -> String {
        self.lines.join("\n")
    }
}

/// The blocks of a text. The error is the line of a fence that is never closed.
pub(super) fn blocks(text: &str) -> Result<Vec<Block<'_>>, usize> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut heading = "";
    // The fence of the open block.
    let mut open: Option<&str> = None;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim_start_matches(' ');
        let fence = &trimmed[..trimmed.len() - trimmed.trim_start_matches('`').len()];
        let indented = line.len() - trimmed.len() > 3;
        match open {
            Some(opened)
                if !indented && fence.len() >= opened.len() && trimmed.trim_end() == fence =>
            {
                open = None;
            }
            Some(_) => {
                if let Some(block) = blocks.last_mut() {
                    block.lines.push(line);
                }
            }
            None if fence.len() >= 3 && !indented => {
                open = Some(fence);
                blocks.push(Block {
                    info: trimmed[fence.len()..].trim(),
                    line: index + 2,
                    lines: Vec::new(),
                    heading,
                });
            }
            None => {
                if let Some(title) = trimmed.strip_prefix('#') {
                    heading = title.trim_start_matches('#').trim();
                }
            }
        }
    }
    match (open, blocks.last()) {
        (Some(_), Some(block)) => Err(block.line - 1),
        _ => Ok(blocks),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn finds_blocks_and_headings() {
        let text = "# One\n\n```http\nGET /\n\n```\ntext `code`\n## Two\n````json variables\n```\n````\n    ```not\n";
        let found = blocks(text).unwrap();
        let shown: Vec<_> = found
            .iter()
            .map(|block| (block.info, block.line, block.text(), block.heading))
            .collect();
        assert_eq!(
            shown,
            [
                ("http", 4, "GET /\n".to_owned(), "One"),
                ("json variables", 10, "```".to_owned(), "Two"),
            ]
        );
        assert_eq!(blocks("a\n```json\n{}\n"), Err(2));
    }
}
