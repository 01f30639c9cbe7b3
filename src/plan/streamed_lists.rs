//! Finds the lists that may be streamed: those that are read page by page, and those of which calls are made for the elements,
//! or for objects below them.
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
use super::{Batch, Fetch, FetchCall, Read, ReadId};
use crate::connector::Pagination;
use crate::graph::query::{ConnectMode, QueryGraph};

/// The parts of a plan that decide what is streamed.
pub(super) struct StreamedParts<'p> {
    pub(super) positions: &'p [Position],
    pub(super) fetches: &'p [Fetch],
    pub(super) batches: &'p [Batch],
    pub(super) reads: &'p [Read],
    pub(super) graph: &'p QueryGraph,
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
            let is_known = |list: &StreamedList| {
                let mut known = lists.iter();
                known.any(|one| (one.parent, one.slot) == (list.parent, list.slot))
            };
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
        // Leaves have no position.
        let elements = self.positions[parent.0 as usize].slots[usize::from(slot)].child;
        let step = self.ancestors(parent).count() - 1;
        let all = self.fetches.iter().enumerate();
        let (below, others): (Vec<_>, Vec<_>) = all.partition(|(_, fetch)| {
            self.ancestors(fetch.position)
                .any(|one| Some(one) == elements)
        });
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
        let pages = self.pages(parent, slot);
        let may_stream = (pages.is_some() || !fetches.is_empty())
            && below.iter().all(|(_, fetch)| may_divide(fetch))
            && !others.iter().any(is_needed);
        let shows = readers.filter(|(position, of, ..)| (*position, *of) == (parent, slot));
        may_stream.then(|| StreamedList {
            parent,
            slot,
            step,
            readers: shows.map(|(_, _, guard, stream)| (guard, stream)).collect(),
            fetches,
            pages,
        })
    }

    /// The fetch that reads a list page by page, if no other fetch reads it: then its elements are those of the pages.
    fn pages(&self, parent: PositionId, slot: u16) -> Option<usize> {
        let mut fetches = self.fetches.iter().enumerate();
        let (index, fetch) = fetches.find(|(_, fetch)| self.has_pages(fetch, parent, slot))?;
        let mut others = self.fetches.iter().enumerate();
        let is_read_once = others.all(|(other, fetch)| {
            other == index || !self.reads_slot(fetch.read, parent, slot, self.positions.len())
        });
        (is_read_once && fetch.absent_from.is_none()).then_some(index)
    }

    /// Whether a fetch serves a field with `@paginate`, and this slot is the field's. A connection says with its pages what
    /// follows the last one, so it waits for all of them.
    fn has_pages(&self, fetch: &Fetch, parent: PositionId, slot: u16) -> bool {
        let FetchCall::Connect { connect, mode } = &fetch.call else {
            return false;
        };
        let serves = fetch.position == parent && fetch.argument_slot == Some(slot);
        let is_field = matches!(mode, ConnectMode::Root | ConnectMode::Implicit);
        let connect = self.graph.connect(fetch.subgraph, *connect);
        let options = connect.map(|connect| &connect.options);
        let is_paged = options.is_some_and(|options| options.get::<Pagination>().is_some());
        serves && is_field && is_paged && !fetch.connection
    }

    /// Whether something fills a slot of a position: what is read here, or below it at most so deep.
    fn reads_slot(&self, read: ReadId, parent: PositionId, slot: u16, depth: usize) -> bool {
        let read = &self.reads[read.0 as usize];
        let below = depth.checked_sub(1);
        read.fields.iter().any(|field| {
            let is_it = read.position == parent && field.slot == slot;
            let below = field.read.zip(below);
            is_it || below.is_some_and(|(read, left)| self.reads_slot(read, parent, slot, left))
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
