//! What all commands have in common: arguments, and the status with which they end.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::output::{count, diagnostics, message};
use crate::connector::Diagnostic;

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

/// Why a command ends early: what it has found in files and settings, and its exit status.
#[derive(Debug)]
pub(super) struct Stop {
    /// The errors, which are not yet printed. Empty where a message has said why the command cannot run.
    pub(super) findings: Vec<Diagnostic>,
    /// The exit status.
    pub(super) exit: Exit,
}

impl Stop {
    /// Ends the command with the errors among these findings.
    pub(super) fn with(findings: Vec<Diagnostic>, exit: Exit) -> Stop {
        let findings = findings.into_iter().filter(Diagnostic::is_error).collect();
        Stop { findings, exit }
    }

    /// Prints the errors and their number.
    pub(super) fn report(self) -> Exit {
        diagnostics(&self.findings);
        if !self.findings.is_empty() {
            message(&count(self.findings.len(), "error", "errors"));
        }
        self.exit
    }
}

impl From<Exit> for Stop {
    fn from(exit: Exit) -> Stop {
        Stop {
            findings: Vec::new(),
            exit,
        }
    }
}
