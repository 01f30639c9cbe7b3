//! The lines of the log at a start: what is served, its bounds, and where.

use serde_json::{Value, json};

use super::collector::Collector;
use super::departments::{Departments, OF_RAIN, connectors};
use super::running::{Folder, Running};

#[test(threads)]
async fn a_start_logs_what_is_loaded() {
    let (departments, collector) = (Departments::start().await, Collector::start().await);
    let settings = departments.settings(OF_RAIN)
        + "[admin]\nlisten = \"127.0.0.1:0\"\n[cache]\nplans = \"1MB\"\n"
        + &collector.settings();
    let broken = ("broken", "type Query {");
    let connectors = connectors();
    let mut connectors: Vec<(&str, &str)> = connectors
        .iter()
        .map(|(name, schema)| (*name, &**schema))
        .collect();
    connectors.push(broken);
    let folder = Folder::new(&settings, &connectors);
    let mut command = folder.command(&["serve"]);
    command.env("RAIN_UNIT", "millimetres");
    let mut running = Running::start(command);
    running.until("listening for operators");
    let said = running.said().to_owned();
    let lines: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let messages: Vec<&str> = lines
        .iter()
        .filter(|line| line["level"] == "info")
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    let expected = [
        "loaded",
        "the caches and running operations are bounded",
        "traces are exported",
        "listening",
        "listening for operators",
    ];
    assert_eq!(messages, expected, "{said}");
    let line = |message: &str| {
        lines
            .iter()
            .find(|line| line["message"] == message)
            .unwrap()
    };
    let loaded = line("loaded");
    for (field, value) in [
        ("version", json!(env!("CARGO_PKG_VERSION"))),
        ("file", json!("sangam.toml")),
        ("connectors", json!("directory, rain")),
        ("services", json!(0)),
        ("problems", json!(1)),
    ] {
        assert_eq!(loaded[field], value, "{loaded}");
    }
    // `Query`, `Gauge`, `District`, and those of the gateway itself.
    assert!(loaded["types"].as_u64().unwrap() >= 3, "{loaded}");
    assert!(loaded["fields"].as_u64().unwrap() >= 7, "{loaded}");
    let bounds = line("the caches and running operations are bounded");
    assert_eq!(bounds["plan_bytes"], 1_000_000);
    assert_eq!(bounds["requests"], 1_000);
    let traces = line("traces are exported");
    assert_eq!(traces["address"], collector.origin());
    assert_eq!(traces["ratio"], 1.0);
    running.stop();
}
