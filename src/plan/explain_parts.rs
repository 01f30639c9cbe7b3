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

/// A streamed list for whose elements a call is made: first for some of them, then for the others.
pub(super) struct StreamedPart<'p>(&'p StreamedField);

/// The streamed lists for which a fetch is made twice.
pub(super) fn streamed_lists(plan: &Plan, fetch: usize) -> Vec<StreamedPart<'_>> {
    let Some(streamed) = plan.output.streamed.as_deref() else {
        return Vec::new();
    };
    let lists = streamed.lists.iter();
    let lists = lists.filter(|list| list.fetches.contains(&fetch));
    let numbers = lists.flat_map(|list| list.readers.iter().filter_map(|(_, number)| *number));
    let mut numbers: Vec<u32> = numbers.collect();
    numbers.sort_unstable();
    let fields = numbers
        .iter()
        .map(|number| &streamed.fields[*number as usize - 1]);
    let mut fields: Vec<&StreamedField> = fields.collect();
    // A field is listed once for each of its guards.
    fields.dedup_by(|one, other| one.path == other.path);
    fields.into_iter().map(StreamedPart).collect()
}

impl StreamedPart<'_> {
    fn path(&self) -> String {
        let path: Vec<&str> = self.0.path.iter().map(|name| name.as_str()).collect();
        path.join(".")
    }

    /// `the first 2 elements of districts, then the others`
    pub(super) fn to_text(&self) -> String {
        let first = match &self.0.first {
            InitialCount::Fixed(0) => {
                return format!("the elements of {} after the list", self.path());
            }
            InitialCount::Fixed(1) => "the first element".to_owned(),
            InitialCount::Fixed(count) => format!("the first {count} elements"),
            InitialCount::Variable(name) => format!("the first ${name} elements"),
        };
        format!("{first} of {}, then the others", self.path())
    }

    pub(super) fn to_json(&self) -> serde_json::Value {
        let first: serde_json::Value = match &self.0.first {
            InitialCount::Fixed(count) => (*count).into(),
            InitialCount::Variable(name) => format!("${name}").into(),
        };
        let mut part = serde_json::json!({ "path": self.path(), "initialCount": first });
        if let Some(label) = &self.0.label {
            part["label"] = label.as_str().into();
        }
        part
    }
}
