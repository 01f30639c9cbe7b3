//! How the fields of a response and the fetches of its plan are divided among payloads.

mod needs;

use self::needs::NeedsOf;
use super::Plan;
use super::deferred::{Deferred, FragmentSet};

/// Which payload delivers which fields, and waits for which fetches.
#[derive(Debug, Clone)]
pub struct Division {
    /// The sets of fragments with which fields are delivered; the first is empty, for the initial payload.
    pub all_sets: Vec<FragmentSet>,
    /// By guard of the output: the set of its fields; `None` if the guard does not hold.
    pub sets: Vec<Option<u32>>,
    /// By set, by fetch of the plan: whether the fields wait for the fetch.
    pub needs: Vec<Vec<bool>>,
}

impl Division {
    /// Of a plan, if these fragments are active and these guards of the output hold. `holds` says which guards of the plan do.
    pub fn of(
        plan: &Plan,
        deferred: &Deferred,
        is_active: &[bool],
        guards: &[bool],
        holds: &dyn Fn(u32) -> bool,
    ) -> Division {
        let mut all_sets = vec![FragmentSet::new()];
        let numbered = deferred.sets(is_active, guards).into_iter().zip(guards);
        let numbered = numbered.map(|(set, holds)| {
            let number = || {
                let known = all_sets.iter().position(|one| *one == set);
                known.unwrap_or_else(|| {
                    all_sets.push(set.clone());
                    all_sets.len() - 1
                }) as u32
            };
            holds.then(number)
        });
        let sets: Vec<Option<u32>> = numbered.collect();
        let before = |set: usize| deferred.before(&all_sets, set, is_active);
        let needs = NeedsOf {
            plan,
            holds,
            sets: &sets,
        };
        Division {
            needs: needs.find(all_sets.len(), before),
            sets,
            all_sets,
        }
    }

    /// Of a plan, for all requests: every guard holds, and every fragment is active. `None` if nothing is deferred.
    pub(super) fn usual(plan: &Plan) -> Option<(Division, &Deferred)> {
        let deferred = plan.output.deferred.as_deref()?;
        let is_active = vec![true; deferred.fragments.len()];
        let guards = vec![true; plan.output.guards.len()];
        let division = Division::of(plan, deferred, &is_active, &guards, &|_| true);
        Some((division, deferred))
    }
}
