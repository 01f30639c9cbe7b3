//! Every named operation by itself: sent to a gateway that has just started, and then again.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use super::figures::median;
use super::rows::World;
use super::{Bench, cold, milliseconds, rows};
use sangam_harness::{Process, files};

pub(super) const NAME: &str = "The named operations";

/// How often each is sent again after each start.
const AGAIN: usize = 20;

/// One operation, and its times in milliseconds.
struct Measured {
    name: String,
    body: String,
    cold: Vec<f64>,
    again: Vec<f64>,
    calls: u64,
    bytes: usize,
}

pub(super) async fn run(bench: &Bench) -> Result<String, Box<dyn Error>> {
    let upstream = World::Departments.upstream()?;
    let connectors = rows::departments(bench, &upstream).await?;
    let settings = format!("{}{connectors}", files::head(&bench.paths.connectors)?);
    let folder = bench.paths.operation.parent();
    let mut all = named(folder.ok_or("the named operations have no folder")?)?;
    // A round of all operations after the other: a slow minute of the machine is not that of one operation.
    for _ in 0..bench.pairs {
        for operation in &mut all {
            measure(bench, &upstream, &settings, operation).await?;
        }
    }
    let mut table = String::from(
        "Each is sent to a gateway that has just started, and then again: from the cached response, unless it may not be cached.\n\n\
         | operation | cold, ms | again, ms | calls, cold | kB |\n|---|---:|---:|---:|---:|\n",
    );
    for operation in all {
        let _ = writeln!(
            table,
            "| {} | {:.1} | {:.2} | {} | {:.1} |",
            operation.name,
            median(operation.cold),
            median(operation.again),
            operation.calls,
            operation.bytes as f64 / 1e3,
        );
    }
    Ok(table)
}

/// The operations of a folder by name, each with its example variables.
fn named(folder: &Path) -> Result<Vec<Measured>, Box<dyn Error>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else {
            continue;
        };
        if path.extension().is_none_or(|kind| kind != "graphql") {
            continue;
        }
        let examples = path.with_extension("variables.json");
        let variables: Value = match examples.is_file() {
            true => serde_json::from_str(&std::fs::read_to_string(examples)?)?,
            false => json!({}),
        };
        let query = std::fs::read_to_string(&path)?;
        all.push(Measured {
            name: name.to_owned(),
            body: json!({ "query": query, "variables": variables }).to_string(),
            cold: Vec::new(),
            again: Vec::new(),
            calls: 0,
            bytes: 0,
        });
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(all)
}

/// Starts a gateway and sends an operation: for the first time, and again.
async fn measure(
    bench: &Bench,
    upstream: &Process,
    settings: &str,
    operation: &mut Measured,
) -> Result<(), Box<dyn Error>> {
    let before = bench.calls(upstream).await?;
    let gateway = bench.gateway(settings)?;
    let begun = Instant::now();
    let answer = bench.ask(&gateway, &operation.body).await?;
    operation.cold.push(milliseconds(begun.elapsed()));
    cold::whole(&answer).map_err(|error| format!("{}: {error}", operation.name))?;
    operation.bytes = answer.len();
    operation.calls = bench.calls(upstream).await? - before;
    for _ in 0..AGAIN {
        let begun = Instant::now();
        bench.ask(&gateway, &operation.body).await?;
        operation.again.push(milliseconds(begun.elapsed()));
    }
    Ok(())
}
