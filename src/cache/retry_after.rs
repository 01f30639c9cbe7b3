//! After how many seconds a busy upstream accepts requests again.

use super::clock::Timestamp;
use crate::source::RetryAfter;

/// The maximum: a longer time is more likely a mistake of the upstream.
const LONGEST: u64 = 86_400;

/// The seconds, for a response that was just received.
pub(super) fn seconds(given: Option<RetryAfter>, now: Timestamp) -> Option<u32> {
    let seconds = match given? {
        RetryAfter::Seconds(seconds) => seconds,
        RetryAfter::At(time) => {
            let left = Timestamp::from(time).since(now);
            left.as_millis().div_ceil(1_000) as u64
        }
    };
    u32::try_from(seconds.min(LONGEST)).ok()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn at_most_a_day() {
        // 2026-01-01T00:00:00Z
        let now = Timestamp(1_767_225_600_000);
        let at = |seconds| RetryAfter::At(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let table = [
            (RetryAfter::Seconds(0), 0),
            (RetryAfter::Seconds(120), 120),
            (RetryAfter::Seconds(86_401), 86_400),
            (RetryAfter::Seconds(u64::MAX), 86_400),
            (at(1_767_225_720), 120),
            (at(1_767_225_540), 0),
            (at(1_798_761_600), 86_400),
        ];
        for (given, expected) in table {
            assert_eq!(seconds(Some(given), now), Some(expected), "{given:?}");
        }
        assert_eq!(seconds(None, now), None);
    }
}
