//! Generates `docs/observability.md` from the tables of log fields and metrics.

use std::fmt::Write;

use super::fields::FIELDS;
use super::metrics::{METRICS, MetricKind};

const HEAD: &str = "\
# Observability

Metrics, log fields and traces of the gateway. Generated from `src/observe/`; do not edit (`make docs` writes it).

## Metrics

`GET /metrics` on the admin listener, in the Prometheus text format. Connectors appear by the names of their folders.

| metric | kind | labels | meaning |
|---|---|---|---|
";

const FIELDS_HEAD: &str = "
## Fields

Log lines, and spans exported by OTLP, have only these fields. Values of variables, bodies, headers and URLs have no
field, so they are never logged. Besides these, each line has `time`, `level`, `target` and `message`. The settings are in
[configuration.md](configuration.md): `[log]`, `[tracing]`, and `[admin]` for the listener of the metrics.

| field | what it holds |
|---|---|
";

/// `docs/observability.md`.
pub fn markdown() -> String {
    let mut text = HEAD.to_owned();
    for metric in METRICS {
        let kind = match metric.kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Seconds => "histogram, seconds",
            MetricKind::Bytes => "histogram, bytes",
            MetricKind::Cost => "histogram, cost",
        };
        let labels: Vec<String> = metric
            .labels
            .iter()
            .map(|label| format!("`{label}`"))
            .collect();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| `{}` | {kind} | {} | {} |",
            metric.name,
            labels.join(", "),
            metric.about
        );
    }
    text.push_str(FIELDS_HEAD);
    for field in FIELDS.iter().filter(|field| field.name != "message") {
        let _ = writeln!(text, "| `{}` | {} |", field.name, field.about);
    }
    text
}
