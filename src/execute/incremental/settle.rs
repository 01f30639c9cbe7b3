//! What a payload after the first one delivers of what has been written for it: which parts are complete, which have failed, and
//! what is announced next.

use std::collections::HashMap;

use super::Incremental;
use super::format::{Ending, NextPayload, Part, PartData, PartValue, join};
use super::instances::{Entry, InstanceId, State};
use super::write_items::WrittenItems;
use crate::response::error_list::ErrorList;
use crate::response::write::OpenedList;

/// Fields of an object that have been written.
pub(super) struct Written {
    pub(super) entry: Entry,
    /// Of the entry in which the object has been written, if that is in the same payload: its index.
    pub(super) within: Option<usize>,
    /// Where the text is.
    pub(super) text: std::ops::Range<usize>,
    pub(super) errors: ErrorList,
    /// A null has propagated to the object.
    pub(super) is_null: bool,
}

/// What has been written for a payload after the first one.
pub(super) struct WrittenParts {
    pub(super) text: Vec<u8>,
    pub(super) all: Vec<Written>,
    /// What other payloads deliver of objects in it, with the index of the entry that has the object.
    pub(super) later: Vec<(Entry, usize)>,
    /// The lists with elements in other payloads, each with its set of fragments and the index of the entry that has it.
    pub(super) lists: Vec<(OpenedList, u32, usize)>,
}

impl<'a> Incremental<'a> {
    pub(super) fn announce(&mut self) -> Vec<InstanceId> {
        let fragments = super::Fragments {
            deferred: self.deferred,
            is_active: &self.is_active,
        };
        self.instances.announce(fragments)
    }

    /// What an instance is announced as.
    fn part(&self, instance: InstanceId) -> Part<'_> {
        let instance = &self.instances.all[instance];
        let fragment = &self.deferred.fragments[instance.fragment as usize];
        Part {
            id: instance.id,
            path: &instance.path,
            label: fragment.label.as_deref(),
        }
    }

    /// What is announced: these instances and lists.
    pub(super) fn pending_parts(&self, announced: &[InstanceId], lists: &[usize]) -> Vec<Part<'_>> {
        let instances = announced.iter().map(|one| self.part(*one));
        let lists = lists.iter().map(|list| self.stream_part(*list));
        instances.chain(lists).collect()
    }

    /// By the number of a set: which guards hold in its payload, for the sets with a fragment of these instances.
    pub(super) fn guards_of_fragments(&self, instances: &[InstanceId]) -> HashMap<u32, Vec<bool>> {
        let fragments = instances
            .iter()
            .map(|one| self.instances.all[*one].fragment);
        let mut fragments: Vec<u32> = fragments.collect();
        fragments.sort_unstable();
        fragments.dedup();
        let sets = (0..).zip(&self.division.all_sets);
        let sets = sets.filter(|(_, set)| set.iter().any(|one| fragments.contains(one)));
        sets.map(|(number, _)| (number, self.guards_of(number)))
            .collect()
    }

    /// Completes instances, and writes their payload: which parts have failed, what is delivered of the others, and what is
    /// announced next.
    pub(super) fn settle_parts(
        &mut self,
        written: WrittenParts,
        items: &mut [WrittenItems],
        completing: &[InstanceId],
        of_all: &ErrorList,
        body: &mut Vec<u8>,
    ) {
        let WrittenParts {
            text,
            all,
            later,
            lists,
        } = written;
        let mut errors: HashMap<InstanceId, Vec<u8>> = HashMap::new();
        for failed in all.iter().filter(|one| one.is_null) {
            for instance in &failed.entry.instances {
                let listed = errors.entry(*instance).or_default();
                join(listed, failed.errors.written());
            }
        }
        let mut ended: Vec<InstanceId> = completing.to_vec();
        for instance in errors.keys() {
            let state = self.instances.all[*instance].state;
            if state == State::Pending && completing.binary_search(instance).is_err() {
                ended.push(*instance);
            }
            self.instances.end(*instance, State::Failed);
        }
        ended.sort_unstable();
        for instance in completing {
            if !errors.contains_key(instance) {
                self.instances.end(*instance, State::Completed);
            }
        }
        // By index in `all`: the instance with which it is delivered.
        let mut delivered: Vec<Option<InstanceId>> = Vec::with_capacity(all.len());
        for one in &all {
            let is_sent = one.within.is_none_or(|within| delivered[within].is_some());
            let with = one.entry.instances.iter().copied().filter(|instance| {
                let state = self.instances.all[*instance].state;
                state == State::Completed && completing.binary_search(instance).is_ok()
            });
            let deepest = with.max_by_key(|instance| self.instances.all[*instance].path.len());
            delivered.push(deepest.filter(|_| is_sent && !one.is_null));
        }
        for (entry, within) in later {
            if delivered[within].is_some() {
                self.instances.add(entry);
            }
        }
        let lists = lists.into_iter();
        let lists = lists.filter(|(_, _, within)| delivered[*within].is_some());
        let lists: Vec<usize> = lists.map(|(list, set, _)| self.open(list, set)).collect();
        let mut texts = Vec::with_capacity(all.len());
        for (one, with) in all.into_iter().zip(&delivered) {
            match with {
                Some(with) => texts.push((*with, one)),
                // Another fragment may deliver it.
                None if !one.is_null && one.within.is_none() => self.instances.add(one.entry),
                None => {}
            }
        }
        let announced = self.announce();
        let mut of_all = of_all.written();
        let mut first_errors = Vec::new();
        if let Some((_, first)) = texts.first() {
            first_errors.extend_from_slice(std::mem::take(&mut of_all));
            join(&mut first_errors, first.errors.written());
        } else if let Some(first) = ended.first()
            && !of_all.is_empty()
        {
            join(errors.entry(*first).or_default(), of_all);
        } else if let Some(first) = items.first_mut() {
            first.add_errors(of_all);
        }
        let incremental = texts
            .iter()
            .enumerate()
            .map(|(index, (with, one))| PartData {
                part: self.part(*with),
                path: &one.entry.opened.path,
                value: PartValue::Data(&text[one.text.clone()]),
                errors: match index {
                    0 => &first_errors,
                    _ => one.errors.written(),
                },
            });
        let completed = ended.iter().map(|one| Ending {
            part: self.part(*one),
            errors: errors.get(one).map(Vec::as_slice),
            at: None,
        });
        let payload = NextPayload {
            pending: self.pending_parts(&announced, &lists),
            incremental: incremental.chain(self.items(items)).collect(),
            completed: completed.chain(self.ended_streams(items)).collect(),
            has_next: self.is_any_pending(),
        };
        payload.write(self.format, body);
    }

    /// Fails everything that is still to come.
    pub(super) fn give_up(&mut self, errors: &ErrorList, body: &mut Vec<u8>) {
        let all = self.instances.all.iter().enumerate();
        let pending = all.filter(|(_, one)| one.state == State::Pending);
        let pending: Vec<InstanceId> = pending.map(|(id, _)| id).collect();
        for instance in &pending {
            self.instances.end(*instance, State::Failed);
        }
        let mut was_open = Vec::new();
        for stream in self.streams.all.iter_mut().filter(|stream| stream.is_open) {
            stream.is_open = false;
            was_open.push(stream.id);
        }
        let completed = pending.iter().map(|one| Ending {
            part: self.part(*one),
            errors: Some(errors.written()),
            at: None,
        });
        let streams = self.streams.all.iter().enumerate();
        let streams = streams.filter(|(_, stream)| was_open.contains(&stream.id));
        let streams = streams.map(|(index, stream)| Ending {
            part: self.stream_part(index),
            errors: Some(errors.written()),
            at: Some(stream.sent),
        });
        let payload = NextPayload {
            completed: completed.chain(streams).collect(),
            ..NextPayload::default()
        };
        payload.write(self.format, body);
    }
}
