//! How cost grows with size: ten times as much may cost at most thirteen times as much. There is no other side here:
//! the gateway is held against itself.

mod body;
mod connectors;
mod lists;

use std::error::Error;
use std::fmt::Write;
use std::time::Duration;

use super::Bench;
use super::figures::{Target, median};
use sangam_harness::{Process, files};

pub(super) const NAME: &str = "Growth";

/// For ten times the size.
const TENFOLD: Target = Target::AtMost(13.0);

pub(super) async fn run(bench: &Bench) -> Result<String, Box<dyn Error>> {
    let mut text = String::from(
        "| | 10 | 100 | 1,000 | 10,000 | last ÷ one before | target |\n|---|---:|---:|---:|---:|---:|---|\n",
    );
    for (name, times) in connectors::measure()? {
        let _ = writeln!(text, "{}", line(name, &times));
    }
    let upstream = Process::role(&["upstream", "growth"])?;
    let times = lists::measure(bench, &upstream).await?;
    let _ = writeln!(text, "{}", line("executing a list of so many, ms", &times));
    let _ = write!(text, "\n{}", body::measure(bench, &upstream).await?);
    Ok(text)
}

/// Times for growing sizes, in milliseconds, and the last of them divided by the one before.
fn line(name: &str, times: &[f64]) -> String {
    let mut cells: Vec<String> = times.iter().map(|time| format!("{time:.2}")).collect();
    cells.resize(4, "–".to_owned());
    let ratio = match times {
        [.., before, last] => last / before,
        _ => f64::NAN,
    };
    format!(
        "| {name} | {} | {ratio:.1} | {} |",
        cells.join(" | "),
        TENFOLD.text(ratio)
    )
}

/// The settings of a gateway in front of the upstream for these rows.
fn settings(bench: &Bench, upstream: &Process) -> Result<String, Box<dyn Error>> {
    let head = files::head(&bench.paths.benches.join("connectors/growth"))?;
    Ok(format!(
        "{head}[connector.lists]\nbase_url = {:?}\n",
        upstream.url
    ))
}

/// The median time of a number of runs, in milliseconds.
fn median_of(times: Vec<Duration>) -> f64 {
    median(times.into_iter().map(super::milliseconds).collect())
}
