//! The address of a template as traces show it: what a request computes is replaced.
//!
//! `GET /citizens/{$args.id}` of `https://user:word@c.example/v1?key=k` is `https://c.example/v1/citizens/REDACTED?REDACTED`.
//! The address is the same for all requests of a connect, so no value of a client and no secret can be in it.

use super::url::{RequestText, split};
use super::{HttpTemplate, UrlParts};
use crate::mapping::Piece;

/// What stands for a computed part, by the semantic conventions of OpenTelemetry.
const REDACTED: &str = "REDACTED";

impl HttpTemplate {
    /// The address without anything that a request computes.
    pub(super) fn redacted(&self) -> String {
        let mut address = Redacted::default();
        if let Some(base) = &self.base {
            address.append(base);
            address.computed(&self.source);
        }
        address.append(&self.url);
        address.computed(&self.connect);
        let mut text = address.text;
        if address.has_query {
            text.push('?');
            text.push_str(REDACTED);
        }
        text
    }
}

#[derive(Default)]
struct Redacted {
    text: String,
    has_query: bool,
}

impl Redacted {
    fn append(&mut self, part: &RequestText) {
        let part = match part {
            RequestText::Fixed(text) => text.clone(),
            RequestText::Template(template) => {
                let pieces = template.pieces().iter();
                pieces
                    .map(|piece| match piece {
                        Piece::Literal(text) => text,
                        _ => REDACTED,
                    })
                    .collect()
            }
        };
        let (path, query) = split(&part);
        self.has_query |= !query.is_empty();
        if self.text.is_empty() {
            self.text.push_str(&without_user(path));
        } else if !path.is_empty() {
            self.segment(path.strip_prefix('/').unwrap_or(path));
        }
    }

    fn computed(&mut self, parts: &UrlParts) {
        if parts.path.is_some() {
            self.segment(REDACTED);
        }
        self.has_query |= parts.query.is_some();
    }

    fn segment(&mut self, segment: &str) {
        if !self.text.ends_with('/') {
            self.text.push('/');
        }
        self.text.push_str(segment);
    }
}

/// Without the credentials before the host.
fn without_user(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else {
        return address.to_owned();
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_and_queries_are_left_out() {
        let shown = |parts: &[&str]| {
            let mut address = Redacted::default();
            for part in parts {
                address.append(&RequestText::Fixed((*part).to_owned()));
            }
            (address.text, address.has_query)
        };
        for (parts, text, has_query) in [
            (
                &["https://u:p@c.example/v1/", "/a/b?c=d"][..],
                "https://c.example/v1/a/b",
                true,
            ),
            (&["https://c.example", "a"], "https://c.example/a", false),
            (&["https://c.example?key=k", ""], "https://c.example", true),
            (&["https://c.example/a@b"], "https://c.example/a@b", false),
        ] {
            assert_eq!(shown(parts), (text.to_owned(), has_query));
        }
    }
}
