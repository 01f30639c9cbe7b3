//! Log lines about calls that were refused before they were made.
//!
//! If an upstream does not respond, every request beyond the bounds is refused, possibly thousands of times a second. A
//! line for each would hide everything else. So the first refusal is logged at once, and then one line every
//! [`INTERVAL`] has the number of refusals, until there are none. The counts of all lines add up to the number of
//! refusals.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::source::SourceErrorKind;

/// The time between two lines.
const INTERVAL: Duration = Duration::from_secs(10);

/// The refusals of one connector that have not been logged.
#[derive(Debug)]
pub(super) struct Refusals {
    connector: Box<str>,
    /// `None` unless a task waits to write the next line.
    waiting: Mutex<Option<Uncounted>>,
}

/// What the next line reports.
#[derive(Debug, Default)]
struct Uncounted {
    count: u64,
    /// Why the last one was refused.
    detail: String,
}

/// Counts one refusal.
pub(super) fn note(refusals: &Arc<Refusals>, detail: &str) {
    if begins(refusals, detail) {
        let refusals = Arc::clone(refusals);
        // Outside of the request's span: it reports the refusals of many requests.
        tokio::spawn(async move { report(&refusals, || tokio::time::sleep(INTERVAL)).await });
    }
}

/// Counts one refusal. If it is the first, logs it and returns `true`: then [`report`] must be started.
fn begins(refusals: &Refusals, detail: &str) -> bool {
    let is_first = refusals.is_first(detail);
    if is_first {
        write(refusals, 1, detail);
    }
    is_first
}

/// Writes a line after each wait, until there has been no refusal.
async fn report<W: Future<Output = ()>>(refusals: &Refusals, mut wait: impl FnMut() -> W) {
    loop {
        wait().await;
        match refusals.take() {
            Some(uncounted) => write(refusals, uncounted.count, &uncounted.detail),
            None => return,
        }
    }
}

impl Refusals {
    pub(super) fn new(connector: &str) -> Refusals {
        Refusals {
            connector: connector.into(),
            waiting: Mutex::default(),
        }
    }

    /// Counts a refusal for the next line. True if no task waits to write one.
    fn is_first(&self, detail: &str) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *waiting {
            None => {
                *waiting = Some(Uncounted::default());
                true
            }
            Some(uncounted) => {
                uncounted.count += 1;
                if uncounted.detail != detail {
                    detail.clone_into(&mut uncounted.detail);
                }
                false
            }
        }
    }

    /// Takes what the next line reports; `None` if there was no refusal. Then the next refusal is a first one again.
    fn take(&self) -> Option<Uncounted> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let uncounted = waiting.take().filter(|uncounted| uncounted.count > 0)?;
        *waiting = Some(Uncounted::default());
        Some(uncounted)
    }
}

fn write(refusals: &Refusals, count: u64, detail: &str) {
    tracing::warn!(
        connector = &*refusals.connector,
        kind = SourceErrorKind::Busy.as_str(),
        count,
        error = detail,
        "calls were refused before they were made"
    );
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Written {
        /// Connector, reason and count of each line.
        fn lines(&self) -> Vec<(String, String, u64)> {
            let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            let read = |line: &str| {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                let text = |field: &str| line[field].as_str().unwrap().to_owned();
                assert_eq!(text("kind"), "BUSY");
                let count = line["count"].as_u64().unwrap();
                (text("connector"), text("error"), count)
            };
            text.lines().map(read).collect()
        }
    }

    #[tokio::test]
    async fn lines_are_few_and_their_counts_add_up() {
        let written = Written::default();
        let sink = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_writer(move || sink.clone())
            .finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let [dead, slow] = ["dead", "slow"].map(Refusals::new);
        for times in [3, 1] {
            assert!(begins(&dead, "too many"));
            assert!(begins(&slow, "queue"));
            let mut waits = 0;
            let refused_meanwhile = || {
                waits += 1;
                for _ in 0..if waits <= times { 1_000 } else { 0 } {
                    assert!(!begins(&dead, "too many"));
                }
                std::future::ready(())
            };
            report(&dead, refused_meanwhile).await;
            report(&slow, || std::future::ready(())).await;
            assert_eq!(waits, times + 1);
        }
        let line =
            |connector: &str, detail: &str, count| (connector.to_owned(), detail.to_owned(), count);
        let (first, many) = (line("dead", "too many", 1), line("dead", "too many", 1_000));
        let other = line("slow", "queue", 1);
        let mut expected = vec![&first, &other, &many, &many, &many];
        expected.extend([&first, &other, &many]);
        assert_eq!(written.lines().iter().collect::<Vec<_>>(), expected);
    }
}
