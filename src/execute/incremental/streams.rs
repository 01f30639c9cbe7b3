//! The streamed lists of a response, and which of their elements have been sent.
//!
//! A list is *opened* by the payload that has its first elements, if more follow. The others are sent in their order, as soon as
//! an element and all before it are complete, in at most about [`MOST_CHUNKS`] payloads for each list.

use std::sync::Arc;

use super::instances::Fragments;
use crate::document::Value;
use crate::execute::context::RequestContext;
use crate::execute::rounds::DividedList;
use crate::plan::Plan;
use crate::plan::deferred::Deferred;
use crate::plan::division::Division;
use crate::plan::initial_count::InitialCount;
use crate::plan::output::OutputType;
use crate::plan::streamed::{Streamed, StreamedField, StreamedList};
use crate::response::write::OpenedList;

/// About how many payloads the elements of one list have at most.
const MOST_CHUNKS: u32 = 64;

/// An opened list.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) list: OpenedList,
    /// The number of the set of fragments with which it was sent.
    pub(super) set: u32,
    /// What it is announced as.
    pub(super) id: u32,
    /// How many elements have been sent.
    pub(super) sent: u32,
    /// How many elements are complete, from the first one on.
    pub(super) complete: u32,
    /// More elements follow.
    pub(super) is_open: bool,
    /// More pages follow: the list is longer than what is in the store.
    pub(super) grows: bool,
    /// Why the pages that follow are not there.
    pub(super) failure: Option<u32>,
    /// Failures that are reported beside the elements.
    pub(super) raised: Vec<u32>,
    /// Warnings about the list.
    pub(super) warnings: Vec<Arc<str>>,
}

/// The streamed lists of a response.
#[derive(Debug)]
pub(super) struct Streams<'a> {
    pub(super) streamed: Option<&'a Streamed>,
    /// By streamed field: the list in the rounds of the execution, and how many elements come first; `None` if the list is sent
    /// as a whole.
    pub(super) fields: Vec<Option<(usize, u32)>>,
    pub(super) all: Vec<Stream>,
}

impl Stream {
    /// Whether so many elements are complete that they are sent, or none follows after all.
    pub(super) fn is_ready(&self) -> bool {
        let chunk = (self.list.len / MOST_CHUNKS).max(1);
        let is_enough = self.complete - self.sent >= chunk || self.complete == self.list.len;
        self.is_open && (self.complete > self.sent && is_enough || self.has_ended())
    }

    /// Whether all elements have been sent, and none follows.
    pub(super) fn has_ended(&self) -> bool {
        !self.grows && self.sent == self.list.len
    }
}

impl<'a> Streams<'a> {
    /// The lists that are streamed in a request, and those for which fetches are divided.
    pub(super) fn new(
        plan: &'a Plan,
        request: &RequestContext,
        division: &Division,
        fragments: Fragments<'_>,
    ) -> (Streams<'a>, Vec<DividedList>) {
        let streamed = plan.output.streamed.as_deref();
        let mut streams = Streams {
            streamed,
            fields: vec![None; streamed.map_or(0, |streamed| streamed.fields.len())],
            all: Vec::new(),
        };
        let mut divided = Vec::new();
        let Some(streamed) = streamed else {
            return (streams, divided);
        };
        let mut active: Vec<&StreamedList> = Vec::new();
        for list in &streamed.lists {
            let Some(readers) = readers(plan, request, division, fragments.deferred, list) else {
                continue;
            };
            active.push(list);
            let numbered = divided.len();
            for (field, first) in &readers {
                streams.fields[*field] = Some((numbered, *first));
            }
            divided.push(DividedList {
                step: list.step,
                first: readers
                    .iter()
                    .map(|(_, first)| *first)
                    .max()
                    .unwrap_or_default(),
                fetches: list.fetches.clone(),
                pages: list.pages,
            });
        }
        streams.drop_inner(plan, &active, &mut divided);
        (streams, divided)
    }

    /// Sends lists as a whole that are below elements of others.
    fn drop_inner(
        &mut self,
        plan: &Plan,
        active: &[&StreamedList],
        divided: &mut Vec<DividedList>,
    ) {
        // The positions around a list with the slots that lead to it.
        let is_inner = |list: &StreamedList| {
            let around = |(position, _): &(_, _)| plan.position(*position).parent;
            let mut around = std::iter::successors(plan.position(list.parent).parent, around);
            around.any(|at| active.iter().any(|other| (other.parent, other.slot) == at))
        };
        let inner: Vec<bool> = active.iter().map(|list| is_inner(list)).collect();
        let mut left = 0;
        let numbers: Vec<Option<usize>> = inner
            .iter()
            .map(|inner| {
                left += usize::from(!inner);
                (!inner).then(|| left - 1)
            })
            .collect();
        for field in &mut self.fields {
            *field = field.and_then(|(list, first)| Some((numbers[list]?, first)));
        }
        let mut inner = inner.into_iter();
        divided.retain(|_| inner.next() == Some(false));
    }

    /// By streamed field: how many elements of its lists are sent first, if others of these lists are not complete.
    pub(super) fn counts(&self, is_whole: impl Fn(usize) -> bool) -> Vec<Option<u32>> {
        let count = |field: &Option<(usize, u32)>| {
            let (list, first) = (*field)?;
            (!is_whole(list)).then_some(first)
        };
        self.fields.iter().map(count).collect()
    }

    /// Opens a list, which a payload with this set of fragments has sent. Returns its index.
    pub(super) fn open(&mut self, list: OpenedList, (set, id): (u32, u32), grows: bool) -> usize {
        self.all.push(Stream {
            grows,
            failure: None,
            raised: Vec::new(),
            warnings: Vec::new(),
            set,
            id,
            sent: list.first,
            complete: list.first,
            is_open: true,
            list,
        });
        self.all.len() - 1
    }

    /// The opened lists that are at a place in the store.
    pub(super) fn at(&mut self, at: u32) -> impl Iterator<Item = &mut Stream> {
        let of_list = move |stream: &&mut Stream| stream.is_open && stream.list.at == at;
        self.all.iter_mut().filter(of_list)
    }

    /// Whether elements are still to come.
    pub(super) fn is_any_open(&self) -> bool {
        self.all.iter().any(|stream| stream.is_open)
    }

    /// The field with `@stream` of a list.
    pub(super) fn field(&self, stream: &Stream) -> Option<&'a StreamedField> {
        self.streamed?.fields.get(stream.list.stream)
    }
}

/// The streamed fields that show a list, each with the number of elements that come first; `None` if the list is sent as a
/// whole.
fn readers(
    plan: &Plan,
    request: &RequestContext,
    division: &Division,
    deferred: &Deferred,
    list: &StreamedList,
) -> Option<Vec<(usize, u32)>> {
    let streamed = plan.output.streamed.as_deref()?;
    let mut readers = Vec::new();
    for (guard, stream) in &list.readers {
        let Some(set) = division.sets[*guard as usize] else {
            continue;
        };
        let number = (*stream)? as usize - 1;
        let field = streamed.fields.get(number)?;
        let condition = field.condition.as_ref();
        let is_off = condition
            .is_some_and(|name| request.variables.get(name.as_str()) == Some(&Value::Bool(false)));
        if is_off || is_divided_elsewhere(plan, division, deferred, field, set) {
            return None;
        }
        readers.push((number, first(request, field)));
    }
    (!readers.is_empty()).then_some(readers)
}

/// How many elements come first.
fn first(request: &RequestContext, field: &StreamedField) -> u32 {
    match &field.first {
        InitialCount::Fixed(count) => *count,
        InitialCount::Variable(name) => {
            let value = request.variables.get(name.as_str());
            match value {
                Some(Value::Number(count)) => {
                    count.as_i64().unwrap_or(0).clamp(0, u32::MAX.into()) as u32
                }
                _ => 0,
            }
        }
    }
}

/// Whether fields of the elements are delivered with a fragment that is around the list, and not with the list: the parts of
/// such a fragment would have to wait for the last element.
fn is_divided_elsewhere(
    plan: &Plan,
    division: &Division,
    deferred: &Deferred,
    streamed: &StreamedField,
    set: u32,
) -> bool {
    let object = &plan.output.objects[streamed.object as usize];
    let field = &object.fields[usize::from(streamed.field)];
    let is_around =
        |fragment: &u32| deferred.fragments[*fragment as usize].path.len() < streamed.path.len();
    let mut open: Vec<usize> = object_of(&field.ty).into_iter().collect();
    let mut seen = vec![false; plan.output.objects.len()];
    while let Some(object) = open.pop() {
        if std::mem::replace(&mut seen[object], true) {
            continue;
        }
        for field in &plan.output.objects[object].fields {
            let Some(other) = division.sets[field.guard as usize] else {
                continue;
            };
            if other != set && division.all_sets[other as usize].iter().any(is_around) {
                return true;
            }
            open.extend(object_of(&field.ty));
        }
    }
    false
}

fn object_of(ty: &OutputType) -> Option<usize> {
    match ty {
        OutputType::NonNull(inner) | OutputType::List(inner) => object_of(inner),
        OutputType::Object(object) => Some(*object as usize),
        OutputType::Leaf(_) => None,
    }
}
