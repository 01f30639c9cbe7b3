//! The drivers, by name: adding a wire protocol is one file in this folder and one line in [`DRIVERS`].

use std::sync::Arc;

use super::Source;
use super::http::{HttpSettings, HttpSource};
use super::native::{NativeSchema, NativeSource};

/// The input for building a source. Each driver takes what it needs.
#[derive(Debug, Default)]
pub struct SourceParts {
    /// Settings of the connector's HTTP calls.
    pub http: HttpSettings,
    /// The native schema of the connector, if any.
    pub native: Option<Arc<dyn NativeSchema>>,
}

/// A row of the table of drivers.
#[derive(Debug, Clone, Copy)]
pub struct Driver {
    /// Its name in settings and logs.
    pub name: &'static str,
    /// A description of its protocols.
    pub about: &'static str,
    build: fn(SourceParts) -> Result<Arc<dyn Source>, SetupError>,
}

impl Driver {
    /// Builds a source.
    ///
    /// # Errors
    /// A setting is invalid, or a schema is missing.
    pub fn build(&self, parts: SourceParts) -> Result<Arc<dyn Source>, SetupError> {
        (self.build)(parts)
    }
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

/// Every driver.
#[rustfmt::skip]
pub const DRIVERS: &[Driver] = &[
    Driver { name: "http", about: "HTTP with JSON or plain text, and GraphQL services", build: |parts| Ok(Arc::new(HttpSource::new(parts.http)?)) },
    Driver { name: "native", about: "an async-graphql schema in this process", build: |parts| Ok(Arc::new(NativeSource::from_parts(parts)?)) },
];

/// The driver of this name.
pub fn driver(name: &str) -> Option<&'static Driver> {
    DRIVERS.iter().find(|driver| driver.name == name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = DRIVERS.iter().map(|driver| driver.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), DRIVERS.len());
    }

    #[test]
    fn a_native_source_needs_a_schema() {
        let error = driver("native")
            .unwrap()
            .build(SourceParts::default())
            .unwrap_err();
        assert_eq!(error.to_string(), "no schema is mounted in this process");
        driver("http")
            .unwrap()
            .build(SourceParts::default())
            .unwrap();
    }
}
