//! What a gateway is built from, and why it cannot be built.

use crate::config;
use crate::connector::{Diagnostic, Subgraph};

/// A connector together with its settings.
#[derive(Debug, Clone)]
pub struct ConfiguredConnector {
    /// The subgraph read from its folder.
    pub subgraph: Subgraph,
    /// Who is responsible for it.
    pub owner: Option<String>,
    /// What it offers, for people.
    pub description: Option<String>,
    /// Its settings.
    pub settings: config::ConnectorSettings,
}

/// Why a gateway cannot be built.
#[derive(Debug, Clone)]
pub enum SetupProblem {
    /// A connector is invalid, or the connectors do not compose.
    Schema(Vec<Diagnostic>),
    /// A setting of a connector cannot be used.
    Setting {
        /// The connector.
        connector: String,
        /// What is wrong.
        message: String,
    },
}
