//! The example dashboard and alert rules of `packaging/monitoring/`: their queries are well-formed, and a gateway has the
//! metrics, labels and values that they read.

mod promql;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sangam::observe::metrics::{METRICS, Metric};
use serde_json::Value;
use yaml_rust2::{Yaml, YamlLoader};

use self::promql::{Matcher, Query, Selector};
use super::metrics::{CONDITIONAL, Page, Used};

/// Labels that Prometheus adds to every series.
const OF_PROMETHEUS: [&str; 2] = ["instance", "job"];

/// A query, and where it is written.
struct Written {
    place: String,
    text: String,
    query: Query,
}

impl Written {
    fn new(place: String, text: &str) -> Written {
        // What Grafana replaces.
        let replaced = text
            .replace("$__rate_interval", "5m")
            .replace("$instance", ".*")
            .replace("$connector", ".*");
        let query = promql::parse(&replaced);
        Written {
            query: query.unwrap_or_else(|error| panic!("{place}: {error}: {text}")),
            place,
            text: text.to_owned(),
        }
    }
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("packaging/monitoring")
        .join(name)
}

/// The expressions of the dashboard.
fn dashboard() -> Vec<Written> {
    let text = std::fs::read_to_string(file("dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let mut all = Vec::new();
    let (mut ids, mut places) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        assert!(
            ids.insert(panel["id"].as_u64().unwrap()),
            "{title}: its id is not its own"
        );
        let at = &panel["gridPos"];
        let place = (at["x"].as_u64().unwrap(), at["y"].as_u64().unwrap());
        assert!(
            places.insert(place),
            "{title}: another panel is at its place"
        );
        for target in panel["targets"].as_array().into_iter().flatten() {
            let text = target["expr"].as_str().unwrap();
            all.push(Written::new(format!("panel {title:?}"), text));
        }
    }
    for annotation in dashboard["annotations"]["list"].as_array().unwrap() {
        let text = annotation["expr"].as_str().unwrap();
        all.push(Written::new("annotation".to_owned(), text));
    }
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        // `label_values(metric, label)`
        let Some(text) = variable["definition"].as_str() else {
            continue;
        };
        let inside = text
            .strip_prefix("label_values(")
            .unwrap()
            .strip_suffix(')')
            .unwrap();
        let (metric, label) = inside.split_once(", ").unwrap();
        all.push(Written::new(
            format!("variable {inside}"),
            &format!("count by ({label}) ({metric})"),
        ));
    }
    all
}

/// The expressions of the alert rules.
fn alerts() -> Vec<Written> {
    let text = std::fs::read_to_string(file("alerts.yaml")).unwrap();
    let documents = YamlLoader::load_from_str(&text).unwrap();
    let mut all = Vec::new();
    let list = |yaml: &Yaml, key: &str| yaml[key].as_vec().unwrap().clone();
    for group in list(&documents[0], "groups") {
        assert!(group["name"].as_str().is_some());
        for rule in list(&group, "rules") {
            let name = rule["alert"].as_str().unwrap();
            for annotation in ["summary", "description"] {
                let text = rule["annotations"][annotation].as_str();
                assert!(
                    text.is_some_and(|text| !text.is_empty()),
                    "{name}: {annotation}"
                );
            }
            let severity = rule["labels"]["severity"].as_str().unwrap();
            assert!(
                ["critical", "warning", "info"].contains(&severity),
                "{name}"
            );
            all.push(Written::new(
                name.to_owned(),
                rule["expr"].as_str().unwrap(),
            ));
        }
    }
    all
}

/// The metric of the table, by the name of one of its series.
fn metric(name: &str) -> Option<&'static Metric> {
    let base = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| {
        let metric = Metric::named(name.strip_suffix(suffix)?)?;
        (!metric.kind.buckets().is_empty()).then_some(metric)
    });
    // A histogram has no series of its own name.
    let plain = Metric::named(name).filter(|metric| metric.kind.buckets().is_empty());
    plain.or(base)
}

/// The labels that the series of this name have.
fn labels(name: &str) -> Vec<&'static str> {
    let own = metric(name).map_or(&[][..], |metric| metric.labels);
    let bound = name.ends_with("_bucket").then_some("le");
    own.iter()
        .copied()
        .chain(OF_PROMETHEUS)
        .chain(bound)
        .collect()
}

/// What a query reads that the page does not have.
fn missing(written: &Written, page: &Page) -> Vec<String> {
    let mut missing = Vec::new();
    for selector in &written.query.selectors {
        let name = &selector.name;
        let Some(metric) = metric(name) else {
            missing.push(format!("no metric {name}"));
            continue;
        };
        if !CONDITIONAL.contains(&metric.name) && !page.lines().any(|line| line.name == name) {
            missing.push(format!("no series {name}"));
        }
        for matcher in &selector.matchers {
            let label = &matcher.label;
            if !labels(name).contains(&&**label) {
                missing.push(format!("{name} has no label {label}"));
            } else {
                let values = values(matcher).into_iter();
                let absent = values.filter(|value| !has_value(page, selector, label, value));
                missing.extend(absent.map(|value| format!("{name} has no {label}={value}")));
            }
        }
    }
    for (grouping, inside) in &written.query.groupings {
        let names = written.query.selectors[inside.clone()].iter();
        let known: Vec<&str> = names.flat_map(|selector| labels(&selector.name)).collect();
        for label in grouping.iter().filter(|label| !known.contains(&&***label)) {
            missing.push(format!("no metric in it has the label {label}"));
        }
    }
    missing
}

/// The values that a matcher asks for, of which there must be series. A kind of failure may not have happened.
fn values(matcher: &Matcher) -> Vec<&str> {
    let is_wanted = matches!(&*matcher.operator, "=" | "=~");
    match is_wanted && matcher.value != ".*" {
        true => matcher.value.split('|').collect(),
        false => Vec::new(),
    }
}

fn has_value(page: &Page, selector: &Selector, label: &str, value: &str) -> bool {
    let mut lines = page.lines();
    lines.any(|line| line.name == selector.name && line.labels.get(label) == Some(&value))
}

#[test(threads)]
async fn queries_read_metrics_that_a_gateway_has() {
    let mut used = Used::start("").await;
    used.use_everything().await;
    let page = used.page().await;
    let (dashboard, alerts) = (dashboard(), alerts());
    assert!(dashboard.len() > 40 && alerts.len() > 15);
    let mut read = BTreeSet::new();
    for written in dashboard.iter().chain(&alerts) {
        let missing = missing(written, &page);
        assert!(
            missing.is_empty(),
            "{}: {missing:?}: {}",
            written.place,
            written.text
        );
        let selectors = written.query.selectors.iter();
        read.extend(selectors.filter_map(|selector| Some(metric(&selector.name)?.name)));
    }
    // What nothing shows is nothing that operators know of.
    let not_shown = METRICS.iter().map(|metric| metric.name);
    let not_shown: Vec<&str> = not_shown.filter(|name| !read.contains(name)).collect();
    let known = ["sangam_operation_cost", "process_virtual_memory_bytes"];
    assert_eq!(not_shown, known);
    // The check finds what is wrong.
    for (text, expected) in [
        ("sangam_nothing", "no metric sangam_nothing"),
        ("sangam_request_seconds", "no metric sangam_request_seconds"),
        (
            "sum by (kind) (sangam_requests_total)",
            "no metric in it has the label kind",
        ),
        (
            "sangam_requests_total{kind=\"a\"}",
            "sangam_requests_total has no label kind",
        ),
        (
            "sangam_requests_total{outcome=\"a\"}",
            "sangam_requests_total has no outcome=a",
        ),
    ] {
        let written = Written::new("test".to_owned(), text);
        assert_eq!(missing(&written, &page), [expected]);
    }
    used.running.stop();
}

/// Prometheus' own tool, where it is installed.
#[test]
fn promtool_accepts_the_alerts() {
    let mut promtool = std::process::Command::new("promtool");
    match promtool
        .args(["check", "rules"])
        .arg(file("alerts.yaml"))
        .output()
    {
        Ok(output) => assert!(
            output.status.success(),
            "{}",
            super::running::printed(&output)
        ),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
    }
}
