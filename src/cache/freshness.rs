//! How long an upstream response may be used, and for which clients: by HTTP caching (RFC 9111) and the schema.
//!
//! A lifetime in the schema (`@cacheControl`) overrides the upstream's headers, `no-store` too: the author of the
//! connector chose it, while frameworks send `no-store` by default. It does not override `Vary: *`, nor `private` if
//! the schema gives no scope. Without a lifetime in the schema or the headers nothing is stored: there are no
//! heuristics from `Last-Modified` (section 4.2.2 allows them), since users would see outdated values without any
//! reason.
//!
//! `Vary` needs nothing else here: a document's key contains every header that is sent.
//!
//! Pure: times come in as arguments. The cases are in `tests/data/freshness`.

use std::fmt;
use std::time::Duration;

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, VARY};

use super::clock::Timestamp;
use crate::connector::{SchemaLifetime, Scope};

/// The maximum lifetime (section 1.2.2 requires at least 2^31 seconds).
const LONGEST: Duration = Duration::from_secs(1 << 31);

/// How long a document may be used, and for which clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifetime {
    /// The age up to which it is fresh.
    pub fresh_for: Duration,
    /// Public or private.
    pub scope: Scope,
    /// How long it may be served when it is stale, while a new document is fetched (RFC 5861).
    pub stale_while_revalidate: Duration,
    /// How long it may be served when it is stale and no new document can be fetched (RFC 5861).
    pub stale_if_error: Duration,
    /// It may not be served when it is stale, whatever the two fields above say.
    pub must_revalidate: bool,
}

impl Lifetime {
    /// Public and fresh for so many seconds.
    pub fn for_seconds(seconds: u64) -> Lifetime {
        Lifetime {
            fresh_for: Duration::from_secs(seconds),
            scope: Scope::Public,
            stale_while_revalidate: Duration::ZERO,
            stale_if_error: Duration::ZERO,
            must_revalidate: false,
        }
    }
}

/// Why a document is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotStored {
    /// The schema gives it a lifetime of 0.
    SchemaSaysNever,
    /// `Vary: *`.
    VariesOnAnything,
    /// `no-store`.
    NoStore,
    /// `no-cache`: it may not be used without revalidation.
    NoCache,
    /// Neither the schema nor the upstream gives it a lifetime.
    NoLifetime,
    /// Its lifetime was over when it was received.
    Expired,
    /// It is private, and the request has no subject.
    PrivateWithoutSubject,
    /// A part of a representation, or the response to a conditional request.
    Partial,
}

impl fmt::Display for NotStored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotStored::SchemaSaysNever => "the schema says never",
            NotStored::VariesOnAnything => "varies on anything",
            NotStored::NoStore => "no-store",
            NotStored::NoCache => "no-cache",
            NotStored::NoLifetime => "no lifetime",
            NotStored::Expired => "expired",
            NotStored::PrivateWithoutSubject => "private without a subject",
            NotStored::Partial => "partial",
        })
    }
}

/// One exchange, as far as freshness depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// The status of the response.
    pub status: u16,
    /// All headers of the response.
    pub headers: &'a HeaderMap,
    /// When the request was sent.
    pub requested_at: Timestamp,
    /// When the response was complete.
    pub received_at: Timestamp,
    /// Whether the request has a subject, to which a private document belongs.
    pub has_subject: bool,
}

/// The age of the response when it was received (section 4.2.3).
pub fn age_when_received(exchange: &Exchange<'_>) -> Duration {
    let delay = exchange.received_at.since(exchange.requested_at);
    let apparent = date(exchange.headers, &DATE)
        .map_or(Duration::ZERO, |date| exchange.received_at.since(date));
    // The header's resolution is a second: below that, an apparent age means nothing.
    let apparent = Duration::from_secs(apparent.as_secs());
    match header_age(exchange.headers) {
        Some(age) => apparent.max(age + delay),
        None => apparent,
    }
}

/// How long the document may be used, and its age.
///
/// # Errors
/// Why it may not be stored at all.
pub fn lifetime(
    exchange: &Exchange<'_>,
    schema: Option<SchemaLifetime>,
) -> Result<(Lifetime, Duration), NotStored> {
    if matches!(exchange.status, 100..=199 | 206 | 304) {
        return Err(NotStored::Partial);
    }
    if varies_on_anything(exchange.headers) {
        return Err(NotStored::VariesOnAnything);
    }
    let directives = Directives::read(exchange.headers);
    let (given, scope) = match schema {
        Some(schema) if schema.max_age.is_zero() => return Err(NotStored::SchemaSaysNever),
        Some(schema) => (None, schema.scope.unwrap_or(directives.scope())),
        None => (Some(upstream(exchange, &directives)?), directives.scope()),
    };
    let age = age_when_received(exchange);
    let of_schema = |schema: SchemaLifetime| age + schema.max_age.min(LONGEST);
    let fresh_for = given.or(schema.map(of_schema)).unwrap_or_default();
    if fresh_for <= age {
        return Err(NotStored::Expired);
    }
    if scope == Scope::Private && !exchange.has_subject {
        return Err(NotStored::PrivateWithoutSubject);
    }
    let lifetime = Lifetime {
        fresh_for,
        scope,
        stale_while_revalidate: directives.stale_while_revalidate.unwrap_or_default(),
        stale_if_error: directives.stale_if_error.unwrap_or_default(),
        must_revalidate: directives.must_revalidate,
    };
    Ok((lifetime, age))
}

/// The lifetime that the upstream gives (section 4.2.1).
fn upstream(exchange: &Exchange<'_>, directives: &Directives) -> Result<Duration, NotStored> {
    if directives.no_store {
        return Err(NotStored::NoStore);
    }
    if directives.no_cache {
        return Err(NotStored::NoCache);
    }
    // `s-maxage` is for shared caches; for a private document this one acts as the client's own cache.
    let shared = directives.s_maxage.filter(|_| !directives.private);
    if let Some(seconds) = shared.or(directives.max_age) {
        return Ok(seconds);
    }
    if !exchange.headers.contains_key(EXPIRES) {
        return Err(NotStored::NoLifetime);
    }
    // Two `Expires` headers, or one that is no date ("0", "-1"), mean expired.
    let expires = date(exchange.headers, &EXPIRES).ok_or(NotStored::Expired)?;
    let from = date(exchange.headers, &DATE).unwrap_or(exchange.received_at);
    Ok(expires.since(from))
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
fn date(headers: &HeaderMap, name: &http::HeaderName) -> Option<Timestamp> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    httpdate::parse_http_date(value).ok().map(Timestamp::from)
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
    must_revalidate: bool,
    max_age: Option<Duration>,
    s_maxage: Option<Duration>,
    stale_while_revalidate: Option<Duration>,
    stale_if_error: Option<Duration>,
}

impl Directives {
    fn read(headers: &HeaderMap) -> Directives {
        let mut found = Directives::default();
        for value in headers.get_all(CACHE_CONTROL) {
            // Bytes beyond ASCII cannot be part of the directives that are read.
            for directive in split(&String::from_utf8_lossy(value.as_bytes())) {
                found.add(directive);
            }
        }
        found
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
            "must-revalidate" | "proxy-revalidate" => self.must_revalidate = true,
            "max-age" => shortest(&mut self.max_age, argument),
            "s-maxage" => {
                // Section 5.2.2.10: it includes `proxy-revalidate`.
                self.must_revalidate = true;
                shortest(&mut self.s_maxage, argument);
            }
            "stale-while-revalidate" => shortest(&mut self.stale_while_revalidate, argument),
            "stale-if-error" => shortest(&mut self.stale_if_error, argument),
            _ => {}
        }
    }

    fn scope(&self) -> Scope {
        if self.private {
            Scope::Private
        } else {
            Scope::Public
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
    use serde::Deserialize;

    use super::*;

    /// `now` of every case: Tue, 24 Nov 2026 06:00:00 GMT.
    const NOW: Timestamp = Timestamp(1_795_500_000_000);

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        case: Vec<Case>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        name: String,
        #[serde(default)]
        status: Option<u16>,
        /// Response headers, `name: value`.
        response: Vec<String>,
        /// Seconds between request and answer.
        #[serde(default)]
        delay: u64,
        #[serde(default)]
        subject: bool,
        schema_max_age: Option<u64>,
        schema_scope: Option<Scope>,
        expect: String,
    }

    fn outcome(case: &Case) -> String {
        let mut headers = HeaderMap::new();
        for line in &case.response {
            let (name, value) = line.split_once(':').unwrap();
            let name: http::HeaderName = name.parse().unwrap();
            headers.append(name, value.trim().parse().unwrap());
        }
        let exchange = Exchange {
            status: case.status.unwrap_or(200),
            headers: &headers,
            requested_at: NOW.minus(Duration::from_secs(case.delay)),
            received_at: NOW,
            has_subject: case.subject,
        };
        let schema = case.schema_max_age.map(|seconds| SchemaLifetime {
            max_age: Duration::from_secs(seconds),
            scope: case.schema_scope,
        });
        match lifetime(&exchange, schema) {
            Err(why) => format!("not stored: {why}"),
            Ok((lifetime, age)) => describe(&lifetime, age),
        }
    }

    fn describe(lifetime: &Lifetime, age: Duration) -> String {
        let mut text = format!(
            "{} for {}s",
            match lifetime.scope {
                Scope::Public => "public",
                Scope::Private => "private",
            },
            lifetime.fresh_for.as_secs()
        );
        if !age.is_zero() {
            text += &format!(", age {}s", age.as_secs());
        }
        if !lifetime.stale_while_revalidate.is_zero() {
            let seconds = lifetime.stale_while_revalidate.as_secs();
            text += &format!(", stale while revalidate {seconds}s");
        }
        if !lifetime.stale_if_error.is_zero() {
            text += &format!(", stale if error {}s", lifetime.stale_if_error.as_secs());
        }
        if lifetime.must_revalidate {
            text += ", must revalidate";
        }
        text
    }

    #[test]
    fn cases() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/freshness");
        let mut run = 0;
        let mut wrong = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let file: File = toml::from_str(&std::fs::read_to_string(&path).unwrap())
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            for case in &file.case {
                let found = outcome(case);
                run += 1;
                if found != case.expect {
                    let name = path.file_name().unwrap().display();
                    wrong.push(format!("{name}: {}: {found}", case.name));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(run > 40, "only {run} cases were found");
    }
}
