//! The harness of the test binary: runs functions and cases, each as a separate test.
//!
//! A function with `#[test]` (`tests/macros`) is a test; its name is its module and name. A case file in the folder of a
//! suite is a test; its name is its path: `execution/leaves`. Both can be filtered by name. They run in parallel, each in a
//! process of its own by `cargo nextest`, and in a thread by `cargo test`.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use super::cases::Suite;

/// A function that is a test.
pub(crate) struct Test {
    /// Its module, beginning with the crate.
    pub(crate) module: &'static str,
    pub(crate) name: &'static str,
    pub(crate) run: fn(),
    pub(crate) is_ignored: bool,
}

inventory::collect!(Test);

/// Runs the tests that the arguments select.
pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let tests = inventory::iter::<Test>.into_iter().map(|test| {
        let module = test
            .module
            .split_once("::")
            .map_or("", |(_, module)| module);
        let run = || {
            (test.run)();
            Ok(())
        };
        Trial::test(format!("{module}::{}", test.name), run).with_ignored_flag(test.is_ignored)
    });
    let cases = Suite::all().flat_map(|suite| {
        let files = suite.files().into_iter();
        files.map(move |path| {
            let name = Suite::name_of(&path);
            Trial::test(name, move || suite.check(&path).map_err(Failed::from))
        })
    });
    let mut trials: Vec<Trial> = tests.chain(cases).collect();
    trials.sort_by(|one, other| one.name().cmp(other.name()));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Runs an async test, or the async part of a case, on one thread.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap().block_on(future)
}

/// Runs an async test on as many threads as there are processors.
pub(crate) fn block_on_threads<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().build().unwrap().block_on(future)
}
