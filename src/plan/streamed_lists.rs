//! Finds the lists that may be streamed: of which calls are made for the elements, or for objects below them.
//!
//! It may not be streamed if
//!
//! - a fetch of something else needs a value that these fetches read,
//! - a call is the same for any number of elements, or has values of ancestors of the elements,
//! - it is in a mutation, of which the fields are executed one after the other.

use std::num::NonZero;

use super::output::{FieldSource, Output, OutputObject};
use super::requested::{Position, PositionId};
use super::streamed::StreamedList;
use super::{Batch, Fetch, FetchCall};
use crate::graph::query::ConnectMode;

/// The parts of a plan that decide what is streamed.
pub(super) struct StreamedParts<'p> {
    pub(super) positions: &'p [Position],
    pub(super) fetches: &'p [Fetch],
    pub(super) batches: &'p [Batch],
    pub(super) is_mutation: bool,
}

impl StreamedParts<'_> {
    /// Finds the lists of an output that may be streamed. Without any, the operation has no `@stream`.
    pub(super) fn find(&self, output: &mut Output) {
        let Some(streamed) = &mut output.streamed else {
            return;
        };
        let mut lists: Vec<StreamedList> = Vec::new();
        let fields = streamed.fields.iter().filter(|_| !self.is_mutation);
        for field in fields {
            let object = &output.objects[field.object as usize];
            let FieldSource::Slot(slot) = object.fields[usize::from(field.field)].source else {
                continue;
            };
            let list = self.list(object.position, slot, output_readers(&output.objects));
            let is_known =
                |list: &StreamedList| lists.iter().any(|one| one.elements == list.elements);
            lists.extend(list.filter(|list| !is_known(list)));
        }
        streamed.lists = lists;
        if streamed.lists.is_empty() {
            output.streamed = None;
            let fields = output
                .objects
                .iter_mut()
                .flat_map(|object| &mut object.fields);
            fields.for_each(|field| field.stream = None);
            output
                .deferred
                .take_if(|deferred| deferred.fragments.is_empty());
        }
    }

    fn list(
        &self,
        parent: PositionId,
        slot: u16,
        readers: impl Iterator<Item = (PositionId, u16, u32, Option<u32>)>,
    ) -> Option<StreamedList> {
        let elements = self.positions[parent.0 as usize].slots[usize::from(slot)].child?;
        let step = self.ancestors(parent).count() - 1;
        let all = self.fetches.iter().enumerate();
        let (below, others): (Vec<_>, Vec<_>) =
            all.partition(|(_, fetch)| self.ancestors(fetch.position).any(|one| one == elements));
        let fetches: Vec<usize> = below.iter().map(|(index, _)| *index).collect();
        let may_divide = |fetch: &Fetch| {
            let leads = fetch.path.get(step).is_some_and(|step| step.slot == slot);
            leads && fetch.absent_from.is_none() && self.is_per_row(fetch)
        };
        let is_needed = |(_, other): &(usize, &Fetch)| {
            other
                .after
                .iter()
                .any(|before| fetches.binary_search(before).is_ok())
        };
        let may_stream = !fetches.is_empty()
            && below.iter().all(|(_, fetch)| may_divide(fetch))
            && !others.iter().any(is_needed);
        let shows = readers.filter(|(position, of, ..)| (*position, *of) == (parent, slot));
        may_stream.then(|| StreamedList {
            elements,
            step,
            readers: shows.map(|(_, _, guard, stream)| (guard, stream)).collect(),
            fetches,
        })
    }

    /// A position and those around it.
    fn ancestors(&self, position: PositionId) -> impl Iterator<Item = PositionId> {
        std::iter::successors(Some(position), |one| {
            let (parent, _) = self.positions[one.0 as usize].parent?;
            Some(parent)
        })
    }

    /// Whether the calls of a fetch depend on its rows alone.
    fn is_per_row(&self, fetch: &Fetch) -> bool {
        match &fetch.call {
            FetchCall::Operation(_) => false,
            FetchCall::Connect { mode, .. } => {
                !matches!(mode, ConnectMode::Root | ConnectMode::List) && fetch.contexts.is_empty()
            }
            FetchCall::Entities { batch, .. } => {
                let mut together = self.batches[*batch].fetches.iter();
                together.all(|other| self.fetches[*other].contexts.is_empty())
            }
        }
    }
}

/// The fields that show slots: the position, the slot, the guard, and the number of the streamed field.
fn output_readers(
    objects: &[OutputObject],
) -> impl Iterator<Item = (PositionId, u16, u32, Option<u32>)> {
    objects.iter().flat_map(|object| {
        object.fields.iter().filter_map(|field| {
            let FieldSource::Slot(slot) = field.source else {
                return None;
            };
            let stream = field.stream.map(NonZero::get);
            Some((object.position, slot, field.guard, stream))
        })
    })
}
