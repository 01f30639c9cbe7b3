//! What is wrong with settings, as an operator reads it.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Everything that is wrong with the settings.
#[derive(Debug, Clone, thiserror::Error)]
pub struct ConfigError {
    /// In the order in which they were found; at least one.
    pub problems: Vec<Problem>,
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

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        ConfigError {
            problems: vec![problem],
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    message: String,
    help: Option<String>,
    place: Option<Place>,
}

#[derive(Debug, Clone)]
struct Place {
    file: PathBuf,
    text: Arc<str>,
    span: Range<usize>,
}

impl Problem {
    /// A problem without a place. The message ends without a period.
    pub fn new(message: String) -> Problem {
        Problem {
            message,
            help: None,
            place: None,
        }
    }

    /// With what to do about it.
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// With the place in a file: `span` counts bytes of `text`.
    pub fn at(mut self, file: &Path, text: &Arc<str>, span: Range<usize>) -> Problem {
        self.place = Some(Place {
            file: file.to_owned(),
            text: text.clone(),
            span,
        });
        self
    }

    /// With the name that was probably meant; with all of them when none is near.
    pub fn suggest<'a>(self, name: &str, known: impl Iterator<Item = &'a str>) -> Problem {
        let known: Vec<&str> = known.collect();
        let near = known
            .iter()
            .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
            .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
            .min();
        match near {
            Some((_, candidate)) => {
                let help = format!("did you mean `{candidate}`?");
                self.help(help)
            }
            None if known.is_empty() => self,
            None => self.help(format!("known: {}", known.join(", "))),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            let before = place.text.get(..place.span.start).unwrap_or(&place.text);
            let line = before.matches('\n').count() + 1;
            let start = before.rfind('\n').map_or(0, |at| at + 1);
            let column = before.get(start..).unwrap_or_default().chars().count() + 1;
            writeln!(
                f,
                "{}:{line}:{column}: {}",
                place.file.display(),
                self.message
            )?;
            let source = place.text.get(start..).unwrap_or_default();
            let source = source.lines().next().unwrap_or_default();
            let rest = source.chars().count() + 1 - column.min(source.chars().count() + 1);
            let spanned = place.text.get(place.span.clone()).unwrap_or_default();
            let width = spanned
                .lines()
                .next()
                .unwrap_or_default()
                .chars()
                .count()
                .clamp(1, rest.max(1));
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
            )?;
        } else {
            f.write_str(&self.message)?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}
