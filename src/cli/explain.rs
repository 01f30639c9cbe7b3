//! `sangam explain`: how an operation would be answered.

use std::io::Read;
use std::path::Path;

use apollo_compiler::ExecutableDocument;
use clap::Args;

use super::output::{message, result};
use super::{Common, Exit, load};
use crate::config::RawSettings;
use crate::graph::query::QueryGraph;
use crate::plan::{PlanLimits, plan};

/// Shows the plan of an operation: which calls, in which order, what feeds what.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The operation: its text, a file that holds it, or `-` for standard input.
    query: String,
    /// Which operation, when there are several.
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
}

impl Explain {
    pub(super) fn run(self, common: &Common) -> Result<Exit, Exit> {
        let settings = load::settings(common, RawSettings::default())?;
        let folders = load::folders(&settings)?;
        load::checked(&folders)?;
        let (name, text) = text(&self.query)?;
        let gateway = load::gateway(load::members(&folders, None)?, &settings)?;
        let composed = gateway.composed();
        let document = ExecutableDocument::parse_and_validate(&composed.api, text, &name).map_err(
            |error| {
                message(error.errors.to_string().trim_end());
                Exit::Findings
            },
        )?;
        let operation = document
            .operations
            .get(self.operation.as_deref())
            .map_err(|_| {
                message("error: name one of the operations with --operation");
                Exit::Usage
            })?;
        let graph = QueryGraph::new(composed);
        let planned = plan(
            &graph,
            &composed.api,
            &document,
            operation,
            &|_| false,
            PlanLimits::default(),
        );
        let planned = planned.map_err(|error| {
            message(&format!("error: {error}"));
            Exit::Findings
        })?;
        result(&crate::plan::explain(&planned, &graph));
        Ok(Exit::Success)
    }
}

/// The operation's text and its name in messages.
fn text(query: &str) -> Result<(String, String), Exit> {
    let failed = |error: std::io::Error| {
        message(&format!("error: {query} cannot be read: {error}"));
        Exit::Failed
    };
    if query == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(failed)?;
        return Ok(("stdin".to_owned(), text));
    }
    if query.contains('{') {
        return Ok(("query".to_owned(), query.to_owned()));
    }
    let text = std::fs::read_to_string(Path::new(query)).map_err(failed)?;
    Ok((query.to_owned(), text))
}
