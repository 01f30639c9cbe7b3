//! Delivers a response in several payloads: first what needs no fetch of a deferred fragment, then each fragment when its
//! fetches have ended.
//!
//! The fetches of a plan are the same with and without `@defer`, and all of them run as soon as their inputs are there.
//! [`Division`] says which of them a payload waits for. When the initial payload has what it waits for:
//!
//! - if all fetches have ended, as with cached documents, the response is delivered whole;
//! - a fragment that waits for nothing more than the payload around it is a part of that payload ([`Incremental::settle`]);
//! - the others are deferred: [`instances`] has what is announced and what is to be delivered, `run` and `write` make the
//!   payloads, and [`mod@format`] has their members.
//!
//! In a list, a fragment is delivered for all objects at once if a call for them is made together, and for each when its own
//! calls have ended otherwise ([`ready`]).
//!
//! A streamed list (`@stream`) is different: the fetches that fill its elements are made in two rounds ([`Rounds`]). The payload
//! that has the list waits for the first of them, and sends the first elements; [`streams`] has the lists of which elements are
//! still to come, and `write_items` writes these. A list that is read page by page is sent in the same way, as its pages arrive
//! ([`grow`]).

mod format;
mod grow;
mod instances;
mod ready;
mod run;
mod settle;
mod streams;
mod write;
mod write_items;

use std::collections::VecDeque;
use std::sync::Arc;

use ahash::AHashSet;

pub use self::format::IncrementalFormat;
use self::instances::{Fragments, InstanceId, Instances};
use self::streams::Streams;
use super::context::RequestContext;
use super::queue::{Queue, QueuedCall};
use super::rounds::Rounds;
use crate::document::Value;
use crate::plan::Plan;
use crate::plan::deferred::Deferred;
use crate::plan::division::Division;
use crate::response::ErrorBehavior;
use crate::response::write::{Opened, OpenedList};

/// With more deferred fragments than this, a response is delivered whole.
const MOST_FRAGMENTS: usize = 256;

/// The same for the number of guards times the number of sets of fragments, both of which the operation decides.
const MOST_OUTCOMES: usize = 1 << 20;

/// The state of an incremental response.
#[derive(Debug)]
pub(super) struct Incremental<'a> {
    format: IncrementalFormat,
    deferred: &'a Deferred,
    /// By fragment: whether it is delivered by itself.
    is_active: Vec<bool>,
    /// Outcomes of the output's guards.
    guards: Vec<bool>,
    division: Division,
    instances: Instances,
    streams: Streams<'a>,
    /// What has been begun of each fetch, and the rounds of those for streamed lists.
    pub(super) rounds: Option<Rounds>,
    /// Calls that wait, since the initial payload does not need them and others are queued.
    held: VecDeque<Box<QueuedCall>>,
    /// How many calls have ended since complete instances were searched.
    since_search: usize,
    /// The initial payload has been written.
    begun: bool,
    /// The bytes that have been written.
    bytes: usize,
}

/// By fetch: whether it has ended.
#[derive(Debug)]
struct Ended {
    /// For all rows but those of elements of streamed lists that come later.
    first: Vec<bool>,
    /// For all rows.
    all: Vec<bool>,
}

impl<'a> Incremental<'a> {
    /// Of a plan, for one request; `None` if nothing is deferred or streamed.
    pub(super) fn new(
        format: IncrementalFormat,
        plan: &'a Plan,
        request: &RequestContext,
        guards: &[bool],
        holds: &dyn Fn(u32) -> bool,
    ) -> Option<Box<Incremental<'a>>> {
        let deferred = plan.output.deferred.as_deref()?;
        // The first error ends the whole response.
        if request.on_error == ErrorBehavior::Halt || deferred.fragments.len() > MOST_FRAGMENTS {
            return None;
        }
        let is_active = deferred.fragments.iter().map(|fragment| {
            let condition = fragment.condition.as_ref();
            let is_off = |name: &apollo_compiler::Name| {
                request.variables.get(name.as_str()) == Some(&Value::Bool(false))
            };
            !condition.is_some_and(is_off)
        });
        let is_active: Vec<bool> = is_active.collect();
        let division = Division::of(plan, deferred, &is_active, guards, holds);
        let fragments = Fragments {
            deferred,
            is_active: &is_active,
        };
        let (streams, divided) = Streams::new(plan, request, &division, fragments);
        let incremental = Box::new(Incremental {
            format,
            deferred,
            division,
            is_active,
            guards: guards.to_vec(),
            instances: Instances::default(),
            streams,
            rounds: Some(Rounds::new(plan, divided)),
            held: VecDeque::new(),
            since_search: 0,
            begun: false,
            bytes: 0,
        });
        let all_sets = &incremental.division.all_sets;
        let outcomes = all_sets.len() * guards.len();
        let is_streamed = incremental.streams.fields.iter().any(Option::is_some);
        let is_divided = all_sets.len() > 1 || is_streamed;
        (is_divided && outcomes <= MOST_OUTCOMES).then_some(incremental)
    }

    /// Divides the fields by the fragments that are active now.
    fn divide(&mut self, plan: &Plan, holds: &dyn Fn(u32) -> bool) {
        let (is_active, guards) = (&self.is_active, &self.guards);
        self.division = Division::of(plan, self.deferred, is_active, guards, holds);
    }

    /// Whether the next payload has all that it waits for.
    fn is_ready(&self, ended: &Ended) -> bool {
        match self.begun {
            false => is_done(&self.division.needs[0], &ended.first),
            true => {
                let mut pending = self.instances.pending_fragments();
                pending.any(|fragment| self.is_complete(fragment, ended))
            }
        }
    }

    /// Whether the initial payload waits for a fetch.
    pub(super) fn is_initial(&self, fetch: usize) -> bool {
        self.division.needs[0][fetch]
    }

    /// The next call that is made: calls for the initial payload come first.
    pub(super) fn next_call(&mut self, queue: &mut Queue) -> Option<Box<QueuedCall>> {
        if self.begun
            && let Some(call) = self.held.pop_front()
        {
            return Some(call);
        }
        while let Some(call) = queue.pop() {
            let others = call.other_consumers.iter().map(|(fetch, _)| *fetch);
            let mut fetches = std::iter::once(call.fetch).chain(others);
            let rounds = self.rounds.as_ref();
            let is_second = |fetch| rounds.is_some_and(|rounds| rounds.is_second(fetch));
            let is_first = |fetch| self.is_initial(fetch) && !is_second(fetch);
            if self.begun || fetches.any(is_first) {
                return Some(call);
            }
            self.held.push_back(call);
        }
        self.held.pop_front()
    }

    /// Whether all fetches of a fragment have ended, of objects in elements of streamed lists that come later or of others.
    fn is_complete(&self, (fragment, is_later): (u32, bool), ended: &Ended) -> bool {
        let done = match is_later {
            true => &ended.all,
            false => &ended.first,
        };
        let sets = self.division.all_sets.iter().zip(&self.division.needs);
        let mut sets = sets.filter(|(set, _)| set.contains(&fragment));
        sets.all(|(_, needs)| is_done(needs, done))
    }

    /// Makes fragments a part of the payload around them that wait for nothing more than that.
    fn settle(&mut self, plan: &Plan, done: &[bool], holds: &dyn Fn(u32) -> bool) {
        let fragments = self.deferred.fragments.len();
        let mut waits_for: Vec<Vec<bool>> = Vec::with_capacity(fragments);
        for fragment in 0..fragments {
            let parent = self.deferred.parent(fragment as u32, &self.is_active);
            let nothing = || vec![false; done.len()];
            let mut all = parent.map_or_else(nothing, |parent| waits_for[parent as usize].clone());
            let sets = self.division.all_sets.iter().zip(&self.division.needs);
            let own = sets.filter(|(set, _)| set.contains(&(fragment as u32)));
            let mut waits = false;
            for (_, needs) in own {
                for (fetch, needed) in needs.iter().enumerate() {
                    if *needed && !done[fetch] {
                        waits |= !std::mem::replace(&mut all[fetch], true);
                    }
                }
            }
            self.is_active[fragment] &= waits;
            waits_for.push(all);
        }
        self.divide(plan, holds);
    }

    /// Which guards hold in the payload of a set.
    fn guards_of(&self, set: u32) -> Vec<bool> {
        self.division
            .sets
            .iter()
            .map(|one| *one == Some(set))
            .collect()
    }

    /// The sets of fields that an object has besides those of one set.
    fn other_sets(&self, plan: &Plan, opened: &Opened, written: u32) -> Vec<u32> {
        let object = &plan.output.objects[opened.object];
        let sets = object.fields_of(opened.class);
        let sets = sets.filter_map(|field| self.division.sets[field.guard as usize]);
        let mut sets: Vec<u32> = sets.filter(|set| *set != written).collect();
        sets.sort_unstable();
        sets.dedup();
        sets
    }

    /// What is to be delivered of an object that has been written with the fields of one set.
    /// `is_later` says whether it is in an element of a streamed list that comes later.
    fn entries(
        &mut self,
        plan: &Plan,
        opened: Opened,
        (written, is_later): (u32, bool),
    ) -> Vec<instances::Entry> {
        let sets = self.other_sets(plan, &opened, written);
        let opened = Arc::new(opened);
        let Incremental {
            instances,
            division,
            deferred,
            is_active,
            ..
        } = self;
        let fragments = Fragments {
            deferred,
            is_active,
        };
        // What is not deferred has been written.
        let deferred = sets.into_iter().filter(|set| *set != 0);
        deferred
            .map(|set| {
                let set = (set, division.all_sets[set as usize].as_slice());
                instances.entry(fragments, set, Arc::clone(&opened), is_later)
            })
            .collect()
    }

    /// The announced instances that are complete, or whose fetches have all ended.
    fn completing(&self, ended: &Ended) -> Vec<InstanceId> {
        let fragments = self.instances.pending_fragments();
        let complete = fragments.filter(|fragment| self.is_complete(*fragment, ended));
        let complete: Vec<(u32, bool)> = complete.collect();
        let all = self.instances.all.iter().enumerate();
        let pending = all.filter(|(_, one)| one.state == instances::State::Pending);
        let completing = pending
            .filter(|(_, one)| one.is_complete || complete.contains(&(one.fragment, one.is_later)));
        completing.map(|(id, _)| id).collect()
    }
}

impl<'a> Incremental<'a> {
    /// Whether something is still to come.
    fn is_any_pending(&self) -> bool {
        self.instances.is_any_pending() || self.streams.is_any_open()
    }

    /// By streamed field: how many elements of its lists the next payload has, if others of these lists are not complete.
    fn counts(&self, ended: &Ended) -> Vec<Option<u32>> {
        let is_whole = |list| {
            let rounds = self.rounds.as_ref();
            rounds.is_none_or(|rounds| rounds.fetches(list).all(|fetch| ended.all[fetch]))
        };
        self.streams.counts(is_whole)
    }

    /// Opens a list that a payload with this set of fragments has sent.
    fn open(&mut self, list: OpenedList, set: u32) -> usize {
        let id = self.instances.next_id();
        let grows = self.is_growing(list.at);
        self.streams.open(list, (set, id), grows)
    }

    /// Whether pages follow of the list at this place in the store.
    fn is_growing(&self, at: u32) -> bool {
        let rounds = self.rounds.as_ref();
        rounds.is_some_and(|rounds| rounds.growing().contains_key(&at))
    }

    /// The lists of which pages follow, by their place in the store.
    fn growing_lists(&self) -> AHashSet<u32> {
        let rounds = self.rounds.as_ref();
        rounds.map_or_else(AHashSet::new, |rounds| {
            rounds.growing().keys().copied().collect()
        })
    }
}

fn is_done(needs: &[bool], done: &[bool]) -> bool {
    let mut all = needs.iter().zip(done);
    all.all(|(needed, done)| !needed || *done)
}
