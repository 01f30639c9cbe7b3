//! The request for a next page, at the address that the page before gives.
//!
//! An upstream writes such addresses with its public base URL, which the folder has. If the deployment calls the upstream at
//! another address (`base_url`), an address below the folder's base URL becomes the same address below the deployment's.

use url::Url;

use super::{HttpTemplate, RequestText};

impl HttpTemplate {
    /// The address below the deployment's base URL, if `address` is below the folder's and the deployment has replaced that.
    pub(super) fn below_base(&self, address: &str) -> Option<String> {
        let (Some(RequestText::Fixed(base)), Some(declared)) = (&self.base, &self.declared_base)
        else {
            return None;
        };
        let (declared, address) = (Url::parse(declared).ok()?, Url::parse(address).ok()?);
        if declared.origin() != address.origin() {
            return None;
        }
        let rest = address.path();
        let rest = rest.strip_prefix(declared.path().trim_end_matches('/'))?;
        if !(rest.is_empty() || rest.starts_with('/')) {
            return None;
        }
        let base = super::url::split(base).0.trim_end_matches('/');
        let query = address.query().map(|query| format!("?{query}"));
        Some(format!("{base}{rest}{}", query.unwrap_or_default()))
    }
}
