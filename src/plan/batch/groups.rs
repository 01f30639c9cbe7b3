//! Groups of entity fetches that become one call, because no result comes later for it, however long each call takes:
//!
//! - Neither of two fetches waits for the other.
//! - A fetch that others wait for must not wait for anything new. A fetch that no other waits for may, since the
//!   response waits for both calls anyway.
//! - Their cache lifetimes are equal: the shorter one would apply to both.
//! - Their guards can hold in the same request.
//! - Neither takes values from contexts: such a fetch makes a call for each value.
//!
//! Each fetch joins the first group that accepts it: at most n² comparisons of n fetches.

use std::collections::BTreeSet;

use super::super::{Fetch, FetchCall, PlanError};
use super::{Batches, Spend};

/// Groups of fetches. A group has the number of its first fetch.
struct BatchGroups<'a> {
    fetches: &'a [Fetch],
    of: Vec<usize>,
    members: Vec<Vec<usize>>,
    /// By fetch: whether another fetch waits for it.
    awaited: Vec<bool>,
}

impl Batches<'_> {
    /// The groups, each as the indices of its fetches.
    pub(super) fn groups(
        &self,
        fetches: &[Fetch],
        spend: &mut Spend<'_>,
    ) -> Result<Vec<Vec<usize>>, PlanError> {
        let mut groups = BatchGroups::new(fetches);
        let mut leaders: Vec<usize> = Vec::new();
        for (index, fetch) in fetches.iter().enumerate() {
            if !matches!(fetch.call, FetchCall::Entities { .. }) {
                continue;
            }
            let mut joined = false;
            for &leader in &leaders {
                if !self.alike(fetches, &groups.members[leader], fetch) {
                    continue;
                }
                spend(1)?;
                if groups.may_join(leader, index, spend)? {
                    groups.join(leader, index);
                    joined = true;
                    break;
                }
            }
            if !joined {
                leaders.push(index);
            }
        }
        let members = leaders.iter().map(|leader| groups.members[*leader].clone());
        Ok(members.collect())
    }

    /// Whether a fetch calls the same service as a group, with the same lifetime, and can run in the same request as
    /// one of its fetches.
    fn alike(&self, fetches: &[Fetch], group: &[usize], fetch: &Fetch) -> bool {
        let guard = |fetch: &Fetch| &self.guards[fetch.guard as usize];
        group.iter().any(|other| {
            let other = &fetches[*other];
            (other.subgraph, other.sequence) == (fetch.subgraph, fetch.sequence)
                && other.contexts.is_empty()
                && fetch.contexts.is_empty()
                && other.lifetime == fetch.lifetime
                && !guard(other).and_all(guard(fetch)).is_never()
        })
    }
}

impl<'a> BatchGroups<'a> {
    fn new(fetches: &'a [Fetch]) -> Self {
        let mut awaited = vec![false; fetches.len()];
        for before in fetches.iter().flat_map(|fetch| &fetch.after) {
            awaited[*before] = true;
        }
        BatchGroups {
            fetches,
            of: (0..fetches.len()).collect(),
            members: (0..fetches.len()).map(|index| vec![index]).collect(),
            awaited,
        }
    }

    fn join(&mut self, group: usize, fetch: usize) {
        self.of[fetch] = group;
        self.members[fetch].clear();
        self.members[group].push(fetch);
    }

    /// Whether a fetch may join a group: neither waits for the other, and what others wait for does not start later.
    fn may_join(
        &self,
        group: usize,
        fetch: usize,
        spend: &mut Spend<'_>,
    ) -> Result<bool, PlanError> {
        let (before_group, before_fetch) = (self.before(group), self.before(fetch));
        spend(before_group.len() + before_fetch.len())?;
        if before_group.contains(&fetch) || before_fetch.contains(&group) {
            return Ok(false);
        }
        let begins_as_before = |waiting: usize, before: &BTreeSet<usize>, other: usize| {
            !self.is_awaited(waiting) || self.waits_for(other).all(|other| before.contains(&other))
        };
        Ok(begins_as_before(group, &before_group, fetch)
            && begins_as_before(fetch, &before_fetch, group))
    }

    fn is_awaited(&self, group: usize) -> bool {
        self.members[group].iter().any(|fetch| self.awaited[*fetch])
    }

    /// The groups that a group waits for directly.
    fn waits_for(&self, group: usize) -> impl Iterator<Item = usize> {
        let all = self.members[group]
            .iter()
            .flat_map(|fetch| &self.fetches[*fetch].after);
        all.map(|before| self.of[*before])
    }

    /// All groups that must have ended before a group starts.
    fn before(&self, group: usize) -> BTreeSet<usize> {
        let (mut all, mut open) = (BTreeSet::new(), vec![group]);
        while let Some(next) = open.pop() {
            open.extend(self.waits_for(next).filter(|before| all.insert(*before)));
        }
        all
    }
}
