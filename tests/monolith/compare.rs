//! Equality of two responses.
//!
//! The data must be equal, with the fields in the same order. Each error must have the path of a field that has failed, and
//! no two errors may have the same path. If a failure nulls a parent, the specification does not say whether the parent's
//! other fields are still executed (6.4.4): of all failures behind one null, at least one must be reported. An error is
//! behind the first null on its path.

use std::collections::BTreeSet;

use super::json::Json;
use super::naive::{Answer, Path, PathItem};

/// The difference between a response under `onError: NULL` and the expected one.
///
/// Subgraphs propagate nulls, so the gateway may have a null where a field below it has failed, and no value for the other
/// fields of the same object. Each such null has an error at its position, below it, or at another field of its object. What
/// is not null is equal.
pub(crate) fn compare_nulls(expected: &Answer, got: &Json) -> Option<String> {
    let data = got.get("data").cloned().unwrap_or(Json::Null);
    let errors = got.get("errors").and_then(Json::as_list);
    let errors = errors.unwrap_or_default().iter();
    let located: Option<Vec<Path>> = errors
        .map(|error| error.get("path").and_then(Json::as_list).map(path))
        .collect();
    let Some(paths) = located else {
        return Some("an error has no path".to_owned());
    };
    if expected.errors.is_empty() {
        let same = paths.is_empty() && data == expected.data;
        return (!same).then(|| "the data differs without an error".to_owned());
    }
    let left_out = got.get("extensions").and_then(|e| e.get("sangam"));
    let left_out = left_out.and_then(|e| e.get("errorsLeftOut")).is_some();
    let mut checked = NullsChecked {
        errors: &paths,
        left_out,
        path: Vec::new(),
    };
    if let Some(why) = checked.value(&expected.data, &data) {
        return Some(why);
    }
    for path in &expected.errors {
        let null = first_null(&data, path);
        if !left_out && !paths.iter().any(|one| one.starts_with(&null)) {
            return Some(format!("no error at {null:?}, for {path:?}"));
        }
    }
    None
}

/// Compares values, with the path of the current one.
struct NullsChecked<'c> {
    errors: &'c [Path],
    /// More errors than are listed.
    left_out: bool,
    path: Path,
}

impl NullsChecked<'_> {
    fn value(&mut self, expected: &Json, got: &Json) -> Option<String> {
        match (expected, got) {
            (Json::Null, Json::Null) => None,
            (_, Json::Null) => {
                let has_error = self.errors.iter().any(|one| one.starts_with(&self.path));
                let is_bad = !has_error && !self.left_out;
                is_bad.then(|| format!("a null without an error at {:?}", self.path))
            }
            (Json::Object(expected), Json::Object(got)) if expected.len() == got.len() => {
                let mut members = expected.iter().zip(got);
                members.find_map(|((name, expected), (given, got))| {
                    if name != given {
                        return Some(format!("{given} in place of {name}"));
                    }
                    self.path.push(PathItem::Key(name.clone()));
                    let why = self.value(expected, got);
                    self.path.pop();
                    why
                })
            }
            (Json::List(expected), Json::List(got)) if expected.len() == got.len() => {
                let mut items = expected.iter().zip(got).enumerate();
                items.find_map(|(index, (expected, got))| {
                    self.path.push(PathItem::Index(index));
                    let why = self.value(expected, got);
                    self.path.pop();
                    why
                })
            }
            (expected, got) => {
                (expected != got).then(|| format!("the data differs at {:?}", self.path))
            }
        }
    }
}

/// The difference between a response under `onError: HALT` and the expected one: null and one of the errors, or the data.
pub(crate) fn halted(expected: &Answer, got: &Json) -> Option<String> {
    if expected.errors.is_empty() {
        return compare(expected, got);
    }
    let data = got.get("data");
    let errors = got
        .get("errors")
        .and_then(Json::as_list)
        .unwrap_or_default();
    let located = errors.first().and_then(|error| error.get("path"));
    let located = located.and_then(Json::as_list).map(path);
    let is_expected = located.is_some_and(|path| expected.errors.contains(&path));
    let is_halted = data == Some(&Json::Null) && errors.len() == 1 && is_expected;
    (!is_halted).then(|| "not null with one error".to_owned())
}

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
