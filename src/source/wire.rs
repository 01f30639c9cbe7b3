//! A wire protocol, and the input for its drivers.

use std::fmt;
use std::sync::Arc;

use super::Source;
use super::dns::Resolver;
use super::gate::Gate;
use crate::budget::Budget;
use crate::config::ConnectorLimits;
use crate::connector::RequestTemplate;

/// A wire protocol.
pub trait Wire: fmt::Debug + Send + Sync {
    /// The schemes of the addresses that a connector's schema may give it, without `://`.
    fn schemes(&self) -> &'static [&'static str];

    /// Whether it serves a connector's addresses of this scheme.
    fn serves(&self, _connector: &str, scheme: &str) -> bool {
        self.schemes().contains(&scheme)
    }

    /// The driver of one source.
    ///
    /// # Errors
    /// A setting is invalid.
    fn open(&self, parts: &SourceParts) -> Result<Arc<dyn Source>, SetupError>;

    /// The template of a connect with an address of this wire. It is given one that renders an
    /// [`HttpRequest`](crate::connector::HttpRequest); a wire with requests of its own wraps that.
    fn template(&self, http: Arc<dyn RequestTemplate>) -> Arc<dyn RequestTemplate> {
        http
    }
}

/// The input for building the driver of one source. Each wire takes what it needs.
#[derive(Debug, Clone)]
pub struct SourceParts {
    /// The connector.
    pub connector: String,
    /// The name of its `@source`; `None` for a GraphQL service, and for connects without a source.
    pub source: Option<String>,
    /// The settings of the connector's calls.
    pub limits: ConnectorLimits,
    /// The budget for what is received.
    pub budget: Arc<Budget>,
    /// The resolver, which all sources of a gateway share.
    pub dns: Resolver,
    /// How many calls of the connector may run. A driver enters it for each call.
    pub gate: Arc<Gate>,
}

/// Why a source cannot be built. The text is for operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SetupError {
    message: String,
}

impl SetupError {
    /// An error with this text.
    pub fn new(message: impl Into<String>) -> SetupError {
        SetupError {
            message: message.into(),
        }
    }
}
