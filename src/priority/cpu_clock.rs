//! The processor time that the current thread has used since an earlier instant.
//!
//! Wall time says too much: it passes while the system gives the processor to another thread, so on a machine with much
//! to do the shortest request would seem to work for milliseconds. The system knows the processor time of a thread, but
//! to ask for it is a system call, too slow for every poll of a task. So [`mark`] asks at most once per [`STEP`], and
//! [`used_since`] asks once more, which its callers do only if much wall time has passed. In between, the time before
//! the instant counts too, so the result is up to a `STEP` too much, but never more than the wall time.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// How old a thread's last reading may be.
const STEP: Duration = Duration::from_micros(200);

/// A reading of a thread's clock, and when it was taken.
#[derive(Debug, Clone, Copy)]
struct Reading {
    at: Instant,
    used: Duration,
}

thread_local! {
    /// The last reading of this thread's clock.
    static LAST: Cell<Option<Reading>> = const { Cell::new(None) };
}

/// To be called at an instant since which [`used_since`] will measure.
pub(super) fn mark(now: Instant) {
    let is_recent = LAST
        .get()
        .is_some_and(|last| now.duration_since(last.at) < STEP);
    if !is_recent {
        LAST.set(thread_time().map(|used| Reading { at: now, used }));
    }
}

/// The processor time that this thread has used since an instant that was marked, of which so much wall time has passed.
/// Where the system does not know it, the wall time.
pub(super) fn used_since(passed: Duration) -> Duration {
    match (LAST.get(), thread_time()) {
        (Some(last), Some(now)) => now.saturating_sub(last.used).min(passed),
        _ => passed,
    }
}

/// The processor time of this thread.
#[cfg(unix)]
pub(super) fn thread_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).ok()
}

#[cfg(not(unix))]
pub(super) fn thread_time() -> Option<Duration> {
    None
}
