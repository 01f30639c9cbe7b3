//! The results of the attacks as Markdown, for `docs/long-runs.md`.

use std::fmt::Write;
use std::time::Duration;

use sangam_attacks::honest::{HONEST, Load};

use crate::run::Row;

/// The target for the memory of the gateway, in bytes.
const MEMORY: u64 = 1_000_000_000;
/// The target for the latency of honest requests, as a multiple of the figure without an attack.
const SLOWER: f64 = 10.0;

/// The beginning of the table.
pub(crate) const HEAD: &str = "\
| attack | connections | sent, KB | gateway: CPU, s | gateway: memory at most, MB | honest, cached: p99, ms | honest, uncached: p99, ms | honest failures | targets |
|---|---:|---:|---:|---:|---:|---:|---:|---|";

/// The figures of honest clients without an attack.
pub(crate) fn quiet(loads: &[Load; 2]) -> String {
    let mut text = String::from("Without an attack:");
    for (honest, load) in HONEST.iter().zip(loads) {
        let [p50, p99] = [50, 99].map(|of| milliseconds(load.percentile(of)));
        let _ = write!(
            text,
            " {} p50 {p50:.2} ms, p99 {p99:.2} ms ({} requests);",
            honest.name,
            load.latencies.len()
        );
    }
    text.pop();
    text.push_str(".\n");
    text
}

/// One attack.
pub(crate) fn row(row: &Row, quiet: &[Load; 2]) -> String {
    let missed = missed(row, quiet);
    let target = match &*missed {
        [] => "met".to_owned(),
        missed => format!("**missed**: {}", missed.join(", ")),
    };
    let cell = |which: usize| match &row.loads {
        Some(loads) => {
            let p99 = milliseconds(loads[which].percentile(99));
            format!("{p99:.2} (×{:.1})", times(&loads[which], &quiet[which]))
        }
        None => "–".to_owned(),
    };
    let failures = match &row.loads {
        Some(loads) => {
            let failed: u64 = loads.iter().map(Load::failed).sum();
            let answered: usize = loads.iter().map(|load| load.latencies.len()).sum();
            format!("{failed} of {}", answered as u64 + failed)
        }
        None => "–".to_owned(),
    };
    format!(
        "| {} | {} | {} | {:.2} | {:.0} | {} | {} | {failures} | {target} |",
        row.attack.name,
        row.opened,
        row.sent / 1_000,
        row.cpu.as_secs_f64(),
        row.peak as f64 / 1e6,
        cell(0),
        cell(1),
    )
}

/// The targets that an attack has missed.
pub(crate) fn missed(row: &Row, quiet: &[Load; 2]) -> Vec<String> {
    let mut missed = Vec::new();
    if row.peak >= MEMORY {
        missed.push("memory".to_owned());
    }
    for ((honest, load), quiet) in HONEST.iter().zip(row.loads.iter().flatten()).zip(quiet) {
        if load.failed() > 0 {
            missed.push(format!("{} failures", honest.name));
        }
        if times(load, quiet) >= SLOWER {
            missed.push(format!("{} p99", honest.name));
        }
    }
    if row.findings.iter().any(|finding| !finding.met) {
        missed.push("see below".to_owned());
    }
    missed
}

/// The lines below the table.
pub(crate) fn notes(rows: &[Row], quiet: &[Load; 2], left_out: &[String]) -> String {
    let missed = rows
        .iter()
        .filter(|row| !self::missed(row, quiet).is_empty());
    let mut text = format!(
        "\n{} attacks: {} missed a target.\n\n",
        rows.len(),
        missed.count()
    );
    for row in rows {
        for finding in &row.findings {
            let met = if finding.met { "met" } else { "**missed**" };
            let _ = writeln!(text, "- {}: {} ({met})", row.attack.name, finding.what);
        }
        for (honest, load) in HONEST.iter().zip(row.loads.iter().flatten()) {
            for (why, times) in &load.failures {
                let _ = writeln!(
                    text,
                    "- {}: {times} honest requests ({}) failed: {why}",
                    row.attack.name, honest.name
                );
            }
        }
    }
    for why in left_out {
        let _ = writeln!(text, "- Left out: {why}");
    }
    text
}

fn times(load: &Load, quiet: &Load) -> f64 {
    let quiet = quiet.percentile(99).as_secs_f64();
    load.percentile(99).as_secs_f64() / quiet.max(1e-6)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
