//! The figures of two sides, and their Markdown for `benches/README.md`.

use std::fmt::Write;
use std::time::Duration;

use super::ceiling::Ceilings;
use super::rows::Targets;
use super::wrk::Load;
use super::{megabytes, milliseconds};

/// The figures of one run of one side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) load: Load,
    /// Microseconds of CPU time of the process under test, per request.
    pub(super) cpu: f64,
    /// Calls to the upstream, per request.
    pub(super) calls: f64,
}

/// All runs of one side.
#[derive(Debug, Default)]
pub(super) struct Side {
    pub(super) samples: Vec<Sample>,
    /// Resident bytes before the first request.
    pub(super) idle: u64,
    /// The most resident bytes.
    pub(super) peak: u64,
    /// Upstream calls from the start up to the first answer.
    pub(super) first_calls: u64,
    /// Upstream calls of one further request, counted without load.
    pub(super) calls: u64,
}

impl Side {
    fn median(&self, of: impl Fn(&Sample) -> f64) -> f64 {
        median(self.samples.iter().map(of).collect())
    }
}

/// The target of a figure.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    None,
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    pub(super) fn text(self, value: f64) -> String {
        let (sign, bound, met) = match self {
            Target::None => return String::new(),
            Target::AtLeast(bound) => ("≥", bound, value >= bound),
            Target::AtMost(bound) => ("≤", bound, value <= bound),
        };
        format!("{sign} {bound} {}", if met { "met" } else { "**missed**" })
    }
}

/// One row of the comparison as a Markdown table. Ratios are medians of the pairs' ratios: the two runs of a pair had
/// the same conditions.
pub(super) fn table(
    (gateway, by_hand): (&Side, &Side),
    other: &str,
    targets: Targets,
    ceilings: Ceilings,
) -> String {
    let mut lines = format!("| | gateway | {other} | ratio | target |\n|---|---:|---:|---:|---|\n");
    let mut under_load =
        |name: &str, of: &dyn Fn(&Sample) -> f64, digits: usize, target: Target| {
            let ratios = gateway
                .samples
                .iter()
                .zip(&by_hand.samples)
                .map(|(ours, theirs)| of(ours) / of(theirs));
            let ratio = median(ratios.collect());
            let (ours, theirs) = (gateway.median(of), by_hand.median(of));
            let _ = writeln!(
                lines,
                "| {name} | {ours:.digits$} | {theirs:.digits$} | {ratio:.2} | {} |",
                target.text(ratio)
            );
        };
    under_load(
        "requests a second",
        &|sample| sample.load.per_second(),
        0,
        targets.throughput,
    );
    let p50 = |sample: &Sample| milliseconds(sample.load.p50);
    under_load("p50, ms", &p50, 2, Target::None);
    let p99 = |sample: &Sample| milliseconds(sample.load.p99);
    under_load("p99, ms", &p99, 2, Target::None);
    under_load("CPU per request, µs", &|sample| sample.cpu, 1, targets.cpu);
    let calls = |side: &Side| side.median(|sample| sample.calls);
    let (ours, theirs) = (calls(gateway), calls(by_hand));
    let _ = writeln!(
        lines,
        "| upstream calls per request, under load | {ours:.2} | {theirs:.2} | | |"
    );
    for (name, ours, theirs) in [
        (
            "upstream calls of one request",
            gateway.calls,
            by_hand.calls,
        ),
        (
            "upstream calls until the first answer",
            gateway.first_calls,
            by_hand.first_calls,
        ),
    ] {
        let _ = writeln!(lines, "| {name} | {ours} | {theirs} | | equal |");
    }
    for (name, ours, theirs, target, of_ratio) in [
        (
            "memory when idle, MB",
            gateway.idle,
            by_hand.idle,
            Target::None,
            Target::None,
        ),
        (
            "memory at most, MB",
            gateway.peak,
            by_hand.peak,
            targets.memory,
            targets.memory_ratio,
        ),
    ] {
        let (ours, theirs) = (megabytes(ours), megabytes(theirs));
        let ratio = ours / theirs;
        let met = format!("{}{}", target.text(ours), of_ratio.text(ratio));
        let _ = writeln!(
            lines,
            "| {name} | {ours:.1} | {theirs:.1} | {ratio:.2} | {met} |"
        );
    }
    lines.push_str(&limits(ceilings, gateway.calls));
    lines
}

/// A side without another one as a Markdown table.
pub(super) fn alone(side: &Side, targets: Targets, ceilings: Ceilings) -> String {
    let mut lines = String::from("| | gateway | target |\n|---|---:|---|\n");
    let milliseconds_of =
        |of: fn(&Load) -> Duration| side.median(|sample| milliseconds(of(&sample.load)));
    for (name, value, digits, target) in [
        (
            "requests a second",
            side.median(|sample| sample.load.per_second()),
            0,
            targets.throughput,
        ),
        ("p50, ms", milliseconds_of(|load| load.p50), 2, Target::None),
        ("p99, ms", milliseconds_of(|load| load.p99), 2, Target::None),
        (
            "CPU per request, µs",
            side.median(|sample| sample.cpu),
            1,
            targets.cpu,
        ),
        (
            "upstream calls per request, under load",
            side.median(|sample| sample.calls),
            2,
            Target::None,
        ),
        (
            "memory when idle, MB",
            megabytes(side.idle),
            1,
            Target::None,
        ),
        (
            "memory at most, MB",
            megabytes(side.peak),
            1,
            targets.memory,
        ),
    ] {
        let met = target.text(value);
        let _ = writeln!(lines, "| {name} | {value:.digits$} | {met} |");
    }
    lines.push_str(&limits(ceilings, side.calls));
    lines
}

fn limits(ceilings: Ceilings, calls: u64) -> String {
    let upstream = match ceilings.upstream {
        Some(most) => format!(
            "the upstream, loaded directly with the calls of one request ({calls}): {most:.0}"
        ),
        None => "the upstream is not called".to_owned(),
    };
    format!(
        "\nCeilings, in requests a second: {upstream}; wrk, against a handler that only sends these bytes: {:.0}.\n",
        ceilings.generator
    )
}

pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match (values.len(), values.len() / 2) {
        (0, _) => f64::NAN,
        (length, middle) if length % 2 == 1 => values[middle],
        (_, middle) => (values[middle - 1] + values[middle]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_one_or_between_the_two() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn a_target_that_is_missed_says_so() {
        assert_eq!(Target::AtLeast(0.95).text(0.94), "≥ 0.95 **missed**");
        assert_eq!(Target::AtMost(1.2).text(1.2), "≤ 1.2 met");
    }
}
