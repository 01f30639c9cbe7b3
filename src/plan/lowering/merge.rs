//! Drafts that ask the same of the same rows become one fetch.

use std::collections::BTreeSet;
use std::collections::HashMap;

use super::super::PlanError;
use super::super::draft::Input;
use super::super::draft::TreeId;
use super::super::draft::merge_input;
use super::Lowering;
use crate::graph::query::LookupKind;

impl Lowering<'_, '_> {
    /// Two entries of one lookup at one place, made apart because one of them waited for `@requires` fields, are one
    /// fetch when neither needs the other.
    pub(super) fn merge_duplicates(&mut self) -> Result<(), PlanError> {
        self.note_readers();
        let mut alike: HashMap<_, Vec<usize>> = HashMap::new();
        for second in 0..self.planner.fetches.len() {
            let own = &self.planner.fetches[second];
            let entry_point = (own.lookup, own.position, own.ty, own.arguments_of);
            let key = (entry_point, own.sequence, own.cases);
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

    /// What several worlds fetch in the same way is one fetch, and is guarded field by field. What they fetch with other
    /// inputs stays apart, and so do calls of connects that read other fields: their answers cannot be asked for less.
    pub(super) fn merge_cases(&mut self) -> Result<(), PlanError> {
        self.note_readers();
        let mut alike: HashMap<_, Vec<usize>> = HashMap::new();
        for second in 0..self.planner.fetches.len() {
            let own = &self.planner.fetches[second];
            if own.merged_into.is_some() {
                continue;
            }
            let entry_point = (own.lookup, own.position, own.ty, own.arguments_of);
            let earlier = alike
                .entry((entry_point, own.sequence))
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
                    let own = &self.planner.fetches[second];
                    let entry_point = (own.lookup, own.position, own.ty, own.arguments_of);
                    alike
                        .entry((entry_point, own.sequence))
                        .or_default()
                        .push(second);
                }
            }
        }
        Ok(())
    }

    /// Whether two fetches of different worlds can be one.
    fn shares_answer(&self, first: usize, second: usize) -> bool {
        let (first, second) = (&self.planner.fetches[first], &self.planner.fetches[second]);
        let connect = matches!(
            self.planner.graph.lookup(first.lookup).kind,
            LookupKind::Connect { .. }
        );
        same_inputs(&first.inputs, &second.inputs)
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
            let known = &mut self.planner.fetches[into].requirements;
            if !known.contains(&requirement) {
                known.push(requirement);
            }
        }
        let cases = self.planner.fetches[from].cases;
        self.planner.fetches[into].cases.add(cases);
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
            let Some(known) = fields.iter_mut().find(|known| known.slot == field.slot) else {
                fields.push(field);
                continue;
            };
            known.cases.add(field.cases);
            if let (Some(known), Some(child)) = (known.child, field.child) {
                self.merge_trees(child, known);
            }
        }
        for (ty, tree) in self.planner.trees[from.0 as usize].casts.clone() {
            let casts = &mut self.planner.trees[into.0 as usize].casts;
            match casts
                .iter()
                .find(|(known, _)| *known == ty)
                .map(|(_, tree)| *tree)
            {
                None => casts.push((ty, tree)),
                Some(known) => self.merge_trees(tree, known),
            }
        }
    }
}

/// Whether two fetches take the same of each row, in whatever order.
fn same_inputs(first: &[Input], second: &[Input]) -> bool {
    first.len() == second.len()
        && first.iter().all(|a| {
            second.iter().any(|b| {
                (&a.name, a.slot, a.key, a.only) == (&b.name, b.slot, b.key, b.only)
                    && same_inputs(&a.children, &b.children)
            })
        })
}

/// Whether two fetches take different values under one name: `@requires` of one field with different arguments. An object
/// has room for one of them.
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
