//! Objects that clients name by a globally unique id: a lookup tells whether they exist.
//!
//! `Query.node` gives a type and a key, of any id whose text is valid. The connector with `@node` on the type knows the objects:
//! one of its lookups is entered for the rows of each type of which the operation selects a field, even if it reads nothing.
//! A row for which it finds no object is null in the response.

use super::Planner;
use crate::graph::identification::names::{NODE_FIELD, NODES_FIELD};
use crate::graph::query::{LookupId, TypeId};
use crate::plan::PlanError;
use crate::plan::draft::EntryKey;
use crate::plan::requested::PositionId;

impl Planner<'_> {
    /// Makes sure that the existence of the rows is known, if they are named by ids.
    pub(super) fn ensure_existence(
        &mut self,
        position: PositionId,
        ty: TypeId,
    ) -> Result<(), PlanError> {
        let graph = self.graph;
        let Some(identification) = &graph.identification else {
            return Ok(());
        };
        if !self.is_named_by_ids(position) {
            return Ok(());
        }
        for member in self.members_at(position, ty) {
            if !self.selects_of(position, member) {
                continue;
            }
            let Some(telling) = identification.lookups.get(&member) else {
                continue;
            };
            self.enter_members(position, ty, member);
            if !self.mark_telling(position, member, telling) {
                let cheapest = telling.iter().min_by_key(|lookup| {
                    let lookup = graph.lookup(**lookup);
                    lookup.cost + lookup.extra_cost_for_one()
                });
                let Some(&lookup) = cheapest else { continue };
                let entry = EntryKey {
                    lookup,
                    slot: None,
                    required: None,
                };
                self.enter(position, member, entry)?;
                self.mark_telling(position, member, telling);
            }
        }
        Ok(())
    }

    /// Whether the rows of a position are those of `Query.node` or `Query.nodes`.
    fn is_named_by_ids(&self, position: PositionId) -> bool {
        let Some((above, slot)) = self.positions[position.0 as usize].parent else {
            return false;
        };
        let above_type = self.positions[above.0 as usize].ty;
        let field = self.slot(above, slot).key.field.as_str();
        self.graph.types.name(above_type) == "Query" && [NODE_FIELD, NODES_FIELD].contains(&field)
    }

    /// Whether the operation selects a field of the rows of a type, besides `__typename`.
    fn selects_of(&self, position: PositionId, ty: TypeId) -> bool {
        let slots = 0..self.positions[position.0 as usize].slots.len() as u16;
        let mut requested = slots.filter(|slot| self.is_requested(position, *slot));
        requested.any(|slot| self.slot(position, slot).types.binary_search(&ty).is_ok())
    }

    /// Marks the fetches that have been entered by lookups that tell the existence of rows. False if there are none.
    fn mark_telling(&mut self, position: PositionId, ty: TypeId, telling: &[LookupId]) -> bool {
        let Some(level) = self.levels.get(&(position, ty)) else {
            return false;
        };
        let entered = level.entered.iter();
        let entered = entered.filter(|(entry, _)| telling.contains(&entry.lookup));
        let fetches = entered.map(|(_, provider)| self.providers[provider.0 as usize].fetch);
        let fetches: Vec<usize> = fetches.collect();
        for fetch in &fetches {
            self.fetches[*fetch].tells_existence = true;
        }
        !fetches.is_empty()
    }
}
