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

use super::clock::Timestamp;
use crate::connector::{SchemaLifetime, Scope};
use crate::source::{CacheFacts, GivenLifetime};

/// The maximum lifetime (section 1.2.2 requires at least 2^31 seconds).
const LONGEST: Duration = Duration::from_secs(1 << 31);

/// How long a document may be used, and for which clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifetime {
    /// The age up to which it is fresh.
    pub fresh_for: Duration,
    /// The age up to which it is fresh in a client's own cache, if that is less.
    pub private_fresh_for: Option<Duration>,
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
            private_fresh_for: None,
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
    /// What the response says about keeping it.
    pub facts: &'a CacheFacts,
    /// When the request was sent.
    pub requested_at: Timestamp,
    /// When the response was complete.
    pub received_at: Timestamp,
    /// Whether the request has a subject, to which a private document belongs.
    pub has_subject: bool,
    /// Whether the request has the client's own credentials.
    pub has_credentials: bool,
}

/// The age of the response when it was received (section 4.2.3).
pub fn age_when_received(exchange: &Exchange<'_>) -> Duration {
    let delay = exchange.received_at.since(exchange.requested_at);
    let date = exchange.facts.date.map(Timestamp::from);
    let apparent = date.map_or(Duration::ZERO, |date| exchange.received_at.since(date));
    // The header's resolution is a second: below that, an apparent age means nothing.
    let apparent = Duration::from_secs(apparent.as_secs());
    apparent.max(exchange.facts.age.unwrap_or_default() + delay)
}

/// How long the document may be used, and its age.
///
/// # Errors
/// Why it may not be stored at all.
pub fn lifetime(
    exchange: &Exchange<'_>,
    schema: Option<SchemaLifetime>,
) -> Result<(Lifetime, Duration), NotStored> {
    let facts = exchange.facts;
    if facts.partial {
        return Err(NotStored::Partial);
    }
    if facts.varies_on_anything {
        return Err(NotStored::VariesOnAnything);
    }
    // Section 3.5: the response to a request with credentials is for shared caches only if it says so.
    let scope = match facts.private || (exchange.has_credentials && !facts.public) {
        true => Scope::Private,
        false => Scope::Public,
    };
    let (given, scope) = match schema {
        Some(schema) if schema.max_age.is_zero() => return Err(NotStored::SchemaSaysNever),
        Some(schema) => (None, schema.scope.unwrap_or(scope)),
        None => (Some(upstream_lifetime(exchange)?), scope),
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
    // The lifetime of the schema is for all caches.
    let private_fresh_for = facts.private_lifetime.filter(|_| schema.is_none());
    let private_fresh_for =
        private_fresh_for.map(|given| given_lifetime(exchange, given).unwrap_or_default());
    let lifetime = Lifetime {
        fresh_for,
        private_fresh_for: private_fresh_for.filter(|shorter| *shorter < fresh_for),
        scope,
        stale_while_revalidate: facts.stale_while_revalidate,
        stale_if_error: facts.stale_if_error,
        must_revalidate: facts.must_revalidate,
    };
    Ok((lifetime, age))
}

/// The lifetime that the upstream gives (section 4.2.1).
fn upstream_lifetime(exchange: &Exchange<'_>) -> Result<Duration, NotStored> {
    let facts = exchange.facts;
    if facts.no_store {
        return Err(NotStored::NoStore);
    }
    if facts.no_cache {
        return Err(NotStored::NoCache);
    }
    let given = facts.lifetime.ok_or(NotStored::NoLifetime)?;
    given_lifetime(exchange, given).ok_or(NotStored::Expired)
}

/// A lifetime as an age; `None` if it is over.
fn given_lifetime(exchange: &Exchange<'_>, given: GivenLifetime) -> Option<Duration> {
    match given {
        GivenLifetime::For(duration) => Some(duration),
        GivenLifetime::Over => None,
        GivenLifetime::Until(time) => {
            let date = exchange.facts.date;
            let from = date.map_or(exchange.received_at, Timestamp::from);
            Some(Timestamp::from(time).since(from))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use http::HeaderMap;
    use serde::Deserialize;

    use super::*;
    use crate::source::http::caching::facts;

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
        /// The request has the client's own credentials, and so a subject.
        #[serde(default)]
        credentials: bool,
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
            facts: &facts(case.status.unwrap_or(200), &headers),
            requested_at: NOW.minus(Duration::from_secs(case.delay)),
            received_at: NOW,
            has_subject: case.subject || case.credentials,
            has_credentials: case.credentials,
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
        if let Some(shorter) = lifetime.private_fresh_for {
            text += &format!(", {}s for clients", shorter.as_secs());
        }
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
                let actual = outcome(case);
                run += 1;
                if actual != case.expect {
                    let name = path.file_name().unwrap().display();
                    wrong.push(format!("{name}: {}: {actual}", case.name));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(run > 40, "only {run} cases were found");
    }
}
