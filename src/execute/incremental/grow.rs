//! Lists that are read page by page: the elements of the first pages are sent at once, and the others as their pages arrive.
//!
//! The fetch of such a list ends with its first pages, and its call goes on as a call of its own. Each part of the pages makes
//! the list longer ([`PagesRead::Next`]): a longer copy takes its place in its row, and in the streams that send it.

use std::collections::BTreeSet;

use crate::execute::call::{CacheUse, Called};
use crate::execute::page_loop::{PageRange, PageRest};
use crate::execute::queue::QueuedCall;
use crate::execute::{Execution, make_call};
use crate::response::failure::Failure;
use crate::response::ingest::{GrownList, PagesRead, Remark};
use crate::response::store::{Cell, RowId};
use crate::response::targets::Destination;

impl<'a> Execution<'a> {
    /// The pages that a call fetches at first: those of the first elements, if the list is streamed.
    pub(in crate::execute) fn pages_of(&self, queued: &QueuedCall) -> PageRange<'a> {
        let first = self
            .rounds()
            .and_then(|rounds| rounds.first_of_pages(queued.fetch));
        match first {
            // Its consumers may be several fields, of which not all are streamed.
            Some(first) if queued.other_consumers.is_empty() => PageRange::First(first),
            _ => PageRange::All,
        }
    }

    /// The list of a call has its first pages, and more follow.
    pub(in crate::execute) fn begin_growing(&mut self, queued: &QueuedCall) {
        let fetch = queued.fetch;
        let Some(slot) = self.plan.fetches[fetch].argument_slot else {
            return;
        };
        for row in queued.call.targets.rows() {
            let cell = self.store.cell(row, slot);
            if let (Cell::List { at, .. }, Some(rounds)) = (cell, self.rounds_mut()) {
                rounds.begin_growing(at, fetch, (row, slot));
            }
        }
    }

    /// Fetches the pages that follow.
    pub(in crate::execute) fn continue_call(
        &mut self,
        mut queued: Box<QueuedCall>,
        rest: Box<PageRest<'a>>,
    ) {
        queued.continues = true;
        let of = (self.runtime, self.plan, self.request);
        let range = PageRange::Next(rest);
        let call = make_call(of, queued, range, CacheUse::Read, self.bounds);
        self.running.push(Box::pin(call));
    }

    /// Ingests pages that follow others. Returns the remarks of the mapping. No more pages follow those that fail.
    pub(in crate::execute) fn ingest_pages(
        &mut self,
        queued: &QueuedCall,
        called: &mut Called<'a>,
    ) -> Vec<Remark> {
        let (index, prepared) = (queued.fetch, &queued.call);
        let fetch = &self.plan.fetches[index];
        let mut ingester = self.ingester(index);
        ingester.pages = PagesRead::Next(GrownList::default());
        let destination = Destination {
            targets: &prepared.targets,
            variables: &prepared.variables,
        };
        ingester.ingest(fetch, destination, &called.outcome);
        let (remarks, pages) = (ingester.remarks, ingester.pages);
        if let PagesRead::Next(grown) = pages {
            called.rest.take_if(|_| grown.failure.is_some());
            let rows = prepared.targets.rows();
            self.grow(index, &rows, &grown, called.rest.is_some());
        }
        remarks
    }

    /// Replaces the lists of these rows, which a fetch reads, by longer ones. More pages follow if it `goes_on`.
    fn grow(&mut self, fetch: usize, rows: &[RowId], grown: &GrownList, goes_on: bool) {
        let raised = grown.raised.iter();
        let raised = raised.map(|message| self.failures.add(Failure::raised(message)));
        let raised: Vec<u32> = raised.collect();
        let Some(slot) = self.plan.fetches[fetch].argument_slot else {
            return;
        };
        // Those that have grown, and those that have not because their pages have failed.
        let grew = grown.lists.iter().map(|(_, before, _)| *before);
        let left = rows
            .iter()
            .filter_map(|row| match self.store.cell(*row, slot) {
                Cell::List { at, .. } if grown.failure.is_some() => Some(at),
                _ => None,
            });
        let places: BTreeSet<u32> = grew.chain(left).collect();
        let Some(incremental) = &mut self.incremental else {
            return;
        };
        for before in places {
            let mut lists = grown.lists.iter();
            let longer = lists.find(|(_, at, _)| *at == before);
            let longer = longer.map(|(.., longer)| *longer);
            let now = match longer {
                Some(Cell::List { at, .. }) if goes_on => Some(at),
                _ => None,
            };
            let rounds = incremental.rounds.as_mut();
            let Some(growing) = rounds.and_then(|rounds| rounds.grow(before, now)) else {
                continue;
            };
            for stream in incremental.streams.at(before) {
                if let Some(Cell::List { at, len }) = longer {
                    (stream.list.at, stream.list.len) = (at, len);
                }
                stream.grows = goes_on;
                stream.failure = grown.failure;
                stream.raised.extend_from_slice(&raised);
                stream.warnings.extend(grown.warnings.iter().cloned());
            }
            // What has not been sent fails as a whole, as it does without `@stream`.
            if let Some(failure) = grown.failure {
                for row in growing.rows {
                    self.store.set(row, growing.slot, Cell::Failed(failure));
                }
            }
        }
    }

    /// Fails the lists of a fetch of which pages are to follow.
    pub(in crate::execute) fn fail_growing(&mut self, index: usize, failure: &Failure) {
        if self.rounds().is_none_or(|rounds| !rounds.is_growing(index)) {
            return;
        }
        let fetch = &self.plan.fetches[index];
        let failure = self.ingester(index).located(fetch, failure.clone());
        let grown = GrownList {
            failure: Some(self.failures.add(failure)),
            ..GrownList::default()
        };
        let rounds = self.rounds();
        let growing = rounds.map(|rounds| rounds.growing().values());
        let growing = growing.into_iter().flatten();
        let growing = growing.filter(|growing| growing.fetch == index);
        let rows = growing.flat_map(|growing| &growing.rows).copied();
        let rows: Vec<RowId> = rows.collect();
        self.grow(index, &rows, &grown, false);
    }
}
