//! The deferred fragments of a response, one for each object that has one, and what they still have to deliver.
//!
//! A fragment becomes an *instance* when an object with fields of it has been sent. An instance is announced (*pending*) once
//! the one around it is complete, and is completed by the payload that has the last of its data. What belongs to an instance
//! that has failed is never sent, unless another fragment selects it too.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::plan::deferred::Deferred;
use crate::response::write::{KeptElement, Opened};

/// An instance, as an index into [`Instances::all`].
pub(super) type InstanceId = usize;

/// The state of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Not announced.
    Waiting,
    /// Announced, and not complete.
    Pending,
    /// Complete.
    Completed,
    /// It has failed, or the one around it has.
    Failed,
}

/// A deferred fragment of one object.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) fragment: u32,
    pub(super) path: Vec<KeptElement>,
    pub(super) state: State,
    /// What it is announced as.
    pub(super) id: u32,
    /// Its object is in an element of a streamed list that came later.
    pub(super) is_later: bool,
    /// Everything that it waits for is there, though perhaps not for others of its fragment.
    pub(super) is_complete: bool,
    /// How many entries it has to deliver.
    entries: usize,
}

/// Fields of one object that are delivered together.
#[derive(Debug)]
pub(super) struct Entry {
    /// The number of their set of fragments.
    pub(super) set: u32,
    pub(super) opened: Arc<Opened>,
    /// The instances that select them.
    pub(super) instances: Vec<InstanceId>,
}

/// The instances of a response, and what they have to deliver.
#[derive(Debug, Default)]
pub(super) struct Instances {
    pub(super) all: Vec<Instance>,
    by_path: HashMap<(u32, Vec<KeptElement>), InstanceId>,
    entries: Vec<Entry>,
    waiting: Vec<InstanceId>,
    announced: u32,
    /// By fragment, and by whether the objects came later: how many instances are pending.
    pending: BTreeMap<(u32, bool), usize>,
}

/// The fragments of an operation in one request.
#[derive(Clone, Copy)]
pub(super) struct Fragments<'d> {
    pub(super) deferred: &'d Deferred,
    pub(super) is_active: &'d [bool],
}

impl Fragments<'_> {
    /// The path of the object that has a fragment, of the path of an object in it.
    fn path_of<'p>(&self, fragment: u32, path: &'p [KeptElement]) -> &'p [KeptElement] {
        let depth = self.deferred.fragments[fragment as usize].path.len();
        let elements = path.iter().enumerate();
        let mut fields = elements.filter(|(_, one)| matches!(one, KeptElement::Field(_)));
        // The indices after a field belong to its list.
        let end = fields.nth(depth).map_or(path.len(), |(index, _)| index);
        &path[..end]
    }
}

impl Instances {
    /// Fields of an object that has been written, which these fragments select.
    pub(super) fn entry(
        &mut self,
        fragments: Fragments<'_>,
        (number, set): (u32, &[u32]),
        opened: Arc<Opened>,
        is_later: bool,
    ) -> Entry {
        let instances = set.iter().map(|fragment| {
            let path = fragments.path_of(*fragment, &opened.path);
            self.instance(*fragment, path, is_later)
        });
        Entry {
            set: number,
            instances: instances.collect(),
            opened,
        }
    }

    fn instance(&mut self, fragment: u32, path: &[KeptElement], is_later: bool) -> InstanceId {
        let key = (fragment, path.to_vec());
        if let Some(&known) = self.by_path.get(&key) {
            return known;
        }
        let id = self.all.len();
        self.all.push(Instance {
            fragment,
            path: path.to_vec(),
            state: State::Waiting,
            id: 0,
            is_later,
            is_complete: false,
            entries: 0,
        });
        self.waiting.push(id);
        self.by_path.insert(key, id);
        id
    }

    /// Adds what is to be delivered later.
    pub(super) fn add(&mut self, entry: Entry) {
        for instance in &entry.instances {
            self.all[*instance].entries += 1;
        }
        self.entries.push(entry);
    }

    /// Removes what these instances have to deliver.
    pub(super) fn take(&mut self, is_taken: impl Fn(InstanceId) -> bool) -> Vec<Entry> {
        let is_of_any = |entry: &mut Entry| entry.instances.iter().any(|one| is_taken(*one));
        let taken: Vec<Entry> = self.entries.extract_if(.., is_of_any).collect();
        for instance in taken.iter().flat_map(|entry| &entry.instances) {
            self.all[*instance].entries -= 1;
        }
        taken
    }

    /// Announces the instances whose turn it is: nothing around them is still to come. Those below a failed one fail.
    pub(super) fn announce(&mut self, fragments: Fragments<'_>) -> Vec<InstanceId> {
        let mut announced = Vec::new();
        let mut waiting = std::mem::take(&mut self.waiting);
        // Outer fragments have lower numbers.
        waiting.sort_by_key(|one| self.all[*one].fragment);
        for id in waiting {
            match self.state_around(fragments, id) {
                Some(State::Failed) => self.all[id].state = State::Failed,
                Some(State::Waiting | State::Pending) => self.waiting.push(id),
                Some(State::Completed) | None if self.all[id].entries == 0 => self.waiting.push(id),
                Some(State::Completed) | None => {
                    let number = self.next_id();
                    let instance = &mut self.all[id];
                    (instance.state, instance.id) = (State::Pending, number);
                    let of_fragment = (instance.fragment, instance.is_later);
                    *self.pending.entry(of_fragment).or_default() += 1;
                    announced.push(id);
                }
            }
        }
        let all = &self.all;
        let is_lost =
            |one: &InstanceId| matches!(all[*one].state, State::Failed | State::Completed);
        let lost = |entry: &mut Entry| entry.instances.iter().all(is_lost);
        self.entries.extract_if(.., lost).for_each(drop);
        announced
    }

    /// The next number that something is announced as.
    pub(super) fn next_id(&mut self) -> u32 {
        self.announced += 1;
        self.announced - 1
    }

    /// The state of the next instance around this one that has something to deliver itself.
    fn state_around(&self, fragments: Fragments<'_>, id: InstanceId) -> Option<State> {
        let Fragments {
            deferred,
            is_active,
        } = fragments;
        let instance = &self.all[id];
        let around = |fragment: &u32| deferred.parent(*fragment, is_active);
        let all = std::iter::successors(around(&instance.fragment), around);
        let mut known = all.filter_map(|outer| {
            let path = fragments.path_of(outer, &instance.path).to_vec();
            Some(&self.all[*self.by_path.get(&(outer, path))?])
        });
        let outer = known.find(|outer| outer.state != State::Waiting || outer.entries > 0)?;
        Some(outer.state)
    }

    /// Ends an instance.
    pub(super) fn end(&mut self, id: InstanceId, state: State) {
        let instance = &mut self.all[id];
        if std::mem::replace(&mut instance.state, state) == State::Pending
            && let Some(pending) = self
                .pending
                .get_mut(&(instance.fragment, instance.is_later))
        {
            *pending -= 1;
        }
    }

    /// The fragments that have pending instances, each with whether the objects came later.
    pub(super) fn pending_fragments(&self) -> impl Iterator<Item = (u32, bool)> {
        let pending = self.pending.iter();
        pending
            .filter(|(_, count)| **count > 0)
            .map(|(fragment, _)| *fragment)
    }

    /// How many instances are pending.
    pub(super) fn pending_count(&self) -> usize {
        self.pending.values().sum()
    }

    /// What is to be delivered later.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether something is still to come.
    pub(super) fn is_any_pending(&self) -> bool {
        self.pending_fragments().next().is_some()
    }
}
