//! Equality of two responses.
//!
//! The data must be equal, with the fields in the same order. Each error must have the path of a field that has failed, and
//! no two errors may have the same path. If a failure nulls a parent, the specification does not say whether the parent's
//! other fields are still executed (6.4.4): of all failures behind one null, at least one must be reported. An error is
//! behind the first null on its path.

use std::collections::BTreeSet;

use super::json::Json;
use super::naive::{Answer, Path, PathItem};

/// The difference between a response and the expected one.
pub(crate) fn compare(expected: &Answer, got: &Json) -> Option<String> {
    let data = got.get("data").cloned().unwrap_or(Json::Null);
    if data != expected.data {
        return Some("the data differs".to_owned());
    }
    let mut paths = Vec::new();
    for error in got
        .get("errors")
        .and_then(Json::as_list)
        .unwrap_or_default()
    {
        match error.get("path").and_then(Json::as_list).map(path) {
            Some(path) => paths.push(path),
            None => return Some(format!("an error has no path: {error}")),
        }
        if error.text().contains("a secret text") {
            return Some("the text of a service's error is passed on".to_owned());
        }
    }
    let all: BTreeSet<&Path> = expected.errors.iter().collect();
    let mut reported = BTreeSet::new();
    for path in &paths {
        if !all.contains(path) {
            return Some(format!(
                "an error at {path:?}, not at {:?}",
                expected.errors
            ));
        }
        if !reported.insert(path) {
            return Some(format!("two errors at {path:?}"));
        }
    }
    let wanted = nulls(&data, &expected.errors);
    let found = nulls(&data, &paths);
    // One failure is listed at a few paths only; the extensions say that errors are left out.
    let left_out = got.get("extensions").and_then(|e| e.get("sangam"));
    let left_out = left_out.and_then(|e| e.get("errorsLeftOut")).is_some();
    if found == wanted || left_out && found.is_subset(&wanted) {
        return None;
    }
    let missing: Vec<&Path> = wanted.difference(&found).collect();
    let extra: Vec<&Path> = found.difference(&wanted).collect();
    Some(format!(
        "errors missing at {missing:?}, not expected at {extra:?}"
    ))
}

fn path(items: &[Json]) -> Path {
    items
        .iter()
        .map(|item| match item {
            Json::Number(text) => PathItem::Index(text.parse().unwrap()),
            other => PathItem::Key(other.as_str().unwrap_or_default().to_owned()),
        })
        .collect()
}

/// The first null on each path.
fn nulls(data: &Json, paths: &[Path]) -> BTreeSet<Path> {
    paths.iter().map(|path| first_null(data, path)).collect()
}

fn first_null(data: &Json, path: &[PathItem]) -> Path {
    let mut value = data;
    for (depth, item) in path.iter().enumerate() {
        let below = match (value, item) {
            (Json::Null, _) => return path[..depth].to_vec(),
            (Json::Object(_), PathItem::Key(key)) => value.get(key),
            (Json::List(items), PathItem::Index(index)) => items.get(*index),
            _ => None,
        };
        match below {
            Some(below) => value = below,
            None => return path.to_vec(),
        }
    }
    path.to_vec()
}
