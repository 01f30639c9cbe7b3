//! Which formats of a stream a client accepts: the elements of `Accept`.
//!
//! | element | subscriptions, live queries | incremental responses |
//! |---|---|---|
//! | `text/event-stream` | yes | in the current format, unless another element names one |
//! | `multipart/mixed;subscriptionSpec="1.0"` | yes | no |
//! | `multipart/mixed;deferSpec=20220824` | no | as Apollo Client 3 reads them |
//! | `multipart/mixed;incrementalSpec=v0.2` | no | in the current format |
//! | `multipart/mixed` | no | in the current format |

use http::header::{ACCEPT, HeaderMap};

use crate::gateway::{AcceptedDeliveries, Delivery, IncrementalFormat};
use crate::server::media::quality;

/// The formats of streams that a client accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Formats {
    events: bool,
    subscriptions: bool,
    incremental: Option<IncrementalFormat>,
}

/// The format of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Server-sent events, one operation per connection.
    Events,
    /// Server-sent events whose payloads are the texts of events: the answers of a named operation, for `EventSource`.
    Answers,
    /// Parts that each wrap a response.
    Subscription,
    /// Parts of one response.
    Incremental(IncrementalFormat),
}

impl Formats {
    /// The formats; `None` if the client accepts no stream.
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Formats> {
        let mut formats = Formats::default();
        for value in headers.get_all(ACCEPT) {
            if matches!(value.as_bytes(), b"*/*" | b"application/json") {
                continue;
            }
            let ranges = value.to_str().unwrap_or_default().split(',');
            ranges.for_each(|range| formats.add(range));
        }
        (formats != Formats::default()).then_some(formats)
    }

    fn add(&mut self, range: &str) {
        let (name, quality) = quality(range);
        if quality == 0 {
            return;
        }
        if name.eq_ignore_ascii_case("text/event-stream") {
            self.events = true;
        } else if name.eq_ignore_ascii_case("multipart/mixed") {
            match specification(range) {
                Some(Specification::Subscription) => self.subscriptions = true,
                Some(Specification::Incremental(format)) => self.incremental = Some(format),
                None => {
                    self.incremental.get_or_insert(IncrementalFormat::V02);
                }
            }
        }
    }

    /// What the gateway may deliver.
    pub(super) fn deliveries(self) -> AcceptedDeliveries {
        let endless = self.events || self.subscriptions;
        let incremental = self
            .incremental
            .or(self.events.then_some(IncrementalFormat::V02));
        AcceptedDeliveries {
            incremental,
            events: endless,
            live: endless,
        }
    }

    /// The format for a delivery.
    pub(super) fn for_delivery(self, delivery: Delivery) -> Format {
        match (delivery, self.incremental) {
            (Delivery::Incremental(format), Some(_)) => Format::Incremental(format),
            (Delivery::Whole, Some(format)) if !self.events => Format::Incremental(format),
            _ if self.events => Format::Events,
            (_, Some(format)) if !self.subscriptions => Format::Incremental(format),
            _ => Format::Subscription,
        }
    }
}

/// The parameter of `multipart/mixed` that says what its parts are.
enum Specification {
    Subscription,
    Incremental(IncrementalFormat),
}

fn specification(range: &str) -> Option<Specification> {
    let parameters = range.split(';').skip(1).filter_map(|part| {
        let (name, value) = part.split_once('=')?;
        Some((name.trim(), value.trim().trim_matches('"')))
    });
    parameters
        .filter_map(
            |(name, value)| match (name.to_ascii_lowercase().as_str(), value) {
                ("subscriptionspec", "1.0") => Some(Specification::Subscription),
                ("deferspec", "20220824") => {
                    Some(Specification::Incremental(IncrementalFormat::DeferSpec2022))
                }
                ("incrementalspec", "v0.2") => {
                    Some(Specification::Incremental(IncrementalFormat::V02))
                }
                _ => None,
            },
        )
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn accepted(accept: &'static str) -> Option<Formats> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        Formats::accepted(&headers)
    }

    #[test]
    fn reads_what_clients_send() {
        use IncrementalFormat::{DeferSpec2022, V02};
        let formats = |events, subscriptions, incremental| {
            Some(Formats {
                events,
                subscriptions,
                incremental,
            })
        };
        for (accept, expected) in [
            ("*/*", None),
            ("application/json", None),
            (
                "application/graphql-response+json, application/json;q=0.9",
                None,
            ),
            ("text/event-stream;q=0", None),
            ("text/event-stream", formats(true, false, None)),
            (
                "TEXT/EVENT-STREAM; charset=utf-8",
                formats(true, false, None),
            ),
            // Apollo Client 3: a subscription, and `@defer`.
            (
                "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json",
                formats(false, true, None),
            ),
            (
                "multipart/mixed;deferSpec=20220824,application/graphql-response+json,application/json",
                formats(false, false, Some(DeferSpec2022)),
            ),
            // Apollo Client 4.
            (
                "multipart/mixed;incrementalSpec=v0.2,application/graphql-response+json,application/json",
                formats(false, false, Some(V02)),
            ),
            // urql.
            (
                "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed",
                formats(true, false, Some(V02)),
            ),
            (
                "multipart/mixed; deferSpec=20220824, multipart/mixed, text/event-stream",
                formats(true, false, Some(DeferSpec2022)),
            ),
        ] {
            assert_eq!(accepted(accept), expected, "{accept}");
        }
    }

    #[test]
    fn chooses_a_format_for_the_delivery() {
        use IncrementalFormat::{DeferSpec2022, V02};
        let old = Delivery::Incremental(DeferSpec2022);
        let new = Delivery::Incremental(V02);
        for (accept, delivery, expected) in [
            ("text/event-stream", Delivery::Whole, Format::Events),
            ("text/event-stream", new, Format::Events),
            (
                "text/event-stream, multipart/mixed",
                Delivery::Live,
                Format::Events,
            ),
            (
                "text/event-stream, multipart/mixed",
                new,
                Format::Incremental(V02),
            ),
            (
                "multipart/mixed;deferSpec=20220824",
                old,
                Format::Incremental(DeferSpec2022),
            ),
            ("multipart/mixed", Delivery::Whole, Format::Incremental(V02)),
            (
                "multipart/mixed;subscriptionSpec=1.0",
                Delivery::Events,
                Format::Subscription,
            ),
            (
                "multipart/mixed;subscriptionSpec=1.0",
                Delivery::Whole,
                Format::Subscription,
            ),
        ] {
            let formats = accepted(accept).unwrap_or_default();
            assert_eq!(formats.for_delivery(delivery), expected, "{accept}");
        }
    }
}
