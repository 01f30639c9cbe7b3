//! `sangam health`: asks a running gateway whether it is ready.

use std::net::SocketAddr;

use clap::Args;

use super::output::{message, result};
use super::{Common, Exit, Stop, load};
use crate::config::RawSettings;
use crate::server::probe;

/// Asks the gateway with these settings on this machine whether it is ready, as a health check does. Exits with 1 if it is not.
#[derive(Debug, Args)]
pub(super) struct Health {
    /// The address for clients [default: `listen` of the settings, else 127.0.0.1:4000].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

impl Health {
    pub(super) fn run(self, common: &Common) -> Result<Exit, Stop> {
        let mut flags = RawSettings::default();
        flags.general.listen = self.listen;
        let settings = load::settings(common, flags)?;
        load::install_tls();
        Ok(
            match load::runtime()?.block_on(probe::is_ready(&settings)) {
                Ok(url) => {
                    result(&format!("ready: {url}\n"));
                    Exit::Success
                }
                Err(why) => {
                    message(&format!("not ready: {why}"));
                    Exit::Findings
                }
            },
        )
    }
}
