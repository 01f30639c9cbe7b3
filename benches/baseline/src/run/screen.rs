//! The first screen of the dashboard: its named operations, sent at once to a gateway that has just started, and then again.

use std::error::Error;
use std::fmt::Write;
use std::time::Instant;

use futures_util::future::try_join_all;

use super::figures::{Target, median};
use super::rows::World;
use super::{Bench, cold, milliseconds, request, rows};
use sangam_harness::{Process, files};

pub(super) const NAME: &str = "The first screen of the dashboard";

/// What the screen consists of.
const OPERATIONS: [&str; 8] = [
    "DistrictRanking",
    "SectorHeat",
    "Movers",
    "SchemeTotals",
    "WorksTotals",
    "GrievanceTotals",
    "ServiceBacklog",
    "DataHealth",
];

/// How often the screen is loaded again after each start.
const AGAIN: usize = 20;

/// Milliseconds for the whole screen, and the upstream calls of the first time.
#[derive(Default)]
struct Loads {
    cold: Vec<f64>,
    again: Vec<f64>,
    calls: Vec<f64>,
    bytes: usize,
}

pub(super) async fn run(bench: &Bench) -> Result<String, Box<dyn Error>> {
    let upstream = World::Departments.upstream()?;
    let bodies = bodies(bench)?;
    let connectors = rows::departments(bench, &upstream).await?;
    let head = files::head(&bench.paths.connectors)?;
    let by_default = format!("{head}{connectors}");
    let executed = format!("{head}[cache]\nresponses = \"0MB\"\n{connectors}");
    let (mut loads, mut executions) = (Loads::default(), Loads::default());
    for _ in 0..bench.pairs {
        load(bench, &upstream, &by_default, &bodies, &mut loads).await?;
        load(bench, &upstream, &executed, &bodies, &mut executions).await?;
    }
    let mut table = format!(
        "Eight operations at once, {:.0} kB of responses.\n\n| | median | at most | target |\n|---|---:|---:|---|\n",
        loads.bytes as f64 / 1e3
    );
    for (name, values, target) in [
        ("with cold caches, ms", loads.cold, Target::AtMost(150.0)),
        ("again, ms", loads.again, Target::AtMost(5.0)),
        (
            "again, with documents but no responses cached, ms",
            executions.again,
            Target::None,
        ),
        ("upstream calls with cold caches", loads.calls, Target::None),
    ] {
        let most = values.iter().copied().fold(0.0, f64::max);
        let middle = median(values);
        let met = target.text(middle);
        let _ = writeln!(table, "| {name} | {middle:.1} | {most:.1} | {met} |");
    }
    Ok(table)
}

/// The bodies of the requests. The operations need no variables.
fn bodies(bench: &Bench) -> Result<Vec<String>, Box<dyn Error>> {
    let mut bodies = Vec::new();
    for name in OPERATIONS {
        let file = bench
            .paths
            .operation
            .with_file_name(format!("{name}.graphql"));
        let text = std::fs::read_to_string(&file);
        bodies.push(request(
            &text.map_err(|error| format!("{}: {error}", file.display()))?,
        ));
    }
    Ok(bodies)
}

/// Starts a gateway and loads the screen: for the first time, and again.
async fn load(
    bench: &Bench,
    upstream: &Process,
    settings: &str,
    bodies: &[String],
    loads: &mut Loads,
) -> Result<(), Box<dyn Error>> {
    let before = bench.calls(upstream).await?;
    let gateway = bench.gateway(settings)?;
    let ask = async || -> Result<_, Box<dyn Error>> {
        let begun = Instant::now();
        let answers = try_join_all(bodies.iter().map(|body| bench.ask(&gateway, body))).await?;
        Ok((milliseconds(begun.elapsed()), answers))
    };
    let (took, answers) = ask().await?;
    for answer in &answers {
        cold::whole(answer)?;
    }
    loads.cold.push(took);
    loads.bytes = answers.iter().map(bytes::Bytes::len).sum();
    loads
        .calls
        .push((bench.calls(upstream).await? - before) as f64);
    for _ in 0..AGAIN {
        let (took, again) = ask().await?;
        loads.again.push(took);
        if again != answers {
            return Err("the screen has other responses when it is loaded again".into());
        }
    }
    Ok(())
}
