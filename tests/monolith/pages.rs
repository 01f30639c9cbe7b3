//! Paginated lists of a REST service, with each kind of pagination.

use super::json::Json;
use super::random::hash;
use super::world::{Field, Object, Ty, World};

/// A kind of pagination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paged {
    Offset,
    Number,
    Cursor,
    Link,
}

/// Elements on a page.
const PAGE: usize = 2;

/// Lists have at most three elements, and the last page may be an empty one.
pub(crate) const MOST_PAGES: u64 = 3;

pub(crate) fn paged(world: &World, object: &Object, field: &Field) -> Option<Paged> {
    let is_list = matches!(field.ty, Ty::List(..));
    if object.name != "Query" || !is_list {
        return None;
    }
    match hash(world.seed, &[&field.name, "paged"]) % 6 {
        0 => Some(Paged::Offset),
        1 => Some(Paged::Number),
        2 => Some(Paged::Cursor),
        3 => Some(Paged::Link),
        _ => None,
    }
}

impl Paged {
    /// The query parameters of a page, and the directive.
    pub(crate) fn texts(self) -> (&'static str, &'static str) {
        match self {
            Paged::Offset => (
                "offset: $page.offset",
                r#"@paginate(by: OFFSET, size: 2, items: "$.items", total: "$.total")"#,
            ),
            Paged::Number => (
                "number: $page.number",
                r#"@paginate(by: PAGE, size: 2, items: "$.items")"#,
            ),
            Paged::Cursor => (
                "after: $page.cursor",
                r#"@paginate(by: CURSOR, items: "$.items", next: "$.next")"#,
            ),
            Paged::Link => (
                "after: $page.cursor",
                r#"@paginate(by: LINK, items: "$.items", next: "$.link?")"#,
            ),
        }
    }

    /// The page of a list for a query.
    pub(crate) fn page(self, query: &str, all: &Json) -> Json {
        let given = |name: &str| {
            let mut parts = query.split('&').filter_map(|part| part.split_once('='));
            let found = parts.find(|(known, _)| *known == name);
            found.and_then(|(_, value)| value.parse::<usize>().ok())
        };
        let from = match self {
            Paged::Offset => given("offset").unwrap(),
            Paged::Number => (given("number").unwrap() - 1) * PAGE,
            Paged::Cursor | Paged::Link => given("after").unwrap_or(0),
        };
        let count = all.as_list().map_or(0, <[Json]>::len);
        let to = (from + PAGE).min(count);
        let items = match all {
            Json::List(items) => Json::List(items[from.min(to)..to].to_vec()),
            other => other.clone(),
        };
        let next = match to < count {
            true => Json::Number(to.to_string()),
            false => Json::Null,
        };
        let mut page = vec![
            ("items".to_owned(), items),
            ("total".to_owned(), Json::Number(count.to_string())),
            ("next".to_owned(), next),
        ];
        if to < count {
            let others = query.split('&').filter(|part| !part.starts_with("after="));
            let others: String = others.map(|part| format!("{part}&")).collect();
            let link = Json::String(format!("?{others}after={to}"));
            page.push(("link".to_owned(), link));
        }
        Json::Object(page)
    }
}
