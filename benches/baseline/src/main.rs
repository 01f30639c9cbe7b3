//! What the gateway is measured against, in one program with several roles: each runs as a process of its own.
//!
//! - [`upstream`]: posts and users over HTTP, counting its calls.
//! - [`join`]: a backend written by hand for one query: asks the upstream, joins, answers.
//! - [`memory`]: a backend that answers the same bytes from memory.
//! - [`run`]: starts the others and the gateway, loads each in turn, prints the figures. This is `make bench`.
//!
//! Nothing here is shared with `src/`: the backends are what somebody would write who had no gateway, with the same
//! libraries, the same allocator and the same release profile.
#![allow(clippy::print_stdout, reason = "a program that prints its results")]

mod data;
mod join;
mod listen;
mod memory;
mod run;
mod upstream;

use std::error::Error;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: sangam-baseline run GATEWAY CONNECTORS\n       sangam-baseline upstream\n       \
                     sangam-baseline join|memory UPSTREAM-URL";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // Only an error if one is installed already, and then there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match role(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(3)
        }
    }
}

fn role(arguments: &[&str]) -> Result<ExitCode, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    match arguments {
        ["run", gateway, connectors] => {
            return runtime.block_on(run::run(gateway.as_ref(), connectors.as_ref()));
        }
        ["upstream"] => runtime.block_on(upstream::serve())?,
        ["join", upstream] => runtime.block_on(join::serve(upstream))?,
        ["memory", upstream] => runtime.block_on(memory::serve(upstream))?,
        _ => {
            eprintln!("{USAGE}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}
