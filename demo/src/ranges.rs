//! A file with ranges (RFC 9110, section 14), as most file servers have them.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE,
};
use axum::http::response::Builder;
use axum::http::{HeaderMap, Response, StatusCode};

/// A file as it is sent.
pub(crate) struct File<'a> {
    pub(crate) content: Vec<u8>,
    pub(crate) content_type: &'a str,
    /// The name under which browsers save it.
    pub(crate) name: &'a str,
    /// What identifies its content.
    pub(crate) version: &'a str,
}

impl File<'_> {
    /// The response to a request with these headers: the file, or the first range that is wanted of it.
    pub(crate) fn response(&self, headers: &HeaderMap) -> Response<Body> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let tag = format!("\"{}\"", self.version);
        let length = self.content.len();
        let is_current = text(IF_RANGE).is_none_or(|condition| condition == tag);
        let wanted = text(RANGE).filter(|_| is_current);
        let answer = Response::builder()
            .header(ACCEPT_RANGES, "bytes")
            .header(CONTENT_TYPE, self.content_type)
            .header(ETAG, tag)
            .header(
                CONTENT_DISPOSITION,
                format!("attachment; filename=\"{}\"", self.name),
            );
        let response = match wanted.and_then(|range| parse(range, length)) {
            None => answer.body(Body::from(self.content.clone())),
            Some(None) => beyond(answer, length),
            Some(Some((from, to))) => answer
                .status(StatusCode::PARTIAL_CONTENT)
                .header(CONTENT_RANGE, format!("bytes {from}-{to}/{length}"))
                .body(Body::from(self.content[from..=to].to_vec())),
        };
        response.unwrap_or_default()
    }
}

fn beyond(answer: Builder, length: usize) -> Result<Response<Body>, axum::http::Error> {
    answer
        .status(StatusCode::RANGE_NOT_SATISFIABLE)
        .header(CONTENT_RANGE, format!("bytes */{length}"))
        .body(Body::empty())
}

/// The first and the last byte of a range. `None` for what is not one range; `Some(None)` for one beyond the end.
fn parse(range: &str, length: usize) -> Option<Option<(usize, usize)>> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let last = length.checked_sub(1)?;
    if from.is_empty() {
        let count: usize = to.parse().ok()?;
        return Some((count > 0).then(|| (length.saturating_sub(count), last)));
    }
    let from: usize = from.parse().ok()?;
    let to = match to {
        "" => last,
        to => to.parse::<usize>().ok()?.min(last),
    };
    match from <= to {
        true => Some(Some((from, to))),
        false => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn ranges() {
        for (range, expected) in [
            ("bytes=0-4", Some(Some((0, 4)))),
            ("bytes=5-", Some(Some((5, 9)))),
            ("bytes=-3", Some(Some((7, 9)))),
            ("bytes=-30", Some(Some((0, 9)))),
            ("bytes=8-99", Some(Some((8, 9)))),
            ("bytes=10-", Some(None)),
            ("bytes=-0", Some(None)),
            ("bytes=1-2,4-5", None),
            ("lines=1-2", None),
        ] {
            assert_eq!(parse(range, 10), expected, "{range}");
        }
    }
}
