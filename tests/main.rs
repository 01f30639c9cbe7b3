//! The binary of all integration tests: one module per suite. Most suites read their cases from files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

// `#[test]` registers functions with the harness, which also runs cases: see `support::harness`.
#[macro_use]
extern crate sangam_test_macros;

mod architecture;
mod composition;
mod connectors;
mod cost;
mod execution;
mod fewest;
mod formats;
mod fuzz;
mod gateway;
mod generated_docs;
mod mapping_cases;
mod mapping_properties;
mod monolith;
mod oracle;
mod plans;
mod process;
mod schema_diff;
mod source;
mod specs;
mod style;
mod support;
mod validation;

fn main() -> std::process::ExitCode {
    support::harness::main()
}
