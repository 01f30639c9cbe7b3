//! Builds the positions of a normalised operation.
//!
//! Each slot and each response field of a class spends one step of
//! [`PlanLimits::selections`](crate::plan::PlanLimits::selections): the selection sets are shared, but every path of
//! fields has a position of its own, and fragments that spread each other make exponentially more paths than text.

use std::collections::BTreeMap;

use ahash::{HashMap, HashMapExt};
use indexmap::IndexMap;

use super::super::bounds::{PlanError, Steps};
use super::super::guard::Guard;
use super::super::normalised::{GuardId, NormalisedOperation, ResponseId, SelectionSetId};
use super::super::slot_key::SlotKey;
use super::{Position, PositionId, Slot};
use crate::graph::query::{QueryGraph, TypeId};

/// The slots that a class requests, in the order of the operation, each with the response fields that request it. A
/// map, because a selection set may have a thousand fields.
pub(super) type Requested = IndexMap<SlotKey, Vec<ResponseId>>;

/// Types of a position that request the same.
struct UnitedClass {
    types: Vec<TypeId>,
    /// The response fields of all sets.
    responses: Vec<ResponseId>,
}

/// Builds the positions of an operation.
pub(in crate::plan) struct PositionBuilder<'o, 'a> {
    pub(in crate::plan) graph: &'a QueryGraph,
    pub(in crate::plan) operation: &'o NormalisedOperation<'a>,
    /// The operation is a mutation.
    pub(in crate::plan) serial: bool,
    pub(in crate::plan) positions: Vec<Position>,
    /// Response fields, slots and positions that may still be made before the operation is too complex.
    pub(in crate::plan) steps: Steps,
}

impl PositionBuilder<'_, '_> {
    /// The position of the operation's root selection set.
    pub(in crate::plan) fn root(&mut self) -> Result<PositionId, PlanError> {
        let root = self.operation.root;
        self.build(self.operation.set(root).ty, None, &[root])
    }

    /// Builds the position of objects of a type, of which all of these sets are selected.
    fn build(
        &mut self,
        ty: TypeId,
        parent: Option<(PositionId, u16)>,
        sets: &[SelectionSetId],
    ) -> Result<PositionId, PlanError> {
        let id = PositionId(self.positions.len() as u32);
        self.positions.push(Position {
            ty,
            parent,
            slots: Vec::new(),
            index: BTreeMap::new(),
            separated: BTreeMap::new(),
            needs_typename: false,
            prerendered: 0,
        });
        let each = self.serial && parent.is_none();
        // Classes with the same response fields share one slot.
        let mut made: HashMap<(SlotKey, Vec<ResponseId>), u16> = HashMap::new();
        let mut typename = false;
        for class in self.unite(ty, sets)? {
            let requested = self.requested(&class, each, &mut typename);
            let requested = self.separate_by_nullability(id, &class.types, requested)?;
            let mut index = BTreeMap::new();
            for (key, responses) in requested {
                let request = (key, responses);
                let slot = match made.get(&request) {
                    Some(&slot) => slot,
                    None => {
                        let slot = self.add_slot(id, &request)?;
                        made.insert(request.clone(), slot);
                        slot
                    }
                };
                let slots = &mut self.positions[id.0 as usize].slots;
                slots[usize::from(slot)].types.extend(&class.types);
                index.insert(request.0, slot);
            }
            let indices = &mut self.positions[id.0 as usize].index;
            indices.extend(class.types.iter().map(|ty| (*ty, index.clone())));
        }
        let possible = self.graph.types.info(ty).possible.len();
        let position = &mut self.positions[id.0 as usize];
        for slot in &mut position.slots {
            slot.types.sort();
            typename |= slot.types.len() != possible;
        }
        position.needs_typename = typename;
        let mut made: Vec<_> = made.into_iter().collect();
        made.sort_by_key(|(_, slot)| *slot);
        for ((_, responses), slot) in made {
            self.build_child(id, slot, &responses)?;
        }
        Ok(id)
    }

    /// The possible types of a position, partitioned by all of its sets, in the order of their first types.
    fn unite(
        &mut self,
        ty: TypeId,
        sets: &[SelectionSetId],
    ) -> Result<Vec<UnitedClass>, PlanError> {
        let (operation, graph) = (self.operation, self.graph);
        let possible = &graph.types.info(ty).possible;
        self.steps.spend(possible.len() * sets.len())?;
        let only = match sets {
            [only] => Some(operation.set(*only)).filter(|set| set.ty == ty),
            _ => None,
        };
        if let Some(set) = only {
            let classes = set.classes.iter();
            self.steps
                .spend(classes.clone().map(|class| class.responses.len()).sum())?;
            let united = classes.map(|class| UnitedClass {
                types: class.types.clone(),
                responses: class.responses.clone(),
            });
            return Ok(united.collect());
        }
        let mut types_of: IndexMap<Vec<Option<usize>>, Vec<TypeId>> = IndexMap::new();
        for &ty in possible {
            let classes = sets.iter().map(|set| operation.class_of(*set, ty));
            types_of.entry(classes.collect()).or_default().push(ty);
        }
        let mut united = Vec::with_capacity(types_of.len());
        for (classes, types) in types_of {
            let mut responses = Vec::new();
            for (set, class) in sets.iter().zip(classes) {
                let class = class.and_then(|class| operation.set(*set).classes.get(class));
                responses.extend(class.into_iter().flat_map(|class| &class.responses));
            }
            self.steps.spend(responses.len())?;
            united.push(UnitedClass { types, responses });
        }
        Ok(united)
    }

    /// Groups the response fields of a class by the slots that they request; with `each`, every one requests its own.
    fn requested(&self, class: &UnitedClass, each: bool, typename: &mut bool) -> Requested {
        let mut requested = Requested::new();
        for &response in &class.responses {
            let field = self.operation.first_field(response);
            if field.key.field.starts_with("__") {
                *typename |= field.key.field == "__typename";
                continue;
            }
            let mut key = self.operation.slot_key(response);
            key.response = each.then(|| field.response.clone());
            requested.entry(key).or_default().push(response);
        }
        requested
    }

    fn add_slot(
        &mut self,
        position: PositionId,
        (key, responses): &(SlotKey, Vec<ResponseId>),
    ) -> Result<u16, PlanError> {
        self.steps.spend(1)?;
        let guard = self.guard(responses)?;
        let first = responses
            .first()
            .map(|first| self.operation.first_field(*first));
        let directives =
            { responses.first() }.map_or(Vec::new(), |first| self.operation.directives(*first));
        let slots = &mut self.positions[position.0 as usize].slots;
        let slot = u16::try_from(slots.len()).map_err(|_| PlanError::TooComplex)?;
        slots.push(Slot {
            key: key.clone(),
            arguments: first.map_or(Vec::new(), |field| field.arguments.to_vec()),
            directives: directives.into_iter().cloned().collect(),
            types: Vec::new(),
            guard,
            child: None,
        });
        Ok(slot)
    }

    /// When one of these response fields is read.
    fn guard(&mut self, responses: &[ResponseId]) -> Result<Guard, PlanError> {
        let operation = self.operation;
        let mut guard = Guard::never();
        let mut last = None;
        for response in responses {
            for &(field, id) in &operation.response(*response).fields {
                let field = operation.field(field);
                if field.null_uses.is_empty() {
                    if id == GuardId::ALWAYS {
                        return Ok(Guard::always());
                    }
                    if last == Some(id) {
                        continue;
                    }
                    last = Some(id);
                }
                self.steps.spend(field.null_uses.len())?;
                guard.or(&field.read_guard(operation.guard(id)));
            }
        }
        Ok(guard)
    }

    fn build_child(
        &mut self,
        position: PositionId,
        slot: u16,
        responses: &[ResponseId],
    ) -> Result<(), PlanError> {
        let operation = self.operation;
        let Some(&first) = responses.first() else {
            return Ok(());
        };
        let types = &self.positions[position.0 as usize].slots[usize::from(slot)].types;
        let Some(ty) = operation.child_type(types, operation.response(first).fields[0].0) else {
            return Ok(());
        };
        let sets = responses
            .iter()
            .filter_map(|response| operation.response(*response).set);
        let child = self.build(ty, Some((position, slot)), &sets.collect::<Vec<_>>())?;
        self.positions[position.0 as usize].slots[usize::from(slot)].child = Some(child);
        Ok(())
    }
}
