//! The media type of a response: GraphQL over HTTP, "Media Types" and "Accept".

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue};

/// The media types of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/graphql-response+json`: the status tells whether the request was executed.
    GraphqlResponse,
    /// `application/json`: status 200 for every well-formed GraphQL request, as legacy clients expect.
    Json,
}

impl MediaType {
    /// For the `Content-Type` header.
    pub(super) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            MediaType::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            MediaType::Json => "application/json; charset=utf-8",
        })
    }

    /// The type that the client prefers; `None` when it accepts neither.
    ///
    /// A client gets `application/graphql-response+json` only if it names that type. Otherwise it gets `application/json`,
    /// which browsers display and legacy clients read.
    pub(super) fn accepted(headers: &HeaderMap) -> Option<MediaType> {
        let all = headers.get_all(ACCEPT);
        let mut values = all.iter();
        let first = values.next().map(HeaderValue::as_bytes);
        let only = values.next().is_none();
        if only && matches!(first, None | Some(b"*/*" | b"application/json")) {
            return Some(MediaType::Json);
        }
        let ranges = all
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        let mut graphql = Best::default();
        let mut json = Best::default();
        for range in ranges {
            let (name, quality) = quality(range);
            match name {
                "application/graphql-response+json" => graphql.offer(3, quality),
                "application/json" => json.offer(3, quality),
                _ if name.eq_ignore_ascii_case("application/graphql-response+json") => {
                    graphql.offer(3, quality);
                }
                _ if name.eq_ignore_ascii_case("application/json") => json.offer(3, quality),
                "application/*" => {
                    graphql.offer(2, quality);
                    json.offer(2, quality);
                }
                "*/*" => {
                    graphql.offer(1, quality);
                    json.offer(1, quality);
                }
                _ => {}
            }
        }
        // Equal quality: a named type before a wildcard, and `graphql-response+json` before `json`.
        match (graphql.quality, json.quality) {
            (0, 0) => None,
            (a, b) if a > b => Some(MediaType::GraphqlResponse),
            (a, b) if a < b => Some(MediaType::Json),
            _ if graphql.precision == 3 => Some(MediaType::GraphqlResponse),
            _ => Some(MediaType::Json),
        }
    }
}

/// The most precise range that covers a type, and its quality in thousandths.
#[derive(Default)]
struct Best {
    precision: u8,
    quality: u16,
}

impl Best {
    fn offer(&mut self, precision: u8, quality: u16) {
        if precision > self.precision || (precision == self.precision && quality > self.quality) {
            *self = Best { precision, quality };
        }
    }
}

/// The name of an element of `Accept` or `Accept-Encoding` and its `q`, in thousandths.
pub(super) fn quality(range: &str) -> (&str, u16) {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let quality = parts
        .filter_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
        .find_map(|text| text.parse::<f32>().ok())
        .filter(|quality| (0.0..=1.0).contains(quality));
    // At most 1000, so the cast loses nothing.
    (name, (quality.unwrap_or(1.0) * 1000.0) as u16)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn follows_the_clients_preference() {
        let cases = [
            ("*/*", Some(MediaType::Json)),
            ("application/json", Some(MediaType::Json)),
            (
                "application/graphql-response+json",
                Some(MediaType::GraphqlResponse),
            ),
            (
                "application/graphql-response+json, application/json;q=0.9",
                Some(MediaType::GraphqlResponse),
            ),
            (
                "application/json, application/graphql-response+json",
                Some(MediaType::GraphqlResponse),
            ),
            (
                "application/json, application/graphql-response+json;q=0.5",
                Some(MediaType::Json),
            ),
            (
                "application/graphql-response+json; charset=utf-8, */*;q=0.1",
                Some(MediaType::GraphqlResponse),
            ),
            (
                "text/html, application/xhtml+xml, */*;q=0.8",
                Some(MediaType::Json),
            ),
            ("application/*", Some(MediaType::Json)),
            (
                "application/json;q=0, */*",
                Some(MediaType::GraphqlResponse),
            ),
            ("text/html", None),
            ("application/json;q=0", None),
            ("APPLICATION/JSON", Some(MediaType::Json)),
        ];
        for (accept, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(MediaType::accepted(&headers), expected, "{accept}");
        }
        assert_eq!(
            MediaType::accepted(&HeaderMap::new()),
            Some(MediaType::Json)
        );
    }
}
