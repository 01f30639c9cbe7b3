//! Joins calls of `_entities` to one service where no path of the plan becomes longer.
//!
//! Calls of one service are taken to be equally long, and nothing is known of the others. A path of the plan is a
//! sequence of calls that each wait for the one before, from a call that waits for none to one that no other waits for.
//! Its *length* is how many calls of each service it has; it is at most as long as another if this holds for every
//! service. Two calls may be joined if each new path through the joined call is at most as long as one of the paths that
//! the plan had before. In
//!
//! ```text
//! 1 users    → 3 reviews → 4 products ┐
//! 2 products → 5 reviews → 7 products ┴→ 8 stock
//! ```
//!
//! 4 and 7 become one call: the paths 1, 3, 7, 8 and 2, 5, 4, 8 are new, and as long as 1, 3, 4, 8 and 2, 5, 7, 8. Then
//! 3 and 5 do. Without 8 and with a call that waits for 4 only, 2, 5, 4 and that call would be longer than before.
//!
//! Both calls have one guard, so that one is never made for the other's sake. A new path is compared with paths of calls
//! that run whenever this guard holds, for the others may be absent. Fetches of one call end together: so they belong to
//! one delivery group, as do all fetches of a plan now.
//!
//! It begins with the last calls. Calls that wait for joined calls then wait for one call instead of two, and what comes
//! before them is joined more often.
//!
//! It is bounded: of the lengths of the paths to or from a call, only those that are at most as long as no other are kept,
//! and of these at most [`KEPT_LENGTHS`]; each comparison spends from [`STEPS`]. Where a bound is reached, the calls stay
//! apart: unlike the budget of the plan, this one never refuses an operation.

use std::collections::{BTreeSet, HashSet};

use ahash::{HashMap, HashMapExt};

use super::super::{Fetch, FetchCall};
use crate::connector::SchemaLifetime;
use crate::graph::query::SubgraphId;

/// The most lengths that are kept for a call.
const KEPT_LENGTHS: usize = 16;
/// The most comparisons of two lengths, and visits of calls.
const STEPS: usize = 20_000;

/// How many calls of each service a path has.
type Length = Vec<u16>;

/// A bound is reached.
struct Exceeded;

/// Joins groups of fetches. `varying` are the subgraphs whose calls take unequally long.
pub(super) fn join(fetches: &[Fetch], varying: &HashSet<SubgraphId>, groups: &mut Vec<Vec<usize>>) {
    if !may_join_any(fetches, varying, groups) {
        return;
    }
    let mut calls = Calls::new(fetches, groups);
    // Where a bound is reached, what was joined before remains.
    let _ = calls.join_all(fetches, varying, groups);
    groups.retain(|group| !group.is_empty());
}

/// What two calls must have in common.
type Kind<'f> = (SubgraphId, u32, u32, &'f Option<SchemaLifetime>);

/// The kind of a group; `None` if its fetches have several guards, or its calls take unequally long.
fn kind<'f>(
    fetches: &'f [Fetch],
    varying: &HashSet<SubgraphId>,
    group: &[usize],
) -> Option<Kind<'f>> {
    let first = &fetches[*group.first()?];
    let one_guard = group
        .iter()
        .all(|fetch| fetches[*fetch].guard == first.guard);
    let entities = matches!(first.call, FetchCall::Entities { .. }) && first.contexts.is_empty();
    (one_guard && entities && !varying.contains(&first.subgraph)).then_some((
        first.subgraph,
        first.sequence,
        first.guard,
        &first.lifetime,
    ))
}

/// Whether two groups are of one kind. Most plans end here.
fn may_join_any(fetches: &[Fetch], varying: &HashSet<SubgraphId>, groups: &[Vec<usize>]) -> bool {
    groups.iter().enumerate().any(|(index, group)| {
        let kind_of_group = kind(fetches, varying, group);
        let mut others = groups[..index].iter();
        kind_of_group.is_some()
            && others.any(|other| kind(fetches, varying, other) == kind_of_group)
    })
}

/// The calls of a plan. The first ones are the groups, with their numbers.
struct Calls {
    /// The calls that each call waits for.
    before: Vec<BTreeSet<usize>>,
    /// The service of each call, numbered.
    service: Vec<usize>,
    services: usize,
    /// The guards of its fetches.
    guards: Vec<BTreeSet<u32>>,
    /// By guard: the lengths of the paths before calls were joined, without calls that may be absent while it holds.
    paths: HashMap<u32, Vec<Length>>,
    steps: usize,
}

/// What joining changes.
struct Paths {
    /// All calls that must have ended before each call.
    ancestors: Vec<BTreeSet<usize>>,
    /// The lengths of the paths that end with each call.
    to: Vec<Vec<Length>>,
    /// The lengths of the paths that begin with each call.
    from: Vec<Vec<Length>>,
}

impl Calls {
    fn new(fetches: &[Fetch], groups: &[Vec<usize>]) -> Calls {
        let mut call_of = vec![None; fetches.len()];
        let mut members: Vec<Vec<usize>> = groups.to_vec();
        for (call, group) in groups.iter().enumerate() {
            for fetch in group {
                call_of[*fetch] = Some(call);
            }
        }
        let mut calls_of_fetches = Vec::with_capacity(fetches.len());
        for (fetch, call) in call_of.into_iter().enumerate() {
            calls_of_fetches.push(call.unwrap_or_else(|| {
                members.push(vec![fetch]);
                members.len() - 1
            }));
        }
        let mut numbers = HashMap::new();
        let (mut before, mut service, mut guards) = (Vec::new(), Vec::new(), Vec::new());
        for fetch_indices in &members {
            let all = fetch_indices.iter().map(|fetch| &fetches[*fetch]);
            let waits_for = all.clone().flat_map(|fetch| &fetch.after);
            before.push(waits_for.map(|fetch| calls_of_fetches[*fetch]).collect());
            guards.push(all.clone().map(|fetch| fetch.guard).collect());
            let count = numbers.len();
            // A mutation's fields run one after the other, so calls for different fields are no alternatives.
            let key = all.map(|fetch| (fetch.subgraph, fetch.sequence)).next();
            service.push(*numbers.entry(key).or_insert(count));
        }
        Calls {
            before,
            service,
            services: numbers.len(),
            guards,
            paths: HashMap::new(),
            steps: STEPS,
        }
    }

    fn spend(&mut self, steps: usize) -> Result<(), Exceeded> {
        self.steps = self.steps.checked_sub(steps).ok_or(Exceeded)?;
        Ok(())
    }

    /// Joins the groups, from the last to the first.
    fn join_all(
        &mut self,
        fetches: &[Fetch],
        varying: &HashSet<SubgraphId>,
        groups: &mut [Vec<usize>],
    ) -> Result<(), Exceeded> {
        let mut paths = self.find_paths(None)?;
        let kinds: Vec<_> = groups
            .iter()
            .map(|group| kind(fetches, varying, group))
            .collect();
        for guard in kinds.iter().flatten().map(|kind| kind.2) {
            if !self.paths.contains_key(&guard) {
                let certain = self.find_paths(Some(guard))?;
                let complete = self.complete(&certain)?;
                self.paths.insert(guard, complete);
            }
        }
        for later in (0..groups.len()).rev() {
            for earlier in (0..later).rev() {
                if kinds[later].is_none()
                    || kinds[later] != kinds[earlier]
                    || groups[earlier].is_empty()
                {
                    continue;
                }
                let guard = kinds[later].map_or(0, |kind| kind.2);
                if !self.may_join(&paths, later, earlier, guard)? {
                    continue;
                }
                let joined = std::mem::take(&mut groups[later]);
                groups[earlier].extend(joined);
                groups[earlier].sort_unstable();
                self.merge(later, earlier);
                paths = self.find_paths(None)?;
                break;
            }
        }
        Ok(())
    }

    /// Makes a call part of another one. It remains as a call that waits for nothing and that no call waits for.
    fn merge(&mut self, from: usize, into: usize) {
        let waits_for = std::mem::take(&mut self.before[from]);
        self.before[into].extend(waits_for);
        for before in &mut self.before {
            if before.remove(&from) {
                before.insert(into);
            }
        }
    }

    fn may_join(
        &mut self,
        paths: &Paths,
        first: usize,
        second: usize,
        guard: u32,
    ) -> Result<bool, Exceeded> {
        if paths.ancestors[first].contains(&second) || paths.ancestors[second].contains(&first) {
            return Ok(false);
        }
        for (to, from) in [(first, second), (second, first)] {
            for head in &paths.to[to] {
                for tail in &paths.from[from] {
                    let mut length = sum(head, tail);
                    // Both have the joined call.
                    length[self.service[first]] -= 1;
                    let lengths = self.paths.get(&guard).map_or(0, Vec::len);
                    self.spend(lengths)?;
                    let mut lengths = self.paths.get(&guard).into_iter().flatten();
                    if !lengths.any(|other| at_most(&length, other)) {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    /// The paths of the plan; with a guard, only those of calls that run whenever it holds.
    fn find_paths(&mut self, guard: Option<u32>) -> Result<Paths, Exceeded> {
        let count = self.before.len();
        let certain: Vec<bool> = (0..count)
            .map(|call| {
                let guards = &self.guards[call];
                guard.is_none_or(|guard| guards.contains(&0) || guards.contains(&guard))
            })
            .collect();
        let order = self.order()?;
        let mut paths = Paths {
            ancestors: vec![BTreeSet::new(); count],
            to: vec![Vec::new(); count],
            from: vec![Vec::new(); count],
        };
        for &call in order.iter().filter(|call| certain[**call]) {
            let before: Vec<usize> = self.before[call].iter().copied().collect();
            let mut heads = Vec::new();
            for other in before.into_iter().filter(|other| certain[*other]) {
                self.spend(1 + paths.ancestors[other].len())?;
                let all = paths.ancestors[other].clone();
                paths.ancestors[call].extend(all);
                paths.ancestors[call].insert(other);
                for length in &paths.to[other] {
                    self.keep(&mut heads, length.clone())?;
                }
            }
            paths.to[call] = self.with(call, heads);
        }
        for &call in order.iter().rev().filter(|call| certain[**call]) {
            let tails = std::mem::take(&mut paths.from[call]);
            paths.from[call] = self.with(call, tails);
            let before: Vec<usize> = self.before[call].iter().copied().collect();
            for other in before.into_iter().filter(|other| certain[*other]) {
                for length in paths.from[call].clone() {
                    self.keep(&mut paths.from[other], length)?;
                }
            }
        }
        Ok(paths)
    }

    /// The lengths of the paths from a call that waits for none.
    fn complete(&mut self, paths: &Paths) -> Result<Vec<Length>, Exceeded> {
        let mut complete = Vec::new();
        for (call, ancestors) in paths.ancestors.iter().enumerate() {
            if ancestors.is_empty() {
                for length in &paths.from[call] {
                    self.keep(&mut complete, length.clone())?;
                }
            }
        }
        Ok(complete)
    }

    /// The calls, each after those that it waits for.
    fn order(&mut self) -> Result<Vec<usize>, Exceeded> {
        let count = self.before.len();
        let mut waiting: Vec<usize> = self.before.iter().map(BTreeSet::len).collect();
        let mut after = vec![Vec::new(); count];
        for (call, before) in self.before.iter().enumerate() {
            for other in before {
                after[*other].push(call);
            }
        }
        let mut order: Vec<usize> = (0..count).filter(|call| waiting[*call] == 0).collect();
        let mut next = 0;
        while next < order.len() {
            self.spend(1 + after[order[next]].len())?;
            for &call in &after[order[next]] {
                waiting[call] -= 1;
                if waiting[call] == 0 {
                    order.push(call);
                }
            }
            next += 1;
        }
        Ok(order)
    }

    /// These lengths, or that of an empty path, with a call.
    fn with(&self, call: usize, mut lengths: Vec<Length>) -> Vec<Length> {
        if lengths.is_empty() {
            lengths.push(vec![0; self.services]);
        }
        for length in &mut lengths {
            length[self.service[call]] += 1;
        }
        lengths
    }

    /// Keeps a length unless a path is at least as long, and drops those that are at most as long.
    fn keep(&mut self, kept: &mut Vec<Length>, length: Length) -> Result<(), Exceeded> {
        self.spend(1 + kept.len())?;
        if kept.iter().any(|other| at_most(&length, other)) {
            return Ok(());
        }
        kept.retain(|other| !at_most(other, &length));
        if kept.len() == KEPT_LENGTHS {
            return Err(Exceeded);
        }
        kept.push(length);
        Ok(())
    }
}

fn at_most(length: &Length, other: &Length) -> bool {
    let mut pairs = length.iter().zip(other);
    pairs.all(|(count, other)| count <= other)
}

fn sum(head: &Length, tail: &Length) -> Length {
    let pairs = head.iter().zip(tail);
    pairs.map(|(head, tail)| head + tail).collect()
}
