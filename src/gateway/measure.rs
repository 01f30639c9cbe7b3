//! The figures of a gateway that are measured when the metrics are read.

use super::native::{ConnectorState, OWN_CONNECTOR};
use super::run::Gateway;
use crate::cache::entries::StoreSize;
use crate::execute::ConnectorRuntime;
use crate::observe::{Samples, metrics as names};

impl Gateway {
    /// Adds the figures of the caches, of the connectors, and of the work that waits.
    pub fn measure(&self, samples: &mut Samples) {
        self.shared.operations.measure(samples);
        self.measure_caches(samples);
        let connectors = self.runtime.connectors.iter();
        for connector in connectors.filter(|connector| &*connector.name != OWN_CONNECTOR) {
            measure_calls(connector, samples);
        }
        let figures = self.documents().figures();
        for info in &self.connectors {
            let figures = figures.iter().find(|(name, _)| name == info.name());
            let figures = figures.map(|(_, figures)| figures);
            let connector = ("connector", info.name());
            let current = info.state(figures);
            for (state, name) in ConnectorState::NAMES {
                let is_current = usize::from(state == current);
                let labels = [connector, ("state", name)];
                samples.count(names::CONNECTOR_STATE, &labels, is_current);
            }
            if let Some(last) = figures.and_then(|figures| figures.last_success) {
                samples.add(names::LAST_SUCCESS, &[connector], last.0 as f64 / 1000.0);
            }
        }
        let (queries, watchers, bytes) = self.shared.watches.load();
        samples.count(names::LIVE_QUERIES, &[], queries);
        samples.count(names::LIVE_WATCHERS, &[], watchers);
        samples.count(names::LIVE_BYTES, &[], bytes);
        let limit = ("limit", "live.operations");
        samples.count(names::LIMIT, &[limit], self.shared.live.most());
        let (running, waiting) = self.shared.workers.load();
        samples.count(names::COMPILING, &[], running);
        samples.count(names::COMPILATIONS_QUEUED, &[], waiting);
        let budget = self.budget();
        samples.count(names::OPERATIONS_HELD, &[], budget.used());
        let limit = ("limit", "limits.operations_bytes");
        samples.count(names::LIMIT, &[limit], budget.limit());
        let queue = ("limit", "limits.compilation_queue");
        samples.count(names::LIMIT, &[queue], self.shared.workers.longest_queue());
    }

    /// What each cache holds, by its name in the metrics.
    pub fn cache_sizes(&self) -> [(&'static str, StoreSize); 4] {
        [
            ("document", self.shared.documents.size()),
            ("response", self.shared.responses.size()),
            ("plan", self.plans.size()),
            ("text", self.shared.texts.size()),
        ]
    }

    fn measure_caches(&self, samples: &mut Samples) {
        for (cache, size) in self.cache_sizes() {
            let labels = [("cache", cache)];
            // `f64` is exact up to 2^53.
            samples.add(names::CACHE_ENTRIES, &labels, size.entries as f64);
            samples.add(names::CACHE_BYTES, &labels, size.bytes as f64);
            samples.add(names::CACHE_MAX_BYTES, &labels, size.max_bytes as f64);
        }
    }
}

/// The calls of a connector that run or wait, and the requests that wait for them.
fn measure_calls(connector: &ConnectorRuntime, samples: &mut Samples) {
    let Some(endpoint) = connector.endpoints.first() else {
        return;
    };
    let name = ("connector", &*connector.name);
    let (gate, state) = (&connector.gate, endpoint.connector().state());
    samples.count(names::FETCHES_IN_FLIGHT, &[name], gate.running());
    samples.count(names::FETCHES_QUEUED, &[name], gate.waiting());
    samples.count(names::FETCHES_MAX, &[name], gate.most());
    for (wait, requests) in [("call", state.calling()), ("join", state.joining())] {
        samples.count(names::REQUESTS_WAITING, &[name, ("for", wait)], requests);
    }
}
