//! The recorder of the metrics of this process, and the page that Prometheus reads.
//!
//! What happens is counted when it happens, by the recorder of the `metrics` crate. What can be looked up at any time (the
//! size of a cache, the memory of the process) is measured when the page is read, as [`Samples`]: that costs requests
//! nothing, and a connector that is removed disappears from the page.

use std::sync::OnceLock;

use metrics::Unit;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::metrics::{METRICS, Metric, MetricKind};
use super::samples::Samples;

static RECORDER: OnceLock<Recorder> = OnceLock::new();

/// The recorder of this process.
#[derive(Clone)]
pub struct Recorder(PrometheusHandle);

impl Recorder {
    /// Installs the recorder of this process, once.
    pub fn install() -> Recorder {
        RECORDER
            .get_or_init(|| {
                let mut builder = PrometheusBuilder::new();
                for metric in METRICS {
                    let matcher = Matcher::Full(metric.name.to_owned());
                    let buckets = metric.kind.buckets();
                    if !buckets.is_empty() {
                        // Refused only for an empty list of buckets.
                        builder = builder
                            .set_buckets_for_metric(matcher, buckets)
                            .unwrap_or_default();
                    }
                }
                let recorder = builder.build_recorder();
                let handle = recorder.handle();
                // Fails when a recorder is there already: then that one records, and this handle renders nothing.
                let _ = metrics::set_global_recorder(recorder);
                METRICS.iter().for_each(describe);
                Recorder(handle)
            })
            .clone()
    }

    /// The page: what was counted, and what was measured now.
    pub fn page(&self, samples: &Samples) -> String {
        let mut page = self.0.render();
        samples.write(&mut page);
        page
    }

    /// Aggregates the samples of histograms, which otherwise collect until the page is read.
    pub fn run_upkeep(&self) {
        self.0.run_upkeep();
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recorder")
    }
}

fn describe(metric: &Metric) {
    let (name, about) = (metric.name, metric.about);
    match metric.kind {
        MetricKind::Counter => metrics::describe_counter!(name, Unit::Count, about),
        MetricKind::Gauge => metrics::describe_gauge!(name, Unit::Count, about),
        MetricKind::Seconds => metrics::describe_histogram!(name, Unit::Seconds, about),
        MetricKind::Bytes => metrics::describe_histogram!(name, Unit::Bytes, about),
        MetricKind::Cost => metrics::describe_histogram!(name, Unit::Count, about),
        // The recorder counts by whole numbers.
        MetricKind::FractionalCounter => {}
    }
}
