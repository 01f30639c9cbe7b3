//! The page of metrics: it has what the table promises and nothing else, with values that one can act on.

use std::collections::{BTreeMap, BTreeSet};

use sangam::observe::metrics::{METRICS, Metric, MetricKind};
use serde_json::json;

use super::departments::{Departments, OF_RAIN, QUERY, connectors};
use super::running::{Folder, Running, client, post, text};

/// A page of metrics.
pub(super) struct Page(pub(super) String);

/// A line of a page: the name, the labels, and the value.
#[derive(Debug)]
pub(super) struct Line<'p> {
    pub(super) name: &'p str,
    pub(super) labels: BTreeMap<&'p str, &'p str>,
    pub(super) value: f64,
}

impl Page {
    pub(super) async fn of(admin: &str) -> Page {
        Page(text(client().get(format!("{admin}/metrics"))).await)
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let lines = self
            .0
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(Line::parse)
    }

    /// The value of a metric with these labels, and perhaps others.
    pub(super) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut lines = self.lines();
        let has =
            |line: &Line<'_>, (label, value): &(&str, &str)| line.labels.get(label) == Some(value);
        let found =
            lines.find(|line| line.name == name && labels.iter().all(|label| has(line, label)));
        found.map(|line| line.value)
    }
}

impl<'p> Line<'p> {
    /// No label of these tests has a comma or a quotation mark in its value.
    fn parse(line: &'p str) -> Line<'p> {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}').unwrap()),
            None => (series, ""),
        };
        let labels = labels.split(',').filter(|label| !label.is_empty());
        let pair = |label: &'p str| {
            let (label, value) = label.split_once("=\"").unwrap();
            (label, value.strip_suffix('"').unwrap())
        };
        Line {
            name,
            labels: labels.map(pair).collect(),
            value: value.parse().unwrap(),
        }
    }

    /// The metric of the table that the line belongs to, with the labels that the line must have.
    fn metric(&self) -> Option<(&'static Metric, BTreeSet<&'static str>)> {
        let named = |name: &str| METRICS.iter().find(|metric| metric.name == name);
        let of_histogram = |suffix| {
            let metric = named(self.name.strip_suffix(suffix)?)?;
            (!metric.kind.buckets().is_empty()).then_some(metric)
        };
        let metric = named(self.name)
            .or_else(|| of_histogram("_sum"))
            .or_else(|| of_histogram("_count"))
            .or_else(|| of_histogram("_bucket"))?;
        let mut labels: BTreeSet<&str> = metric.labels.iter().copied().collect();
        if self.name.ends_with("_bucket") {
            labels.insert("le");
        }
        Some((metric, labels))
    }
}

/// A gateway that has used everything that is measured.
pub(super) struct Used {
    pub(super) running: Running,
    pub(super) admin: String,
    folder: Folder,
    departments: Departments,
}

impl Used {
    pub(super) async fn start(settings: &str) -> Used {
        let departments = Departments::start().await;
        let settings =
            departments.settings(OF_RAIN) + "[admin]\nlisten = \"127.0.0.1:0\"\n" + settings;
        let connectors = connectors();
        let connectors = connectors
            .each_ref()
            .map(|(name, schema)| (*name, &**schema));
        let folder = Folder::new(&format!("watch = \"0s\"\n{settings}"), &connectors);
        let mut command = folder.command(&["serve"]);
        command.env("RAIN_UNIT", "millimetres");
        let mut running = Running::start(command);
        let admin = running.address("listening for operators");
        Used {
            running,
            admin,
            folder,
            departments,
        }
    }

    pub(super) async fn ask(&self, query: &str) -> String {
        text(post(&self.running.url, query, &json!({}))).await
    }

    /// Sends requests that are answered by upstreams, by caches, with errors, and not at all; then a reload that is refused.
    pub(super) async fn use_everything(&mut self) {
        for _ in 0..2 {
            self.ask(QUERY).await;
            self.ask("query Fresh { gauges { id } }").await;
        }
        self.departments
            .answer((503, "text/plain", "down".to_owned()));
        let failed = self
            .ask("query Failing { gauges(near: \"a\") { id } }")
            .await;
        assert!(failed.contains("\"errors\""), "{failed}");
        let refused = self.ask("query Refused { nothing }").await;
        assert!(refused.contains("GRAPHQL_VALIDATION_FAILED"), "{refused}");
        std::fs::write(self.folder.path("sangam.toml"), "listen = 7\n").unwrap();
        self.running.hang_up();
        self.running
            .until("not reloaded: everything is served as before");
    }

    pub(super) async fn page(&self) -> Page {
        Page::of(&self.admin).await
    }
}

/// Metrics that a gateway does not have whose control group has no limit.
pub(super) const CONDITIONAL: [&str; 1] = ["sangam_process_memory_max_bytes"];

#[test(threads)]
async fn the_page_has_the_metrics_of_the_table() {
    let mut used = Used::start("").await;
    used.use_everything().await;
    let page = used.page().await;
    let mut found = BTreeSet::new();
    for line in page.lines() {
        let (metric, labels) = line
            .metric()
            .unwrap_or_else(|| panic!("not in the table: {line:?}"));
        let given: BTreeSet<&str> = line.labels.keys().copied().collect();
        assert_eq!(given, labels, "{line:?}");
        assert!(line.value.is_finite() && line.value >= 0.0, "{line:?}");
        found.insert(metric.name);
    }
    let expected: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    let missing: Vec<&str> = expected.difference(&found).copied().collect();
    assert!(
        missing.iter().all(|name| CONDITIONAL.contains(name)),
        "{missing:?}"
    );
    for metric in METRICS.iter().filter(|metric| found.contains(metric.name)) {
        let kind = match metric.kind {
            MetricKind::Counter | MetricKind::FractionalCounter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Seconds | MetricKind::Bytes | MetricKind::Cost => "histogram",
        };
        let line = format!("# TYPE {} {kind}\n", metric.name);
        assert_eq!(page.0.matches(&line).count(), 1, "{line}");
    }
    used.running.stop();
}

#[test(threads)]
async fn gauges_have_the_values_of_the_moment() {
    let mut used = Used::start("[cache]\ndocuments = \"5MB\"\n").await;
    let before = used.page().await;
    let value = |page: &Page, name: &str, labels: &[(&str, &str)]| {
        let value = page.value(name, labels);
        value.unwrap_or_else(|| panic!("no {name} {labels:?}:\n{}", page.0))
    };
    let rain = |state| [("connector", "rain"), ("state", state)];
    assert_eq!(value(&before, "sangam_connector_state", &rain("IDLE")), 1.0);
    assert_eq!(
        value(&before, "sangam_config_last_reload_successful", &[]),
        1.0
    );
    assert_eq!(
        value(&before, "sangam_cache_entries", &[("cache", "document")]),
        0.0
    );
    used.use_everything().await;
    let after = used.page().await;
    for (name, labels, expected) in [
        ("sangam_connector_state", &rain("DOWN")[..], 1.0),
        ("sangam_connector_state", &rain("UP"), 0.0),
        (
            "sangam_connector_state",
            &[("connector", "directory"), ("state", "UP")],
            1.0,
        ),
        ("sangam_config_last_reload_successful", &[], 0.0),
        ("sangam_config_generation", &[], 1.0),
        ("sangam_cache_max_bytes", &[("cache", "document")], 5e6),
        ("sangam_cache_entries", &[("cache", "document")], 1.0),
        ("sangam_cache_entries", &[("cache", "plan")], 4.0),
        ("sangam_fetches_in_flight", &[("connector", "rain")], 0.0),
        ("sangam_fetches_max", &[("connector", "rain")], 64.0),
        (
            "sangam_limit",
            &[("limit", "limits.concurrent_requests")],
            1000.0,
        ),
        (
            "sangam_build_info",
            &[("version", env!("CARGO_PKG_VERSION"))],
            1.0,
        ),
    ] {
        assert_eq!(value(&after, name, labels), expected, "{name} {labels:?}");
    }
    // Of this process, by the same clock.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.unwrap().as_secs_f64();
    for name in [
        "sangam_config_last_reload_success_timestamp_seconds",
        "process_start_time_seconds",
    ] {
        let age = now - value(&after, name, &[]);
        assert!((-5.0..600.0).contains(&age), "{name}: {age}");
    }
    let resident = value(&after, "process_resident_memory_bytes", &[]);
    let known = used.running.memory("VmRSS") as f64;
    assert!(
        (0.5..2.0).contains(&(resident / known)),
        "{resident} {known}"
    );
    assert!(value(&after, "process_open_fds", &[]) > 3.0);
    used.running.stop();
}

/// Named requests of the log.
fn requests(log: &str) -> Vec<serde_json::Value> {
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    lines
        .filter(|line: &serde_json::Value| line["message"] == "request")
        .collect()
}

#[test(threads)]
async fn operations_have_names_and_signatures() {
    let used = Used::start("operation_labels = 2\n[log]\nrequests = \"all\"\n").await;
    let rain = "query Rain { gauges(near: \"NEAR\") { id } }";
    used.ask(&rain.replace("NEAR", "a")).await;
    used.departments.answer((500, "text/plain", String::new()));
    // The same operation: only the value differs.
    let failed = used.ask(&rain.replace("NEAR", "b")).await;
    assert!(failed.contains("\"errors\""), "{failed}");
    used.ask("{ __typename }").await;
    used.ask("query Third { __typename }").await;
    used.ask("query Fourth { __typename }").await;
    used.ask("query Refused { nothing }").await;
    let named = json!({ "query": "query A { nothing }", "operationName": "A" }).to_string();
    let name_that_is_none = json!({ "query": "{ nothing }", "operationName": "\n" }).to_string();
    for body in [named, name_that_is_none] {
        let url = format!("{}/graphql", used.running.url);
        let request = client()
            .post(url)
            .header("content-type", "application/json");
        text(request.body(body)).await;
    }
    let page = used.page().await;
    let of = |operation: &str, name: &str| page.value(name, &[("operation", operation)]);
    let count = "sangam_operation_seconds_count";
    assert_eq!(of("Rain", count), Some(2.0));
    assert_eq!(of("Rain", "sangam_operation_errors_total"), Some(1.0));
    assert_eq!(of("(anonymous)", count), Some(1.0));
    assert_eq!(of("(other)", count), Some(2.0));
    let names: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.labels.get("operation").copied())
        .collect();
    assert_eq!(names, BTreeSet::from(["(anonymous)", "(other)", "Rain"]));
    let errors = |connector, kind| {
        let labels = [("connector", connector), ("kind", kind)];
        page.value("sangam_errors_total", &labels)
    };
    assert_eq!(errors("rain", "UPSTREAM"), Some(1.0), "{}", page.0);
    assert_eq!(errors("", "INVALID"), Some(3.0), "{}", page.0);
    let explained = used
        .folder
        .command(&["explain", "--json", &rain.replace("NEAR", "c")])
        .env("RAIN_UNIT", "millimetres")
        .output()
        .unwrap();
    let explained: serde_json::Value = serde_json::from_slice(&explained.stdout).unwrap();
    let log = used.running.stop();
    let lines = requests(&log);
    let shown: Vec<(&str, bool)> = lines
        .iter()
        .map(|line| {
            (
                line["operation"].as_str().unwrap_or("-"),
                line["hash"].is_string(),
            )
        })
        .collect();
    let expected = [
        ("Rain", true),
        ("Rain", true),
        ("-", true),
        ("Third", true),
        ("Fourth", true),
        ("-", false),
        ("A", false),
        ("-", false),
    ];
    assert_eq!(shown, expected);
    assert_eq!(lines[0]["hash"], lines[1]["hash"]);
    // The page has the same signature, and so has the line of the failed call.
    let hash = lines[0]["hash"].as_str().unwrap();
    assert_eq!(
        page.value(count, &[("operation", "Rain"), ("hash", hash)]),
        Some(2.0)
    );
    let mut lines = log.lines();
    let call = lines
        .find(|line| line.contains("an upstream call failed"))
        .unwrap();
    let call: serde_json::Value = serde_json::from_str(call).unwrap();
    assert_eq!([&call["operation"], &call["hash"]], ["Rain", hash]);
    assert_eq!(explained["signature"], hash);
}
