//! Prepares an `_entities` call: the representations of all fetches of an entity batch, list by list.
//!
//! Rows with a failed `@requires` input are fetched by a separate call, which leaves out the fields that require it.

use std::collections::BTreeMap;

use ahash::AHashMap;
use bytes::Bytes;
use smallvec::SmallVec;

use super::entity_request::EntityRequest;
use super::groups::{Group, Groups};
use super::operations::UsedVariables;
use super::prepared::{Preparation, PreparedCall};
use super::preparer::Preparer;
use crate::cache::{EntitySelection, Representation};
use crate::connector::RenderError;
use crate::plan::{Batch, Fetch, FetchCall, Partial, Selected};
use crate::response::inputs::{NoCall, write_members};
use crate::response::store::RowId;
use crate::response::targets::{Consumer, EntityPosition, Targets};

/// An `_entities` call to which the fetches add their representations, list by list.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    entities: EntityRequest,
    positions: Vec<EntityPosition>,
    /// The position of each representation that several fetches may have, by list and text.
    by_text: AHashMap<(u16, Vec<u8>), usize>,
}

impl Gathered {
    /// The first fetch with a representation.
    pub(crate) fn first(&self) -> Option<usize> {
        self.entities.consuming_fetches.first().copied()
    }

    /// Adds the representations of a fetch to a list; `shared` says whether other fetches may have the same ones.
    pub(super) fn add_groups(
        &mut self,
        fetch: usize,
        list: u16,
        selected: &Selected,
        variables: Option<Vec<u8>>,
        groups: Vec<Group>,
        shared: bool,
    ) {
        self.entities.consuming_fetches.push(fetch);
        let selection = self.entities.selection(EntitySelection {
            text: selected.canonical.clone(),
            variables: variables.unwrap_or_default(),
        });
        self.positions.reserve(groups.len());
        self.entities.representations.reserve(groups.len());
        for Group { text, rows } in groups {
            let representation = Representation {
                list,
                selection,
                text,
            };
            self.add(representation, Consumer { fetch, rows }, shared);
        }
    }

    fn add(&mut self, representation: Representation, consumer: Consumer, shared: bool) {
        if shared {
            let key = (representation.list, representation.text.clone());
            if let Some(&index) = self.by_text.get(&key) {
                return self.positions[index].consumers.push(consumer);
            }
            self.by_text.insert(key, self.positions.len());
        }
        self.positions.push(EntityPosition {
            list: representation.list,
            consumers: SmallVec::from_elem(consumer, 1),
        });
        self.entities.representations.push(representation);
    }
}

impl Preparer<'_> {
    /// Prepares calls for rows whose key is known and whose `@requires` inputs have failed: for all fields but those
    /// that require them.
    fn partial_entities(
        &self,
        index: usize,
        typename: &str,
        partial: &Partial,
        preparation: &mut Preparation,
    ) {
        let fetch = &self.plan.fetches[index];
        let mut by_unmet: BTreeMap<Vec<usize>, Groups> = BTreeMap::new();
        let (mut size, mut charged) = (0, 0);
        let mut failed = std::mem::take(&mut preparation.failed).into_iter();
        while let Some((row, failure)) = failed.next() {
            if let Err(exceeded) = self.charge(size, &mut charged) {
                let left = std::iter::once(row).chain(failed.map(|(row, _)| row));
                let remaining = preparation.exceeded.get_or_insert((Vec::new(), exceeded));
                remaining.0.extend(left);
                break;
            }
            let unmet = self.unmet(fetch, row);
            let unmet_indexes: Vec<usize> = unmet.iter().map(|(index, _)| *index).collect();
            let inputs = self.inputs(fetch, &unmet_indexes);
            let mut text = Vec::new();
            if self.write(row, &inputs, Some(typename), &mut text).is_err() {
                preparation.failed.push((row, failure));
                continue;
            }
            let all = unmet.into_iter();
            let all = all.map(|(index, failure)| (row, index, failure));
            preparation.unmet.extend(all);
            if self.remains(fetch, &unmet_indexes) {
                let groups = by_unmet.entry(unmet_indexes).or_default();
                let before = groups.size;
                groups.add(&text, row);
                size += groups.size - before;
            }
        }
        for (unmet, groups) in by_unmet {
            let mut gathered = Gathered::default();
            gathered.entities.partial = true;
            let Partial { selected, batch } = partial;
            let variables = self.operation_variables(UsedVariables::of(selected), &unmet);
            gathered.add_groups(index, 0, selected, variables, groups.all, false);
            let used = UsedVariables::by(&batch.operation);
            preparation.push(self.entities(fetch, gathered, used, &unmet));
        }
    }

    /// Whether the fetch reads any field but those of the unmet requirements.
    fn remains(&self, fetch: &Fetch, unmet: &[usize]) -> bool {
        let of_unmet = |name: &str| {
            let mut unmet = unmet.iter().map(|index| &fetch.requirements[*index]);
            unmet.any(|requirement| requirement.field == name)
        };
        let mut fields = self.plan.read(fetch.read).fields.iter();
        fields.any(|field| self.store.holds(field.guard) && !of_unmet(&field.name))
    }

    /// The indexes of the requirements with a failed input in a row, with the failures.
    fn unmet(&self, fetch: &Fetch, row: RowId) -> Vec<(usize, u32)> {
        let types = &self.runtime.graph.types;
        let requirements = fetch.requirements.iter().enumerate();
        let requirements =
            requirements.filter(|(_, requirement)| self.store.holds(requirement.guard));
        let failed = requirements.filter_map(|(index, requirement)| {
            let mut text = Vec::new();
            match write_members(self.store, types, row, &requirement.inputs, true, &mut text) {
                Err(NoCall::Failed(failure)) => Some((index, failure)),
                _ => None,
            }
        });
        failed.collect()
    }

    /// Adds the representations of a fetch to the call of its batch. Returns the rows that have none, and the separate
    /// calls for rows with unmet requirements.
    pub(crate) fn gather(&self, index: usize, into: &mut Gathered) -> Preparation {
        let fetch = &self.plan.fetches[index];
        let mut preparation = Preparation::default();
        let FetchCall::Entities {
            typename,
            selected,
            batch,
            list,
            partial,
        } = &fetch.call
        else {
            return preparation;
        };
        if !fetch.contexts.is_empty() {
            let batch = &self.plan.batches[*batch];
            return self.contextual_entities(index, typename, selected, batch);
        }
        let rows = self.rows(fetch, &mut preparation);
        let groups = self.groups(fetch, rows, Some(typename), &mut preparation);
        if let Some(partial) = partial {
            self.partial_entities(index, typename, partial, &mut preparation);
        }
        if !groups.is_empty() {
            let variables = self.operation_variables(UsedVariables::of(selected), &[]);
            let shared = self.plan.batches[*batch].fetches.len() > 1;
            into.add_groups(index, *list as u16, selected, variables, groups, shared);
        }
        preparation
    }

    /// The `_entities` call of a batch for the gathered representations.
    pub(crate) fn batch(
        &self,
        fetch: &Fetch,
        batch: &Batch,
        gathered: Gathered,
    ) -> Result<PreparedCall, (Targets, RenderError)> {
        let used = UsedVariables::by(&batch.operation);
        self.entities(fetch, gathered, used, &[])
    }

    /// An `_entities` call for the gathered representations, with its other variables.
    pub(super) fn entities(
        &self,
        fetch: &Fetch,
        gathered: Gathered,
        used: UsedVariables<'_>,
        unmet: &[usize],
    ) -> Result<PreparedCall, (Targets, RenderError)> {
        let Gathered {
            mut entities,
            positions,
            ..
        } = gathered;
        let variables = self.operation_variables(used, unmet);
        entities.variables = variables.unwrap_or_default();
        let prepared = self.service_request(fetch, Bytes::new(), Targets::ByPosition(positions))?;
        Ok(PreparedCall {
            entities: Some(entities),
            ..prepared
        })
    }
}
