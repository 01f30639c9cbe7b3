//! Log lines about something that may occur thousands of times a second.
//!
//! A line for each occurrence would hide everything else. So the first one is logged at once, and then one line every
//! [`RepeatedLine::INTERVAL`] has the number of further ones, until there are none. The counts of all lines add up to the
//! number of occurrences.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;

/// A line that is written for several occurrences.
pub(super) trait RepeatedLine: Send + Sync + 'static {
    /// The time between two lines.
    const INTERVAL: Duration;

    /// What a line says about the last occurrence.
    type Detail: Clone + PartialEq + Send;

    /// The occurrences that have not been logged.
    fn uncounted(&self) -> &Uncounted<Self::Detail>;

    /// Writes a line about so many occurrences.
    fn write(&self, count: u64, last: &Self::Detail);
}

/// The occurrences that have not been logged.
#[derive(Debug)]
pub(super) struct Uncounted<D>(
    /// `None` unless a task waits to write the next line: their number, and the last one.
    Mutex<Option<(u64, Option<D>)>>,
);

impl<D> Default for Uncounted<D> {
    fn default() -> Self {
        Uncounted(Mutex::default())
    }
}

impl<D: Clone + PartialEq> Uncounted<D> {
    /// Counts an occurrence for the next line. True if no task waits to write one.
    fn is_first(&self, detail: &D) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((count, last)) = &mut *waiting else {
            *waiting = Some((0, None));
            return true;
        };
        *count += 1;
        if last.as_ref() != Some(detail) {
            *last = Some(detail.clone());
        }
        false
    }

    /// Takes what the next line reports; `None` if nothing occurred. Then the next occurrence is a first one again.
    fn take(&self) -> Option<(u64, D)> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, last) = waiting.take()?;
        let taken = (count, last?);
        *waiting = Some((0, None));
        Some(taken)
    }
}

/// Counts one occurrence. Returns whether a line was written for it.
pub(super) fn note<L: RepeatedLine>(line: &Arc<L>, detail: &L::Detail) -> bool {
    let Ok(runtime) = Handle::try_current() else {
        // No task can write a line later.
        line.write(1, detail);
        return true;
    };
    let is_first = begins(&**line, detail);
    if is_first {
        let line = Arc::clone(line);
        // Outside of the request's span: it reports the occurrences in many requests.
        runtime.spawn(async move { report(&*line, || tokio::time::sleep(L::INTERVAL)).await });
    }
    is_first
}

/// Counts one occurrence. If it is the first, logs it and returns `true`: then [`report`] must be started.
fn begins<L: RepeatedLine>(line: &L, detail: &L::Detail) -> bool {
    let is_first = line.uncounted().is_first(detail);
    if is_first {
        line.write(1, detail);
    }
    is_first
}

/// Writes a line after each wait, until nothing has occurred.
async fn report<L: RepeatedLine, W: Future<Output = ()>>(line: &L, mut wait: impl FnMut() -> W) {
    loop {
        wait().await;
        match line.uncounted().take() {
            Some((count, last)) => line.write(count, &last),
            None => return,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Written {
        uncounted: Uncounted<&'static str>,
        lines: Mutex<Vec<(u64, &'static str)>>,
    }

    impl RepeatedLine for Written {
        const INTERVAL: Duration = Duration::from_secs(10);
        type Detail = &'static str;

        fn uncounted(&self) -> &Uncounted<&'static str> {
            &self.uncounted
        }

        fn write(&self, count: u64, last: &&'static str) {
            self.lines.lock().unwrap().push((count, last));
        }
    }

    #[tokio::test]
    async fn lines_are_few_and_their_counts_add_up() {
        let line = Written::default();
        for times in [3, 1] {
            assert!(begins(&line, &"first"));
            let mut waits = 0;
            let occurred_meanwhile = || {
                waits += 1;
                for number in 0..if waits <= times { 1_000 } else { 0 } {
                    let detail = if number < 999 { "other" } else { "last" };
                    assert!(!begins(&line, &detail));
                }
                std::future::ready(())
            };
            report(&line, occurred_meanwhile).await;
            assert_eq!(waits, times + 1);
        }
        let (first, many) = ((1, "first"), (1_000, "last"));
        let expected = [first, many, many, many, first, many];
        assert_eq!(*line.lines.lock().unwrap(), expected);
    }

    #[test]
    fn without_a_runtime_each_occurrence_is_written() {
        let line = Arc::new(Written::default());
        for _ in 0..3 {
            assert!(note(&line, &"first"));
        }
        assert_eq!(*line.lines.lock().unwrap(), [(1, "first"); 3]);
    }
}
