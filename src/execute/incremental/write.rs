//! Writes the payloads of an incremental response.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;

use super::Incremental;
use super::format::{NextPayload, Part, PartData, write_first};
use super::instances::{Entry, InstanceId, State};
use crate::cache::Payload;
use crate::cache::long::off_worker;
use crate::execute::finish::{count_error, write_extensions};
use crate::execute::{Executed, Execution};
use crate::response::Sizes;
use crate::response::bounds::Reached;
use crate::response::error_list::ErrorList;
use crate::response::group::DeliveryGroup;
use crate::response::pace::Pace;
use crate::response::write::{Material, Opened, PayloadFields, Progress, Writer, write_kept};

/// Fields of an object that have been written.
struct Written {
    entry: Entry,
    /// Of the entry in which the object has been written, if that is in the same payload: its index.
    within: Option<usize>,
    /// Where the text is.
    text: std::ops::Range<usize>,
    errors: ErrorList,
    /// A null has propagated to the object.
    is_null: bool,
}

/// What has been written for a payload after the first one.
struct WrittenParts {
    text: Vec<u8>,
    all: Vec<Written>,
    /// What other payloads deliver of objects in it, with the index of the entry that has the object.
    later: Vec<(Entry, usize)>,
}

/// What is said in `extensions` of a payload.
#[derive(Default)]
struct Said {
    warnings: Vec<u8>,
    of_sangam: Vec<String>,
}

impl<'a> Execution<'a> {
    pub(super) async fn write_initial(&mut self, incremental: &mut Incremental<'a>) -> Executed {
        incremental.begun = true;
        let written = self.write_root(incremental).await;
        let most = self.runtime.limits.answer_bytes;
        let errors = &self.group.errors;
        let all_left_out = !errors.is_empty() && !errors.is_any_listed();
        let beside = errors.written().len() + errors.warnings().len();
        let written =
            written.and_then(
                |(data, opened)| match data.len() + beside > most || all_left_out {
                    true => Err(Reached::ResponseBytes(most)),
                    false => Ok((data, opened)),
                },
            );
        let (mut body, opened) = written.unwrap_or_else(|reached| {
            self.group.errors = ErrorList::new(1, usize::MAX);
            let failure = self.failures.add(reached.failure());
            self.group
                .errors
                .report_without_path(&self.failures, failure);
            (Vec::from(&b"{\"data\":null"[..]), Vec::new())
        });
        for opened in opened {
            for entry in incremental.entries(self.plan, opened, 0) {
                incremental.instances.add(entry);
            }
        }
        let announced = incremental.announce();
        let errors = self.take_errors();
        let mut said = Said::default();
        let failed = !errors.is_empty();
        if failed {
            body.extend_from_slice(b",\"errors\":[");
            body.extend_from_slice(errors.written());
            body.push(b']');
        }
        self.report(&errors, &mut said);
        if !announced.is_empty() {
            let pending: Vec<Part<'_>> =
                announced.iter().map(|one| incremental.part(*one)).collect();
            write_first(incremental.format, &pending, &mut body);
        }
        let is_last = announced.is_empty();
        self.deliver(incremental, body, said, failed, is_last).await
    }

    /// Writes the fields of the initial payload, up to `errors`.
    async fn write_root(
        &mut self,
        incremental: &Incremental<'a>,
    ) -> Result<(Vec<u8>, Vec<Opened>), Reached> {
        let guards = incremental.guards_of(0);
        self.prepare_rows();
        let mut pace = self.writing_pace();
        let expected = self.request.sizes.expected().answer;
        let mut group = DeliveryGroup {
            root: self.root,
            errors: self.take_errors(),
        };
        let mut writer =
            self.part_writer(&incremental.division.sets, &guards, &mut group, expected);
        writer.begin()?;
        while writer.run()? == Progress::More {
            writer.charge(0)?;
            pace.pause().await?;
        }
        writer.charge(0)?;
        let opened = writer.take_opened();
        let data = writer.into_bytes();
        self.group.errors = group.errors;
        Ok((data, opened))
    }

    /// What must be known of the rows before they are written.
    fn prepare_rows(&mut self) {
        self.store.sort_raised();
        self.store.mark_absent();
    }

    fn writing_pace(&self) -> Pace {
        Pace::until(self.runtime.limits.writing_deadline(self.bounds.deadline))
    }

    /// The errors of the payload, and room for those of the next one.
    fn take_errors(&mut self) -> ErrorList {
        let limits = &self.runtime.limits;
        let next = ErrorList::new(limits.errors, limits.answer_bytes);
        std::mem::replace(&mut self.group.errors, next)
    }

    /// A writer that notes the objects with fields in other payloads.
    fn part_writer<'w>(
        &'w mut self,
        sets: &'w [Option<u32>],
        guards: &'w [bool],
        group: &'w mut DeliveryGroup,
        expected: usize,
    ) -> Writer<'w> {
        let material = Material {
            store: &self.store,
            output: &self.plan.output,
            types: &self.runtime.graph.types,
            guards,
            introspection: &self.request.introspection,
            on_error: self.request.on_error,
            files: &self.runtime.files,
        };
        let most = self.runtime.limits.answer_bytes;
        let (account, failures) = (self.bounds.account, &mut self.failures);
        let writer = Writer::new(material, group, failures, account, expected, most);
        writer.noting(PayloadFields { sets, current: 0 })
    }

    /// Writes the fragments whose fetches have ended.
    pub(super) async fn write_next(&mut self, incremental: &mut Incremental<'a>) -> Executed {
        let completing = incremental.completing(&self.done());
        let written = self.write_parts(incremental, &completing).await;
        let mut said = Said::default();
        // Errors of no field, such as those that a service reports without a path.
        let of_all = self.take_errors();
        self.report(&of_all, &mut said);
        let mut body = Vec::new();
        let mut failed = !of_all.is_empty();
        match written {
            Ok(written) => {
                failed |= written.all.iter().any(|one| !one.errors.is_empty());
                for one in &written.all {
                    self.report(&one.errors, &mut said);
                }
                incremental.settle_parts(written, &completing, &of_all, &mut body);
            }
            Err(reached) => {
                failed = true;
                let mut errors = ErrorList::new(1, usize::MAX);
                let failure = self.failures.add(reached.failure());
                errors.report_without_path(&self.failures, failure);
                self.report(&errors, &mut said);
                incremental.give_up(&errors, &mut body);
            }
        }
        let is_last = !incremental.instances.is_any_pending();
        self.deliver(incremental, body, said, failed, is_last).await
    }

    /// Writes what these instances still have to deliver.
    async fn write_parts(
        &mut self,
        incremental: &mut Incremental<'a>,
        completing: &[InstanceId],
    ) -> Result<WrittenParts, Reached> {
        self.prepare_rows();
        let mut pace = self.writing_pace();
        let (plan, root, limits) = (self.plan, self.root, self.runtime.limits);
        let is_completing = |one: InstanceId| completing.binary_search(&one).is_ok();
        let taken = incremental.instances.take(is_completing).into_iter();
        let mut open: VecDeque<(Entry, Option<usize>)> = taken.map(|one| (one, None)).collect();
        // What is noted while these are written is added to the instances, which the writer does not read.
        let mut group = DeliveryGroup {
            root,
            errors: ErrorList::new(1, 0),
        };
        let guards: HashMap<u32, Vec<bool>> = incremental.guards_of_fragments(completing);
        let sets = incremental.division.sets.clone();
        let (mut all, mut later): (Vec<Written>, _) = (Vec::new(), Vec::new());
        let mut writer = self.part_writer(&sets, &[], &mut group, 0);
        let mut listed = 0;
        while let Some((entry, within)) = open.pop_front() {
            let Some(guards) = guards.get(&entry.set) else {
                continue;
            };
            let start = writer.text().len();
            let mut prefix = Vec::new();
            write_kept(&entry.opened.path, &mut prefix);
            let errors = ErrorList::new(limits.errors.saturating_sub(listed), limits.answer_bytes);
            writer.begin_part(&entry.opened, entry.set, guards, errors.below(prefix))?;
            while writer.run()? == Progress::More {
                pace.pause().await?;
            }
            pace.pause().await?;
            let errors = writer.take_part_errors();
            listed += errors.listed();
            writer.charge(errors.written().len())?;
            for opened in writer.take_opened() {
                for entry in incremental.entries(plan, opened, entry.set) {
                    match entry.instances.iter().any(|one| is_completing(*one)) {
                        true => open.push_back((entry, Some(all.len()))),
                        false => later.push((entry, all.len())),
                    }
                }
            }
            let text = start..writer.text().len();
            all.push(Written {
                is_null: &writer.text()[text.clone()] == b"null",
                entry,
                within,
                text,
                errors,
            });
        }
        let text = writer.into_bytes();
        // The payload is a copy of it with ids and paths.
        self.bounds.account.charge(2 * text.len())?;
        Ok(WrittenParts { text, all, later })
    }

    /// Counts errors for operators, and says in `extensions` what is not listed.
    fn report(&self, errors: &ErrorList, said: &mut Said) {
        errors.each_reported(&self.failures, count_error);
        if !errors.warnings().is_empty() {
            if !said.warnings.is_empty() {
                said.warnings.push(b',');
            }
            said.warnings.extend_from_slice(errors.warnings());
        }
        if errors.left_out() > 0 {
            let left_out = format!("\"errorsLeftOut\":{}", errors.left_out());
            said.of_sangam.push(left_out);
        }
    }

    /// Ends a payload.
    async fn deliver(
        &mut self,
        incremental: &mut Incremental<'a>,
        mut body: Vec<u8>,
        mut said: Said,
        failed: bool,
        is_last: bool,
    ) -> Executed {
        incremental.bytes += body.len();
        let mut cost = None;
        if let Some(counting) = self.request.counting.as_ref().filter(|_| is_last) {
            let (store, root, bytes) = (&self.store, self.root, incremental.bytes);
            let actual = off_worker(bytes, || counting.actual(store, root, bytes)).await;
            said.of_sangam.extend(counting.reported(actual));
            cost = Some(actual);
        }
        write_extensions(&said.warnings, &said.of_sangam, &mut body);
        body.push(b'}');
        let (rows, cells) = self.store.len();
        if is_last {
            self.delivered = true;
            self.store.free(self.bounds.account);
        }
        // A part is not a response, and what is made of it later is not known.
        self.provenance.forbid();
        Executed {
            sizes: Sizes {
                answer: incremental.bytes,
                rows,
                cells,
            },
            payload: Payload {
                body: Bytes::from(body),
                is_last,
                memo: None,
            },
            cost,
            failed,
            provenance: std::mem::take(&mut self.provenance),
            calls: std::mem::take(&mut self.records),
        }
    }
}

impl<'a> Incremental<'a> {
    fn announce(&mut self) -> Vec<InstanceId> {
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

    /// By the number of a set: which guards hold in its payload, for the sets with a fragment of these instances.
    fn guards_of_fragments(&self, instances: &[InstanceId]) -> HashMap<u32, Vec<bool>> {
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
    fn settle_parts(
        &mut self,
        written: WrittenParts,
        completing: &[InstanceId],
        of_all: &ErrorList,
        body: &mut Vec<u8>,
    ) {
        let WrittenParts { text, all, later } = written;
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
        }
        let incremental = texts
            .iter()
            .enumerate()
            .map(|(index, (with, one))| PartData {
                part: self.part(*with),
                path: &one.entry.opened.path,
                data: &text[one.text.clone()],
                errors: match index {
                    0 => &first_errors,
                    _ => one.errors.written(),
                },
            });
        let completed = ended.iter().map(|one| {
            let errors = errors.get(one).map(Vec::as_slice);
            (self.part(*one), errors)
        });
        let payload = NextPayload {
            pending: announced.iter().map(|one| self.part(*one)).collect(),
            incremental: incremental.collect(),
            completed: completed.collect(),
            has_next: self.instances.is_any_pending(),
        };
        payload.write(self.format, body);
    }

    /// Fails everything that is still to come.
    fn give_up(&mut self, errors: &ErrorList, body: &mut Vec<u8>) {
        let all = self.instances.all.iter().enumerate();
        let pending = all.filter(|(_, one)| one.state == State::Pending);
        let pending: Vec<InstanceId> = pending.map(|(id, _)| id).collect();
        for instance in &pending {
            self.instances.end(*instance, State::Failed);
        }
        let completed = pending
            .iter()
            .map(|one| (self.part(*one), Some(errors.written())));
        let payload = NextPayload {
            completed: completed.collect(),
            ..NextPayload::default()
        };
        payload.write(self.format, body);
    }
}

/// Appends the elements of a JSON list to those of another one.
fn join(all: &mut Vec<u8>, more: &[u8]) {
    if !all.is_empty() && !more.is_empty() {
        all.push(b',');
    }
    all.extend_from_slice(more);
}
