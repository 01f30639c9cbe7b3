//! Metrics that are measured when the page is read.

use std::fmt::Write;

use super::metrics::{METRICS, Metric, MetricKind};

/// Values of gauges and counters at one moment.
#[derive(Debug, Default)]
pub struct Samples(Vec<Sample>);

#[derive(Debug)]
struct Sample {
    name: &'static str,
    /// What a series of a histogram has after the name: `_sum`.
    suffix: &'static str,
    /// The labels as the page has them: `{cache="plan"}`.
    labels: String,
    value: f64,
}

impl Samples {
    /// Adds a value of a metric of the table.
    pub fn add(&mut self, name: &'static str, labels: &[(&str, &str)], value: f64) {
        self.series((name, ""), labels, None, value);
    }

    /// Adds a histogram: the number of values in each bucket of its kind and above them, and the sum of the values.
    pub fn histogram(
        &mut self,
        name: &'static str,
        labels: &[(&str, &str)],
        counts: &[u64],
        sum: f64,
    ) {
        let bounds = Metric::named(name).map_or(&[][..], |metric| metric.kind.buckets());
        let mut total = 0;
        for (index, count) in counts.iter().enumerate() {
            total += count;
            let bound = bounds.get(index).map_or("+Inf".to_owned(), f64::to_string);
            self.series((name, "_bucket"), labels, Some(&bound), total as f64);
        }
        self.series((name, "_sum"), labels, None, sum);
        self.series((name, "_count"), labels, None, total as f64);
    }

    fn series(
        &mut self,
        (name, suffix): (&'static str, &'static str),
        labels: &[(&str, &str)],
        bound: Option<&str>,
        value: f64,
    ) {
        let mut text = String::new();
        let bound = bound.map(|bound| ("le", bound));
        for (label, value) in labels.iter().copied().chain(bound) {
            let before = if text.is_empty() { '{' } else { ',' };
            // Writing to a string cannot fail.
            let _ = write!(text, "{before}{label}=\"{}\"", escaped(value));
        }
        if !text.is_empty() {
            text.push('}');
        }
        self.0.push(Sample {
            name,
            suffix,
            labels: text,
            value,
        });
    }

    /// Adds a number of bytes or things; `f64` is exact up to 2^53.
    pub fn count(&mut self, name: &'static str, labels: &[(&str, &str)], value: usize) {
        self.add(name, labels, value as f64);
    }

    /// Writes the metrics in the text format of Prometheus, in the order of the table.
    pub(super) fn write(&self, page: &mut String) {
        for metric in METRICS {
            let mut samples = self.0.iter().filter(|sample| sample.name == metric.name);
            let Some(first) = samples.next() else {
                continue;
            };
            write_head(metric, page);
            for sample in std::iter::once(first).chain(samples) {
                let Sample {
                    suffix,
                    labels,
                    value,
                    ..
                } = sample;
                let _ = writeln!(page, "{}{suffix}{labels} {value}", metric.name);
            }
        }
    }
}

pub(super) fn write_head(metric: &Metric, page: &mut String) {
    let kind = match metric.kind {
        MetricKind::Counter | MetricKind::FractionalCounter => "counter",
        MetricKind::Gauge => "gauge",
        MetricKind::Seconds | MetricKind::Bytes | MetricKind::Cost => "histogram",
    };
    // Writing to a string cannot fail.
    let _ = writeln!(page, "# HELP {} {}", metric.name, metric.about);
    let _ = writeln!(page, "# TYPE {} {kind}", metric.name);
}

/// The value of a label, with the escapes of the text format.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::metrics::{CACHE_BYTES, PROCESS_CPU};
    use super::*;

    #[test]
    fn samples_of_a_metric_are_together_and_escaped() {
        let mut samples = Samples::default();
        samples.count(CACHE_BYTES, &[("cache", "a\"b\\c\nd")], 7);
        samples.add(PROCESS_CPU, &[], 1.25);
        samples.count(CACHE_BYTES, &[("cache", "plan")], 8);
        let mut page = String::new();
        samples.write(&mut page);
        let lines: Vec<&str> = page
            .lines()
            .filter(|line| !line.starts_with("# HELP"))
            .collect();
        let expected = [
            "# TYPE sangam_cache_bytes gauge",
            "sangam_cache_bytes{cache=\"a\\\"b\\\\c\\nd\"} 7",
            "sangam_cache_bytes{cache=\"plan\"} 8",
            "# TYPE process_cpu_seconds_total counter",
            "process_cpu_seconds_total 1.25",
        ];
        assert_eq!(lines, expected);
    }
}
