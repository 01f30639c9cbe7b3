//! The fragments with `@defer`, and which fields of the response are in them.
//!
//! Planning does not depend on `@defer`: an operation has the same fetches with and without it, and is delivered in one payload
//! to clients that read no other. For the other clients, the output says of each field in which fragments it is selected.
//! A field that is also selected outside of deferred fragments is not deferred.
//!
//! A guard of the output stands for all fields that are selected under it at the same [`Place`]s, so what is decided for a
//! request is decided once for each guard ([`Deferred::sets`]). [`division`](super::division) adds which fetches they need.

use apollo_compiler::Name;

/// The deferred fragments of an operation.
#[derive(Debug, Clone, Default)]
pub struct Deferred {
    /// The fragments. Each comes after the one around it.
    pub fragments: Vec<DeferredFragment>,
    /// By guard of the output: where its fields are selected.
    pub places: Vec<Vec<Place>>,
}

/// A fragment with `@defer`, for the objects of one selection set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeferredFragment {
    /// The next deferred fragment around it.
    pub parent: Option<u32>,
    /// The `label`.
    pub label: Option<String>,
    /// The variable of `if`, without `$`.
    pub condition: Option<Name>,
    /// The response names that lead from the root of the operation to the objects of which it selects fields.
    pub path: Vec<Name>,
}

/// Where a field is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// When, as an index into the guards of the output.
    pub guard: u32,
    /// The innermost deferred fragment around it.
    pub fragment: Option<u32>,
}

/// Fragments that are delivered by one payload, sorted. Fields that are in several fragments are delivered with the first of
/// these that is complete. The empty set is the initial payload.
pub type FragmentSet = Vec<u32>;

impl Deferred {
    /// The sets whose fields are sent before those of a set, or with them.
    pub(super) fn before(
        &self,
        all_sets: &[FragmentSet],
        set: usize,
        is_active: &[bool],
    ) -> Vec<usize> {
        let around = |fragment: &u32| self.parent(*fragment, is_active);
        let Some(&first) = all_sets[set].first() else {
            return Vec::new();
        };
        let chain: Vec<u32> = std::iter::successors(around(&first), around).collect();
        let all = all_sets.iter().enumerate();
        // The initial payload has no fragments.
        let is_before =
            |other: &FragmentSet| other.is_empty() || other.iter().any(|one| chain.contains(one));
        all.filter(|(_, other)| is_before(other))
            .map(|(number, _)| number)
            .collect()
    }

    /// The innermost active fragment of these around a place; `None` for the initial payload.
    fn active(&self, fragment: Option<u32>, is_active: &[bool]) -> Option<u32> {
        let around = |fragment: &u32| self.fragments[*fragment as usize].parent;
        let mut chain = std::iter::successors(fragment, around);
        chain.find(|fragment| is_active[*fragment as usize])
    }

    /// The next active fragment around a fragment.
    pub fn parent(&self, fragment: u32, is_active: &[bool]) -> Option<u32> {
        self.active(self.fragments[fragment as usize].parent, is_active)
    }

    /// Whether a fragment is around another one.
    fn is_around(&self, outer: u32, inner: u32) -> bool {
        let around = |fragment: &u32| self.fragments[*fragment as usize].parent;
        std::iter::successors(around(&inner), around).any(|fragment| fragment == outer)
    }

    /// By guard of the output: the fragments with which its fields are delivered, if these fragments are active and these
    /// guards hold. A fragment that is within another one of the set is left out: what both select is delivered with the
    /// outer one.
    pub fn sets(&self, is_active: &[bool], guards: &[bool]) -> Vec<FragmentSet> {
        let set_of = |places: &Vec<Place>| {
            let held = places.iter().filter(|place| guards[place.guard as usize]);
            let mut set = FragmentSet::new();
            for place in held {
                match self.active(place.fragment, is_active) {
                    Some(fragment) => set.push(fragment),
                    None => return FragmentSet::new(),
                }
            }
            set.sort_unstable();
            set.dedup();
            let all = set.clone();
            set.retain(|inner| !all.iter().any(|outer| self.is_around(*outer, *inner)));
            set
        };
        self.places.iter().map(set_of).collect()
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        let places = self.places.iter();
        let places = places.map(|places| 24 + places.len() * size_of::<Place>());
        self.fragments.len() * 120 + places.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(parent: Option<u32>) -> DeferredFragment {
        DeferredFragment {
            parent,
            label: None,
            condition: None,
            path: Vec::new(),
        }
    }

    fn place(guard: u32, fragment: Option<u32>) -> Place {
        Place { guard, fragment }
    }

    /// Fragment 1 is in fragment 0; fragment 2 is beside them.
    fn deferred(places: &[&[Place]]) -> Deferred {
        Deferred {
            fragments: vec![fragment(None), fragment(Some(0)), fragment(None)],
            places: places.iter().map(|places| places.to_vec()).collect(),
        }
    }

    #[test]
    fn fields_are_delivered_with_the_outermost_fragments() {
        let deferred = deferred(&[
            &[place(0, Some(0))],
            &[place(0, Some(1))],
            &[place(0, Some(0)), place(0, Some(1))],
            &[place(0, Some(1)), place(0, Some(2))],
            &[place(0, Some(0)), place(0, None)],
            &[place(0, Some(0)), place(1, None)],
        ]);
        let all = [true, true, true];
        let sets = deferred.sets(&all, &[true, false]);
        assert_eq!(
            sets,
            [vec![0], vec![1], vec![0], vec![1, 2], vec![], vec![0]]
        );
        let included = deferred.sets(&all, &[true, true]);
        assert_eq!(included[5], Vec::<u32>::new());
    }

    #[test]
    fn a_fragment_that_is_not_active_is_a_part_of_the_one_around_it() {
        let deferred = deferred(&[
            &[place(0, Some(0))],
            &[place(0, Some(1))],
            &[place(0, Some(2))],
        ]);
        let sets = deferred.sets(&[true, false, false], &[true]);
        assert_eq!(sets, [vec![0], vec![0], vec![]]);
        assert_eq!(deferred.parent(1, &[false, true, true]), None);
        assert_eq!(deferred.parent(1, &[true, true, true]), Some(0));
    }
}
