//! `sangam test`: the specs of connectors.

use clap::Args;

use super::{Common, Exit};

/// Runs the specs of connectors.
#[derive(Debug, Args)]
pub(super) struct Test {
    /// Connectors, or spec files; all when none is named.
    names: Vec<String>,
}

impl Test {
    pub(super) fn run(self, _common: &Common) -> Result<Exit, Exit> {
        let _ = self.names;
        Ok(Exit::Failed)
    }
}
