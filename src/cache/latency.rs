//! The times of calls, as a histogram.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A histogram of the times of calls, with four buckets for each power of two.
#[derive(Debug)]
pub(super) struct Latency([AtomicU64; Latency::BUCKETS]);

impl Default for Latency {
    fn default() -> Latency {
        Latency(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl Latency {
    /// For times up to 2^28 microseconds (four minutes).
    const BUCKETS: usize = 28 * 4;

    /// Counts a call that took so long.
    pub(super) fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(4);
        let power = micros.ilog2() as usize;
        let quarter = ((micros >> (power - 2)) & 3) as usize;
        let index = (power * 4 + quarter).min(Self::BUCKETS - 1);
        self.0[index].fetch_add(1, Ordering::Relaxed);
    }

    /// The upper end of the bucket with the quantile; `None` before the first call.
    pub(super) fn quantile(&self, quantile: f64) -> Option<Duration> {
        let counts: Vec<u64> = self.0.iter().map(|n| n.load(Ordering::Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        if total == 0 {
            return None;
        }
        let wanted = (total as f64 * quantile).ceil() as u64;
        let mut seen = 0;
        let index = counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        })?;
        let (power, quarter) = (index / 4, index % 4);
        let upper = (1_u64 << power) / 4 * (quarter as u64 + 5);
        Some(Duration::from_micros(upper))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_near() {
        let latency = Latency::default();
        assert_eq!(latency.quantile(0.95), None);
        for millis in 1..=100 {
            latency.record(Duration::from_millis(millis));
        }
        for quantile in [0.5, 0.95] {
            let found = latency.quantile(quantile).unwrap().as_secs_f64() * 10.0;
            let ratio = found / quantile;
            assert!((1.0..1.25).contains(&ratio), "{quantile}: {found}");
        }
    }

    #[test]
    fn extremes_have_a_bucket() {
        let latency = Latency::default();
        latency.record(Duration::ZERO);
        latency.record(Duration::MAX);
        assert!(latency.quantile(0.1).unwrap() < Duration::from_micros(10));
        assert!(latency.quantile(1.0).unwrap() > Duration::from_secs(60));
    }
}
