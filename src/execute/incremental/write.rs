//! Writes the payloads of an incremental response.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;

use super::Incremental;
use super::format::write_first;
use super::instances::{Entry, InstanceId};
use super::settle::{Written, WrittenParts};
use super::write_items::AllItems;
use crate::cache::Payload;
use crate::cache::long::off_worker;
use crate::execute::finish::{count_error, write_extensions};
use crate::execute::{Executed, Execution};
use crate::response::Sizes;
use crate::response::bounds::Reached;
use crate::response::error_list::ErrorList;
use crate::response::failure::Failure;
use crate::response::group::DeliveryGroup;
use crate::response::pace::Pace;
use crate::response::write::{
    Material, Opened, OpenedList, PayloadFields, Progress, Writer, write_kept,
};

/// The text of a payload, and what it has opened.
struct WrittenRoot {
    data: Vec<u8>,
    opened: Vec<Opened>,
    lists: Vec<OpenedList>,
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
                |root| match root.data.len() + beside > most || all_left_out {
                    true => Err(Reached::ResponseBytes(most)),
                    false => Ok(root),
                },
            );
        let written = written.unwrap_or_else(|reached| {
            self.group.errors = ErrorList::new(1, usize::MAX);
            let failure = self.failures.add(reached.failure());
            self.group
                .errors
                .report_without_path(&self.failures, failure);
            WrittenRoot {
                data: Vec::from(&b"{\"data\":null"[..]),
                opened: Vec::new(),
                lists: Vec::new(),
            }
        });
        let mut body = written.data;
        for opened in written.opened {
            for entry in incremental.entries(self.plan, opened, (0, false)) {
                incremental.instances.add(entry);
            }
        }
        let announced = incremental.announce();
        let lists = written.lists.into_iter();
        let lists: Vec<usize> = lists.map(|list| incremental.open(list, 0)).collect();
        let errors = self.take_errors();
        let mut said = Said::default();
        let failed = !errors.is_empty();
        if failed {
            body.extend_from_slice(b",\"errors\":[");
            body.extend_from_slice(errors.written());
            body.push(b']');
        }
        self.report(&errors, &mut said);
        let pending = incremental.pending_parts(&announced, &lists);
        let is_last = pending.is_empty();
        if !is_last {
            write_first(incremental.format, &pending, &mut body);
        }
        self.deliver(incremental, body, said, failed, is_last).await
    }

    /// Writes the fields of the initial payload, up to `errors`.
    async fn write_root(&mut self, incremental: &Incremental<'a>) -> Result<WrittenRoot, Reached> {
        let guards = incremental.guards_of(0);
        let counts = incremental.counts(&self.ended(incremental));
        self.prepare_rows();
        let mut pace = self.writing_pace();
        let expected = self.request.sizes.expected().answer;
        let mut group = DeliveryGroup {
            root: self.root,
            errors: self.take_errors(),
        };
        let growing = incremental.growing_lists();
        let fields_of = PayloadFields::first(&incremental.division.sets, &counts, &growing);
        let mut writer = self.part_writer(fields_of, &guards, &mut group, expected);
        writer.begin()?;
        while writer.run()? == Progress::More {
            writer.charge(0)?;
            pace.pause().await?;
        }
        writer.charge(0)?;
        let written = WrittenRoot {
            opened: writer.take_opened(),
            lists: writer.take_lists(),
            data: writer.into_bytes(),
        };
        self.group.errors = group.errors;
        Ok(written)
    }

    /// What must be known of the rows before they are written.
    fn prepare_rows(&mut self) {
        self.store.sort_raised();
        self.store.mark_absent();
    }

    pub(super) fn writing_pace(&self) -> Pace {
        Pace::until(self.runtime.limits.writing_deadline(self.bounds.deadline))
    }

    /// The errors of the payload, and room for those of the next one.
    fn take_errors(&mut self) -> ErrorList {
        let limits = &self.runtime.limits;
        let next = ErrorList::new(limits.errors, limits.answer_bytes);
        std::mem::replace(&mut self.group.errors, next)
    }

    /// A writer that notes the objects with fields in other payloads, and the lists with elements there.
    pub(super) fn part_writer<'w>(
        &'w mut self,
        fields_of: PayloadFields<'w>,
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
        writer.noting(fields_of)
    }

    /// Writes the fragments whose fetches have ended, and the complete elements of streamed lists.
    pub(super) async fn write_next(&mut self, incremental: &mut Incremental<'a>) -> Executed {
        let completing = incremental.completing(&self.ended(incremental));
        let written = self.write_parts_and_items(incremental, &completing).await;
        let written = written.map_err(Reached::failure).and_then(|written| {
            let (parts, items) = &written;
            let is_any = !(completing.is_empty() && parts.all.is_empty() && items.all.is_empty());
            // Everything has ended: what is still pending would never come.
            is_any.then_some(written).ok_or_else(Failure::stuck)
        });
        let mut said = Said::default();
        // Errors of no field, such as those that a service reports without a path.
        let of_all = self.take_errors();
        self.report(&of_all, &mut said);
        let mut body = Vec::new();
        let mut failed = !of_all.is_empty();
        match written {
            Ok((written, mut items)) => {
                let errors = written.all.iter().map(|one| &one.errors);
                for errors in errors.chain(&items.errors) {
                    failed |= !errors.is_empty();
                    self.report(errors, &mut said);
                }
                incremental.settle_parts(written, &mut items.all, &completing, &of_all, &mut body);
            }
            Err(failure) => {
                failed = true;
                let mut errors = ErrorList::new(1, usize::MAX);
                let failure = self.failures.add(failure);
                errors.report_without_path(&self.failures, failure);
                self.report(&errors, &mut said);
                incremental.give_up(&errors, &mut body);
            }
        }
        let is_last = !incremental.is_any_pending();
        self.deliver(incremental, body, said, failed, is_last).await
    }

    async fn write_parts_and_items(
        &mut self,
        incremental: &mut Incremental<'a>,
        completing: &[InstanceId],
    ) -> Result<(WrittenParts, AllItems), Reached> {
        let parts = self.write_parts(incremental, completing).await?;
        let listed: usize = parts.all.iter().map(|one| one.errors.listed()).sum();
        let most = self.runtime.limits.errors.saturating_sub(listed);
        let items = self.write_items(incremental, most).await?;
        Ok((parts, items))
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
        let counts = incremental.counts(&self.ended(incremental));
        let (mut all, mut later): (Vec<Written>, _) = (Vec::new(), Vec::new());
        let mut lists = Vec::new();
        let growing = incremental.growing_lists();
        let fields_of = PayloadFields::first(&sets, &counts, &growing);
        let mut writer = self.part_writer(fields_of, &[], &mut group, 0);
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
            let opened_lists = writer.take_lists().into_iter();
            lists.extend(opened_lists.map(|list| (list, entry.set, all.len())));
            let mut instances = entry.instances.iter();
            let is_later = instances.any(|one| incremental.instances.all[*one].is_later);
            for opened in writer.take_opened() {
                for entry in incremental.entries(plan, opened, (entry.set, is_later)) {
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
        Ok(WrittenParts {
            text,
            all,
            later,
            lists,
        })
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
