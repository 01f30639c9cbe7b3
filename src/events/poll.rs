//! Polls: an upstream is asked at intervals, and what has changed is an event.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::feed::Publisher;
use crate::cache::Generation;
use crate::document::Value;
use crate::execute::Polled;

/// The longest time between two requests to an upstream that fails, unless it is polled less often anyway.
const LONGEST: Duration = Duration::from_secs(300);

/// How often an upstream is asked.
#[derive(Debug, Clone, Copy)]
pub struct PollTimes {
    /// From one request to the next.
    pub every: Duration,
}

impl PollTimes {
    /// The time from one request to the next after so many failures in a row.
    fn after(self, failures: u32, retry_after: Option<u32>) -> Duration {
        let longer = self.every.saturating_mul(1 << failures.min(16));
        let asked = Duration::from_secs(retry_after.unwrap_or(0).into());
        longer.min(LONGEST.max(self.every)).max(asked.min(LONGEST))
    }
}

/// What was published last.
#[derive(PartialEq, Eq)]
enum Published {
    Nothing,
    Value([u8; 32]),
    Failure,
}

/// Asks until the task is aborted, and publishes each value that is not the last one. `changed` is called before a value is
/// published that is not the first.
///
/// A failure is published once. The value after it is published whether it is new or not: subscribers have seen the error.
pub async fn poll<A, C>(
    publisher: Publisher,
    times: PollTimes,
    mut ask: impl FnMut() -> A,
    mut changed: impl FnMut(&Polled) -> C,
) where
    A: Future<Output = Polled>,
    C: Future<Output = ()>,
{
    let (mut last, mut failures) = (Published::Nothing, 0);
    loop {
        let begun = Instant::now();
        let polled = ask().await;
        let pause = match &polled.value {
            Some(value) => {
                failures = 0;
                let value = Published::Value(hash(value));
                if last != value {
                    if last != Published::Nothing {
                        changed(&polled).await;
                    }
                    last = value;
                    publisher.publish(polled.event);
                }
                times.every
            }
            None => {
                failures += 1;
                let pause = times.after(failures, polled.retry_after);
                if last != Published::Failure {
                    last = Published::Failure;
                    publisher.publish(polled.event);
                }
                pause
            }
        };
        sleep_until(begun + pause).await;
    }
}

fn hash(value: &Value) -> [u8; 32] {
    let mut text = Vec::new();
    value.write_json(&mut text);
    *Generation::new(&[&text]).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_upstream_is_asked_less_and_less_often() {
        let times = PollTimes {
            every: Duration::from_secs(2),
        };
        let after = |failures, retry| times.after(failures, retry).as_secs();
        assert_eq!(
            [1, 2, 3, 7, 8, 99].map(|n| after(n, None)),
            [4, 8, 16, 256, 300, 300]
        );
        assert_eq!(after(1, Some(60)), 60);
        assert_eq!(after(1, Some(86_400)), 300);
        let seldom = PollTimes {
            every: Duration::from_secs(3_600),
        };
        assert_eq!(seldom.after(5, None).as_secs(), 3_600);
    }
}
