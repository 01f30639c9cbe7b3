//! Problems of settings, formatted for an operator: message, file, line, and a hint.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// All problems of the settings.
#[derive(Debug, Clone, thiserror::Error)]
pub struct ConfigError {
    /// In the order of detection; at least one.
    pub problems: Vec<SettingProblem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl From<SettingProblem> for ConfigError {
    fn from(problem: SettingProblem) -> Self {
        ConfigError {
            problems: vec![problem],
        }
    }
}

/// One problem.
#[derive(Debug, Clone)]
pub struct SettingProblem {
    message: String,
    help: Option<String>,
    location: Option<SourceLocation>,
}

#[derive(Debug, Clone)]
struct SourceLocation {
    file: PathBuf,
    text: Arc<str>,
    span: Range<usize>,
}

impl SettingProblem {
    /// A problem without a location. The message ends without a period.
    pub fn new(message: String) -> SettingProblem {
        SettingProblem {
            message,
            help: None,
            location: None,
        }
    }

    /// Adds a hint.
    pub fn help(mut self, help: impl Into<String>) -> SettingProblem {
        self.help = Some(help.into());
        self
    }

    /// Adds the location in a file: `span` is a range of bytes of `text`.
    pub fn at(mut self, file: &Path, text: &Arc<str>, span: Range<usize>) -> SettingProblem {
        self.location = Some(SourceLocation {
            file: file.to_owned(),
            text: text.clone(),
            span,
        });
        self
    }

    /// Adds the name that was probably meant; all names when none is similar.
    pub fn suggest<'a>(self, name: &str, names: impl Iterator<Item = &'a str>) -> SettingProblem {
        let names: Vec<&str> = names.collect();
        let near = names
            .iter()
            .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
            .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
            .min();
        match near {
            Some((_, candidate)) => {
                let help = format!("did you mean `{candidate}`?");
                self.help(help)
            }
            None if names.is_empty() => self,
            None => self.help(format!("known: {}", names.join(", "))),
        }
    }
}

impl fmt::Display for SettingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            let before = location
                .text
                .get(..location.span.start)
                .unwrap_or(&location.text);
            let line = before.matches('\n').count() + 1;
            let start = before.rfind('\n').map_or(0, |at| at + 1);
            let column = before.get(start..).unwrap_or_default().chars().count() + 1;
            writeln!(
                f,
                "{}:{line}:{column}: {}",
                location.file.display(),
                self.message
            )?;
            let source = location.text.get(start..).unwrap_or_default();
            let source = source.lines().next().unwrap_or_default();
            if source.len() <= LONGEST_LINE {
                let spanned = location.text.get(location.span.clone());
                write_line(f, source, line, column, spanned.unwrap_or_default())?;
            } else {
                write!(f, "  note: the line is too long to be shown")?;
            }
        } else {
            f.write_str(&self.message)?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

/// The longest line of a file that is shown, in bytes. A longer one cannot be read by a person.
const LONGEST_LINE: usize = 2_000;

/// Writes the line of the file and, below it, a mark under what is wrong: `spanned`, from `column` to the line's end at
/// most. Lines and columns count from 1, columns in characters.
fn write_line(
    f: &mut fmt::Formatter<'_>,
    source: &str,
    line: usize,
    column: usize,
    spanned: &str,
) -> fmt::Result {
    let length = source.chars().count();
    let rest = length + 1 - column.min(length + 1);
    let spanned = spanned.lines().next().unwrap_or_default();
    let width = spanned.chars().count().clamp(1, rest.max(1));
    let number = line.to_string();
    writeln!(f, " {number} | {source}")?;
    write!(
        f,
        " {:margin$} | {:indent$}{}",
        "",
        "",
        "^".repeat(width),
        margin = number.len(),
        indent = column - 1
    )
}
