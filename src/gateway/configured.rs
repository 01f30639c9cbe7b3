//! What a generation of a gateway is built from, and why it cannot be built.

use crate::config::{self, Settings};
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

/// What one generation of a gateway is built from.
#[derive(Debug, Clone)]
pub struct Setup<'a> {
    /// The connectors that it serves.
    pub connectors: Vec<ConfiguredConnector>,
    /// What is wrong with some of them, and with others that it does not serve.
    pub set_aside: Vec<SetAside>,
    /// The settings.
    pub settings: &'a Settings,
}

/// A connector with a problem: its folder or its settings have errors, or lack a value.
#[derive(Debug, Clone)]
pub struct SetAside {
    /// The connector.
    pub connector: String,
    /// Who is responsible for it.
    pub owner: Option<String>,
    /// What it offers, for people.
    pub description: Option<String>,
    /// What is wrong.
    pub problem: Diagnostic,
    /// What is served for it.
    pub served: Served,
}

/// What is served for a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Served {
    /// Its folder as it is now. If there is a problem, calls that it concerns fail.
    Current,
    /// The last version without errors.
    LastGood,
    /// Its schema: each of its fields is null, with an error.
    Schema,
    /// Nothing: its fields are not in the public schema.
    Nothing,
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
