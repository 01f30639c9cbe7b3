//! `sangam schema`: the public schema as text, or the supergraph.

use clap::Args;

use super::output::{diagnostics, result};
use super::{Common, Exit, load};
use crate::config::RawSettings;

/// Prints the public schema that the connectors compose to.
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Print the supergraph SDL (join specification) instead.
    #[arg(long)]
    supergraph: bool,
}

impl Schema {
    pub(super) fn run(self, common: &Common) -> Result<Exit, Exit> {
        let settings = load::settings(common, RawSettings::default())?;
        let folders = load::folders(&settings)?;
        let (composed, found) = load::composed(&folders);
        diagnostics(&found);
        let composed = composed.ok_or(Exit::Findings)?;
        if self.supergraph {
            super::output::message("error: not yet");
            return Ok(Exit::Failed);
        }
        result(&composed.api_sdl);
        Ok(Exit::Success)
    }
}
