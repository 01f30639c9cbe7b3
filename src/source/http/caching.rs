//! What the headers of a response say about keeping it, and about asking again (RFC 9111, RFC 5861; RFC 9110, section
//! 10.2.3). What follows from that is decided by the cache.

use std::time::{Duration, SystemTime};

use ::http::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, RETRY_AFTER, VARY};
use ::http::{HeaderMap, HeaderName};

use crate::source::{CacheFacts, GivenLifetime, RetryAfter};

/// The maximum lifetime (section 1.2.2 requires at least 2^31 seconds).
const LONGEST: Duration = Duration::from_secs(1 << 31);

/// What a response says about how long it may be kept.
pub(crate) fn facts(status: u16, headers: &HeaderMap) -> CacheFacts {
    let directives = Directives::read(headers);
    CacheFacts {
        partial: matches!(status, 100..=199 | 206 | 304),
        varies_on_anything: varies_on_anything(headers),
        no_store: directives.no_store,
        no_cache: directives.no_cache,
        private: directives.private,
        public: directives.public,
        must_revalidate: directives.must_revalidate,
        lifetime: lifetime(headers, &directives),
        private_lifetime: private_lifetime(headers, &directives),
        stale_while_revalidate: directives.stale_while_revalidate.unwrap_or_default(),
        stale_if_error: directives.stale_if_error.unwrap_or_default(),
        age: header_age(headers),
        date: date(headers, &DATE),
    }
}

/// The lifetime that the upstream gives (section 4.2.1).
fn lifetime(headers: &HeaderMap, directives: &Directives) -> Option<GivenLifetime> {
    // `s-maxage` is for shared caches; for a private document this one acts as the client's own cache.
    let shared = directives.s_maxage.filter(|_| !directives.private);
    match shared {
        Some(seconds) => Some(GivenLifetime::For(seconds)),
        None => lifetime_for_all(headers, directives),
    }
}

/// The lifetime for clients' own caches, if that for shared ones is another one. Without any, it is over at once.
fn private_lifetime(headers: &HeaderMap, directives: &Directives) -> Option<GivenLifetime> {
    directives.s_maxage.filter(|_| !directives.private)?;
    let given = lifetime_for_all(headers, directives);
    Some(given.unwrap_or(GivenLifetime::Over))
}

/// The lifetime for all caches.
fn lifetime_for_all(headers: &HeaderMap, directives: &Directives) -> Option<GivenLifetime> {
    if let Some(seconds) = directives.max_age {
        return Some(GivenLifetime::For(seconds));
    }
    if !headers.contains_key(EXPIRES) {
        return None;
    }
    // Two `Expires` headers, or one that is no date ("0", "-1"), mean expired.
    Some(date(headers, &EXPIRES).map_or(GivenLifetime::Over, GivenLifetime::Until))
}

/// When a busy upstream accepts requests again; `None` unless the status is 429 or 503 and the header can be read.
pub(super) fn retry_after(status: u16, headers: &HeaderMap) -> Option<RetryAfter> {
    if !matches!(status, 429 | 503) {
        return None;
    }
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    Some(match digits {
        // A number that does not fit is a long time.
        true => RetryAfter::Seconds(text.parse().unwrap_or(u64::MAX)),
        false => RetryAfter::At(httpdate::parse_http_date(text).ok()?),
    })
}

fn varies_on_anything(headers: &HeaderMap) -> bool {
    headers
        .get_all(VARY)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .any(|name| name.trim_ascii() == b"*")
}

fn header_age(headers: &HeaderMap) -> Option<Duration> {
    // The first of several values; one that is no number is ignored (section 5.1).
    let value = headers.get(AGE)?.to_str().ok()?;
    seconds(value.split(',').next()?)
}

/// The date in a header that occurs once.
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    parse_date(value)
}

/// A date, whose names caches read without regard to case (RFC 9111, section 4.2).
fn parse_date(text: &str) -> Option<SystemTime> {
    if let Ok(date) = httpdate::parse_http_date(text) {
        return Some(date);
    }
    let mut in_word = false;
    let cased = text.chars().map(|character| {
        let is_first = !std::mem::replace(&mut in_word, character.is_ascii_alphabetic());
        match is_first {
            true => character.to_ascii_uppercase(),
            false => character.to_ascii_lowercase(),
        }
    });
    let cased = cased.collect::<String>().replace("Gmt", "GMT");
    httpdate::parse_http_date(&cased).ok()
}

/// A number of seconds, up to [`LONGEST`].
fn seconds(text: &str) -> Option<Duration> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = text.parse().map_or(LONGEST, Duration::from_secs);
    Some(seconds.min(LONGEST))
}

/// The directives of `Cache-Control` that a cache obeys (section 5.2.2).
#[derive(Debug, Default)]
struct Directives {
    no_store: bool,
    no_cache: bool,
    private: bool,
    /// Shared caches may store the response to a request with credentials (section 3.5).
    public: bool,
    must_revalidate: bool,
    max_age: Option<Duration>,
    s_maxage: Option<Duration>,
    stale_while_revalidate: Option<Duration>,
    stale_if_error: Option<Duration>,
}

impl Directives {
    fn read(headers: &HeaderMap) -> Directives {
        let mut directives = Directives::default();
        for value in headers.get_all(CACHE_CONTROL) {
            // Bytes beyond ASCII cannot be part of the directives that are read.
            for directive in split(&String::from_utf8_lossy(value.as_bytes())) {
                directives.add(directive);
            }
        }
        directives
    }

    fn add(&mut self, directive: &str) {
        let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
        let argument = argument.trim().trim_matches('"');
        let name = name.trim();
        // `no-cache` and `private` may be limited to some headers; to apply them to the whole response is the safe
        // side.
        match name.to_ascii_lowercase().as_str() {
            "no-store" => self.no_store = true,
            "no-cache" => self.no_cache = true,
            "private" => self.private = true,
            "public" => self.public = true,
            "must-revalidate" => (self.must_revalidate, self.public) = (true, true),
            "proxy-revalidate" => self.must_revalidate = true,
            "max-age" => shortest(&mut self.max_age, argument),
            "s-maxage" => {
                // Section 5.2.2.10: it includes `proxy-revalidate`.
                (self.must_revalidate, self.public) = (true, true);
                shortest(&mut self.s_maxage, argument);
            }
            "stale-while-revalidate" => shortest(&mut self.stale_while_revalidate, argument),
            "stale-if-error" => shortest(&mut self.stale_if_error, argument),
            _ => {}
        }
    }
}

/// The shortest of several values, and 0 for a value that is no number: the cautious reading of section 4.2.1.
fn shortest(slot: &mut Option<Duration>, argument: &str) {
    let value = seconds(argument).unwrap_or_default();
    *slot = Some(slot.map_or(value, |before| before.min(value)));
}

/// Splits at commas that are not inside a quoted string.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |character| {
        let separates = character == ',' && !quoted;
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        separates
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_in_seconds_or_at_a_date() {
        use RetryAfter::{At, Seconds};
        // 2026-01-01T00:00:00Z
        let new_year = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let table = [
            (429, "120", Some(Seconds(120))),
            (503, " 7 ", Some(Seconds(7))),
            (503, "0", Some(Seconds(0))),
            (503, "99999999999999999999999", Some(Seconds(u64::MAX))),
            (429, "Thu, 01 Jan 2026 00:00:00 GMT", Some(At(new_year))),
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
            assert_eq!(retry_after(status, &headers), expected, "{status} {text:?}");
        }
        assert_eq!(retry_after(503, &HeaderMap::new()), None);
    }
}
