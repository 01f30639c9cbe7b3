//! The cursors that lead to the elements of a connection (`@connection`).
//!
//! A cursor is where the element's page begins, and the number of the element in that page: enough to request the list
//! again from there, whatever the upstream's way of paging. Clients see it as one opaque text.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::directives::PageStyle;
use crate::document::Value;

/// Where a page of an upstream's list begins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PageStart {
    /// At an element, counted from 0.
    Offset(usize),
    /// At a page, counted from 0.
    Page(usize),
    /// At what the upstream calls it; null for the first page.
    Cursor(Value),
}

/// Where an element of a list is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cursor {
    /// Where its page begins.
    pub(crate) page: PageStart,
    /// Its number in the page, from 0.
    pub(crate) index: usize,
}

impl Cursor {
    /// The text that clients get.
    pub(crate) fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a text does not fail.
        let _ = match &self.page {
            PageStart::Offset(offset) => write!(text, "o{}", offset.saturating_add(self.index)),
            PageStart::Page(page) => write!(text, "p{page}.{}", self.index),
            PageStart::Cursor(cursor) => {
                let mut json = Vec::new();
                cursor.write_json(&mut json);
                write!(text, "c{}.{}", self.index, String::from_utf8_lossy(&json))
            }
        };
        URL_SAFE_NO_PAD.encode(text)
    }

    /// The cursor of a text that a client sends; `None` if it is none of a list with this style.
    pub(crate) fn decode(text: &str, style: PageStyle) -> Option<Cursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let text = std::str::from_utf8(&bytes).ok()?;
        match style {
            PageStyle::Offset => Some(Cursor {
                page: PageStart::Offset(number(text.strip_prefix('o')?)?),
                index: 0,
            }),
            PageStyle::Page => {
                let (page, index) = text.strip_prefix('p')?.split_once('.')?;
                let page = PageStart::Page(number(page)?);
                let index = number(index)?;
                Some(Cursor { page, index })
            }
            PageStyle::Cursor => {
                let (index, json) = text.strip_prefix('c')?.split_once('.')?;
                let cursor = Value::parse_json(json.as_bytes()).ok()?;
                let is_cursor = matches!(cursor, Value::Null | Value::String(_) | Value::Number(_));
                let page = PageStart::Cursor(cursor);
                let index = number(index)?;
                is_cursor.then_some(Cursor { page, index })
            }
            PageStyle::Link => None,
        }
    }

    /// Where the list is requested for the elements after this one, and how many of the first page are skipped.
    pub(crate) fn next(self) -> (PageStart, usize) {
        match self.page {
            PageStart::Offset(offset) => {
                (PageStart::Offset(offset.saturating_add(self.index + 1)), 0)
            }
            page => (page, self.index + 1),
        }
    }
}

/// A number of at most nine digits: more than any list has.
fn number(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_back() {
        let cases = [
            (PageStyle::Offset, PageStart::Offset(7), 0),
            (PageStyle::Page, PageStart::Page(3), 17),
            (PageStyle::Cursor, PageStart::Cursor(Value::Null), 2),
            (
                PageStyle::Cursor,
                PageStart::Cursor(Value::from("a.b\"")),
                0,
            ),
        ];
        for (style, page, index) in cases {
            let cursor = Cursor { page, index };
            assert_eq!(Cursor::decode(&cursor.encode(), style), Some(cursor));
        }
        // By OFFSET, the element itself.
        let cursor = Cursor {
            page: PageStart::Offset(20),
            index: 4,
        };
        let read = Cursor::decode(&cursor.encode(), PageStyle::Offset).unwrap();
        assert_eq!(read.next(), (PageStart::Offset(25), 0));
    }

    #[test]
    fn other_texts_are_no_cursors() {
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for (text, style) in [
            ("?".to_owned(), PageStyle::Offset),
            (encoded("o"), PageStyle::Offset),
            (encoded("o-1"), PageStyle::Offset),
            (encoded("o9999999999"), PageStyle::Offset),
            (encoded("p1.2"), PageStyle::Offset),
            (encoded("p1"), PageStyle::Page),
            (encoded("c1.{}"), PageStyle::Cursor),
            (encoded("c1.\"a"), PageStyle::Cursor),
            (encoded("o1"), PageStyle::Link),
        ] {
            assert_eq!(Cursor::decode(&text, style), None, "{text}");
        }
    }
}
