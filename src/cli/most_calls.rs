//! Formats the most calls of an operation, for `sangam explain` and `sangam check`.

use std::fmt::Write;

use serde_json::json;

use super::output::count;
use crate::cost::{CallBound, FetchBound};

/// `at most 3 calls: lgd 1, services 2`, or why there is no bound.
pub(super) fn in_words(bound: &CallBound) -> String {
    let mut text = match bound.total() {
        Some(0) => return "no calls".to_owned(),
        Some(calls) => format!(
            "at most {}: ",
            count(
                usize::try_from(calls).unwrap_or(usize::MAX),
                "call",
                "calls"
            )
        ),
        None => {
            let lists: Vec<String> = bound
                .unsized_lists
                .iter()
                .map(|list| format!("`{list}`"))
                .collect();
            let have = if lists.len() == 1 { "has" } else { "have" };
            return format!(
                "calls without a bound: {} {have} no `@listSize`",
                lists.join(", ")
            );
        }
    };
    let of_each = bound.connectors().into_iter();
    let of_each: Vec<String> = of_each
        .map(|(name, calls)| format!("{name} {}", calls.unwrap_or_default()))
        .collect();
    text.push_str(&of_each.join(", "));
    match bound.absent() {
        Some(0) => {}
        Some(absent) => {
            let _ = write!(
                text,
                "; {absent} more if lists lack what is looked up in them"
            );
        }
        None => text.push_str("; any more if lists lack what is looked up in them"),
    }
    text
}

/// `At most 3 calls: …`, and a line for each fetch that can make several.
pub(super) fn as_text(bound: &CallBound) -> String {
    let words = in_words(bound);
    let (first, others) = words.split_at(1);
    let mut text = format!("{}{others}\n", first.to_uppercase());
    let several = bound.fetches.iter();
    let several = several.filter(|fetch| fetch.calls() != Some(1));
    let several: Vec<(String, &FetchBound)> = several
        .map(|fetch| {
            let calls = fetch.calls();
            let calls = calls.map_or("any".to_owned(), |calls| calls.to_string());
            (calls, fetch)
        })
        .collect();
    let width = several.iter().map(|(calls, _)| calls.len()).max();
    let width = width.unwrap_or_default();
    for (calls, fetch) in several {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "   {calls:>width$}  by {}. {}: {}",
            fetch.number,
            fetch.connector,
            why(fetch)
        );
    }
    text
}

/// `2 pages for each of 20 objects`
fn why(fetch: &FetchBound) -> String {
    let objects = match fetch.objects {
        Some(objects) => format!("{objects} objects"),
        None => "the objects of a list without a size".to_owned(),
    };
    let times = match fetch.per_call {
        None => String::new(),
        Some(1) if fetch.absent => format!("one for each of {objects} that is not in the list"),
        Some(1) => format!("one for each of {objects}"),
        Some(most) => format!("one for each {most} of {objects}"),
    };
    match (fetch.pages, times.is_empty()) {
        (1, _) => times,
        (pages, true) => format!("{pages} pages"),
        (pages, false) => format!("{pages} pages, {times}"),
    }
}

/// The same for programs. `null` is not bounded.
pub(super) fn as_json(bound: &CallBound) -> serde_json::Value {
    let fetches = bound.fetches.iter().map(|fetch| {
        json!({
            "fetch": fetch.number,
            "connector": fetch.connector,
            "calls": fetch.calls(),
            "objects": fetch.objects,
            "objectsPerCall": fetch.per_call,
            "pages": fetch.pages,
            "absent": fetch.absent,
        })
    });
    json!({
        "total": bound.total(),
        "absent": bound.absent(),
        "connectors": bound.connectors(),
        "listsWithoutSize": bound.unsized_lists,
        "fetches": fetches.collect::<Vec<_>>(),
    })
}
