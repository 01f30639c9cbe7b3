//! `sangam serve`: the gateway.

use std::net::SocketAddr;

use clap::Args;

use super::{Common, Exit, load};
use crate::config::RawSettings;

/// Serves the graph that the connectors compose to.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Where clients connect [default: as the settings say, else 127.0.0.1:4000].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

impl Serve {
    pub(super) fn run(self, common: &Common) -> Result<Exit, Exit> {
        let mut flags = RawSettings::default();
        flags.general.listen = self.listen;
        let _settings = load::settings(common, flags)?;
        Ok(Exit::Failed)
    }
}
