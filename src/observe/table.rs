//! Generates `docs/observability.md` from the tables of log fields and metrics.

use std::fmt::Write;

use super::fields::FIELDS;
use super::metrics::{METRICS, MetricKind};

const HEAD: &str = "\
# Observability

Metrics, log fields and traces of the gateway. Generated from `src/observe/`; do not edit (`make docs` writes it).

## Metrics

`GET /metrics` on the admin listener, in the Prometheus text format. Connectors appear by the names of their folders.
Metrics without the prefix `sangam_` have the names that Prometheus libraries use; they need `/proc`.

| metric | kind | labels | meaning |
|---|---|---|---|
";

const FIELDS_HEAD: &str = "
## Failed calls

A call has failed if clients get an error because of it: there is no response, its status is no success or `isSuccess` is
not true, it cannot be read, it has not the form of the field's type, or a GraphQL service reports errors. Responses that say
that an object does not exist (`NOT_FOUND`) or that the request is invalid (`INVALID`) are counted by kind; they are no
failures of the upstream. The kinds are those of [errors.md](errors.md).

- `sangam_fetches_total` counts the call by kind.
- The field `connectors` of the public schema has the `state` by the last call, `failures`, and the kind as `lastError`.
- The span of the call has the kind, and the status ERROR.
- The log has a line `an upstream call failed` with `connector`, `coordinate`, `status`, `kind` and the reason as `error`: one
  for the first failure of a kind at a coordinate, and then one a minute with their number as `count`. With the level `debug`
  it has a line for each.

## Fields

Log lines, and spans exported by OTLP, have only these fields. Values of variables, bodies, headers and URLs have no
field, so they are never logged. Besides these, each line has `time`, `level`, `target` and `message`. The settings are in
[configuration.md](configuration.md): `[log]`, `[tracing]`, and `[admin]` for the listener of the metrics.

| field | what it holds |
|---|---|
";

/// The buckets of the histograms.
fn buckets() -> String {
    let mut text = "\nThe upper bounds of the buckets of histograms:\n\n".to_owned();
    let kinds = [
        ("seconds", MetricKind::Seconds),
        ("bytes", MetricKind::Bytes),
        ("cost", MetricKind::Cost),
    ];
    for (name, kind) in kinds {
        let bounds: Vec<String> = kind.buckets().iter().map(f64::to_string).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "- {name}: {}", bounds.join(", "));
    }
    text
}

/// `docs/observability.md`.
pub fn markdown() -> String {
    let mut text = HEAD.to_owned();
    for metric in METRICS {
        let kind = match metric.kind {
            MetricKind::Counter | MetricKind::FractionalCounter => "counter",
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
    text.push_str(&buckets());
    text.push_str(FIELDS_HEAD);
    for field in FIELDS.iter().filter(|field| field.name != "message") {
        let _ = writeln!(text, "| `{}` | {} |", field.name, field.about);
    }
    text
}
