//! Hidden slots: what keys and `@requires` read, where the client did not request it.

use apollo_compiler::Name;

use super::Planner;
use crate::graph::query::TypeId;
use crate::plan::PlanError;
use crate::plan::guard::Guard;
use crate::plan::requested::{Position, PositionId, Slot};
use crate::plan::slot_key::SlotKey;

impl Planner<'_> {
    /// The slot of a field at a level. A slot that the operation does not request is added, with the guard `never`.
    pub(super) fn hidden_slot(
        &mut self,
        position: PositionId,
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
        let key = SlotKey::of(name, &arguments);
        let types = self.graph.types.info(ty).possible.clone();
        let index = &self.positions[position.0 as usize].index;
        let existing: Vec<Option<u16>> = types
            .iter()
            .map(|t| index.get(t).and_then(|slots| slots.get(&key)).copied())
            .collect();
        if let Some(&Some(slot)) = existing.first()
            && existing.iter().all(|other| *other == Some(slot))
            && self.slot(position, slot).types.len() >= types.len()
        {
            return Ok(slot);
        }
        self.reachability.spend(1)?;
        let child = self.graph.field_type(ty, name);
        let slots = &mut self.positions[position.0 as usize].slots;
        let slot = u16::try_from(slots.len()).map_err(|_| PlanError::TooComplex)?;
        slots.push(Slot {
            key: key.clone(),
            arguments,
            directives: Vec::new(),
            types: types.clone(),
            guard: Guard::never(),
            child: None,
        });
        if let Some(child) = child {
            let id = PositionId(self.positions.len() as u32);
            let index = self
                .graph
                .types
                .info(child)
                .possible
                .iter()
                .map(|t| (*t, Default::default()))
                .collect();
            let parent = Some((position, slot));
            self.positions.push(Position {
                ty: child,
                parent,
                slots: Vec::new(),
                index,
                separated: Default::default(),
                needs_typename: false,
                prerendered: 0,
            });
            self.positions[position.0 as usize].slots[slot as usize].child = Some(id);
        }
        for t in types {
            self.positions[position.0 as usize]
                .index
                .entry(t)
                .or_default()
                .entry(key.clone())
                .or_insert(slot);
        }
        Ok(slot)
    }
}
