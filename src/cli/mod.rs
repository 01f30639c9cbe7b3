//! The commands of the `sangam` binary: one file per command.
//!
//! A command loads settings and folders ([`load`]), calls the other modules of the crate, and prints: results on standard
//! output, diagnostics on standard error; what `serve` says are lines of its log. It ends with an [`Exit`] status. The commands have no checks of their own; all
//! findings come from the modules that they call, as diagnostics with a code. A message without a code says why a command
//! cannot run: wrong arguments, a file that cannot be read, a port in use.

mod check;
mod check_operations;
mod common;
mod documents;
mod explain;
mod explain_cost;
mod folders;
mod health;
mod load;
mod most_calls;
mod operations;
mod output;
mod schema;
mod serve;
mod supergraph;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use self::common::Exit;
use self::common::{Common, Failure, Stop};

const EXIT_CODES: &str = "Exit codes: 0 nothing is wrong; 1 something is wrong with connectors, specs or operations, or the \
                          gateway is not ready; 2 wrong arguments or settings; 3 it could not be done (a port in use, an unreadable file).";

/// The output of `--version`: the version and how it was built.
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

/// A GraphQL federation gateway: one fast, cached endpoint in front of REST and GraphQL services.
#[derive(Debug, Parser)]
#[command(name = "sangam", version = LONG_VERSION, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Check(check::Check),
    Test(test::Test),
    Schema(schema::Schema),
    Explain(explain::Explain),
    Operations(documents::Operations),
    Health(health::Health),
}

/// Runs the command that the arguments of this process name.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // `--help` and `--version` also arrive here. If printing fails, that cannot be reported either.
            let _ = error.print();
            return match error.use_stderr() {
                true => Exit::Usage.into(),
                false => Exit::Success.into(),
            };
        }
    };
    let common = &cli.common;
    let exit = match cli.command {
        Command::Serve(serve) => Ok(serve.run(common)),
        Command::Check(check) => check.run(common),
        Command::Test(test) => test.run(common),
        Command::Schema(schema) => schema.run(common),
        Command::Explain(explain) => explain.run(common),
        Command::Operations(operations) => operations.run(common),
        Command::Health(health) => health.run(common),
    };
    exit.unwrap_or_else(Stop::report).into()
}
