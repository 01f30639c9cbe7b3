//! The commands of the `sangam` binary: one file per command.
//!
//! A command reads settings and folders ([`load`]), does its one thing with the rooms below, and says what came of it:
//! results on standard output, diagnostics on standard error, and an [`Exit`] status. Nothing here decides what is
//! right: what a command finds, the rooms found.

mod check;
mod explain;
mod explain_cost;
mod load;
mod output;
mod schema;
mod serve;
mod test;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// With what status a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, and nothing is wrong.
    Success,
    /// 1: done, and something is wrong with what was looked at: a connector, a spec, an operation.
    Findings,
    /// 2: not begun: wrong arguments, or wrong settings.
    Usage,
    /// 3: begun, and it could not be done: a port in use, a file that cannot be read.
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

const EXIT_CODES: &str = "Exit codes: 0 nothing is wrong; 1 something is wrong with connectors, specs or operations; \
                          2 wrong arguments or settings; 3 it could not be done (a port in use, an unreadable file).";

/// What `--version` says: the version and how it was built.
const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit   ",
    env!("SANGAM_BUILD_COMMIT"),
    "\ntarget   ",
    env!("SANGAM_BUILD_TARGET"),
    "\nprofile  ",
    env!("SANGAM_BUILD_PROFILE"),
    "\ncompiler ",
    env!("SANGAM_BUILD_RUSTC"),
);

/// One fast, cached GraphQL endpoint in front of the systems that departments already run.
#[derive(Debug, Parser)]
#[command(name = "sangam", version = LONG_VERSION, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

/// What every command takes.
#[derive(Debug, Args)]
struct Common {
    /// The settings file [default: sangam.toml, if there is one].
    #[arg(long, short, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder that holds one folder per connector [default: as the settings say, else `connectors`].
    #[arg(long, global = true, value_name = "DIR")]
    connectors: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Check(check::Check),
    Test(test::Test),
    Schema(schema::Schema),
    Explain(explain::Explain),
}

/// Runs the command that the arguments of this process name.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors. Where printing fails, that cannot be reported either.
            let _ = error.print();
            return match error.use_stderr() {
                true => Exit::Usage.into(),
                false => Exit::Success.into(),
            };
        }
    };
    let common = &cli.common;
    let exit = match cli.command {
        Command::Serve(serve) => serve.run(common),
        Command::Check(check) => check.run(common),
        Command::Test(test) => test.run(common),
        Command::Schema(schema) => schema.run(common),
        Command::Explain(explain) => explain.run(common),
    };
    exit.unwrap_or_else(|exit| exit).into()
}
