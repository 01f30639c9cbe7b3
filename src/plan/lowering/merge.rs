//! Merges fetches of the draft that make the same call for the same rows.

use std::collections::BTreeSet;

use ahash::{HashMap, HashMapExt};

use super::super::PlanError;
use super::super::draft::{Draft, TreeId};
use super::super::inputs::{Input, merge_input};
use super::Lowering;
use crate::graph::query::LookupKind;

impl Lowering<'_, '_> {
    /// Merges two entries into one lookup for the same rows. The planner made two of them because one had to wait for
    /// `@requires` fields; they are one fetch when neither depends on the other.
    pub(super) fn merge_duplicates(&mut self) -> Result<(), PlanError> {
        self.note_readers();
        let mut alike: HashMap<_, Vec<usize>> = HashMap::new();
        for second in 0..self.planner.fetches.len() {
            let draft = &self.planner.fetches[second];
            let entry_point = (draft.lookup, draft.position, draft.ty, draft.arguments_of);
            let key = (entry_point, draft.sequence, draft.cases);
            let earlier = alike.entry(key).or_default();
            earlier.push(second);
            for first in earlier[..earlier.len() - 1].iter().copied() {
                if self.planner.fetches[first].merged_into.is_some() {
                    continue;
                }
                let before = self.dependencies()?;
                let fetches = &self.planner.fetches;
                if depends(&before, second, first)
                    || depends(&before, first, second)
                    || contradict(&fetches[first].inputs, &fetches[second].inputs)
                    || !have_same_contexts(&fetches[first], &fetches[second])
                {
                    continue;
                }
                self.merge(second, first);
                self.note_readers();
                break;
            }
        }
        Ok(())
    }

    /// Merges fetches of several cases that take the same inputs; the guards of their fields tell the cases apart.
    /// Calls of connects are merged only if they read the same fields: a connect's document cannot be requested in
    /// part.
    pub(super) fn merge_cases(&mut self) -> Result<(), PlanError> {
        self.note_readers();
        let mut alike: HashMap<_, Vec<usize>> = HashMap::new();
        for second in 0..self.planner.fetches.len() {
            let draft = &self.planner.fetches[second];
            if draft.merged_into.is_some() {
                continue;
            }
            let entry_point = (draft.lookup, draft.position, draft.ty, draft.arguments_of);
            let earlier = alike
                .entry((entry_point, draft.sequence))
                .or_default()
                .clone();
            let mut into = None;
            for first in earlier {
                if !self.shares_answer(first, second) {
                    continue;
                }
                let before = self.dependencies()?;
                if !depends(&before, second, first) && !depends(&before, first, second) {
                    into = Some(first);
                    break;
                }
            }
            match into {
                Some(first) => {
                    self.merge(second, first);
                    self.note_readers();
                }
                None => {
                    let draft = &self.planner.fetches[second];
                    let entry_point = (draft.lookup, draft.position, draft.ty, draft.arguments_of);
                    alike
                        .entry((entry_point, draft.sequence))
                        .or_default()
                        .push(second);
                }
            }
        }
        Ok(())
    }

    /// Whether two fetches of different cases can be one.
    fn shares_answer(&self, first: usize, second: usize) -> bool {
        let (first, second) = (&self.planner.fetches[first], &self.planner.fetches[second]);
        let connect = matches!(
            self.planner.graph.lookup(first.lookup).kind,
            LookupKind::Connect { .. }
        );
        same_inputs(&first.inputs, &second.inputs)
            && have_same_contexts(first, second)
            && (!connect || self.reads_the_same(first.tree, second.tree))
    }

    fn reads_the_same(&self, first: TreeId, second: TreeId) -> bool {
        let (first, second) = (
            &self.planner.trees[first.0 as usize],
            &self.planner.trees[second.0 as usize],
        );
        let same = |a: Option<TreeId>, b: Option<TreeId>| match (a, b) {
            (None, None) => true,
            (Some(a), Some(b)) => self.reads_the_same(a, b),
            _ => false,
        };
        first.fields.len() == second.fields.len()
            && first.casts.len() == second.casts.len()
            && first.fields.iter().all(|a| {
                let mut others = second.fields.iter();
                others.any(|b| a.slot == b.slot && same(a.child, b.child))
            })
            && first.casts.iter().all(|(ty, a)| {
                let mut others = second.casts.iter();
                others.any(|(other, b)| ty == other && self.reads_the_same(*a, *b))
            })
    }

    fn merge(&mut self, from: usize, into: usize) {
        let (source, target) = (
            self.planner.fetches[from].tree,
            self.planner.fetches[into].tree,
        );
        self.merge_trees(source, target);
        for input in self.planner.fetches[from].inputs.clone() {
            merge_input(&mut self.planner.fetches[into].inputs, input);
        }
        for requirement in self.planner.fetches[from].requirements.clone() {
            let requirements = &mut self.planner.fetches[into].requirements;
            if !requirements.contains(&requirement) {
                requirements.push(requirement);
            }
        }
        for filled in self.planner.fetches[from].filled.clone() {
            let all = &mut self.planner.fetches[into].filled;
            if !all.contains(&filled) {
                all.push(filled);
            }
        }
        let cases = self.planner.fetches[from].cases;
        self.planner.fetches[into].cases.add(cases);
        let tells_existence = self.planner.fetches[from].tells_existence;
        self.planner.fetches[into].tells_existence |= tells_existence;
        self.planner.fetches[from].merged_into = Some(into);
        for provider in &mut self.planner.providers {
            if provider.fetch == from {
                provider.fetch = into;
            }
        }
    }

    fn merge_trees(&mut self, from: TreeId, into: TreeId) {
        for field in self.planner.trees[from.0 as usize].fields.clone() {
            let fields = &mut self.planner.trees[into.0 as usize].fields;
            let Some(existing) = fields
                .iter_mut()
                .find(|existing| existing.slot == field.slot)
            else {
                fields.push(field);
                continue;
            };
            existing.cases.add(field.cases);
            if let (Some(existing), Some(child)) = (existing.child, field.child) {
                self.merge_trees(child, existing);
            }
        }
        for (ty, tree) in self.planner.trees[from.0 as usize].casts.clone() {
            let casts = &mut self.planner.trees[into.0 as usize].casts;
            match casts
                .iter()
                .find(|(existing, _)| *existing == ty)
                .map(|(_, tree)| *tree)
            {
                None => casts.push((ty, tree)),
                Some(existing) => self.merge_trees(tree, existing),
            }
        }
    }
}

/// Whether two fetches take the same values from contexts. Such fetches must also have the same requirements: where one is not
/// met, the whole fetch fails.
fn have_same_contexts(first: &Draft, second: &Draft) -> bool {
    first.contexts == second.contexts
        && (first.contexts.is_empty() || first.requirements == second.requirements)
}

/// Whether two fetches take the same inputs, in any order.
fn same_inputs(first: &[Input], second: &[Input]) -> bool {
    first.len() == second.len()
        && first.iter().all(|a| {
            second.iter().any(|b| {
                (&a.name, a.slot, a.key, a.only) == (&b.name, b.slot, b.key, b.only)
                    && same_inputs(&a.children, &b.children)
            })
        })
}

/// Whether two fetches take different values under one name, as with `@requires` of one field with different arguments.
/// A representation has one value per name.
fn contradict(first: &[Input], second: &[Input]) -> bool {
    first.iter().any(|a| {
        second.iter().any(|b| {
            let together = a.only.is_none() || b.only.is_none() || a.only == b.only;
            a.name == b.name
                && together
                && (a.slot != b.slot || contradict(&a.children, &b.children))
        })
    })
}

fn depends(before: &[BTreeSet<usize>], fetch: usize, on: usize) -> bool {
    let mut open = vec![fetch];
    let mut seen = BTreeSet::new();
    while let Some(next) = open.pop() {
        for &dependency in &before[next] {
            if dependency == on {
                return true;
            }
            if seen.insert(dependency) {
                open.push(dependency);
            }
        }
    }
    false
}
