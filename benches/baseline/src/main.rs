//! What the gateway is measured against, in one program with several roles: each runs as a process of its own.
//!
//! - [`upstream`]: what both sides call; every upstream counts its calls.
//! - [`backend`]: for each row, what somebody would write by hand for the one query.
//! - [`least`]: the smallest possible handler, which shows what the load generator can do.
//! - [`run`]: starts the others and the gateway, loads each in turn, prints the figures. This is `make bench`.
//!
//! The backends share nothing with `src/`: they are what somebody would write who had no gateway, with the same
//! libraries, the same allocator and the same release profile. Only `run::growth` uses the gateway as a library.
#![allow(clippy::print_stdout, reason = "a program that prints its results")]

mod backend;
mod graphql;
mod least;
mod run;
mod upstream;

use std::error::Error;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: sangam-baseline run GATEWAY BENCHES CONNECTORS OPERATION\n       \
                     sangam-baseline upstream NAME\n       \
                     sangam-baseline backend NAME UPSTREAM-URL\n       \
                     sangam-baseline least FILE";

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
        ["run", gateway, benches, connectors, operation] => {
            let paths = run::Paths {
                gateway: gateway.into(),
                benches: benches.into(),
                connectors: connectors.into(),
                operation: operation.into(),
            };
            return runtime.block_on(run::run(paths));
        }
        ["upstream", name] => runtime.block_on(upstream::serve(name))?,
        ["backend", name, upstream] => {
            let served = runtime.block_on(backend::serve(name, upstream));
            served.map_err(|error| -> Box<dyn Error> { error })?;
        }
        ["least", file] => runtime.block_on(least::serve(file.as_ref()))?,
        _ => {
            eprintln!("{USAGE}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}
