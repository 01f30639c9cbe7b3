//! Writes the elements of streamed lists that follow.

use std::collections::HashMap;

use ahash::AHashSet;

use super::format::{Ending, Part, PartData, PartValue, join};
use super::streams::Stream;
use super::{Ended, Incremental};
use crate::execute::Execution;
use crate::response::bounds::Reached;
use crate::response::error_list::ErrorList;
use crate::response::group::DeliveryGroup;
use crate::response::write::{Opened, PayloadFields, Progress, element_text, write_kept};

/// Elements of a list that are sent with one payload.
pub(super) struct WrittenItems {
    /// The list, as an index into the streams.
    stream: usize,
    /// The index of the first element.
    first: u32,
    /// A JSON list.
    text: Vec<u8>,
    /// The elements of `errors`.
    errors: Vec<u8>,
    /// A null has propagated to the list: the elements of `errors`.
    failed: Option<Vec<u8>>,
}

/// What has been written of the lists.
#[derive(Default)]
pub(super) struct AllItems {
    pub(super) all: Vec<WrittenItems>,
    /// By element: its errors.
    pub(super) errors: Vec<ErrorList>,
}

impl<'a> Execution<'a> {
    /// Finds the elements that are complete now. Whether some of them are to be sent.
    pub(super) fn find_complete_elements(
        &self,
        incremental: &mut Incremental<'a>,
        ended: &Ended,
    ) -> bool {
        let Some(rounds) = &incremental.rounds else {
            return false;
        };
        let (needs, streams) = (&incremental.division.needs, &mut incremental.streams);
        let mut is_ready = false;
        for stream in streams.all.iter_mut().filter(|stream| stream.is_open) {
            let Some((list, _)) = streams.fields[stream.list.stream] else {
                continue;
            };
            let needs = &needs[stream.set as usize];
            let is_needed = |fetch: usize| needs[fetch] && !ended.all[fetch];
            while stream.complete < stream.list.len {
                let element = self.store.item(stream.list.at, stream.complete);
                let material = (&self.store, self.plan);
                if !rounds.is_complete(material, list, element, is_needed) {
                    break;
                }
                stream.complete += 1;
            }
            is_ready |= stream.is_ready();
        }
        is_ready
    }

    /// Writes the elements that are to be sent.
    pub(super) async fn write_items(
        &mut self,
        incremental: &mut Incremental<'a>,
        most_errors: usize,
    ) -> Result<AllItems, Reached> {
        let mut written = AllItems::default();
        let ended = self.ended(incremental);
        self.find_complete_elements(incremental, &ended);
        let all = incremental.streams.all.iter().enumerate();
        let ready = all.filter(|(_, stream)| stream.is_ready());
        let ready: Vec<usize> = ready.map(|(index, _)| index).collect();
        let mut pace = self.writing_pace();
        let (plan, root, limits) = (self.plan, self.root, self.runtime.limits);
        let mut group = DeliveryGroup {
            root,
            errors: ErrorList::new(1, 0),
        };
        let sets = incremental.division.sets.clone();
        let counts = vec![None; incremental.streams.fields.len()];
        let of_set = |set| (set, incremental.guards_of(set));
        let guards: HashMap<u32, Vec<bool>> = ready
            .iter()
            .map(|stream| of_set(incremental.streams.all[*stream].set))
            .collect();
        let mut opened: Vec<(Opened, u32)> = Vec::new();
        let mut listed = 0;
        let growing = AHashSet::new();
        let fields_of = PayloadFields::first(&sets, &counts, &growing);
        let mut writer = self.part_writer(fields_of, &[], &mut group, 0);
        for index in ready {
            let stream = &mut incremental.streams.all[index];
            let field = incremental.streams.streamed.map(|streamed| {
                let field = &streamed.fields[stream.list.stream];
                &plan.output.objects[field.object as usize].fields[usize::from(field.field)]
            });
            let (Some(field), Some(guards)) = (field, guards.get(&stream.set)) else {
                continue;
            };
            let mut items = WrittenItems::of(index, stream);
            let mut prefix = Vec::new();
            write_kept(&stream.list.path, &mut prefix);
            while stream.sent < stream.complete && items.failed.is_none() {
                let start = writer.text().len();
                let left = most_errors.saturating_sub(listed);
                let errors = ErrorList::new(left, limits.answer_bytes).below(prefix.clone());
                let at = (stream.sent, stream.set);
                writer.begin_element(&stream.list, field, at, guards, errors)?;
                while writer.run()? == Progress::More {
                    pace.pause().await?;
                }
                pace.pause().await?;
                let errors = writer.take_part_errors();
                listed += errors.listed();
                writer.charge(errors.written().len())?;
                let text = start..writer.text().len();
                items.add(element_text(text, writer.text()), writer.text(), &errors);
                let below = writer.take_opened().into_iter();
                opened.extend(below.map(|opened| (opened, stream.set)));
                written.errors.push(errors);
                stream.sent += 1;
            }
            items.text.push(b']');
            written.all.push(items);
        }
        let length = writer.into_bytes().len();
        // The payload is a copy of it with ids and paths.
        self.bounds.account.charge(2 * length)?;
        for items in &mut written.all {
            let stream = &mut incremental.streams.all[items.stream];
            let beside = self.report_beside(items, stream, most_errors.saturating_sub(listed));
            listed += beside.listed();
            written.errors.push(beside);
            stream.is_open = items.failed.is_none() && !stream.has_ended();
        }
        for (opened, set) in opened {
            for entry in incremental.entries(plan, opened, (set, true)) {
                incremental.instances.add(entry);
            }
        }
        Ok(written)
    }
}

impl Execution<'_> {
    /// Reports what a list has failed with, if all elements before it have been sent, and what was said beside its pages.
    fn report_beside(
        &self,
        items: &mut WrittenItems,
        stream: &mut Stream,
        most_errors: usize,
    ) -> ErrorList {
        let mut prefix = Vec::new();
        write_kept(&stream.list.path, &mut prefix);
        let mut errors = ErrorList::new(most_errors, self.runtime.limits.answer_bytes);
        errors = errors.below(prefix);
        for warning in stream.warnings.drain(..) {
            errors.warn_at(&warning, &[]);
        }
        for failure in stream.raised.drain(..) {
            errors.report_at(&self.failures, failure, 0, &[], &[]);
        }
        let ends = items.failed.is_none() && stream.has_ended();
        match stream.failure.filter(|_| ends) {
            Some(failure) => {
                errors.report_at(&self.failures, failure, 0, &[], &[]);
                items.failed = Some(errors.written().to_vec());
            }
            None => join(&mut items.errors, errors.written()),
        }
        errors
    }
}

impl WrittenItems {
    fn of(index: usize, stream: &Stream) -> Self {
        WrittenItems {
            stream: index,
            first: stream.sent,
            text: Vec::from(b"["),
            errors: Vec::new(),
            failed: None,
        }
    }

    /// Adds an element, or what made the list null in its place.
    fn add(&mut self, element: Option<std::ops::Range<usize>>, all: &[u8], errors: &ErrorList) {
        let Some(element) = element else {
            self.failed = Some(errors.written().to_vec());
            return;
        };
        if self.text.len() > 1 {
            self.text.push(b',');
        }
        self.text.extend_from_slice(&all[element]);
        join(&mut self.errors, errors.written());
    }

    /// Adds errors of no field.
    pub(super) fn add_errors(&mut self, errors: &[u8]) {
        join(self.failed.as_mut().unwrap_or(&mut self.errors), errors);
    }
}

impl<'a> Incremental<'a> {
    /// What a streamed list is announced as.
    pub(super) fn stream_part(&self, index: usize) -> Part<'_> {
        let stream = &self.streams.all[index];
        let field = self.streams.field(stream);
        Part {
            id: stream.id,
            path: &stream.list.path,
            label: field.and_then(|field| field.label.as_deref()),
        }
    }

    /// The elements that a payload has.
    pub(super) fn items<'i>(
        &'i self,
        items: &'i [WrittenItems],
    ) -> impl Iterator<Item = PartData<'i>> {
        let sent = items.iter().filter(|items| items.text != b"[]");
        sent.map(|items| {
            let part = self.stream_part(items.stream);
            PartData {
                part,
                path: part.path,
                value: PartValue::Items {
                    first: items.first,
                    text: &items.text,
                },
                errors: &items.errors,
            }
        })
    }

    /// The lists that end with a payload.
    pub(super) fn ended_streams<'i>(
        &'i self,
        items: &'i [WrittenItems],
    ) -> impl Iterator<Item = Ending<'i>> {
        let ended = items
            .iter()
            .filter(|items| !self.streams.all[items.stream].is_open);
        ended.map(|items| Ending {
            part: self.stream_part(items.stream),
            errors: items.failed.as_deref(),
            at: Some(self.streams.all[items.stream].sent.saturating_sub(1)),
        })
    }
}
