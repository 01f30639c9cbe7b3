//! Cold start with the connectors of the seven departments that the district query asks: the time until the first response, and the memory.

use std::error::Error;
use std::fmt::Write;
use std::time::Instant;

use super::figures::{Target, median};
use super::rows::World;
use super::{Bench, megabytes, milliseconds, rows};
use sangam_harness::files;

pub(super) const NAME: &str = "Cold start, with the seven departments";

/// The first request: one department, one call.
const FIRST: &str = "{ districts { lgdCode name } }";

/// The figures of one start: milliseconds since the start, and MB.
#[derive(Default)]
struct Starts {
    listening: Vec<f64>,
    first: Vec<f64>,
    district: Vec<f64>,
    idle: Vec<f64>,
    answered: Vec<f64>,
}

pub(super) async fn run(bench: &Bench) -> Result<String, Box<dyn Error>> {
    let upstream = World::Departments.upstream()?;
    let mut settings = files::head(&bench.paths.connectors)?;
    settings.push_str(rows::ONLY);
    settings.push_str(&rows::departments(bench, &upstream).await?);
    let district = super::request(&rows::district(bench)?);
    let mut starts = Starts::default();
    for _ in 0..bench.pairs {
        starts
            .first
            .push(first_answer(bench, &settings, FIRST, &mut starts.listening).await?);
        let begun = Instant::now();
        let gateway = bench.gateway(&settings)?;
        starts.idle.push(megabytes(gateway.memory()?));
        whole(&bench.ask(&gateway, &district).await?)?;
        starts.district.push(milliseconds(begun.elapsed()));
        starts.answered.push(megabytes(gateway.memory()?));
    }
    let mut table = String::from("| | median | at most | target |\n|---|---:|---:|---|\n");
    for (name, values, target) in [
        ("listening, ms", starts.listening, Target::None),
        (
            "first answer (one department), ms",
            starts.first,
            Target::AtMost(150.0),
        ),
        (
            "first answer (the district query), ms",
            starts.district,
            Target::None,
        ),
        ("memory when idle, MB", starts.idle, Target::AtMost(40.0)),
        (
            "memory after the district query, MB",
            starts.answered,
            Target::None,
        ),
    ] {
        let most = values.iter().copied().fold(0.0, f64::max);
        let middle = median(values);
        let _ = writeln!(
            table,
            "| {name} | {middle:.1} | {most:.1} | {} |",
            target.text(middle)
        );
    }
    Ok(table)
}

/// Milliseconds from the start of the process to the response to its first request.
async fn first_answer(
    bench: &Bench,
    settings: &str,
    operation: &str,
    listening: &mut Vec<f64>,
) -> Result<f64, Box<dyn Error>> {
    let body = super::request(operation);
    let begun = Instant::now();
    let gateway = bench.gateway(settings)?;
    listening.push(milliseconds(begun.elapsed()));
    let answer = bench.ask(&gateway, &body).await?;
    let took = milliseconds(begun.elapsed());
    whole(&answer)?;
    Ok(took)
}

/// A response with errors was sent before the gateway was ready.
pub(super) fn whole(answer: &[u8]) -> Result<(), Box<dyn Error>> {
    let value: serde_json::Value = serde_json::from_slice(answer)?;
    match value.get("errors") {
        None => Ok(()),
        Some(errors) => Err(format!("the first answer has errors: {errors}").into()),
    }
}
