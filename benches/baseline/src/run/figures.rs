//! Figures of two sides, and how they are shown: as the Markdown that stands in `benches/README.md`.

use super::wrk::Load;

/// What one run of one side showed.
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
    /// Resident bytes after the first answer.
    pub(super) idle: u64,
    /// The most resident bytes.
    pub(super) peak: u64,
    /// Upstream calls of one request, counted without load.
    pub(super) calls: u64,
}

impl Side {
    fn median(&self, of: impl Fn(&Sample) -> f64) -> f64 {
        median(self.samples.iter().map(of).collect())
    }
}

/// What must hold of the gateway's figure divided by the other's.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    None,
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    fn text(self, ratio: f64) -> String {
        let (sign, bound, met) = match self {
            Target::None => return String::new(),
            Target::AtLeast(bound) => ("≥", bound, ratio >= bound),
            Target::AtMost(bound) => ("≤", bound, ratio <= bound),
        };
        format!("{sign} {bound} {}", if met { "met" } else { "**missed**" })
    }
}

/// One row of the comparison as a Markdown table. Ratios are medians of the pairs' ratios: the two runs of a pair saw
/// the same weather.
pub(super) fn table(gateway: &Side, by_hand: &Side, throughput: Target, cpu: Target) -> String {
    let mut lines =
        String::from("| | gateway | by hand | ratio | target |\n|---|---:|---:|---:|---|\n");
    let mut line = |name: &str, of: &dyn Fn(&Sample) -> f64, digits: usize, target: Target| {
        let ratios = gateway
            .samples
            .iter()
            .zip(&by_hand.samples)
            .map(|(ours, theirs)| of(ours) / of(theirs));
        let ratio = median(ratios.collect());
        let (ours, theirs) = (gateway.median(of), by_hand.median(of));
        let ratio_text = if ratio.is_finite() {
            format!("{ratio:.2}")
        } else {
            String::new()
        };
        lines.push_str(&format!(
            "| {name} | {ours:.digits$} | {theirs:.digits$} | {ratio_text} | {} |\n",
            target.text(ratio)
        ));
    };
    line(
        "requests a second",
        &|sample| sample.load.per_second(),
        0,
        throughput,
    );
    line(
        "p50, ms",
        &|sample| sample.load.p50.as_secs_f64() * 1e3,
        2,
        Target::None,
    );
    line(
        "p99, ms",
        &|sample| sample.load.p99.as_secs_f64() * 1e3,
        2,
        Target::None,
    );
    line("CPU per request, µs", &|sample| sample.cpu, 1, cpu);
    line(
        "upstream calls per request, under load",
        &|sample| sample.calls,
        2,
        Target::None,
    );
    let counted = format!(
        "| upstream calls of one request | {} | {} | | equal |\n",
        gateway.calls, by_hand.calls
    );
    lines.push_str(&counted);
    for (name, ours, theirs) in [
        (
            "memory after the first answer, MB",
            gateway.idle,
            by_hand.idle,
        ),
        ("memory at most, MB", gateway.peak, by_hand.peak),
    ] {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        lines.push_str(&format!(
            "| {name} | {:.1} | {:.1} | | |\n",
            megabytes(ours),
            megabytes(theirs)
        ));
    }
    lines
}

fn median(mut values: Vec<f64>) -> f64 {
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
