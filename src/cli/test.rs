//! `sangam test`: runs the specs of connectors.

use std::path::{Path, PathBuf};

use clap::Args;

use super::output::{count, message, result};
use super::{Common, Exit, Stop, load};
use crate::config::RawSettings;
use crate::source::Wires;
use crate::spec;
use crate::spec::Suite;

/// Runs the specs of connectors: replays their recorded exchanges and compares the gateway's responses.
#[derive(Debug, Args)]
pub(super) struct Test {
    /// Connectors by name, or spec files; all when none is named.
    names: Vec<String>,
}

impl Test {
    pub(super) fn run(self, common: &Common) -> Result<Exit, Stop> {
        let settings = load::settings(common, RawSettings::default())?;
        let folders = load::folders(&settings)?;
        let folders = folders.into_iter().map(|one| (one.path, one.folder));
        let suite = Suite::new(folders, Wires::default());
        let specs = self.specs(&suite)?;
        load::install_tls();
        let runtime = load::runtime()?;
        Ok(runtime.block_on(run(&suite, &specs)))
    }

    /// The spec files to run, each with its connector.
    fn specs(&self, suite: &Suite) -> Result<Vec<(String, PathBuf)>, Exit> {
        let mut specs = Vec::new();
        let mut unknown: Vec<&str> = self.names.iter().map(String::as_str).collect();
        for (connector, folder) in suite.connectors() {
            let whole = self.names.is_empty() || self.names.iter().any(|name| name == connector);
            unknown.retain(|name| *name != connector);
            let files = spec::files(folder).map_err(|error| {
                message(&format!("error: {}: {error}", folder.display()));
                Exit::Failed
            })?;
            for file in files {
                let named = self
                    .names
                    .iter()
                    .find(|name| same_file(Path::new(name), &file));
                if let Some(name) = named {
                    unknown.retain(|unknown| unknown != name);
                }
                if whole || named.is_some() {
                    specs.push((connector.to_owned(), file));
                }
            }
        }
        if let Some(name) = unknown.first() {
            let names: Vec<&str> = suite.connectors().map(|(name, _)| name).collect();
            message(&format!(
                "error: {name} is neither a connector nor one of their spec files\n  help: connectors: {}",
                names.join(", ")
            ));
            return Err(Exit::Usage);
        }
        Ok(specs)
    }
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

async fn run(suite: &Suite, specs: &[(String, PathBuf)]) -> Exit {
    let (mut cases, mut failures) = (0, 0);
    for (connector, path) in specs {
        let report = suite.run(connector, path).await;
        cases += report.cases;
        failures += report.failures.len();
        let verdict = if report.failures.is_empty() {
            "ok"
        } else {
            "FAILED"
        };
        result(&format!("{verdict:6} {}\n", path.display()));
        for failure in &report.failures {
            message(&format!("\n{failure}\n"));
        }
    }
    result(&format!(
        "\n{}, {}, {}\n",
        count(specs.len(), "spec", "specs"),
        count(cases, "answer compared", "answers compared"),
        match failures {
            0 => "all as expected".to_owned(),
            _ => count(failures, "failure", "failures"),
        }
    ));
    if failures == 0 {
        Exit::Success
    } else {
        Exit::Findings
    }
}
