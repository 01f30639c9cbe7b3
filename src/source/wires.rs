//! The table of wire protocols. A new one is a folder that implements [`Wire`], and a line in [`Wires::default`].
//!
//! A source (one `@source`, the connects without one, a GraphQL service) is of the wire that serves the scheme of its
//! address, and has a driver of its own. What the sources of a connector share, such as the bound of concurrent calls,
//! comes with [`SourceParts`](super::wire::SourceParts).

use std::sync::Arc;

use super::http::HttpWire;
use super::wire::{SetupError, Wire};
use crate::connector::Schemes;

/// The wire protocols of a gateway.
#[derive(Debug, Clone)]
pub struct Wires(Vec<Arc<dyn Wire>>);

impl Default for Wires {
    /// Those of every gateway. A schema in this process is [added](Wires::with) with its connector.
    fn default() -> Wires {
        Wires(vec![Arc::new(HttpWire)])
    }
}

impl Wires {
    /// The same with one more.
    #[must_use]
    pub fn with(mut self, wire: impl Wire + 'static) -> Wires {
        self.0.push(Arc::new(wire));
        self
    }

    /// The wire that serves a connector's addresses of this scheme.
    ///
    /// # Errors
    /// There is none.
    pub fn of(&self, connector: &str, scheme: &str) -> Result<&dyn Wire, SetupError> {
        let wire = self.0.iter().find(|wire| wire.serves(connector, scheme));
        wire.map(Arc::as_ref).ok_or_else(|| {
            SetupError::new(format!("there is no driver for addresses with {scheme}://"))
        })
    }

    /// The schemes that a connector's schema may use.
    pub fn schemes(&self) -> Schemes {
        Schemes::new(self.0.iter().flat_map(|wire| wire.schemes()).copied())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_has_one_wire() {
        let wires = Wires::default();
        let mut schemes: Vec<_> = wires.0.iter().flat_map(|wire| wire.schemes()).collect();
        let all = schemes.len();
        schemes.sort_unstable();
        schemes.dedup();
        assert_eq!(schemes.len(), all);
    }

    #[test]
    fn a_scheme_without_a_wire_is_refused() {
        let error = Wires::default().of("works", "gopher").unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no driver for addresses with gopher://"
        );
    }
}
