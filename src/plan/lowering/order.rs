//! What each fetch waits for, and the order that follows.

use std::collections::BTreeSet;

use ahash::{HashMap, HashMapExt};

use super::super::PlanError;
use super::super::draft::{Draft, OverrideCase, ProviderId, TreeId};
use super::super::inputs::Input;
use super::super::requested::PositionId;
use super::Lowering;

impl Lowering<'_, '_> {
    pub(super) fn note_readers(&mut self) {
        let mut readers = HashMap::new();
        for (index, draft) in self.planner.fetches.iter().enumerate() {
            if draft.merged_into.is_none() {
                self.note_tree(index, draft.tree, &mut readers);
            }
        }
        self.readers = readers;
    }

    fn note_tree(
        &self,
        fetch: usize,
        tree: TreeId,
        readers: &mut HashMap<(usize, PositionId, u16), BTreeSet<usize>>,
    ) {
        let tree = &self.planner.trees[tree.0 as usize];
        for field in &tree.fields {
            for case in (0..self.planner.cases.len()).filter(|case| field.cases.has(*case)) {
                let read = (case, tree.position, field.slot);
                readers.entry(read).or_default().insert(fetch);
            }
            if let Some(child) = field.child {
                self.note_tree(fetch, child, readers);
            }
        }
        for (_, cast) in &tree.casts {
            self.note_tree(fetch, *cast, readers);
        }
    }

    /// The fetches that must have ended before each fetch starts: those that make its rows, and those that read its
    /// inputs.
    pub(super) fn dependencies(&mut self) -> Result<Vec<BTreeSet<usize>>, PlanError> {
        let count = self.planner.fetches.len();
        self.planner.reachability.spend(count)?;
        let mut all = vec![BTreeSet::new(); count];
        for (case_index, case) in self.planner.cases.iter().enumerate() {
            self.dependencies_in(case_index, case, &mut all);
        }
        Ok(all)
    }

    fn dependencies_in(&self, case_index: usize, case: &OverrideCase, all: &mut [BTreeSet<usize>]) {
        let resolve = |fetch: usize| self.planner.fetches[fetch].merged_into.unwrap_or(fetch);
        let fetch_of =
            |provider: &ProviderId| resolve(self.planner.providers[provider.0 as usize].fetch);
        let mut provider_fetches: HashMap<(PositionId, u16), BTreeSet<usize>> = HashMap::new();
        for ((position, slot, _), provider) in &case.served {
            let fetches = provider_fetches.entry((*position, *slot)).or_default();
            fetches.insert(fetch_of(provider));
        }
        for (index, draft) in self.planner.fetches.iter().enumerate() {
            if draft.merged_into.is_some() || !draft.cases.has(case_index) {
                continue;
            }
            let before = &mut all[index];
            let mut position = draft.position;
            if self.starts_from_one_type(draft) {
                before.extend(case.typed_by.get(&position).map(fetch_of));
            }
            while let Some((parent, slot)) = self.planner.positions[position.0 as usize].parent {
                before.extend(provider_fetches.get(&(parent, slot)).into_iter().flatten());
                if !self.counts_for_all(parent, slot) {
                    before.extend(case.typed_by.get(&parent).map(fetch_of));
                }
                position = parent;
            }
            self.input_readers(case_index, draft.position, &draft.inputs, before);
            for source in draft.contexts.iter().flat_map(|context| &context.sources) {
                self.input_readers(case_index, source.position, &source.inputs, before);
                if !source.only.is_empty() {
                    before.extend(case.typed_by.get(&source.position).map(fetch_of));
                }
            }
            before.remove(&index);
        }
    }

    /// Whether the rows or the inputs of a fetch depend on the rows' concrete type.
    fn starts_from_one_type(&self, draft: &Draft) -> bool {
        draft.ty != self.planner.positions[draft.position.0 as usize].ty
            || draft.inputs.iter().any(|input| input.only.is_some())
    }

    fn counts_for_all(&self, position: PositionId, slot: u16) -> bool {
        let holder = &self.planner.positions[position.0 as usize];
        let all = self.planner.graph.types.info(holder.ty).possible.len();
        holder.slots[slot as usize].types.len() >= all
    }

    fn input_readers(
        &self,
        case: usize,
        position: PositionId,
        inputs: &[Input],
        into: &mut BTreeSet<usize>,
    ) {
        for input in inputs {
            let Some(slot) = input.slot else { continue };
            let readers = self.readers.get(&(case, position, slot));
            let readers = readers.into_iter().flatten();
            let child = self.planner.positions[position.0 as usize].slots[slot as usize].child;
            let mut below = BTreeSet::new();
            if let Some(child) = child {
                self.input_readers(case, child, &input.children, &mut below);
            }
            // A fetch that reads other parts of the object need not be waited for. It may even wait for this fetch.
            let parts = !input.children.is_empty()
                && input.children.iter().all(|input| input.slot.is_some())
                && readers.clone().any(|reader| below.contains(reader));
            if !parts {
                into.extend(readers);
            }
            into.extend(below);
        }
    }

    pub(super) fn order(&self, before: &[BTreeSet<usize>]) -> Result<Vec<usize>, PlanError> {
        let fetches = &self.planner.fetches;
        let mut open: Vec<usize> = (0..fetches.len())
            .filter(|index| fetches[*index].merged_into.is_none())
            .collect();
        open.sort_by_key(|index| (fetches[*index].sequence, *index));
        let mut done: Vec<usize> = Vec::with_capacity(open.len());
        let mut is_done = vec![false; fetches.len()];
        while !open.is_empty() {
            let ready = open
                .iter()
                .position(|index| before[*index].iter().all(|b| is_done[*b]));
            // The planner provides the inputs of a fetch before the fetch: a cycle would be a bug there.
            let ready = ready
                .ok_or_else(|| PlanError::Unsatisfiable("circular requirements".to_owned()))?;
            let next = open.remove(ready);
            is_done[next] = true;
            done.push(next);
        }
        Ok(done)
    }
}
