//! Abstract positions: served as a whole where one position can, else type by type.

use super::Choice;
use super::Planner;
use crate::graph::query::NodeId;
use crate::graph::query::TypeId;
use crate::plan::PlanError;
use crate::plan::draft::Entry;
use crate::plan::draft::Origin;
use crate::plan::draft::PosId;
use crate::plan::draft::Position;
use crate::plan::need::NeedId;

impl Planner<'_> {
    /// Serves the slots of rows of an abstract type: as a whole where one position can, else type by type.
    pub(super) fn serve_abstract(&mut self, need: NeedId, ty: TypeId) -> Result<(), PlanError> {
        if self.needs[need.0 as usize].needs_typename {
            self.ensure_typename(need, ty)?;
        }
        let possible = self.graph.types.info(ty).possible.len();
        for slot in 0..self.needs[need.0 as usize].slots.len() as u16 {
            if !self.is_asked(need, slot) {
                continue;
            }
            let types = self.slot(need, slot).types.clone();
            if self.served.contains_key(&(need, slot, ty)) {
                continue;
            }
            let served = |t: &&TypeId| self.served.contains_key(&(need, slot, **t));
            let count = types.iter().filter(served).count();
            if count == types.len() {
                continue;
            }
            if count > 0 {
                self.serve_others(need, ty, slot)?;
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

    /// Serves a slot for the members that it has not been served for: some member's key or requirement wanted it first.
    fn serve_others(&mut self, need: NeedId, ty: TypeId, slot: u16) -> Result<(), PlanError> {
        let types = self.slot(need, slot).types.clone();
        for member in self.members_at(need, ty) {
            if types.contains(&member) && !self.served.contains_key(&(need, slot, member)) {
                self.enter_members(need, ty, member);
                self.serve_slot(need, member, slot)?;
            }
        }
        Ok(())
    }

    /// A position that only knows an `@interfaceObject` cannot tell the concrete type: a service that owns the interface
    /// must be entered, even when only `__typename` was asked.
    pub(super) fn ensure_typename(&mut self, need: NeedId, ty: TypeId) -> Result<(), PlanError> {
        if self.typed_by.contains_key(&need) {
            return Ok(());
        }
        // Rows that come with their type need nothing; a lookup that was entered for something else tells it as well.
        let mut telling = None;
        for pos in self.level_positions(need, ty) {
            let position = self.position(pos);
            if self.graph.node(position.node).interface_object {
                continue;
            }
            if !matches!(position.origin, Origin::Entry) {
                return Ok(());
            }
            telling.get_or_insert(pos);
        }
        if let Some(pos) = telling {
            self.typed_by.insert(need, pos);
            return Ok(());
        }
        let nodes = self.level_nodes(need, ty);
        if nodes.is_empty() {
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
    pub(super) fn split(
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
        if types.len() > 1 && !members.is_empty() {
            self.note_split(need, slot);
        }
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

    pub(super) fn clone_slot(
        &mut self,
        need: NeedId,
        slot: u16,
        member: TypeId,
    ) -> Result<u16, PlanError> {
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
        // A slot that is read for lookups only does not stand for the one that the client asked for.
        let index = self.needs[need.0 as usize].index.entry(member).or_default();
        let stands = index.entry(key).or_insert(own);
        if *stands == slot {
            *stands = own;
        }
        Ok(own)
    }

    pub(super) fn clone_need(
        &mut self,
        need: NeedId,
        parent: (NeedId, u16),
    ) -> Result<NeedId, PlanError> {
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
    pub(super) fn members_at(&self, need: NeedId, ty: TypeId) -> Vec<TypeId> {
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
    pub(super) fn enter_members(&mut self, need: NeedId, ty: TypeId, member: TypeId) {
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

    pub(super) fn cast(&mut self, pos: PosId, member: TypeId, node: NodeId) -> PosId {
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
}
