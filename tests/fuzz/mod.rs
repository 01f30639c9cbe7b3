//! Fuzzing: gives mutated and random input to everything that the gateway reads from outside.
//!
//! Inputs are texts of this repository, mutated by bytes, tokens and nesting ([`mutate`](mod@mutate)). A [`run::Target`]
//! reads them. No input may cause a panic, overflow the stack of a worker thread, or take more than two seconds or a bound
//! of memory. An accepted input must have the properties that its target checks.
//!
//! A short run is part of the tests. `make prove-fuzz` is a long run: `FUZZ_SECONDS=60` is the time of each target,
//! `FUZZ_SEED=1` chooses the inputs. A failing input is shrunk ([`shrink`](mod@shrink)) and written to a file under
//! `target/tmp/fuzz`, whose name is printed; one that ends the process is in `<target>.mutated.running`. Fix the cause, and
//! add the file to the folder of its target under `tests/fuzz/cases`: [`cases_that_have_failed_once`] runs these again.

mod corpus;
mod depth;
mod dictionary;
mod input;
mod mutate;
mod run;
mod shrink;
mod targets;
mod tokens;

use std::path::Path;
use std::time::Duration;

use self::input::Input;
use self::run::{Extent, attempt, fuzz, watched};
use self::targets::{ALL, named};

fn number(name: &str) -> Option<u64> {
    let given = std::env::var(name).ok()?;
    Some(given.parse().unwrap())
}

/// A short run, unless the environment gives a length.
fn run(name: &str) {
    let named = named(name);
    let seconds = number("FUZZ_SECONDS");
    let extent = Extent {
        seed: number("FUZZ_SEED").unwrap_or(1),
        cases: seconds.map_or(named.cases, |_| usize::MAX),
        most: Duration::from_secs(seconds.unwrap_or(60)),
    };
    fuzz(named, &extent, seconds.is_none());
}

macro_rules! fuzzed {
    ($($name:ident)*) => {
        $(#[test] fn $name() { run(stringify!($name)); })*

        #[test]
        fn every_target_is_run() {
            let names: Vec<&str> = ALL.iter().map(|named| named.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

fuzzed! { documents mappings connectors compositions supergraphs operations answers executions formats requests settings specs }

#[test]
fn cases_that_have_failed_once() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/cases");
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let folder = entry.unwrap().path();
        let named = named(&folder.file_name().unwrap().to_string_lossy());
        let mut files: Vec<_> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        let failed = watched(named.name, "again", |begin| {
            let target = (named.make)(1, false);
            let mut failed = Vec::new();
            for file in &files {
                let input = Input::from_file(file);
                begin(&input);
                let what = attempt(named.name, &*target, &input).outcome.err();
                failed.extend(what.map(|what| format!("{}: {what}", file.display())));
            }
            failed
        });
        wrong.extend(failed);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
