//! Limits the rate of log lines, per kind of line.
//!
//! Clients and upstreams can cause any number of lines: each invalid query is one, each failed call is another. Of each
//! kind, a fixed number of lines is written per second. Further lines are counted, and the next line of the kind reports
//! the count in the field `suppressed`. The number of kinds is bounded by [`MAX_KINDS`], and so is the memory.

use std::fmt;
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ahash::AHasher;
use hashbrown::HashMap;
use metrics::Counter;
use tracing::Event;
use tracing::field::{Field, Visit};

use super::metrics::LOG_LINES_DROPPED;

/// The clock of the limiter: the system's, or one that a test controls.
pub type LogClock = Box<dyn Fn() -> Instant + Send + Sync>;

/// Fields whose values are a part of a line's kind. The values come from our code and from the settings, so there are few.
const FIELDS_OF_KIND: [&str; 4] = ["connector", "kind", "limit", "outcome"];

/// The most kinds that are tracked; further ones share one. In practice there are far fewer.
const MAX_KINDS: usize = 4_096;

const SECOND: Duration = Duration::from_secs(1);

/// A kind of line: lines of one kind are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct LineKind(u64);

impl LineKind {
    /// The kind of panics, which are not `tracing` events.
    pub(super) const PANIC: LineKind = LineKind(1);

    const OTHERS: LineKind = LineKind(0);

    /// The kind of an event: its call site, and the values of [`FIELDS_OF_KIND`].
    pub(super) fn of(event: &Event<'_>) -> LineKind {
        let mut kind = KindHasher(AHasher::default());
        event.metadata().callsite().hash(&mut kind.0);
        event.record(&mut kind);
        LineKind(kind.0.finish())
    }
}

struct KindHasher(AHasher);

impl Visit for KindHasher {
    fn record_str(&mut self, field: &Field, value: &str) {
        if FIELDS_OF_KIND.contains(&field.name()) {
            field.name().hash(&mut self.0);
            self.0.write(value.as_bytes());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if FIELDS_OF_KIND.contains(&field.name()) {
            field.name().hash(&mut self.0);
            // Hashing cannot fail.
            let _ = write!(self, "{value:?}");
        }
    }
}

impl fmt::Write for KindHasher {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

/// The lines of one kind in the current second.
struct Window {
    began: Instant,
    written: usize,
    suppressed: u64,
}

/// Bounds the lines of each kind.
pub(super) struct Limiter {
    lines_per_second: usize,
    clock: LogClock,
    windows: Mutex<HashMap<LineKind, Window>>,
    suppressed: Counter,
}

impl Limiter {
    pub(super) fn new(lines_per_second: usize, clock: LogClock) -> Limiter {
        Limiter {
            lines_per_second,
            clock,
            windows: Mutex::default(),
            suppressed: metrics::counter!(LOG_LINES_DROPPED, "reason" => "rate"),
        }
    }

    /// Whether a line of this kind may be written now; if so, the number of lines suppressed since the last one.
    pub(super) fn admit(&self, kind: LineKind) -> Option<u64> {
        let now = (self.clock)();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let has_window = windows.len() < MAX_KINDS || windows.contains_key(&kind);
        let kind = if has_window { kind } else { LineKind::OTHERS };
        let window = windows.entry(kind).or_insert(Window {
            began: now,
            written: 0,
            suppressed: 0,
        });
        if now.saturating_duration_since(window.began) >= SECOND {
            (window.began, window.written) = (now, 0);
        }
        if window.written < self.lines_per_second {
            window.written += 1;
            return Some(std::mem::take(&mut window.suppressed));
        }
        window.suppressed += 1;
        drop(windows);
        self.suppressed.increment(1);
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn limiter(lines_per_second: usize) -> (Limiter, Arc<AtomicU64>) {
        let (began, ms) = (Instant::now(), Arc::new(AtomicU64::new(0)));
        let read = Arc::clone(&ms);
        let clock = move || began + Duration::from_millis(read.load(Ordering::Relaxed));
        (Limiter::new(lines_per_second, Box::new(clock)), ms)
    }

    #[test]
    fn so_many_lines_a_second_of_each_kind() {
        let (limiter, ms) = limiter(3);
        let [one, other] = [LineKind(7), LineKind(8)];
        let written = |kind| {
            (0..10)
                .filter_map(|_| limiter.admit(kind))
                .collect::<Vec<_>>()
        };
        assert_eq!(written(one), [0, 0, 0]);
        assert_eq!(written(other), [0, 0, 0]);
        ms.store(999, Ordering::Relaxed);
        assert_eq!(written(one), [0; 0]);
        ms.store(1_000, Ordering::Relaxed);
        // The first line reports seven of the first ten lines and the ten that followed.
        assert_eq!(written(one), [17, 0, 0]);
        ms.store(60_000, Ordering::Relaxed);
        assert_eq!(written(other), [7, 0, 0]);
    }

    #[test]
    fn kinds_beyond_any_number_share_one() {
        let (limiter, _) = limiter(1);
        let written =
            (2..2 + 2 * MAX_KINDS as u64).filter_map(|kind| limiter.admit(LineKind(kind)));
        assert_eq!(written.count(), MAX_KINDS + 1);
        assert_eq!(limiter.windows.lock().unwrap().len(), MAX_KINDS + 1);
    }
}
