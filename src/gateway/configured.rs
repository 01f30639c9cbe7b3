//! What a gateway is built from, and why it cannot be built.

use crate::config;
use crate::connector::diagnostic::{Span, code};
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
    Setting(Box<Diagnostic>),
}

impl SetupProblem {
    /// A setting of this connector cannot be used. `at` is its location in the settings.
    pub(super) fn setting(connector: &str, message: &str, at: Option<Span>) -> SetupProblem {
        let message = format!("connector.{connector}: {message}");
        let problem = Diagnostic::error(&code::INVALID_SETTINGS, connector, message);
        SetupProblem::Setting(Box::new(problem.at(at)))
    }

    /// What is wrong.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        match self {
            SetupProblem::Schema(diagnostics) => diagnostics,
            SetupProblem::Setting(problem) => vec![*problem],
        }
    }
}
