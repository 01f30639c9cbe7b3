//! Which parts of a fragment are complete while others of it still wait: those of objects of a list, when each object is looked
//! up by a call of its own.

use std::collections::{BTreeMap, HashSet};

use super::instances::{Entry, InstanceId, State};
use super::{Ended, Incremental};
use crate::execute::rounds::Rounds;
use crate::execute::{self, Execution};
use crate::plan::requested::PositionId;
use crate::response::store::Cell;

/// Parts of one response are sent in about so many payloads at most, if each may be complete before the others.
const MOST_CHUNKS: usize = 64;

impl<'a> Execution<'a> {
    /// Finds the instances that are complete now, and whether there are any. As each search takes the longer, the more instances
    /// there are, many instances are searched only when some more calls have ended.
    pub(super) fn find_complete_instances(
        &self,
        incremental: &mut Incremental<'a>,
        ended: &Ended,
    ) -> bool {
        incremental.since_search += 1;
        if !incremental.begun
            || incremental.since_search <= incremental.instances.pending_count() / MOST_CHUNKS
        {
            return false;
        }
        incremental.since_search = 0;
        let Some(rounds) = &incremental.rounds else {
            return false;
        };
        let fragments = incremental.instances.pending_fragments();
        let waiting = fragments.filter_map(|fragment| {
            let fetches = incremental.waits_for(fragment, ended);
            // What has not begun has not ended for any object.
            let has_begun = |fetch: &usize| self.states[*fetch] != execute::State::Waiting;
            fetches.iter().all(has_begun).then_some((fragment, fetches))
        });
        let waiting: BTreeMap<(u32, bool), Vec<usize>> = waiting.collect();
        if waiting.is_empty() {
            return false;
        }
        let all = &incremental.instances.all;
        let fetches_of = |instance: InstanceId| {
            let instance = &all[instance];
            let is_pending = instance.state == State::Pending;
            let fetches = waiting.get(&(instance.fragment, instance.is_later));
            fetches.filter(|_| is_pending)
        };
        let mut incomplete: HashSet<InstanceId> = HashSet::new();
        for entry in incremental.instances.entries() {
            for instance in &entry.instances {
                if let Some(fetches) = fetches_of(*instance)
                    && !self.is_entry_complete(rounds, entry, fetches)
                {
                    incomplete.insert(*instance);
                }
            }
        }
        let is_complete = |id: &InstanceId| fetches_of(*id).is_some() && !incomplete.contains(id);
        let complete: Vec<InstanceId> = (0..all.len()).filter(is_complete).collect();
        for instance in &complete {
            incremental.instances.all[*instance].is_complete = true;
        }
        !complete.is_empty()
    }

    /// Whether these fetches, which have begun, have read what they read of an object and below it.
    fn is_entry_complete(&self, rounds: &Rounds, entry: &Entry, fetches: &[usize]) -> bool {
        let position = self.plan.output.objects[entry.opened.object].position;
        let depth = self.around(position).count() - 1;
        fetches.iter().all(|&index| {
            let fetch = &self.plan.fetches[index];
            if self.around(fetch.position).any(|one| one == position) {
                let value = Cell::Row(entry.opened.row);
                return rounds.is_read(&self.store, (index, fetch), value, depth);
            }
            // One that starts from an object around it may read some of it; another one has nothing to do with it.
            !self.around(position).any(|one| one == fetch.position)
        })
    }

    /// A position and those around it.
    fn around(&self, position: PositionId) -> impl Iterator<Item = PositionId> {
        std::iter::successors(Some(position), |one| {
            let (parent, _) = self.plan.position(*one).parent?;
            Some(parent)
        })
    }
}

impl Incremental<'_> {
    /// The fetches that have not ended of those for which a fragment waits.
    fn waits_for(&self, (fragment, is_later): (u32, bool), ended: &Ended) -> Vec<usize> {
        let ended = match is_later {
            true => &ended.all,
            false => &ended.first,
        };
        let sets = self.division.all_sets.iter().zip(&self.division.needs);
        let needs = sets.filter(|(set, _)| set.contains(&fragment));
        let needs: Vec<&Vec<bool>> = needs.map(|(_, needs)| needs).collect();
        let is_open = |fetch: &usize| !ended[*fetch] && needs.iter().any(|needs| needs[*fetch]);
        (0..ended.len()).filter(is_open).collect()
    }
}
