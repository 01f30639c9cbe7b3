//! The documentation of log fields and metrics, generated from their tables.

use std::fmt::Write;

use super::fields::FIELDS;
use super::metrics::{METRICS, MetricKind};

const HEAD: &str = "\
# What can be observed

Generated from `src/observe/`; do not edit (`make docs` writes it).

## Metrics

`GET /metrics` on the admin listener, in Prometheus' text format.

| metric | kind | labels | meaning |
|---|---|---|---|
";

const FIELDS_HEAD: &str = "
## Fields

A line of the log, and a span that is sent by OTLP, has these fields and no others. Values of variables, bodies, headers
and URLs have no field. Besides these, each line has `time`, `level`, `target` and `message`.

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
