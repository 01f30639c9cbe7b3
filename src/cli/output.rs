//! The output of commands: results on standard output, everything else on standard error.

use std::io::{IsTerminal, Write};

use crate::connector::Diagnostic;

/// Writes a result. A closed pipe (`| head`) is not an error.
pub(super) fn result(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// Writes a message for a person.
pub(super) fn message(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Writes diagnostics, with colours on a terminal.
pub(super) fn diagnostics(diagnostics: &[Diagnostic]) {
    let colored = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    for diagnostic in diagnostics {
        message(&match colored {
            true => diagnostic.to_colored_text(),
            false => diagnostic.to_text(),
        });
        message("");
    }
}

/// `1 error`, `2 errors`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
