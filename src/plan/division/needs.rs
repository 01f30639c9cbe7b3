//! Which fetches a payload waits for.
//!
//! A payload needs the fetches that read its fields, and those that come before them. A fetch that reads a key of its rows again, as
//! a batch does, is not needed for the key. An object that several fetches know (a
//! service of the initial payload, and one that is asked only for deferred fields) needs one of them, so that a deferred fetch
//! does not delay the object itself.

use std::collections::HashMap;

use super::super::output::{FieldSource, OutputType};
use super::super::requested::PositionId;
use super::super::{Fetch, FetchCall, Plan, ReadId};
use crate::graph::query::TypeId;

/// By fetch of the plan: whether it is needed.
pub(super) type Needs = Vec<bool>;

/// A fetch that reads a slot.
struct Provider<'p> {
    fetch: usize,
    /// The concrete types that it reads the slot of; empty for all.
    only: &'p [TypeId],
    /// The only type that the fetch starts from.
    of: Option<TypeId>,
    /// What it reads below.
    below: Option<ReadId>,
}

impl Provider<'_> {
    fn applies_to(&self, ty: TypeId) -> bool {
        (self.only.is_empty() || self.only.contains(&ty)) && self.of.is_none_or(|of| of == ty)
    }
}

/// A composite field: the payload of it, and the fetches of which it needs one.
struct Alternatives {
    set: usize,
    fetches: Vec<usize>,
}

/// A plan in one request.
pub(super) struct NeedsOf<'p> {
    /// The plan.
    pub(super) plan: &'p Plan,
    /// Whether guards of the plan hold.
    pub(super) holds: &'p dyn Fn(u32) -> bool,
    /// By guard of the output: the number of the payload of its fields.
    pub(super) sets: &'p [Option<u32>],
}

impl<'p> NeedsOf<'p> {
    /// By payload: the fetches that it needs. `ancestors` are the payloads that come before a payload.
    pub(super) fn find(&self, count: usize, ancestors: impl Fn(usize) -> Vec<usize>) -> Vec<Needs> {
        let providers = self.providers();
        let mut needs = vec![vec![false; self.plan.fetches.len()]; count];
        let mut alternatives = Vec::new();
        for object in &self.plan.output.objects {
            for class in &object.classes {
                for field in &class.fields {
                    let field = &object.fields[usize::from(*field)];
                    let Some(set) = self.sets.get(field.guard as usize).copied().flatten() else {
                        continue;
                    };
                    let set = set as usize;
                    let of_slot = |slot: u16| -> Vec<&Provider<'_>> {
                        let all = providers.get(&(object.position, slot));
                        let all = all.map(Vec::as_slice).unwrap_or_default().iter();
                        all.filter(|provider| provider.applies_to(class.ty))
                            .collect()
                    };
                    match field.source {
                        FieldSource::Slot(slot) if is_composite(&field.ty) => {
                            let child = self.child(object.position, slot);
                            let fetches = self.of_object(child, &of_slot(slot), &mut needs[set]);
                            alternatives.push(Alternatives { set, fetches });
                        }
                        FieldSource::Slot(slot) => self.add(&of_slot(slot), &mut needs[set]),
                        FieldSource::Id(id) => {
                            let key = &self.plan.output.ids[id as usize].key;
                            for slot in key.iter().filter_map(|input| input.slot) {
                                self.add(&of_slot(slot), &mut needs[set]);
                            }
                        }
                        FieldSource::Typename
                        | FieldSource::Introspection
                        | FieldSource::Refused(_) => {}
                    }
                }
            }
        }
        self.close(&mut needs);
        for Alternatives { set, fetches } in alternatives {
            let mut before = ancestors(set);
            before.push(set);
            let is_needed = |fetch: &usize| before.iter().any(|set| needs[*set][*fetch]);
            if !fetches.iter().any(is_needed)
                && let Some(first) = fetches.first()
            {
                needs[set][*first] = true;
                self.close(&mut needs[set..=set]);
            }
        }
        self.assign_rest(&mut needs);
        needs
    }

    /// The fetches that read each slot.
    fn providers(&self) -> HashMap<(PositionId, u16), Vec<Provider<'p>>> {
        let plan = self.plan;
        let mut providers: HashMap<_, Vec<Provider<'p>>> = HashMap::new();
        for (index, fetch) in plan.fetches.iter().enumerate() {
            if !(self.holds)(fetch.guard) {
                continue;
            }
            let mut open = vec![(fetch.read, fetch.only)];
            while let Some((read, of)) = open.pop() {
                let is_of_rows = read == fetch.read;
                let read = plan.read(read);
                for field in read.fields.iter().filter(|field| (self.holds)(field.guard)) {
                    if is_of_rows && repeats(fetch, field.slot) {
                        continue;
                    }
                    let of_slot = providers.entry((read.position, field.slot)).or_default();
                    of_slot.push(Provider {
                        fetch: index,
                        only: &field.only,
                        of,
                        below: field.read,
                    });
                    open.extend(field.read.map(|below| (below, None)));
                }
            }
        }
        providers
    }

    /// Adds all fetches that read a slot. If none is known to, any may.
    fn add(&self, providers: &[&Provider<'_>], needs: &mut Needs) {
        if providers.is_empty() {
            needs.fill(true);
        }
        for provider in providers {
            needs[provider.fetch] = true;
        }
    }

    /// The position that a slot leads to.
    fn child(&self, position: PositionId, slot: u16) -> Option<PositionId> {
        self.plan.position(position).slots[usize::from(slot)].child
    }

    /// The fetches of which the objects of a position need one. Adds those that tell whether the objects exist, and of which
    /// types they are, if the types matter: what one service gives as a type may be that of an interface object, and another
    /// one tells the type then.
    fn of_object(
        &self,
        position: Option<PositionId>,
        providers: &[&Provider<'_>],
        needs: &mut Needs,
    ) -> Vec<usize> {
        let all: Vec<usize> = providers.iter().map(|one| one.fetch).collect();
        let Some(position) = position.filter(|_| !all.is_empty()) else {
            self.add(providers, needs);
            return all;
        };
        let needs_type = self.plan.position(position).needs_typename;
        for provider in providers.iter().filter(|_| needs_type) {
            let below = provider.below.map(|below| self.plan.read(below));
            if below.is_some_and(|below| below.typename || below.ty.is_some()) {
                needs[provider.fetch] = true;
            }
        }
        for (index, fetch) in self.plan.fetches.iter().enumerate() {
            let tells_type = needs_type && self.plan.read(fetch.read).typename;
            let is_at = fetch.position == position && (self.holds)(fetch.guard);
            if is_at && (fetch.tells_existence || tells_type) {
                needs[index] = true;
            }
        }
        all
    }

    /// Adds the fetches that come before needed ones, and those that share a call with them.
    fn close(&self, needs: &mut [Needs]) {
        for needs in needs {
            let needed = needs.iter().enumerate().filter(|(_, needed)| **needed);
            let mut open: Vec<usize> = needed.map(|(index, _)| index).collect();
            while let Some(index) = open.pop() {
                let fetch = &self.plan.fetches[index];
                let others = fetch.after.iter().chain(self.together(fetch));
                for &other in others {
                    let holds = (self.holds)(self.plan.fetches[other].guard);
                    if holds && !std::mem::replace(&mut needs[other], true) {
                        open.push(other);
                    }
                }
            }
        }
    }

    /// The fetches that share the call of this one.
    fn together(&self, fetch: &Fetch) -> &'p [usize] {
        match &fetch.call {
            FetchCall::Entities { batch, .. } => &self.plan.batches[*batch].fetches,
            _ => &[],
        }
    }

    /// A fetch that no payload needs is made for the initial one: nothing may be missing in what was sent.
    fn assign_rest(&self, needs: &mut [Needs]) {
        for index in 0..self.plan.fetches.len() {
            let holds = (self.holds)(self.plan.fetches[index].guard);
            if holds && !needs.iter().any(|needs| needs[index]) {
                needs[0][index] = true;
            }
        }
        self.close(&mut needs[..1]);
    }
}

/// Whether a fetch reads a field of the key that its rows have already: the rows of a batch are found by it.
fn repeats(fetch: &Fetch, slot: u16) -> bool {
    let mut inputs = fetch.inputs.iter();
    inputs.any(|input| {
        input.key && input.slot == Some(slot) && input.only.is_none() && input.children.is_empty()
    })
}

fn is_composite(ty: &OutputType) -> bool {
    match ty {
        OutputType::NonNull(inner) | OutputType::List(inner) => is_composite(inner),
        OutputType::Object(_) => true,
        OutputType::Leaf(_) => false,
    }
}
