//! Positions of an interface or union type. A slot is served for all member types at once where one provider can, else
//! type by type, each type with a slot of its own.

use super::{Choice, Planner};
use crate::graph::query::{NodeId, TypeId};
use crate::plan::PlanError;
use crate::plan::draft::{EntryKey, Provider, ProviderId, ReachedBy};
use crate::plan::requested::PositionId;

impl Planner<'_> {
    /// Serves the slots of rows of an abstract type.
    pub(super) fn serve_abstract(
        &mut self,
        position: PositionId,
        ty: TypeId,
    ) -> Result<(), PlanError> {
        if self.positions[position.0 as usize].needs_typename {
            self.ensure_typename(position, ty)?;
        }
        let possible = self.graph.types.info(ty).possible.len();
        for slot in 0..self.positions[position.0 as usize].slots.len() as u16 {
            if !self.is_requested(position, slot) {
                continue;
            }
            let types = self.slot(position, slot).types.clone();
            if self.served.contains_key(&(position, slot, ty)) {
                continue;
            }
            let served = |t: &&TypeId| self.served.contains_key(&(position, slot, **t));
            let count = types.iter().filter(served).count();
            if count == types.len() {
                continue;
            }
            if count > 0 {
                self.serve_others(position, ty, slot)?;
                continue;
            }
            if types.len() == possible
                && let Some(choice) = self.choose(position, ty, slot)?
            {
                let provider = match choice {
                    Choice::Here(provider) => provider,
                    Choice::Enter(entry) => self.enter(position, ty, entry)?,
                };
                self.provide(position, ty, slot, provider);
                continue;
            }
            self.split(position, ty, slot)?;
        }
        Ok(())
    }

    /// Serves a slot for the member types that it has not been served for. The key or a requirement of another member
    /// type has requested it first.
    fn serve_others(
        &mut self,
        position: PositionId,
        ty: TypeId,
        slot: u16,
    ) -> Result<(), PlanError> {
        let types = self.slot(position, slot).types.clone();
        for member in self.members_at(position, ty) {
            if types.contains(&member) && !self.served.contains_key(&(position, slot, member)) {
                self.enter_members(position, ty, member);
                self.serve_slot(position, member, slot)?;
            }
        }
        Ok(())
    }

    /// Makes the concrete type of the rows known. A provider of an `@interfaceObject` cannot tell it: a subgraph that
    /// defines the interface must be entered, even when the operation selects only `__typename`.
    pub(super) fn ensure_typename(
        &mut self,
        position: PositionId,
        ty: TypeId,
    ) -> Result<(), PlanError> {
        if self.typed_by.contains_key(&position) {
            return Ok(());
        }
        // Rows read from a field of an interface type come with their type. A lookup that was entered for another slot
        // tells the type as well.
        let mut telling = None;
        for provider in self.level_providers(position, ty) {
            let Provider { node, origin, .. } = *self.provider(provider);
            if self.graph.node(node).interface_object {
                continue;
            }
            if !matches!(origin, ReachedBy::Lookup) {
                return Ok(());
            }
            telling.get_or_insert(provider);
        }
        if let Some(provider) = telling {
            self.typed_by.insert(position, provider);
            return Ok(());
        }
        let nodes = self.level_nodes(position, ty);
        if nodes.is_empty() {
            return Ok(());
        }
        let reachable = self.reachability.reachable(ty, &nodes)?;
        let owner = reachable
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
            return Err(PlanError::Unsatisfiable(self.path(position)));
        };
        let entry = EntryKey {
            lookup,
            slot: None,
            required: None,
        };
        let provider = self.enter(position, ty, entry)?;
        self.typed_by.insert(position, provider);
        Ok(())
    }

    /// Serves a slot of an abstract level type by type, each type with a slot of its own. Returns the slots.
    pub(super) fn split(
        &mut self,
        position: PositionId,
        ty: TypeId,
        slot: u16,
    ) -> Result<Vec<(TypeId, u16)>, PlanError> {
        // A fetch for rows of one type can start only when the type of each row is known.
        self.ensure_typename(position, ty)?;
        let mut members = self.members_at(position, ty);
        let types = self.slot(position, slot).types.clone();
        members.retain(|member| types.contains(member));
        if types.len() > 1 && !members.is_empty() {
            self.note_split(position, slot);
        }
        let mut made = Vec::new();
        for (index, &member) in members.iter().enumerate() {
            let member_slot = if index + 1 == members.len() {
                self.positions[position.0 as usize].slots[slot as usize].types = vec![member];
                slot
            } else {
                self.clone_slot(position, slot, member)?
            };
            self.enter_members(position, ty, member);
            if !self.served.contains_key(&(position, member_slot, member)) {
                self.serve_slot(position, member, member_slot)?;
            }
            made.push((member, member_slot));
        }
        self.reachability.forget_costs();
        Ok(made)
    }

    pub(super) fn clone_slot(
        &mut self,
        position: PositionId,
        slot: u16,
        member: TypeId,
    ) -> Result<u16, PlanError> {
        self.reachability.spend(1)?;
        let mut copy = self.slot(position, slot).clone();
        copy.types = vec![member];
        let key = copy.key.clone();
        let child = copy.child.take();
        let slots = &mut self.positions[position.0 as usize].slots;
        let member_slot = u16::try_from(slots.len()).map_err(|_| PlanError::TooComplex)?;
        slots.push(copy);
        if let Some(child) = child {
            let child = self.clone_position(child, (position, member_slot))?;
            self.positions[position.0 as usize].slots[member_slot as usize].child = Some(child);
        }
        // The index keeps the slot that the client requested; a slot that only lookups read does not replace it.
        let index = self.positions[position.0 as usize]
            .index
            .entry(member)
            .or_default();
        let indexed = index.entry(key).or_insert(member_slot);
        if *indexed == slot {
            *indexed = member_slot;
        }
        Ok(member_slot)
    }

    pub(super) fn clone_position(
        &mut self,
        position: PositionId,
        parent: (PositionId, u16),
    ) -> Result<PositionId, PlanError> {
        let original = &self.positions[position.0 as usize];
        let entries: usize = original.index.values().map(|slots| 1 + slots.len()).sum();
        self.reachability
            .spend(8 * (1 + original.slots.len() + entries))?;
        let mut copy = original.clone();
        copy.parent = Some(parent);
        let id = PositionId(self.positions.len() as u32);
        let children: Vec<Option<PositionId>> = copy.slots.iter().map(|slot| slot.child).collect();
        self.positions.push(copy);
        for (slot, child) in children.into_iter().enumerate() {
            if let Some(child) = child {
                let child = self.clone_position(child, (id, slot as u16))?;
                self.positions[id.0 as usize].slots[slot].child = Some(child);
            }
        }
        Ok(id)
    }

    /// The concrete types that rows of this level can have.
    pub(super) fn members_at(&self, position: PositionId, ty: TypeId) -> Vec<TypeId> {
        let known = self.known_members_at(position, ty);
        known.unwrap_or_else(|| self.graph.types.info(ty).possible.clone())
    }

    /// The concrete types that rows of this level can have; `None` if no provider tells them.
    ///
    /// A shared field has the same value in every subgraph, so a row that several providers read from fields has a type
    /// that each of them knows: if one subgraph has `node: Node` and another one `node: Account`, the row is an `Account`.
    /// Rows of different types above may be read by different providers, so each of these types counts by itself.
    pub(super) fn known_members_at(&self, position: PositionId, ty: TypeId) -> Option<Vec<TypeId>> {
        if self.graph.types.info(ty).is_object {
            return Some(vec![ty]);
        }
        let mut by_field: Vec<(ProviderId, NodeId)> = Vec::new();
        for provider in self.level_providers(position, ty) {
            let Provider { node, origin, .. } = *self.provider(provider);
            if let ReachedBy::Field(parent, _) = origin {
                by_field.push((parent, node));
            }
        }
        let (above, slot) = self.positions[position.0 as usize].parent?;
        let types_above = &self.slot(above, slot).types;
        if types_above.len() == 1 {
            let nodes = by_field.into_iter().map(|(_, node)| node);
            return self.graph.common_members(nodes);
        }
        let static_type = self.positions[above.0 as usize].ty;
        let mut members = Vec::new();
        for type_above in self.members_at(above, static_type) {
            if types_above.binary_search(&type_above).is_err() {
                continue;
            }
            let nodes = by_field
                .iter()
                .filter(|(parent, _)| self.has_rows_of(*parent, type_above))
                .map(|(_, node)| *node);
            let mut nodes = nodes.peekable();
            if nodes.peek().is_some() {
                members.extend(self.graph.common_members(nodes)?);
            }
        }
        members.sort();
        members.dedup();
        Some(members)
    }

    /// Whether rows that a provider reads can have this concrete type.
    fn has_rows_of(&self, provider: ProviderId, ty: TypeId) -> bool {
        let Provider {
            node,
            origin,
            fetch,
            ..
        } = *self.provider(provider);
        let entered_for = match origin {
            ReachedBy::Lookup => self.fetches[fetch].ty,
            _ => self.graph.node(node).ty,
        };
        self.graph.types.is_possible(entered_for, ty) && self.graph.narrowed(node, ty).is_some()
    }

    /// Adds the providers of an abstract level to the level of one member type, narrowed to that type.
    pub(super) fn enter_members(&mut self, position: PositionId, ty: TypeId, member: TypeId) {
        if ty == member {
            return;
        }
        let providers = self.level_providers(position, ty);
        self.join_level(position, member, providers);
    }

    /// A provider for rows of one object type: its node may be of an abstract type, for instance where a subgraph has a
    /// field by an interface, and the object type a narrower field. `None` if the subgraph has no objects of this type.
    pub(super) fn narrow(&mut self, provider: ProviderId, ty: TypeId) -> Option<ProviderId> {
        if !self.graph.types.info(ty).is_object {
            return Some(provider);
        }
        let target = self.graph.narrowed(self.provider(provider).node, ty)?;
        Some(self.cast(provider, ty, target))
    }

    fn cast(&mut self, provider: ProviderId, member: TypeId, node: NodeId) -> ProviderId {
        let Provider {
            fetch,
            position,
            node: uncast,
            ..
        } = *self.provider(provider);
        if uncast == node {
            return provider;
        }
        if let Some(&cast) = self.casts.get(&(provider, member)) {
            return cast;
        }
        let origin = ReachedBy::Cast(provider, member);
        let cast = self.add_provider(Provider {
            fetch,
            node,
            position,
            origin,
            tree: None,
        });
        self.casts.insert((provider, member), cast);
        cast
    }
}
