//! What the settings say of live queries.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use metrics::Counter;
use tokio::sync::Semaphore;

use crate::config::Live;
use crate::observe::metrics::LIVE_EXECUTIONS;

/// The settings, with the permits that they give.
pub(in super::super) struct LiveTerms {
    pub(super) settings: Live,
    /// Permits to execute.
    pub(super) executing: Semaphore,
    pub(super) executions: Counter,
}

impl LiveTerms {
    pub(in super::super) fn new(settings: &Live) -> Arc<LiveTerms> {
        Arc::new(LiveTerms {
            executing: Semaphore::new(settings.executions.min(Semaphore::MAX_PERMITS)),
            executions: metrics::counter!(LIVE_EXECUTIONS),
            settings: settings.clone(),
        })
    }

    /// The terms by other settings: the same permits if nothing is different.
    pub(in super::super) fn next(self: &Arc<LiveTerms>, settings: &Live) -> Arc<LiveTerms> {
        match fields(settings) == fields(&self.settings) {
            true => Arc::clone(self),
            false => LiveTerms::new(settings),
        }
    }

    /// The greatest number of watched queries.
    pub(in super::super) fn most(&self) -> usize {
        self.settings.operations
    }
}

impl fmt::Debug for LiveTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}

/// The settings, to be compared.
fn fields(settings: &Live) -> (usize, Duration, Duration, usize, usize) {
    let Live {
        operations,
        interval,
        throttle,
        executions,
        bytes,
    } = settings;
    (*operations, *interval, *throttle, *executions, bytes.0)
}
