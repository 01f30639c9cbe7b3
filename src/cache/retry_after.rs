//! After how many seconds a busy upstream accepts requests again (`Retry-After`, RFC 9110, section 10.2.3).

use http::HeaderMap;
use http::header::RETRY_AFTER;

use super::clock::Timestamp;

/// The maximum: a longer time is more likely a mistake of the upstream.
const LONGEST: u64 = 86_400;

/// The seconds in a response that was just received; `None` unless the status is 429 or 503 and the header can be read.
pub(super) fn seconds(status: u16, headers: &HeaderMap, now: Timestamp) -> Option<u32> {
    if !matches!(status, 429 | 503) {
        return None;
    }
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = match digits {
        // A number that does not fit is a long time.
        true => text.parse().unwrap_or(u64::MAX),
        false => {
            let then = Timestamp::from(httpdate::parse_http_date(text).ok()?);
            then.since(now).as_millis().div_ceil(1_000) as u64
        }
    };
    u32::try_from(seconds.min(LONGEST)).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates() {
        // 2026-01-01T00:00:00Z
        let now = Timestamp(1_767_225_600_000);
        let table = [
            (429, "120", Some(120)),
            (503, " 7 ", Some(7)),
            (503, "0", Some(0)),
            (503, "86401", Some(86_400)),
            (503, "99999999999999999999999", Some(86_400)),
            (429, "Thu, 01 Jan 2026 00:02:00 GMT", Some(120)),
            (429, "Wed, 31 Dec 2025 23:59:00 GMT", Some(0)),
            (429, "Fri, 01 Jan 2027 00:00:00 GMT", Some(86_400)),
            (503, "-1", None),
            (503, "1.5", None),
            (503, "", None),
            (503, "soon", None),
            (500, "120", None),
            (200, "120", None),
            (301, "120", None),
        ];
        for (status, text, expected) in table {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(
                seconds(status, &headers, now),
                expected,
                "{status} {text:?}"
            );
        }
        assert_eq!(seconds(503, &HeaderMap::new(), now), None);
    }
}
