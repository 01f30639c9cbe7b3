//! Which payloads a call is made for, as explanations say it: deferred fragments and streamed lists.

use super::Plan;
use super::deferred::Deferred;
use super::division::Division;
use super::initial_count::InitialCount;
use super::streamed::StreamedField;

/// A deferred fragment that waits for a call.
pub(super) struct DeferredPart {
    label: Option<String>,
    path: String,
}

/// The deferred fragments that wait for a fetch, which the initial payload does not.
pub(super) fn fragments(
    deferred: Option<&(Division, &Deferred)>,
    fetch: usize,
) -> Vec<DeferredPart> {
    let Some((division, deferred)) = deferred.filter(|(division, _)| !division.needs[0][fetch])
    else {
        return Vec::new();
    };
    let sets = division.all_sets.iter().zip(&division.needs);
    let sets = sets.filter(|(_, needs)| needs[fetch]);
    let mut fragments: Vec<u32> = sets.flat_map(|(set, _)| set.iter().copied()).collect();
    fragments.sort_unstable();
    fragments.dedup();
    let parts = fragments.into_iter().map(|fragment| {
        let fragment = &deferred.fragments[fragment as usize];
        let path: Vec<&str> = fragment.path.iter().map(|name| name.as_str()).collect();
        DeferredPart {
            label: fragment.label.clone(),
            path: path.join("."),
        }
    });
    parts.collect()
}

impl DeferredPart {
    /// `"works" of district`
    pub(super) fn to_text(&self) -> String {
        let label = self.label.as_ref();
        let name = label.map_or_else(|| "a fragment".to_owned(), |label| format!("{label:?}"));
        match self.path.as_str() {
            "" => name,
            path => format!("{name} of {path}"),
        }
    }

    pub(super) fn to_json(&self) -> serde_json::Value {
        let mut part = serde_json::json!({ "path": self.path });
        if let Some(label) = &self.label {
            part["label"] = label.as_str().into();
        }
        part
    }
}

/// A streamed list: a call reads it page by page, or is made for some of its elements first and then for the others.
pub(super) struct StreamedPart<'p> {
    field: &'p StreamedField,
    has_pages: bool,
}

/// The streamed lists that a fetch reads page by page, or for which it is made twice.
pub(super) fn streamed_lists(plan: &Plan, fetch: usize) -> Vec<StreamedPart<'_>> {
    let Some(streamed) = plan.output.streamed.as_deref() else {
        return Vec::new();
    };
    let lists = streamed.lists.iter();
    let lists = lists.filter(|list| list.pages == Some(fetch) || list.fetches.contains(&fetch));
    let numbers = lists.flat_map(|list| {
        let numbers = list.readers.iter().filter_map(|(_, number)| *number);
        numbers.map(|number| (number, list.pages == Some(fetch)))
    });
    let mut numbers: Vec<(u32, bool)> = numbers.collect();
    numbers.sort_unstable();
    let parts = numbers.iter().map(|(number, has_pages)| StreamedPart {
        field: &streamed.fields[*number as usize - 1],
        has_pages: *has_pages,
    });
    let mut parts: Vec<StreamedPart<'_>> = parts.collect();
    // A field is listed once for each of its guards.
    parts.dedup_by(|one, other| one.field.path == other.field.path);
    parts
}

impl StreamedPart<'_> {
    fn path(&self) -> String {
        let path: Vec<&str> = self.field.path.iter().map(|name| name.as_str()).collect();
        path.join(".")
    }

    /// `the first 2 elements of districts, then the others`, or `the first 2 elements of works, then page by page`
    pub(super) fn to_text(&self) -> String {
        let then = match self.has_pages {
            true => "then page by page",
            false => "then the others",
        };
        let first = match &self.field.first {
            InitialCount::Fixed(0) if self.has_pages => {
                return format!("the elements of {} page by page", self.path());
            }
            InitialCount::Fixed(0) => {
                return format!("the elements of {} after the list", self.path());
            }
            InitialCount::Fixed(1) => "the first element".to_owned(),
            InitialCount::Fixed(count) => format!("the first {count} elements"),
            InitialCount::Variable(name) => format!("the first ${name} elements"),
        };
        format!("{first} of {}, {then}", self.path())
    }

    pub(super) fn to_json(&self) -> serde_json::Value {
        let first: serde_json::Value = match &self.field.first {
            InitialCount::Fixed(count) => (*count).into(),
            InitialCount::Variable(name) => format!("${name}").into(),
        };
        let mut part = serde_json::json!({ "path": self.path(), "initialCount": first });
        if self.has_pages {
            part["pages"] = true.into();
        }
        if let Some(label) = &self.field.label {
            part["label"] = label.as_str().into();
        }
        part
    }
}
