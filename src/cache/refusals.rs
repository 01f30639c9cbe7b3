//! Log lines about calls that were refused before they were made: if an upstream does not respond, every request beyond
//! the bounds is refused.

use std::sync::Arc;
use std::time::Duration;

use super::repeated::{RepeatedLine, Uncounted, note};
use crate::source::SourceErrorKind;

/// The refusals of one connector.
#[derive(Debug)]
pub(super) struct Refusals {
    connector: Box<str>,
    uncounted: Uncounted<Box<str>>,
}

impl Refusals {
    pub(super) fn new(connector: &str) -> Arc<Refusals> {
        Arc::new(Refusals {
            connector: connector.into(),
            uncounted: Uncounted::default(),
        })
    }

    /// Counts one refusal. The detail says why.
    pub(super) fn note(self: &Arc<Self>, detail: &str) {
        note(self, &detail.into());
    }
}

impl RepeatedLine for Refusals {
    const INTERVAL: Duration = Duration::from_secs(10);
    type Detail = Box<str>;

    fn uncounted(&self) -> &Uncounted<Box<str>> {
        &self.uncounted
    }

    fn write(&self, count: u64, detail: &Box<str>) {
        tracing::warn!(
            connector = &*self.connector,
            kind = SourceErrorKind::Busy.as_str(),
            count,
            error = &**detail,
            "calls were refused before they were made"
        );
    }
}
