//! The planner: decides where each slot comes from.
//!
//! It stands at a set of positions for the rows of one selection. It serves what has only one provider first, then
//! prefers positions already entered, and only then adds the cheapest lookup; ties break by order, which is by name, so
//! that plans are deterministic.

mod choose;
mod members;
mod positions;
mod require;
mod worlds;

use std::collections::HashMap;
use std::rc::Rc;

pub(in crate::plan) use self::worlds::Outcomes;
pub(in crate::plan) use self::worlds::World;
pub(in crate::plan) use self::worlds::Worlds;
use crate::graph::query::NodeId;
use crate::graph::query::QueryGraph;
use crate::graph::query::TypeId;
use crate::plan::PlanError;
use crate::plan::draft::Draft;
use crate::plan::draft::Entry;
use crate::plan::draft::Level;
use crate::plan::draft::PosId;
use crate::plan::draft::Position;
use crate::plan::draft::Tree;
use crate::plan::need::Need;
use crate::plan::need::NeedId;
use crate::plan::need::Slot;
use crate::plan::reach::Reach;
use crate::plan::reach::Reachability;

pub(in crate::plan) struct Planner<'g> {
    pub(in crate::plan) graph: &'g QueryGraph,
    pub(in crate::plan) reach: Reachability<'g>,
    pub(in crate::plan) needs: Vec<Need>,
    pub(in crate::plan) fetches: Vec<Draft>,
    pub(in crate::plan) trees: Vec<Tree>,
    pub(in crate::plan) positions: Vec<Position>,
    /// What is planned already, by outcomes of override labels.
    pub(in crate::plan) worlds: Vec<World>,
    /// The world that is being planned, and all maps below are of it.
    here: Worlds,
    /// How often a slot of earlier worlds was split in this one.
    splits: usize,
    /// How many slots each need had when this world was begun.
    slots_before: Vec<usize>,
    levels: HashMap<(NeedId, TypeId), Level>,
    served: HashMap<(NeedId, u16, TypeId), PosId>,
    typed_by: HashMap<NeedId, PosId>,
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
    pub(in crate::plan) fn new(reach: Reachability<'g>, needs: Vec<Need>) -> Self {
        Planner {
            graph: reach.graph,
            reach,
            needs,
            fetches: Vec::new(),
            trees: Vec::new(),
            positions: Vec::new(),
            worlds: Vec::new(),
            here: Worlds::default(),
            splits: 0,
            slots_before: Vec::new(),
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
    fn plan_root(&mut self, need: NeedId, serial: bool) -> Result<(), PlanError> {
        let ty = self.needs[need.0 as usize].ty;
        if !serial {
            return self.plan_need(need, Vec::new());
        }
        for slot in 0..self.needs[need.0 as usize].slots.len() as u16 {
            if !self.is_asked(need, slot) {
                continue;
            }
            self.sequence = u32::from(slot);
            self.levels.insert((need, ty), Level::default());
            // One service alone runs it: parts of its answer from several would be several effects.
            let choice = self.choose(need, ty, slot, &[])?;
            let choice = choice.ok_or_else(|| self.unsatisfiable(need, slot))?;
            self.serve_by(need, ty, slot, vec![choice])?;
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

    /// True for what the client asked for; the rest is served where it is needed.
    fn is_asked(&self, need: NeedId, slot: u16) -> bool {
        !self.slot(need, slot).guard.is_never()
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
            if counts && self.is_asked(need, slot) && !self.served.contains_key(&(need, slot, ty)) {
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
        self.serve_by(need, ty, slot, choice)
    }

    fn serve_by(
        &mut self,
        need: NeedId,
        ty: TypeId,
        slot: u16,
        choice: Vec<Choice>,
    ) -> Result<(), PlanError> {
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
