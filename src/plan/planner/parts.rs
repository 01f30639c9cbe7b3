//! Several ways together: a composite slot of which no single way serves every part.
//!
//! Objects of a type without a key cannot be completed by a lookup. For `address { street zip geo { lat lng } }`, one
//! subgraph may have `street` and `geo { lat }`, and others `zip` and `geo { lng }`. The parts of the slot are the
//! subfields that one way serves as a whole (`street`, `zip`), and below those that none does, their subfields (`lat`,
//! `lng`). At an interface or union, a subfield is divided by object type first. What `@requires` or a key selects of such
//! an object is divided in the same way.
//!
//! Of all combinations of ways that serve every part, the cheapest is chosen; of equally cheap ones, the first. With n
//! ways there are 2ⁿ combinations: with more than [`COMPARED_WAYS`], ways are added one by one, each time the one that
//! serves the most parts that are left.

use super::{Choice, Chosen, Planner};
use crate::connector::{FieldSet, FieldSetItem};
use crate::graph::query::{NodeId, TypeId};
use crate::plan::PlanError;
use crate::plan::requested::PositionId;

/// With so many ways, all combinations are compared.
const COMPARED_WAYS: usize = 8;

/// The cost of a part for objects of a type that a way does not know. There are no such objects if the way has the value
/// of a shared field, but a service may not know a type yet: where the part can be served, it is.
const UNKNOWN_TYPE: u32 = 1000;

/// A way to a composite slot.
struct Way {
    /// The cost of entering it; 0 if the provider is at hand.
    cost: u32,
    /// Where it leads to.
    to: NodeId,
    choice: Choice,
}

/// The cost of one part by each way; `None` if a way does not serve it.
type Part = Vec<Option<u32>>;

impl Planner<'_> {
    /// Several ways, each for some parts of a composite slot.
    pub(super) fn choose_parts(
        &mut self,
        position: PositionId,
        ty: TypeId,
        slot: u16,
    ) -> Result<Vec<Choice>, PlanError> {
        let Some(child) = self.slot(position, slot).child else {
            return Ok(Vec::new());
        };
        let ways = self.ways(position, ty, slot)?;
        let nodes: Vec<Option<NodeId>> = ways.iter().map(|way| Some(way.to)).collect();
        let mut parts = Vec::new();
        let complete = self.requested_parts(child, &nodes, &mut parts)?;
        self.combine(ways, complete.then_some(parts))
    }

    /// How to serve a slot that `chosen` serves with lookups below it: in the ways that save most of these, if the planner
    /// spreads slots.
    pub(super) fn in_several_ways(
        &mut self,
        position: PositionId,
        ty: TypeId,
        slot: u16,
        chosen: Chosen,
    ) -> Result<Vec<Choice>, PlanError> {
        let Some(child) = self.slot(position, slot).child else {
            return Ok(vec![chosen.choice]);
        };
        let mut ways = self.ways(position, ty, slot)?;
        if !(2..=COMPARED_WAYS).contains(&ways.len()) {
            return Ok(vec![chosen.choice]);
        }
        let nodes: Vec<Option<NodeId>> = ways.iter().map(|way| Some(way.to)).collect();
        let mut parts = Vec::new();
        if !self.requested_parts(child, &nodes, &mut parts)? {
            return Ok(vec![chosen.choice]);
        }
        self.reachability.spend(1 << ways.len())?;
        let with_least_below = compare(&ways, &parts, |entering, below| (below, entering));
        let [first, others @ ..] = with_least_below.as_slice() else {
            return Ok(vec![chosen.choice]);
        };
        if others.is_empty() && ways[*first].choice == chosen.choice {
            return Ok(vec![chosen.choice]);
        }
        self.may_spread = true;
        if !self.manner.spread {
            return Ok(vec![chosen.choice]);
        }
        let mut index = 0;
        ways.retain(|_| {
            index += 1;
            with_least_below.contains(&(index - 1))
        });
        Ok(ways.into_iter().map(|way| way.choice).collect())
    }

    /// Ways besides those that a slot is served by, so that together they provide a field set of the slot's objects:
    /// `@requires(fields: "meta { x y }")`, where one subgraph has `meta { x }` and another one `meta { y }`.
    pub(super) fn complete_required(
        &mut self,
        position: PositionId,
        ty: TypeId,
        slot: u16,
        required: &FieldSet,
    ) -> Result<(), PlanError> {
        let mut nodes = Vec::new();
        for provider in self.child_providers(position, slot) {
            nodes.push((self.provider(provider).node, 0));
        }
        if self
            .reachability
            .obtain_from_all(&nodes, required)?
            .is_some()
        {
            return Ok(());
        }
        let ways = self.ways(position, ty, slot)?;
        let nodes: Vec<Option<NodeId>> = ways.iter().map(|way| Some(way.to)).collect();
        let mut parts = Vec::new();
        let complete = self.required_parts(required, &nodes, &mut parts)?;
        for choice in self.combine(ways, complete.then_some(parts))? {
            if let Choice::Enter(entry) = choice {
                self.enter(position, ty, entry)?;
            }
        }
        Ok(())
    }

    /// All ways to a composite slot: the providers at hand, then the lookups, the cheapest first.
    fn ways(&mut self, position: PositionId, ty: TypeId, slot: u16) -> Result<Vec<Way>, PlanError> {
        let field = self.slot(position, slot).key.field.clone();
        let mut ways = Vec::new();
        for provider in self.offering(position, ty, slot) {
            let edge = self
                .reachability
                .readable_edge(self.provider(provider).node, &field);
            if let Some(to) = edge.and_then(|edge| edge.to) {
                let choice = Choice::Here(provider);
                ways.push(Way {
                    cost: 0,
                    to,
                    choice,
                });
            }
        }
        let mut entries = self.entries(position, ty, slot)?;
        entries.sort_by_key(|(entry, cost)| (*cost, entry.lookup));
        for (entry, cost) in entries {
            let to = self.graph.lookup(entry.lookup).to;
            let edge = self.reachability.edge(to, &field);
            if let Some(to) = edge.and_then(|edge| edge.to) {
                let choice = Choice::Enter(entry);
                ways.push(Way { cost, to, choice });
            }
        }
        Ok(ways)
    }

    /// Collects the parts that are requested at a position, where the ways have arrived at `nodes`. False if a part is
    /// served by none.
    fn requested_parts(
        &mut self,
        position: PositionId,
        nodes: &[Option<NodeId>],
        into: &mut Vec<Part>,
    ) -> Result<bool, PlanError> {
        for slot in 0..self.positions[position.0 as usize].slots.len() as u16 {
            if !self.is_requested(position, slot) {
                continue;
            }
            let members = self.known_members(nodes, &self.slot(position, slot).types);
            if self.all_know(nodes, &members) {
                let part = self.requested_part(position, slot, nodes)?;
                if part.iter().any(Option::is_some) {
                    into.push(part);
                    continue;
                }
            }
            for member in members {
                if !self.requested_parts_of(member, position, slot, nodes, into)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Collects the parts of a slot for rows of one object type.
    fn requested_parts_of(
        &mut self,
        member: TypeId,
        position: PositionId,
        slot: u16,
        nodes: &[Option<NodeId>],
        into: &mut Vec<Part>,
    ) -> Result<bool, PlanError> {
        let mut narrowed = Vec::with_capacity(nodes.len());
        for node in nodes {
            narrowed.push(node.and_then(|node| self.graph.narrowed(node, member)));
        }
        let mut part = self.requested_part(position, slot, &narrowed)?;
        for (way, cost) in part.iter_mut().enumerate() {
            if nodes[way].is_some() && narrowed[way].is_none() {
                *cost = Some(UNKNOWN_TYPE);
            }
        }
        if part.iter().any(Option::is_some) {
            into.push(part);
            return Ok(true);
        }
        let Some(child) = self.slot(position, slot).child else {
            return Ok(false);
        };
        let field = &self.slot(position, slot).key.field;
        let below: Vec<Option<NodeId>> =
            narrowed.iter().map(|node| self.to(*node, field)).collect();
        Ok(below.iter().any(Option::is_some) && self.requested_parts(child, &below, into)?)
    }

    /// The cost of a slot by each way.
    fn requested_part(
        &mut self,
        position: PositionId,
        slot: u16,
        nodes: &[Option<NodeId>],
    ) -> Result<Part, PlanError> {
        let mut part = Part::with_capacity(nodes.len());
        for node in nodes {
            let mut used = Default::default();
            let cost = match node {
                Some(node) => self.reachability.slot_cost(
                    &self.positions,
                    *node,
                    position,
                    slot,
                    &mut used,
                )?,
                None => None,
            };
            part.push(cost.map(|cost| cost + used.values().sum::<u32>()));
        }
        Ok(part)
    }

    /// The object types that some way knows, among those of a slot.
    fn known_members(&self, nodes: &[Option<NodeId>], types: &[TypeId]) -> Vec<TypeId> {
        let knows = |ty: &TypeId| {
            let mut nodes = nodes.iter().flatten();
            nodes.any(|node| self.graph.narrowed(*node, *ty).is_some())
        };
        types.iter().copied().filter(knows).collect()
    }

    /// Whether each way that has arrived knows all of these object types.
    fn all_know(&self, nodes: &[Option<NodeId>], members: &[TypeId]) -> bool {
        let mut nodes = nodes.iter().flatten();
        nodes.all(|node| {
            let mut members = members.iter();
            members.all(|member| self.graph.narrowed(*node, *member).is_some())
        })
    }

    /// Collects the parts of a field set in the same way.
    fn required_parts(
        &mut self,
        set: &FieldSet,
        nodes: &[Option<NodeId>],
        into: &mut Vec<Part>,
    ) -> Result<bool, PlanError> {
        for item in &set.items {
            let only = FieldSet {
                items: vec![item.clone()],
            };
            let mut part = Part::with_capacity(nodes.len());
            for node in nodes {
                part.push(match node {
                    Some(node) => self.reachability.obtain_from(*node, &only)?,
                    None => None,
                });
            }
            if part.iter().any(Option::is_some) {
                into.push(part);
                continue;
            }
            let FieldSetItem::Field { name, children, .. } = item else {
                return Ok(false);
            };
            let below: Vec<Option<NodeId>> =
                nodes.iter().map(|node| self.to(*node, name)).collect();
            if below.iter().all(Option::is_none) || !self.required_parts(children, &below, into)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Where a field leads to from a node.
    fn to(&self, node: Option<NodeId>, field: &str) -> Option<NodeId> {
        self.reachability.readable_edge(node?, field)?.to
    }

    /// The cheapest combination of ways that serves every part. Without parts, all ways are kept: some part depends on
    /// the concrete type, or is found only one level deeper, where the choice is made again.
    fn combine(
        &mut self,
        ways: Vec<Way>,
        parts: Option<Vec<Part>>,
    ) -> Result<Vec<Choice>, PlanError> {
        let chosen = match parts {
            None => (0..ways.len()).collect(),
            Some(parts) => {
                let all = ways.len().min(COMPARED_WAYS);
                self.reachability
                    .spend((1 << all) + ways.len() * parts.len())?;
                match ways.len() > COMPARED_WAYS {
                    true => one_by_one(&ways, &parts),
                    false => compare(&ways, &parts, |entering, below| entering + below),
                }
            }
        };
        let ways = ways.into_iter().enumerate();
        let chosen = ways.filter(|(index, _)| chosen.contains(index));
        Ok(chosen.map(|(_, way)| way.choice).collect())
    }
}

/// The combination that serves every part at the least value of `order`, which takes the cost of entering the ways and the
/// cost below them.
fn compare<O: Ord>(ways: &[Way], parts: &[Part], order: impl Fn(u32, u32) -> O) -> Vec<usize> {
    let mut best: Option<(O, Vec<usize>)> = None;
    for combination in 1u32..1 << ways.len() {
        let chosen = (0..ways.len()).filter(|way| combination & (1 << way) != 0);
        let entering = chosen.clone().map(|way| ways[way].cost).sum();
        let below = parts
            .iter()
            .map(|part| chosen.clone().filter_map(|way| part[way]).min());
        let Some(below) = below.sum::<Option<u32>>() else {
            continue;
        };
        let value = order(entering, below);
        if best.as_ref().is_none_or(|(least, _)| value < *least) {
            best = Some((value, chosen.collect()));
        }
    }
    best.map(|(_, chosen)| chosen).unwrap_or_default()
}

/// A combination, by adding the way that serves the most parts that are left.
fn one_by_one(ways: &[Way], parts: &[Part]) -> Vec<usize> {
    let mut chosen = Vec::new();
    let mut open: Vec<&Part> = parts.iter().collect();
    while !open.is_empty() {
        let served = |way: usize| open.iter().filter(|part| part[way].is_some()).count();
        let best = (0..ways.len()).max_by_key(|way| (served(*way), std::cmp::Reverse(*way)));
        let Some(best) = best.filter(|way| served(*way) > 0) else {
            break;
        };
        chosen.push(best);
        open.retain(|part| part[best].is_none());
    }
    chosen
}
