//! The planner: decides where each slot comes from.
//!
//! It stands at a set of positions for the rows of one selection. It serves what has only one provider first, then
//! prefers positions already entered, and only then adds the cheapest lookup; ties break by order, which is by name, so
//! that plans are deterministic.

use std::collections::HashMap;
use std::rc::Rc;

use apollo_compiler::Name;

use super::PlanError;
use super::draft::Draft;
use super::draft::Entry;
use super::draft::Input;
use super::draft::Level;
use super::draft::Origin;
use super::draft::PosId;
use super::draft::Position;
use super::draft::Tree;
use super::draft::TreeId;
use super::draft::merge_input;
use super::guard::Guard;
use super::need::Need;
use super::need::NeedId;
use super::need::Slot;
use super::need::slot_key;
use super::need::type_applies;
use super::reach::Reach;
use super::reach::Reachability;
use crate::connector::FieldSet;
use crate::connector::FieldSetItem;
use crate::graph::query::ConnectMode;
use crate::graph::query::LookupId;
use crate::graph::query::LookupKind;
use crate::graph::query::NodeId;
use crate::graph::query::QueryGraph;
use crate::graph::query::TypeId;

pub(super) struct Planner<'g> {
    pub(super) graph: &'g QueryGraph,
    pub(super) reach: Reachability<'g>,
    pub(super) needs: Vec<Need>,
    pub(super) fetches: Vec<Draft>,
    pub(super) trees: Vec<Tree>,
    pub(super) positions: Vec<Position>,
    levels: HashMap<(NeedId, TypeId), Level>,
    /// Who provides a slot to rows of a type.
    pub(super) served: HashMap<(NeedId, u16, TypeId), PosId>,
    /// Entries made to learn the concrete types of a need's rows.
    pub(super) typed_by: HashMap<NeedId, PosId>,
    children: HashMap<(PosId, u16), PosId>,
    casts: HashMap<(PosId, TypeId), PosId>,
    entering: Vec<(NeedId, Entry)>,
    sequence: u32,
}

/// The way in which a slot is to be served.
#[derive(Debug, Clone)]
enum Choice {
    Here(PosId),
    Enter(Entry),
}

impl<'g> Planner<'g> {
    pub(super) fn new(reach: Reachability<'g>, needs: Vec<Need>) -> Self {
        Planner {
            graph: reach.graph,
            reach,
            needs,
            fetches: Vec::new(),
            trees: Vec::new(),
            positions: Vec::new(),
            levels: HashMap::new(),
            served: HashMap::new(),
            typed_by: HashMap::new(),
            children: HashMap::new(),
            casts: HashMap::new(),
            entering: Vec::new(),
            sequence: 0,
        }
    }

    /// Plans a query's root, or all of a mutation's root fields one after the other.
    pub(super) fn plan_root(&mut self, need: NeedId, serial: bool) -> Result<(), PlanError> {
        let ty = self.needs[need.0 as usize].ty;
        if !serial {
            return self.plan_need(need, Vec::new());
        }
        for slot in 0..self.needs[need.0 as usize].slots.len() as u16 {
            self.sequence = u32::from(slot);
            self.levels.insert((need, ty), Level::default());
            self.serve_slot(need, ty, slot)?;
            self.plan_child(need, slot)?;
        }
        Ok(())
    }

    fn plan_need(&mut self, need: NeedId, positions: Vec<PosId>) -> Result<(), PlanError> {
        let ty = self.needs[need.0 as usize].ty;
        self.join_level(need, ty, positions);
        if self.graph.types.info(ty).is_object {
            self.serve_level(need, ty)?;
        } else {
            self.serve_abstract(need, ty)?;
        }
        for slot in 0..self.needs[need.0 as usize].slots.len() as u16 {
            self.plan_child(need, slot)?;
        }
        Ok(())
    }

    fn plan_child(&mut self, need: NeedId, slot: u16) -> Result<(), PlanError> {
        let Some(child) = self.slot(need, slot).child else {
            return Ok(());
        };
        let positions = self.child_positions(need, slot);
        if positions.is_empty() {
            return Ok(());
        }
        self.plan_need(child, positions)
    }

    fn slot(&self, need: NeedId, slot: u16) -> &Slot {
        &self.needs[need.0 as usize].slots[slot as usize]
    }

    fn position(&self, pos: PosId) -> &Position {
        &self.positions[pos.0 as usize]
    }

    fn join_level(&mut self, need: NeedId, ty: TypeId, positions: Vec<PosId>) {
        for pos in positions {
            let level = self.levels.entry((need, ty)).or_default();
            if !level.positions.contains(&pos) {
                level.reach = None;
                self.stand(need, ty, pos);
            }
        }
    }

    /// Adds a position to a level.
    fn stand(&mut self, need: NeedId, ty: TypeId, pos: PosId) {
        let node = self.graph.node(self.positions[pos.0 as usize].node);
        let level = self.levels.entry((need, ty)).or_default();
        level.positions.push(pos);
        for field in node.fields.keys() {
            let offering = level.by_field.entry(field.clone()).or_default();
            offering.push(pos);
        }
    }

    /// The positions of a level that offer a slot's field, in the order in which they were taken.
    fn offering(&self, need: NeedId, ty: TypeId, slot: u16) -> Vec<PosId> {
        let field = &self.slot(need, slot).key.field;
        let level = self.levels.get(&(need, ty));
        let offering = level.and_then(|level| level.by_field.get(field));
        let mut offering = offering.cloned().unwrap_or_default();
        offering.retain(|pos| self.answers(*pos, slot));
        offering
    }

    /// What can be entered from a level. It is worked out again only when a position was taken that makes something
    /// cheaper: otherwise a type with a thousand connectors would cost a million steps.
    fn level_reach(&mut self, need: NeedId, ty: TypeId) -> Result<Rc<Reach>, PlanError> {
        let level = self.levels.get(&(need, ty));
        if let Some(known) = level.and_then(|level| level.reach.clone()) {
            return Ok(known);
        }
        let nodes = self.level_nodes(need, ty);
        let reach = self.reach.reach(ty, &nodes)?;
        self.levels.entry((need, ty)).or_default().reach = Some(reach.clone());
        Ok(reach)
    }

    fn level_positions(&self, need: NeedId, ty: TypeId) -> Vec<PosId> {
        self.levels
            .get(&(need, ty))
            .map(|level| level.positions.clone())
            .unwrap_or_default()
    }

    fn level_nodes(&self, need: NeedId, ty: TypeId) -> Vec<NodeId> {
        self.level_positions(need, ty)
            .iter()
            .map(|pos| self.position(*pos).node)
            .collect()
    }

    /// Serves every slot of an object type's rows, those with the fewest providers first.
    fn serve_level(&mut self, need: NeedId, ty: TypeId) -> Result<(), PlanError> {
        let mut pending = Vec::new();
        for slot in 0..self.needs[need.0 as usize].slots.len() as u16 {
            let counts = self.slot(need, slot).types.binary_search(&ty).is_ok();
            if counts && !self.served.contains_key(&(need, slot, ty)) {
                pending.push((self.providers(need, ty, slot)?, slot));
            }
        }
        pending.sort();
        let slots: Vec<u16> = pending.into_iter().map(|(_, slot)| slot).collect();
        for (done, &slot) in slots.iter().enumerate() {
            if !self.served.contains_key(&(need, slot, ty)) {
                self.serve_slot_among(need, ty, slot, &slots[done..])?;
            }
        }
        Ok(())
    }

    /// How many ways lead to a slot.
    fn providers(&mut self, need: NeedId, ty: TypeId, slot: u16) -> Result<usize, PlanError> {
        let field = self.slot(need, slot).key.field.clone();
        let offering = self.offering(need, ty, slot);
        let here = offering
            .iter()
            .filter(|pos| {
                let node = self.position(**pos).node;
                self.reach.free_edge(node, &field).is_some()
            })
            .count();
        let reach = self.level_reach(need, ty)?;
        let lookups = reach.offering(&field);
        self.reach.spend(1 + lookups.len())?;
        let graph = self.graph;
        let there = lookups
            .iter()
            .filter(|lookup| self.reach.edge(graph.lookup(**lookup).to, &field).is_some())
            .count();
        Ok(here + there)
    }

    fn serve_slot(&mut self, need: NeedId, ty: TypeId, slot: u16) -> Result<(), PlanError> {
        self.serve_slot_among(need, ty, slot, &[])
    }

    /// Serves one slot. `pending` are the slots that remain to be served at this level: of two equally cheap lookups, the
    /// one that serves more of them is taken.
    fn serve_slot_among(
        &mut self,
        need: NeedId,
        ty: TypeId,
        slot: u16,
        pending: &[u16],
    ) -> Result<(), PlanError> {
        let choice = match self.choose(need, ty, slot, pending)? {
            Some(choice) => vec![choice],
            None => self.choose_parts(need, ty, slot)?,
        };
        let mut first = None;
        for choice in choice {
            let pos = match choice {
                Choice::Here(pos) => pos,
                Choice::Enter(entry) => self.enter(need, ty, entry)?,
            };
            first.get_or_insert(pos);
        }
        let pos = first.ok_or_else(|| self.unsatisfiable(need, slot))?;
        self.provide(need, ty, slot, pos);
        Ok(())
    }

    fn provide(&mut self, need: NeedId, ty: TypeId, slot: u16, pos: PosId) {
        self.served.insert((need, slot, ty), pos);
        self.add_field(pos, slot);
    }

    /// The cheapest way to serve a slot in full, if one way can.
    fn choose(
        &mut self,
        need: NeedId,
        ty: TypeId,
        slot: u16,
        pending: &[u16],
    ) -> Result<Option<Choice>, PlanError> {
        let field = self.slot(need, slot).key.field.clone();
        let child = self.slot(need, slot).child;
        let mut best: Option<(u32, Choice)> = None;
        for pos in self.offering(need, ty, slot) {
            self.reach.spend(1)?;
            if !self.stands_for_all(pos, &field) {
                continue;
            }
            let Some(cost) =
                self.reach
                    .served_here(&self.needs, self.position(pos).node, need, slot)?
            else {
                continue;
            };
            if best.as_ref().is_none_or(|(b, _)| cost < *b) {
                best = Some((cost, Choice::Here(pos)));
            }
        }
        if matches!(best, Some((0, _))) {
            return Ok(best.map(|(_, choice)| choice));
        }
        let mut entering: Option<(u32, Entry)> = None;
        for (entry, cost) in self.entries(need, ty, slot)? {
            let to = self.graph.lookup(entry.lookup).to;
            let below = match (self.reach.edge(to, &field).and_then(|edge| edge.to), child) {
                (Some(to), Some(child)) => match self.reach.cost(&self.needs, to, child)? {
                    Some(cost) => cost,
                    None => continue,
                },
                _ => 0,
            };
            let total = cost + below;
            let better = match &entering {
                Some((best, other)) if total == *best => {
                    let other = self.graph.lookup(other.lookup).to;
                    self.covered(need, to, pending)? > self.covered(need, other, pending)?
                }
                Some((best, _)) => total < *best,
                None => true,
            };
            if better {
                entering = Some((total, entry));
            }
        }
        let choice = match (best, entering) {
            (Some((here, _)), Some((there, entry))) if there < here => Some(Choice::Enter(entry)),
            (Some((_, choice)), _) => Some(choice),
            (None, Some((_, entry))) => Some(Choice::Enter(entry)),
            (None, None) => None,
        };
        Ok(choice)
    }

    /// How many of these slots a node offers.
    fn covered(&mut self, need: NeedId, node: NodeId, slots: &[u16]) -> Result<usize, PlanError> {
        self.reach.spend(slots.len())?;
        let offered = slots.iter().filter(|slot| {
            let field = &self.slot(need, **slot).key.field;
            self.reach.free_edge(node, field).is_some()
        });
        Ok(offered.count())
    }

    /// The lookups that lead to a slot from this level, with the cost of entering them.
    fn entries(
        &mut self,
        need: NeedId,
        ty: TypeId,
        slot: u16,
    ) -> Result<Vec<(Entry, u32)>, PlanError> {
        let field = self.slot(need, slot).key.field.clone();
        let reach = self.level_reach(need, ty)?;
        let lookups = reach.offering(&field);
        self.reach.spend(lookups.len())?;
        let mut entries = Vec::new();
        for &lookup in lookups {
            let cost = reach.lookups.get(&lookup).copied().unwrap_or_default();
            let Some(edge) = self.reach.edge(self.graph.lookup(lookup).to, &field) else {
                continue;
            };
            if !self.knows_all_members(need, ty, lookup) {
                continue;
            }
            let required = edge.requires.is_some().then(|| field.clone());
            let cost = match &required {
                None => cost,
                Some(field) => match reach.required_cost(lookup, field) {
                    Some(cost) => cost,
                    None => continue,
                },
            };
            let slot = self.serves_one_field(lookup).then_some(slot);
            let entry = Entry {
                lookup,
                slot,
                required,
            };
            if !self.entering.iter().any(|(n, e)| {
                *n == need && e.lookup == entry.lookup && e.required == entry.required
            }) {
                entries.push((entry, cost));
            }
        }
        Ok(entries)
    }

    fn serves_one_field(&self, lookup: LookupId) -> bool {
        matches!(
            self.graph.lookup(lookup).kind,
            LookupKind::Connect {
                mode: ConnectMode::Root | ConnectMode::Implicit,
                ..
            }
        )
    }

    /// Whether a position can give a slot of its level: a call that takes the arguments of one slot answers no other,
    /// though it be of the same field.
    fn answers(&self, pos: PosId, slot: u16) -> bool {
        let position = self.position(pos);
        let draft = &self.fetches[position.fetch];
        draft.need != position.need || draft.arguments_of.is_none_or(|own| own == slot)
    }

    /// At an abstract level: whether a service resolves the field for each of its members as it does for the whole.
    fn stands_for_all(&self, pos: PosId, field: &Name) -> bool {
        let node = self.graph.node(self.position(pos).node);
        node.downcasts
            .values()
            .all(|member| self.reach.free_edge(*member, field).is_some())
    }

    /// A lookup on an abstract type must know every member that the rows at hand can be of.
    fn knows_all_members(&self, need: NeedId, ty: TypeId, lookup: LookupId) -> bool {
        if self.graph.types.info(ty).is_object {
            return true;
        }
        let to = self.graph.node(self.graph.lookup(lookup).to);
        let own = self.level_positions(need, ty);
        to.interface_object
            || own.iter().all(|pos| {
                let node = self.graph.node(self.position(*pos).node);
                node.interface_object
                    || node
                        .downcasts
                        .keys()
                        .all(|member| to.downcasts.contains_key(member))
            })
    }

    /// Several ways, each for a part of a composite slot that has no key of its own.
    fn choose_parts(
        &mut self,
        need: NeedId,
        ty: TypeId,
        slot: u16,
    ) -> Result<Vec<Choice>, PlanError> {
        let Some(child) = self.slot(need, slot).child else {
            return Ok(Vec::new());
        };
        let field = self.slot(need, slot).key.field.clone();
        let mut candidates = Vec::new();
        for pos in self.offering(need, ty, slot) {
            if let Some(to) = self
                .reach
                .free_edge(self.position(pos).node, &field)
                .and_then(|edge| edge.to)
            {
                candidates.push((0, to, Choice::Here(pos)));
            }
        }
        let mut entries = self.entries(need, ty, slot)?;
        entries.sort_by_key(|(entry, cost)| (*cost, entry.lookup));
        for (entry, cost) in entries {
            let to = self
                .reach
                .edge(self.graph.lookup(entry.lookup).to, &field)
                .and_then(|edge| edge.to);
            if let Some(to) = to {
                candidates.push((cost, to, Choice::Enter(entry)));
            }
        }
        let mut open: Vec<u16> = (0..self.needs[child.0 as usize].slots.len() as u16).collect();
        let mut chosen = Vec::new();
        for (_, to, choice) in &candidates {
            let mut rest = Vec::new();
            for &part in &open {
                let cost =
                    self.reach
                        .slot_cost(&self.needs, *to, child, part, &mut Default::default())?;
                if cost.is_none() {
                    rest.push(part);
                }
            }
            if rest.len() < open.len() {
                chosen.push(choice.clone());
                open = rest;
            }
        }
        if !open.is_empty() {
            // Parts of parts: stand everywhere, and let the level below choose.
            return Ok(candidates
                .into_iter()
                .map(|(_, _, choice)| choice)
                .collect());
        }
        Ok(chosen)
    }

    /// Enters a lookup: its keys become slots of the rows it starts from, served first.
    fn enter(&mut self, need: NeedId, ty: TypeId, entry: Entry) -> Result<PosId, PlanError> {
        if let Some(level) = self.levels.get(&(need, ty))
            && let Some(&pos) = level.entered.get(&entry)
        {
            return Ok(pos);
        }
        let lookup = self.graph.lookup(entry.lookup);
        self.entering.push((need, entry.clone()));
        let inputs = self.require_inputs(need, ty, &entry);
        self.entering.pop();
        let inputs = inputs?;
        let tree = self.add_tree(need, lookup.to);
        self.fetches.push(Draft {
            lookup: entry.lookup,
            need,
            ty,
            arguments_of: entry.slot,
            inputs,
            tree,
            sequence: self.sequence,
            merged_into: None,
        });
        let fetch = self.fetches.len() - 1;
        let pos = self.add_position(Position {
            fetch,
            node: lookup.to,
            need,
            origin: Origin::Entry,
            tree: Some(tree),
        });
        self.stand(need, ty, pos);
        let level = self.levels.entry((need, ty)).or_default();
        level.entered.insert(entry, pos);
        let opened = &self.graph.node(lookup.to).fields;
        if let Some(reach) = &level.reach {
            if reach.open.iter().any(|name| opened.contains_key(name)) {
                level.reach = None;
            }
        }
        Ok(pos)
    }

    fn require_inputs(
        &mut self,
        need: NeedId,
        ty: TypeId,
        entry: &Entry,
    ) -> Result<Vec<Input>, PlanError> {
        let lookup = self.graph.lookup(entry.lookup);
        let mut inputs = self.require(need, ty, &lookup.key)?;
        inputs.iter_mut().for_each(mark_key);
        if let Some(field) = &entry.required {
            let requires = self
                .graph
                .node(lookup.to)
                .fields
                .get(field)
                .and_then(|edge| edge.requires.as_ref());
            if let Some(requires) = requires {
                for input in self.require(need, ty, requires)? {
                    merge_input(&mut inputs, input);
                }
            }
        }
        Ok(inputs)
    }

    /// Makes the fields of a set known for the rows of a level, as hidden slots where nobody asked for them.
    fn require(
        &mut self,
        need: NeedId,
        ty: TypeId,
        set: &FieldSet,
    ) -> Result<Vec<Input>, PlanError> {
        let mut inputs = Vec::new();
        for item in &set.items {
            match item {
                FieldSetItem::Field { name, .. } if name == "__typename" => merge_input(
                    &mut inputs,
                    Input {
                        name: name.clone(),
                        slot: None,
                        text: true,
                        key: false,
                        only: None,
                        children: Vec::new(),
                    },
                ),
                FieldSetItem::Field {
                    name,
                    arguments,
                    children,
                } => {
                    for input in self.require_field(need, ty, name, arguments, children)? {
                        merge_input(&mut inputs, input);
                    }
                }
                FieldSetItem::Fragment { on, children } => {
                    for member in self.members_at(need, ty) {
                        if !type_applies(self.graph, Some(on), member) {
                            continue;
                        }
                        self.enter_members(need, ty, member);
                        for mut input in self.require(need, member, children)? {
                            input.only = (member != ty).then_some(member);
                            merge_input(&mut inputs, input);
                        }
                    }
                }
            }
        }
        Ok(inputs)
    }

    fn require_field(
        &mut self,
        need: NeedId,
        ty: TypeId,
        name: &Name,
        arguments: &[(Name, apollo_compiler::Node<apollo_compiler::ast::Value>)],
        children: &FieldSet,
    ) -> Result<Vec<Input>, PlanError> {
        let slot = self.hidden_slot(need, ty, name, arguments)?;
        let text = self.graph.types.info(ty).texts.contains(name);
        let level_type = self.level_type_for(need, ty, slot)?;
        if let Some(level_type) = level_type {
            if !self.served.contains_key(&(need, slot, level_type)) {
                self.serve_slot(need, level_type, slot)?;
            }
            let children = self.require_children(need, slot, children)?;
            return Ok(vec![Input {
                name: name.clone(),
                slot: Some(slot),
                text,
                key: false,
                only: None,
                children,
            }]);
        }
        // An abstract level that no one position serves as a whole: member by member.
        let mut inputs = Vec::new();
        for (member, slot) in self.split(need, ty, slot)? {
            let children = self.require_children(need, slot, children)?;
            inputs.push(Input {
                name: name.clone(),
                slot: Some(slot),
                text,
                key: false,
                only: Some(member),
                children,
            });
        }
        Ok(inputs)
    }

    fn require_children(
        &mut self,
        need: NeedId,
        slot: u16,
        children: &FieldSet,
    ) -> Result<Vec<Input>, PlanError> {
        let (false, Some(child)) = (children.is_empty(), self.slot(need, slot).child) else {
            return Ok(Vec::new());
        };
        let positions = self.child_positions(need, slot);
        let ty = self.needs[child.0 as usize].ty;
        self.join_level(child, ty, positions);
        self.require(child, ty, children)
    }

    /// The type of the level at which a slot is served as a whole: the need's own, if it can be.
    fn level_type_for(
        &mut self,
        need: NeedId,
        ty: TypeId,
        slot: u16,
    ) -> Result<Option<TypeId>, PlanError> {
        let whole = self.needs[need.0 as usize].ty;
        if self.served.contains_key(&(need, slot, whole)) {
            return Ok(Some(whole));
        }
        if self.graph.types.info(ty).is_object || self.served.contains_key(&(need, slot, ty)) {
            return Ok(Some(ty));
        }
        Ok(self.choose(need, ty, slot, &[])?.map(|_| ty))
    }

    /// Serves the slots of rows of an abstract type: as a whole where one position can, else type by type.
    fn serve_abstract(&mut self, need: NeedId, ty: TypeId) -> Result<(), PlanError> {
        if self.needs[need.0 as usize].needs_typename {
            self.ensure_typename(need, ty)?;
        }
        let possible = self.graph.types.info(ty).possible.len();
        for slot in 0..self.needs[need.0 as usize].slots.len() as u16 {
            let types = self.slot(need, slot).types.clone();
            if types
                .iter()
                .any(|t| self.served.contains_key(&(need, slot, *t)))
                || self.served.contains_key(&(need, slot, ty))
            {
                continue;
            }
            if types.len() == possible
                && let Some(choice) = self.choose(need, ty, slot, &[])?
            {
                let pos = match choice {
                    Choice::Here(pos) => pos,
                    Choice::Enter(entry) => self.enter(need, ty, entry)?,
                };
                self.provide(need, ty, slot, pos);
                continue;
            }
            self.split(need, ty, slot)?;
        }
        Ok(())
    }

    /// A position that only knows an `@interfaceObject` cannot tell the concrete type: a service that owns the interface
    /// must be entered, even when only `__typename` was asked.
    fn ensure_typename(&mut self, need: NeedId, ty: TypeId) -> Result<(), PlanError> {
        let nodes = self.level_nodes(need, ty);
        if nodes.is_empty()
            || nodes
                .iter()
                .any(|node| !self.graph.node(*node).interface_object)
        {
            return Ok(());
        }
        let reach = self.reach.reach(ty, &nodes)?;
        let owner = reach
            .lookups
            .iter()
            .filter(|(lookup, _)| {
                !self
                    .graph
                    .node(self.graph.lookup(**lookup).to)
                    .interface_object
            })
            .min_by_key(|(lookup, cost)| (**cost, **lookup))
            .map(|(lookup, _)| *lookup);
        let Some(lookup) = owner else {
            return Err(PlanError::Unsatisfiable(self.path(need)));
        };
        let entry = Entry {
            lookup,
            slot: None,
            required: None,
        };
        let pos = self.enter(need, ty, entry)?;
        self.typed_by.insert(need, pos);
        Ok(())
    }

    /// Serves a slot of an abstract level type by type, each type with a slot of its own. Gives the new slots.
    fn split(
        &mut self,
        need: NeedId,
        ty: TypeId,
        slot: u16,
    ) -> Result<Vec<(TypeId, u16)>, PlanError> {
        // Whose field it is must be known before it is asked for.
        self.ensure_typename(need, ty)?;
        let mut members = self.members_at(need, ty);
        let types = self.slot(need, slot).types.clone();
        members.retain(|member| types.contains(member));
        let mut made = Vec::new();
        for (index, &member) in members.iter().enumerate() {
            let own = if index + 1 == members.len() {
                self.needs[need.0 as usize].slots[slot as usize].types = vec![member];
                slot
            } else {
                self.clone_slot(need, slot, member)?
            };
            self.enter_members(need, ty, member);
            if !self.served.contains_key(&(need, own, member)) {
                self.serve_slot(need, member, own)?;
            }
            made.push((member, own));
        }
        self.reach.forget_costs();
        Ok(made)
    }

    fn clone_slot(&mut self, need: NeedId, slot: u16, member: TypeId) -> Result<u16, PlanError> {
        self.reach.spend(1)?;
        let mut copy = self.slot(need, slot).clone();
        copy.types = vec![member];
        let key = copy.key.clone();
        let child = copy.child.take();
        let slots = &mut self.needs[need.0 as usize].slots;
        let own = u16::try_from(slots.len()).map_err(|_| PlanError::TooComplex)?;
        slots.push(copy);
        if let Some(child) = child {
            let child = self.clone_need(child, (need, own))?;
            self.needs[need.0 as usize].slots[own as usize].child = Some(child);
        }
        self.needs[need.0 as usize]
            .index
            .entry(member)
            .or_default()
            .insert(key, own);
        Ok(own)
    }

    fn clone_need(&mut self, need: NeedId, parent: (NeedId, u16)) -> Result<NeedId, PlanError> {
        let own = &self.needs[need.0 as usize];
        let entries: usize = own.index.values().map(|slots| 1 + slots.len()).sum();
        self.reach.spend(8 * (1 + own.slots.len() + entries))?;
        let mut copy = own.clone();
        copy.parent = Some(parent);
        let id = NeedId(self.needs.len() as u32);
        let children: Vec<Option<NeedId>> = copy.slots.iter().map(|slot| slot.child).collect();
        self.needs.push(copy);
        for (slot, child) in children.into_iter().enumerate() {
            if let Some(child) = child {
                let child = self.clone_need(child, (id, slot as u16))?;
                self.needs[id.0 as usize].slots[slot].child = Some(child);
            }
        }
        Ok(id)
    }

    /// The concrete types that rows at this level can have, by what the positions there know.
    fn members_at(&self, need: NeedId, ty: TypeId) -> Vec<TypeId> {
        let info = self.graph.types.info(ty);
        if info.is_object {
            return vec![ty];
        }
        let mut members: Vec<TypeId> = Vec::new();
        for pos in self.level_positions(need, ty) {
            let node = self.graph.node(self.position(pos).node);
            if node.interface_object {
                return info.possible.clone();
            }
            if matches!(self.position(pos).origin, Origin::Entry) && !members.is_empty() {
                continue;
            }
            members.extend(node.downcasts.keys().copied());
        }
        members.sort();
        members.dedup();
        members
    }

    /// Stands at the rows of one concrete type among those of an abstract level.
    fn enter_members(&mut self, need: NeedId, ty: TypeId, member: TypeId) {
        if ty == member {
            return;
        }
        let mut positions = Vec::new();
        for pos in self.level_positions(need, ty) {
            let node = self.graph.node(self.position(pos).node);
            let target = if node.interface_object {
                Some(self.position(pos).node)
            } else {
                node.downcasts.get(&member).copied()
            };
            if let Some(target) = target {
                positions.push(self.cast(pos, member, target));
            }
        }
        self.join_level(need, member, positions);
    }

    fn cast(&mut self, pos: PosId, member: TypeId, node: NodeId) -> PosId {
        if let Some(&known) = self.casts.get(&(pos, member)) {
            return known;
        }
        let Position {
            fetch,
            need,
            node: own,
            ..
        } = *self.position(pos);
        if own == node {
            return pos;
        }
        let origin = Origin::Cast(pos, member);
        let cast = self.add_position(Position {
            fetch,
            node,
            need,
            origin,
            tree: None,
        });
        self.casts.insert((pos, member), cast);
        cast
    }

    /// Where the planner stands for the rows of a composite slot: its provider first, then every other position of the
    /// level that offers the field as well.
    fn child_positions(&mut self, need: NeedId, slot: u16) -> Vec<PosId> {
        let (field, types) = (
            self.slot(need, slot).key.field.clone(),
            self.slot(need, slot).types.clone(),
        );
        let Some(child) = self.slot(need, slot).child else {
            return Vec::new();
        };
        let static_type = self.needs[need.0 as usize].ty;
        let mut parents = Vec::new();
        for ty in std::iter::once(static_type).chain(types) {
            let Some(&provider) = self.served.get(&(need, slot, ty)) else {
                continue;
            };
            parents.push(provider);
            // Behind `@requires` only the fetch that was entered for the field can be asked for it.
            let others = self.offering(need, ty, slot).into_iter();
            parents.extend(others.filter(|pos| {
                let node = self.position(*pos).node;
                self.reach.free_edge(node, &field).is_some()
            }));
        }
        let mut positions = Vec::new();
        for parent in parents {
            let edge = self.reach.edge(self.position(parent).node, &field);
            let Some(to) = edge.and_then(|edge| edge.to) else {
                continue;
            };
            let pos = self.child_position(parent, slot, to, child);
            if !positions.contains(&pos) {
                positions.push(pos);
            }
        }
        positions
    }

    fn child_position(&mut self, parent: PosId, slot: u16, node: NodeId, need: NeedId) -> PosId {
        if let Some(&known) = self.children.get(&(parent, slot)) {
            return known;
        }
        let fetch = self.position(parent).fetch;
        let origin = Origin::Field(parent, slot);
        let pos = self.add_position(Position {
            fetch,
            node,
            need,
            origin,
            tree: None,
        });
        self.children.insert((parent, slot), pos);
        pos
    }

    fn add_position(&mut self, position: Position) -> PosId {
        self.positions.push(position);
        PosId((self.positions.len() - 1) as u32)
    }

    fn add_tree(&mut self, need: NeedId, node: NodeId) -> TreeId {
        self.trees.push(Tree {
            need,
            node,
            fields: Vec::new(),
            casts: Vec::new(),
        });
        TreeId((self.trees.len() - 1) as u32)
    }

    /// The tree of a position; it is made, and its parents with it, when the position is first used.
    fn tree_of(&mut self, pos: PosId) -> TreeId {
        if let Some(tree) = self.position(pos).tree {
            return tree;
        }
        let Position {
            node, need, origin, ..
        } = *self.position(pos);
        let tree = match origin {
            Origin::Field(parent, slot) => {
                let parent = self.tree_of(parent);
                self.field_tree(parent, slot, node)
            }
            Origin::Cast(parent, ty) => {
                let parent = self.tree_of(parent);
                let tree = self.add_tree(need, node);
                self.trees[parent.0 as usize].casts.push((ty, tree));
                tree
            }
            Origin::Entry => self.add_tree(need, node),
        };
        self.positions[pos.0 as usize].tree = Some(tree);
        tree
    }

    fn field_tree(&mut self, parent: TreeId, slot: u16, node: NodeId) -> TreeId {
        let known = self.trees[parent.0 as usize]
            .fields
            .iter()
            .find(|(s, _)| *s == slot)
            .and_then(|(_, tree)| *tree);
        if let Some(tree) = known {
            return tree;
        }
        let need = self.trees[parent.0 as usize].need;
        let child = self.slot(need, slot).child.unwrap_or(need);
        let tree = self.add_tree(child, node);
        self.trees[parent.0 as usize]
            .fields
            .push((slot, Some(tree)));
        tree
    }

    fn add_field(&mut self, pos: PosId, slot: u16) {
        let tree = self.tree_of(pos);
        let need = self.trees[tree.0 as usize].need;
        if self.trees[tree.0 as usize]
            .fields
            .iter()
            .any(|(known, _)| *known == slot)
        {
            return;
        }
        match self.slot(need, slot).child {
            None => self.trees[tree.0 as usize].fields.push((slot, None)),
            Some(child) => {
                let field = self.slot(need, slot).key.field.clone();
                let to = self
                    .reach
                    .edge(self.position(pos).node, &field)
                    .and_then(|edge| edge.to);
                let Some(to) = to else { return };
                let below = self.child_position(pos, slot, to, child);
                self.tree_of(below);
            }
        }
    }

    /// The slot of a field at a level, added without a guard of its own when nobody asked for it.
    fn hidden_slot(
        &mut self,
        need: NeedId,
        ty: TypeId,
        name: &Name,
        arguments: &[(Name, apollo_compiler::Node<apollo_compiler::ast::Value>)],
    ) -> Result<u16, PlanError> {
        let arguments: Vec<_> = arguments
            .iter()
            .map(|(name, value)| {
                apollo_compiler::Node::new(apollo_compiler::ast::Argument {
                    name: name.clone(),
                    value: value.clone(),
                })
            })
            .collect();
        let key = slot_key(name, &arguments);
        let types = self.graph.types.info(ty).possible.clone();
        let index = &self.needs[need.0 as usize].index;
        let known: Vec<Option<u16>> = types
            .iter()
            .map(|t| index.get(t).and_then(|slots| slots.get(&key)).copied())
            .collect();
        if let Some(&Some(slot)) = known.first()
            && known.iter().all(|other| *other == Some(slot))
            && self.slot(need, slot).types.len() >= types.len()
        {
            return Ok(slot);
        }
        self.reach.spend(1)?;
        let child = self.child_type(ty, name);
        let slots = &mut self.needs[need.0 as usize].slots;
        let slot = u16::try_from(slots.len()).map_err(|_| PlanError::TooComplex)?;
        slots.push(Slot {
            key: key.clone(),
            arguments,
            types: types.clone(),
            guard: Guard::never(),
            child: None,
        });
        if let Some(child) = child {
            let id = NeedId(self.needs.len() as u32);
            let index = self
                .graph
                .types
                .info(child)
                .possible
                .iter()
                .map(|t| (*t, Default::default()))
                .collect();
            let parent = Some((need, slot));
            self.needs.push(Need {
                ty: child,
                parent,
                slots: Vec::new(),
                index,
                needs_typename: false,
            });
            self.needs[need.0 as usize].slots[slot as usize].child = Some(id);
        }
        for t in types {
            self.needs[need.0 as usize]
                .index
                .entry(t)
                .or_default()
                .entry(key.clone())
                .or_insert(slot);
        }
        Ok(slot)
    }

    fn child_type(&self, ty: TypeId, field: &str) -> Option<TypeId> {
        let name = self.graph.types.name(ty);
        let field = self.graph.merged.type_field(name, field).ok()?;
        self.graph.types.id(field.ty.inner_named_type())
    }

    fn unsatisfiable(&self, need: NeedId, slot: u16) -> PlanError {
        let field = &self.slot(need, slot).key.field;
        PlanError::Unsatisfiable(format!("{}.{field}", self.path(need)))
    }

    /// The position as a path of fields, for messages.
    fn path(&self, need: NeedId) -> String {
        match self.needs[need.0 as usize].parent {
            Some((parent, slot)) => format!(
                "{}.{}",
                self.path(parent),
                self.slot(parent, slot).key.field
            ),
            None => self
                .graph
                .types
                .name(self.needs[need.0 as usize].ty)
                .to_string(),
        }
    }
}

/// A key is known only when all of its parts are, however deep.
fn mark_key(input: &mut Input) {
    input.key = true;
    input.children.iter_mut().for_each(mark_key);
}
