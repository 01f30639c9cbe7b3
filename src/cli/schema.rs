//! `sangam schema`: prints the public schema or the supergraph SDL.

use clap::Args;

use super::output::result;
use super::{Common, Exit, Stop, load};
use crate::config::RawSettings;
use crate::graph::supergraph;

/// Prints the public schema that the connectors compose to.
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Print the supergraph SDL (join specification) instead.
    #[arg(long)]
    supergraph: bool,
}

impl Schema {
    pub(super) fn run(self, common: &Common) -> Result<Exit, Stop> {
        let settings = load::settings(common, RawSettings::default())?;
        let folders = load::folders(&settings)?;
        load::checked(&folders)?;
        let gateway = load::gateway(load::connectors(&folders, None)?, &settings)?;
        match self.supergraph {
            true => result(&supergraph::write(gateway.composed())),
            false => result(gateway.api_sdl()),
        }
        Ok(Exit::Success)
    }
}
