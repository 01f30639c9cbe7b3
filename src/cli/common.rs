//! What all commands have in common: arguments, and the status with which they end.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::output::{count, diagnostics, message};
use crate::connector::Diagnostic;
use crate::connector::diagnostic::Span;

/// The arguments of every command.
#[derive(Debug, Clone, Args)]
pub(super) struct Common {
    /// The settings file [default: sangam.toml, if there is one].
    #[arg(long, short, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The folder that holds one folder per connector [default: `connectors` of the settings, else `connectors`].
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) connectors: Option<PathBuf>,
}

/// The exit status of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: success.
    Success,
    /// 1: the command ran and found errors: in a connector, a spec or an operation.
    Findings,
    /// 2: the command did not run: wrong arguments or settings.
    Usage,
    /// 3: the command failed: a port in use, a file that cannot be read.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Success => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            Exit::Failed => 3,
        })
    }
}

/// Why a command cannot run, apart from what it has found in files and settings.
#[derive(Debug)]
pub(super) struct Failure {
    /// What is wrong, in one line.
    pub(super) message: String,
    /// How to correct it.
    pub(super) help: Option<String>,
    /// The setting or the file to correct.
    pub(super) at: Option<Span>,
}

impl Failure {
    pub(super) fn new(message: impl Into<String>) -> Failure {
        Failure {
            message: message.into(),
            help: None,
            at: None,
        }
    }

    /// A file or a folder that cannot be read.
    pub(super) fn of_file(path: &Path, message: impl Into<String>) -> Failure {
        Failure {
            at: Some(Span::of_file(path.display().to_string())),
            ..Failure::new(message)
        }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Failure {
        Failure {
            help: Some(help.into()),
            ..self
        }
    }

    /// Ends the command with this.
    pub(super) fn stop(self, exit: Exit) -> Stop {
        Stop {
            findings: Vec::new(),
            failure: Some(self),
            exit,
        }
    }

    /// Prints it, for a person.
    pub(super) fn print(&self) {
        message(&format!("error: {}", self.message));
        if let Some(help) = &self.help {
            message(&format!("  help: {help}"));
        }
    }
}

/// Why a command ends early, and its exit status.
#[derive(Debug)]
pub(super) struct Stop {
    /// The errors in files and settings, which are not yet printed.
    pub(super) findings: Vec<Diagnostic>,
    /// Why the command cannot run for another reason; not yet printed.
    pub(super) failure: Option<Failure>,
    /// The exit status.
    pub(super) exit: Exit,
}

impl Stop {
    /// Ends the command with the errors among these findings.
    pub(super) fn with(findings: Vec<Diagnostic>, exit: Exit) -> Stop {
        let findings = findings.into_iter().filter(Diagnostic::is_error).collect();
        Stop {
            findings,
            ..Stop::from(exit)
        }
    }

    /// Prints the errors and their number, for a person.
    pub(super) fn report(self) -> Exit {
        diagnostics(&self.findings);
        if !self.findings.is_empty() {
            message(&count(self.findings.len(), "error", "errors"));
        }
        if let Some(failure) = &self.failure {
            failure.print();
        }
        self.exit
    }
}

/// Everything is printed.
impl From<Exit> for Stop {
    fn from(exit: Exit) -> Stop {
        Stop {
            findings: Vec::new(),
            failure: None,
            exit,
        }
    }
}
