//! Problems of settings: diagnostics with one code, for an operator.

use std::fmt;

use crate::connector::Diagnostic;
use crate::connector::diagnostic::code;

/// All problems of the settings.
#[derive(Debug, Clone, thiserror::Error)]
pub struct ConfigError {
    /// In the order of detection; at least one.
    pub problems: Vec<Diagnostic>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.problems.iter().map(Diagnostic::to_text).collect();
        f.write_str(&texts.join("\n\n"))
    }
}

impl From<Diagnostic> for ConfigError {
    fn from(problem: Diagnostic) -> Self {
        ConfigError {
            problems: vec![problem],
        }
    }
}

/// A problem, so far without a location. The message ends without a period.
pub(crate) fn problem(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(&code::INVALID_SETTINGS, "", message)
}

/// Adds the name that was probably meant; all names when none is similar.
pub(super) fn suggest<'a>(
    problem: Diagnostic,
    name: &str,
    names: impl Iterator<Item = &'a str>,
) -> Diagnostic {
    let names: Vec<&str> = names.collect();
    let near = names
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min();
    match near {
        Some((_, candidate)) => problem.help(format!("did you mean `{candidate}`?")),
        None if names.is_empty() => problem,
        None => problem.help(format!("known: {}", names.join(", "))),
    }
}
