//! The load comparison, as one program with several roles; each runs as a process of its own.
//!
//! - [`upstream`]: the upstreams that both sides call; each counts its calls.
//! - [`backend`]: for each row, a backend written by hand for the one query.
//! - [`least`]: the smallest possible handler, which shows the limit of the load generator.
//! - [`run`]: starts the others and the gateway, loads each in turn, prints the figures. This is `make bench`.
//!
//! The backends share no code with `src/`, but the same libraries, the same allocator and the same release profile. Only `run::growth` uses the gateway as a library.
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
    // Fails only if one is installed already.
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
