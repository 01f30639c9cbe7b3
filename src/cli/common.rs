//! What all commands have in common: arguments, and the status with which they end.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

/// The arguments of every command.
#[derive(Debug, Args)]
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
