//! The page of metrics, with what is measured when it is read.

use super::state::ServerState;
use crate::observe::{Samples, metrics as names, process};

impl ServerState {
    /// The page in the text format of Prometheus.
    pub(super) fn metrics_page(&self) -> String {
        let mut samples = Samples::default();
        process::measure(&mut samples);
        samples.count(names::BODIES_HELD, &[], self.bodies.held());
        samples.count(names::EVENTS_HELD, &[], self.streams.queued());
        let clients = &self.connections.limits;
        for (limit, value) in [
            (
                "limits.concurrent_requests",
                self.limits.concurrent_requests,
            ),
            ("limits.connections", clients.connections),
            ("limits.answers_bytes", clients.response_bytes),
            ("limits.bodies_bytes", self.limits.bodies_bytes.0),
            ("streaming.streams", self.streams.most()),
            ("streaming.queues_bytes", self.streams.most_queued()),
        ] {
            samples.count(names::LIMIT, &[("limit", limit)], value);
        }
        self.executor.measure(&mut samples);
        self.recorder.page(&samples)
    }
}
