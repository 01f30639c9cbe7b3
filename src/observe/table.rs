//! Generates `docs/observability.md` from the tables of log fields and metrics.

use std::fmt::Write;

use super::fields::{ATTRIBUTES, FIELDS};
use super::metrics::{METRICS, MetricKind};

const HEAD: &str = "\
# Observability

Metrics, log fields and traces of the gateway.

<!-- Generated from src/observe/ by `make docs`; do not edit. -->

## Metrics

`GET /metrics` on the admin listener, in the Prometheus text format. Connectors appear by the names of their folders.
Metrics without the prefix `sangam_` have the names that Prometheus libraries use; they need `/proc`.

| metric | kind | labels | meaning |
|---|---|---|---|
";

const MONITORING: &str = "
## Dashboard and alerts

A release has an example dashboard for Grafana and alert rules for Prometheus in `monitoring/`. Their thresholds are
examples. To find a cause:

<!-- In the repository, these files are in packaging/monitoring/. -->

| question | where |
|---|---|
| Which operation is slow, or has errors? | `sangam_operation_seconds` and `sangam_operation_errors_total`; `sangam explain` shows its calls, and `sangam explain --json` its signature |
| Which connector fails, and why? | `sangam_connector_state`, `sangam_fetches_total` and `sangam_errors_total` by kind; the log lines `an upstream call failed` |
| Do the caches help? | `sangam_cache_lookups_total`; `sangam_cache_evictions_total` with `reason=\"size\"`: a cache is too small for what is asked for again and again; `sangam_cache_refusals_total` counts what is asked for once |
| Is the gateway saturated? | `sangam_requests_in_flight`, the `…_held_bytes` and `…_queued` metrics against `sangam_limit` and `sangam_fetches_max`; `sangam_requests_total` with `outcome=\"shed\"` |
| Which version serves, and which files? | `sangam_build_info`; `sangam_config_last_reload_successful` and `…_success_timestamp_seconds` |
";

const FIELDS_HEAD: &str = "
## Failed calls

A call has failed if clients get an error because of it: there is no response, its status is no success or `isSuccess` is
not true, it cannot be read, it has not the form of the field's type, or a GraphQL service reports errors. Responses that say
that an object does not exist (`NOT_FOUND`) or that the request is invalid (`INVALID`) are counted by kind; they are no
failures of the upstream. Neither are those that [`@clientErrors`](directives.md#clienterrors) declares to be errors of the
client, nor those that deny access (401, 403) to a call with the client's own `Authorization` or `Cookie`. The kinds are those of [errors.md](errors.md).

- `sangam_fetches_total` counts the call by kind.
- The field `connectors` of the public schema has the `status` by the last call, `failureCount`, and the kind as `lastError`.
- The span of the call has the kind as `error.type`, and the status ERROR.
- The log has a line `an upstream call failed` with `connector`, `coordinate`, `status`, `kind` and the reason as `error`: one
  for the first failure of a kind at a coordinate, and then one a minute with their number as `count`. With the level `debug`
  it has a line for each.

## A gateway that does not start

Errors at the start are lines of the log as all others: each is one line `an error in the deployment`, with `code`, `connector`,
`file`, `line`, `column`, `error` and `help` as far as there is one. The last line is `not started`; it has the cause if that is no
error of a file, such as a port in use. A reload that is refused says the same, and `not reloaded: everything is served as before`.

The format is that of `log.format`, even if the settings have errors: what can be read of `[log]` and of `SANGAM_LOG_FORMAT`, else
JSON. Wrong arguments are the exception: their text is for the person who types them. `sangam check` shows the same errors to
people, with the lines that they are about.

## Fields

Log lines have only these fields. Values of variables, bodies, headers and URLs have no field, so they are never logged.
Besides these, each line has `time`, `level`, `target` and `message`. The settings are in
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

const SPANS_HEAD: &str = "
## Spans

With `[tracing] endpoint`, spans are exported by OTLP over HTTP:

| span | kind | what it is |
|---|---|---|
| `POST /graphql` | server | a request of a client |
| `operation` | internal | an operation of a batch |
| `fetch dggi:Query.scores[0]` | internal | a call for a connect or a GraphQL service, also if a cache answers it |
| `GET /v1/districts/REDACTED` | client | a request to an upstream, with the address as its connect declares it |

A request to an upstream has the trace context of its span in `traceparent`. The text of operations, the values of variables,
and what a request computes for its address (arguments, keys, credentials) are not exported. The resource has `service.name`
(the setting `tracing.service_name`; while that is its default, `OTEL_SERVICE_NAME`), `service.version`, and
`service.instance.id`, which is drawn at the start; `OTEL_RESOURCE_ATTRIBUTES` adds to them, and can replace the instance.
Names and types of attributes are those of the semantic conventions of OpenTelemetry; those of the gateway begin with
`sangam.`. Without a type below, they are strings.

| attribute | what it holds |
|---|---|
";

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
    text.push_str(MONITORING);
    text.push_str(FIELDS_HEAD);
    for field in FIELDS.iter().filter(|field| field.name != "message") {
        let _ = writeln!(text, "| `{}` | {} |", field.name, field.about);
    }
    text.push_str(SPANS_HEAD);
    let settings = |name: &str| matches!(name, "otel.kind" | "otel.name" | "otel.status_code");
    for field in ATTRIBUTES.iter().filter(|field| !settings(field.name)) {
        let _ = writeln!(text, "| `{}` | {} |", field.name, field.about);
    }
    text
}
