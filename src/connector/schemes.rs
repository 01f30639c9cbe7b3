//! The schemes of addresses that a connector may use: those of the gateway's wire protocols.

use std::sync::Arc;

/// Schemes, without `://`, in the order in which messages list them.
#[derive(Debug, Clone)]
pub struct Schemes(Arc<[&'static str]>);

impl Default for Schemes {
    /// HTTP only.
    fn default() -> Schemes {
        Schemes(["https", "http"].into())
    }
}

impl Schemes {
    /// The given schemes.
    pub fn new(schemes: impl IntoIterator<Item = &'static str>) -> Schemes {
        Schemes(schemes.into_iter().collect())
    }

    /// An address without its scheme; `None` if it has none of these schemes.
    pub(crate) fn strip<'a>(&self, address: &'a str) -> Option<&'a str> {
        let (scheme, rest) = address.split_once("://")?;
        self.0.contains(&scheme).then_some(rest)
    }

    /// The possible beginnings of an address, for a message.
    pub(crate) fn list(&self) -> String {
        let all = self.0.iter().map(|scheme| format!("`{scheme}://`"));
        all.collect::<Vec<_>>().join(" or ")
    }
}

/// The scheme of an address.
pub(crate) fn scheme(address: &str) -> &str {
    address.split_once("://").map_or("", |(scheme, _)| scheme)
}
