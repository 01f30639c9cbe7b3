//! `@defer` and `@stream` at random places of an operation: the merged payloads must be the answer of the operation without
//! them.
//!
//! A failure may be hidden by another one whose null propagates beyond its fragment, so of an answer with errors only the paths
//! are compared: each error is at a field of an object in which a field fails in the undivided answer too.

use serde_json::Value;

use super::naive::{Answer, PathItem};
use super::operation::{Operation, Selection, What};
use super::random::{Random, hash};
use super::world::{Ty, World};
use crate::support::incremental::Merged;

/// The same operation with `@defer` at random fragments, and at fields that become fragments.
pub(crate) fn deferred(operation: &Operation, random: &mut Random) -> Operation {
    let mut deferred = operation.clone();
    let mut labels = 0;
    defer(
        &mut deferred.selections,
        operation.mutation,
        random,
        &mut labels,
    );
    for fragment in &mut deferred.fragments {
        // One on a root type may be spread there.
        let at_root = matches!(fragment.on.as_str(), "Query" | "Mutation");
        let never = at_root && operation.mutation;
        defer(&mut fragment.selections, never, random, &mut labels);
    }
    deferred
}

/// Defers some of these selections, unless they are at the root of a mutation.
fn defer(selections: &mut [Selection], never: bool, random: &mut Random, labels: &mut usize) {
    for selection in selections.iter_mut() {
        let is_field = matches!(selection.what, What::Field(..));
        defer(
            &mut selection.selections,
            never && !is_field,
            random,
            labels,
        );
        if never || !random.chance(if is_field { 25 } else { 50 }) {
            continue;
        }
        *labels += 1;
        let directive = format!(" @defer(label: \"d{labels}\")");
        if is_field {
            *selection = Selection {
                what: What::Inline(None),
                directives: directive,
                selections: vec![selection.clone()],
            };
        } else {
            selection.directives.push_str(&directive);
        }
    }
}

/// The same operation with `@stream` at random lists. Fields that may be merged are streamed alike: the response name decides.
pub(crate) fn streamed(operation: &Operation, world: &World) -> Operation {
    let mut streamed = operation.clone();
    let root = match operation.mutation {
        true => "Mutation",
        false => "Query",
    };
    stream(&mut streamed.selections, root, world);
    for fragment in &mut streamed.fragments {
        let on = fragment.on.clone();
        stream(&mut fragment.selections, &on, world);
    }
    streamed
}

fn stream(selections: &mut [Selection], parent: &str, world: &World) {
    for selection in selections {
        let below = match &selection.what {
            What::Field(alias, name, _) => {
                let Some(field) = world.field(parent, name) else {
                    continue;
                };
                let key = alias.as_ref().unwrap_or(name);
                let chance = hash(world.seed, &["stream", key]);
                if matches!(field.ty, Ty::List(..))
                    && parent != "Mutation"
                    && !chance.is_multiple_of(3)
                {
                    let directive = format!(" @stream(initialCount: {})", chance % 4 / 2);
                    selection.directives.push_str(&directive);
                }
                field.ty.base().to_owned()
            }
            What::Inline(Some(on)) => on.clone(),
            What::Inline(None) => parent.to_owned(),
            What::Spread(_) => continue,
        };
        stream(&mut selection.selections, &below, world);
    }
}

/// The difference between merged payloads and the expected answer.
pub(crate) fn compare_merged(expected: &Answer, merged: Merged) -> Option<String> {
    let answer = match merged.into_answer() {
        Ok(answer) => answer,
        Err(why) => return Some(why),
    };
    let errors = answer.get("errors").and_then(Value::as_array);
    let errors = errors.map(Vec::as_slice).unwrap_or_default();
    if expected.errors.is_empty() {
        let data: Value = serde_json::from_str(&expected.data.text()).unwrap();
        let is_same = errors.is_empty() && answer["data"] == data;
        return (!is_same).then(|| "the merged data differs".to_owned());
    }
    // A service propagates nulls as well: it has no values for the other fields of the object.
    let is_expected = |error: &&Value| {
        let path = path(error);
        let object = &path[..path.len().saturating_sub(1)];
        expected.errors.iter().any(|one| one.starts_with(object))
    };
    let unexpected = errors.iter().find(|error| !is_expected(error));
    unexpected.map(|error| format!("an error that the whole answer cannot have: {error}"))
}

fn path(error: &Value) -> Vec<PathItem> {
    let items = error["path"].as_array().map(Vec::as_slice);
    let items = items.unwrap_or_default().iter();
    let items = items.map(|item| match item.as_u64() {
        Some(index) => PathItem::Index(index as usize),
        None => PathItem::Key(item.as_str().unwrap_or_default().to_owned()),
    });
    items.collect()
}
