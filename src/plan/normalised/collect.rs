//! Collects the fields of selection sets, once per class of types.

use ahash::{HashMap, HashMapExt};
use apollo_compiler::Name;
use indexmap::IndexMap;

use super::super::bounds::{PlanError, Steps};
use super::super::guard::Guard;
use super::operation::{
    Class, DeferredFragment, DeferredId, FieldId, GuardId, NormalisedOperation, ResponseField,
    ResponseId, Selection, SelectionSet, SelectionSetId, WrittenId,
};
use crate::graph::query::TypeId;

/// The selections that are merged into a set, each with the guard of everything around it.
type MergedSelections = Vec<(WrittenId, GuardId)>;

/// The fields that one response field merges, in the order of the operation.
#[derive(Default)]
struct Merged {
    fields: Vec<(FieldId, GuardId)>,
    /// For each of `fields`: its index among all fields of the class.
    indices: Vec<usize>,
}

pub(super) struct FieldCollector<'n, 'a> {
    pub(super) operation: &'n mut NormalisedOperation<'a>,
    /// The sets that have been made, by their types and sources.
    pub(super) made: HashMap<(TypeId, MergedSelections), SelectionSetId>,
    /// The deferred fragments of the set that is being made, by where they are written and what is deferred around them.
    pub(super) deferred: HashMap<(WrittenId, usize, Option<DeferredId>), DeferredId>,
    /// How many sets have been begun.
    pub(super) begun: u32,
    pub(super) steps: Steps,
}

/// What fields are collected for: a concrete type, and the number of the set.
#[derive(Clone, Copy)]
pub(super) struct Collecting {
    concrete: TypeId,
    number: u32,
}

/// The response fields of the set that is being made.
#[derive(Default)]
struct ResponseFields {
    /// By the fields that they merge, the index in `all`. The fields determine the response name.
    indices: HashMap<Vec<(FieldId, GuardId)>, usize>,
    /// Each with the types that have it.
    all: Vec<(ResponseId, Vec<TypeId>)>,
}

impl FieldCollector<'_, '_> {
    /// The set of these selections for objects of a type.
    pub(super) fn set(
        &mut self,
        ty: TypeId,
        sources: MergedSelections,
    ) -> Result<SelectionSetId, PlanError> {
        let key = (ty, sources);
        if let Some(&set) = self.made.get(&key) {
            return Ok(set);
        }
        let number = self.begun;
        self.begun += 1;
        self.deferred.clear();
        let sources = &key.1;
        let class_of = self.partition(ty, sources)?;
        let graph = self.operation.graph;
        let possible = &graph.types.info(ty).possible;
        let mut classes: Vec<Class> = Vec::new();
        for (&class, &ty) in class_of.iter().zip(possible) {
            // Classes are numbered by their first types.
            if class as usize == classes.len() {
                classes.push(Class::default());
            }
            classes[class as usize].types.push(ty);
        }
        let mut responses = ResponseFields::default();
        for class in &mut classes {
            self.fill(class, number, sources, &mut responses)?;
        }
        for (response, types) in responses.all {
            let set = self.below(response, &types)?;
            self.operation.responses[response.0 as usize].set = set;
        }
        self.operation.sets.push(SelectionSet {
            ty,
            number,
            classes,
            class_of,
        });
        let id = SelectionSetId((self.operation.sets.len() - 1) as u32);
        self.made.insert(key, id);
        Ok(id)
    }

    /// The class of each possible type, in their order. Types are in one class unless a type condition applies to one
    /// of them only.
    fn partition(&mut self, ty: TypeId, sources: &MergedSelections) -> Result<Vec<u32>, PlanError> {
        let graph = self.operation.graph;
        let possible = &graph.types.info(ty).possible;
        self.steps.spend(1 + possible.len())?;
        let mut partition = Partition {
            possible,
            class_of: vec![0; possible.len()],
            count: 1,
        };
        if possible.len() > 1 {
            let all: Vec<usize> = (0..possible.len()).collect();
            for (written, _) in sources {
                self.refine(*written, &all, &mut partition)?;
            }
        }
        Ok(partition.numbered())
    }

    /// Refines a partition by the type conditions of these selections, which apply to the possible types with the
    /// indices `within`.
    fn refine(
        &mut self,
        written: WrittenId,
        within: &[usize],
        partition: &mut Partition<'_>,
    ) -> Result<(), PlanError> {
        if !self.operation.written(written).narrows {
            return Ok(());
        }
        for index in 0..self.operation.written(written).selections.len() {
            self.steps.spend(1)?;
            let Selection::Fragment { on, set, .. } =
                self.operation.written(written).selections[index]
            else {
                continue;
            };
            let Some(on) = on else {
                self.refine(set, within, partition)?;
                continue;
            };
            self.steps.spend(within.len())?;
            let graph = self.operation.graph;
            let inside = within.iter().copied();
            let inside: Vec<usize> = inside
                .filter(|index| graph.types.is_possible(on, partition.possible[*index]))
                .collect();
            if !inside.is_empty() && inside.len() < within.len() {
                partition.split(&inside);
            }
            self.refine(set, &inside, partition)?;
        }
        Ok(())
    }

    /// Collects the fields of a class.
    fn fill(
        &mut self,
        class: &mut Class,
        number: u32,
        sources: &MergedSelections,
        responses: &mut ResponseFields,
    ) -> Result<(), PlanError> {
        let mut merged: IndexMap<&Name, Merged> = IndexMap::new();
        let mut collected = Vec::new();
        for (written, guard) in sources {
            let within = Collecting {
                concrete: class.types[0],
                number,
            };
            self.collect(within, *written, *guard, &mut collected)?;
        }
        for (index, (field, guard)) in collected.into_iter().enumerate() {
            let name = self.operation.field(field).response;
            let response = merged.entry(name).or_default();
            response.fields.push((field, guard));
            response.indices.push(index);
        }
        let merged: Vec<Merged> = merged.into_values().collect();
        let order = self.order(&merged)?;
        for Merged { fields, .. } in merged {
            let response = responses.id(fields, &class.types, &mut self.operation.responses);
            class.responses.push(response);
        }
        let order = order.into_iter();
        let order = order.map(|(index, guard)| (class.responses[index], guard));
        class.order = order.collect();
        Ok(())
    }

    /// CollectFields (GraphQL specification, 6.3.2) for one concrete type.
    fn collect(
        &mut self,
        within: Collecting,
        written: WrittenId,
        guard: GuardId,
        into: &mut Vec<(FieldId, GuardId)>,
    ) -> Result<(), PlanError> {
        for index in 0..self.operation.written(written).selections.len() {
            self.steps.spend(1)?;
            let NormalisedOperation {
                graph,
                written: all,
                fields,
                guards,
                ..
            } = &mut *self.operation;
            match &all[written.0 as usize].selections[index] {
                Selection::Field(field) => {
                    let conditions = &fields[field.0 as usize].conditions;
                    if let Some(guard) = guards.and(guard, conditions) {
                        into.push((*field, guard));
                    }
                }
                Selection::Fragment {
                    on,
                    conditions,
                    defer,
                    set,
                } => {
                    let (set, defer) = (*set, *defer);
                    if on.is_none_or(|on| graph.types.is_possible(on, within.concrete))
                        && let Some(mut guard) = guards.and(guard, conditions)
                    {
                        if let Some(defer) = defer {
                            guard = self.deferred(guard, (written, index), defer, within.number);
                        }
                        self.collect(within, set, guard, into)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The guard within a deferred fragment of the set with this number.
    fn deferred(
        &mut self,
        guard: GuardId,
        (written, index): (WrittenId, usize),
        defer: u32,
        set: u32,
    ) -> GuardId {
        let NormalisedOperation {
            guards, fragments, ..
        } = &mut *self.operation;
        let parent = guards.fragment(guard);
        let key = (written, index, parent);
        let fragment = *self.deferred.entry(key).or_insert_with(|| {
            fragments.push(DeferredFragment { defer, parent, set });
            DeferredId((fragments.len() - 1) as u32)
        });
        guards.within(guard, fragment)
    }

    /// The response fields, by index, in the order of the response, each with its guard. A response field takes the
    /// position of its first included field (GraphQL specification, 6.3.2), so with conditions it can appear at several
    /// positions, with guards that exclude each other.
    fn order(&mut self, responses: &[Merged]) -> Result<Vec<(usize, GuardId)>, PlanError> {
        let is_simple = |merged: &Merged| merged.fields[0].1 == GuardId::ALWAYS;
        if responses.iter().all(is_simple) {
            let all = 0..responses.len();
            return Ok(all.map(|index| (index, GuardId::ALWAYS)).collect());
        }
        let mut order = Vec::with_capacity(responses.len());
        for (index, response) in responses.iter().enumerate() {
            let mut before = Guard::never();
            for ((_, guard), field_index) in response.fields.iter().zip(&response.indices) {
                if before.is_always() {
                    break;
                }
                let guard = self.operation.guard(*guard);
                let first = guard.and_not(&before);
                before.or(guard);
                self.steps
                    .spend(first.conjunctions() + before.conjunctions())?;
                if !first.is_never() {
                    order.push((*field_index, index, first));
                }
            }
        }
        order.sort_by_key(|(field_index, ..)| *field_index);
        let mut joined: Vec<(usize, Guard)> = Vec::with_capacity(order.len());
        for (_, index, guard) in order {
            match joined.last_mut() {
                Some((last, joined)) if *last == index => joined.or(&guard),
                _ => joined.push((index, guard)),
            }
        }
        let joined = joined.into_iter();
        let guards = &mut self.operation.guards;
        Ok(joined
            .map(|(index, guard)| (index, guards.intern(guard)))
            .collect())
    }

    /// The set below a response field of these types; `None` for a leaf.
    fn below(
        &mut self,
        response: ResponseId,
        types: &[TypeId],
    ) -> Result<Option<SelectionSetId>, PlanError> {
        let fields = &self.operation.responses[response.0 as usize].fields;
        let Some(ty) = self.operation.child_type(types, fields[0].0) else {
            return Ok(None);
        };
        let mut sources = Vec::with_capacity(fields.len());
        for (field, guard) in fields {
            let field = &self.operation.fields[field.0 as usize];
            let literals: Vec<_> = field.without_nulls().collect();
            if let Some(guard) = self.operation.guards.and(*guard, &literals) {
                sources.push((field.below, guard));
            }
        }
        self.set(ty, sources).map(Some)
    }
}

impl ResponseFields {
    fn id(
        &mut self,
        fields: Vec<(FieldId, GuardId)>,
        types: &[TypeId],
        responses: &mut Vec<ResponseField>,
    ) -> ResponseId {
        if let Some(&index) = self.indices.get(&fields) {
            let (id, all) = &mut self.all[index];
            all.extend(types);
            return *id;
        }
        let id = ResponseId(responses.len() as u32);
        self.indices.insert(fields.clone(), self.all.len());
        self.all.push((id, types.to_vec()));
        responses.push(ResponseField { fields, set: None });
        id
    }
}

/// A partition of the possible types of a set.
struct Partition<'t> {
    possible: &'t [TypeId],
    class_of: Vec<u32>,
    count: u32,
}

impl Partition<'_> {
    /// Takes these types out of their classes: those of one class stay together.
    fn split(&mut self, inside: &[usize]) {
        let mut moved: HashMap<u32, u32> = HashMap::new();
        for &index in inside {
            let class = &mut self.class_of[index];
            *class = *moved.entry(*class).or_insert_with(|| {
                self.count += 1;
                self.count - 1
            });
        }
    }

    /// The classes numbered in the order of their first types.
    fn numbered(self) -> Vec<u32> {
        let mut numbers: HashMap<u32, u32> = HashMap::new();
        let classes = self.class_of.into_iter();
        let numbered = classes.map(|class| {
            let next = numbers.len() as u32;
            *numbers.entry(class).or_insert(next)
        });
        numbered.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_with_the_same_conditions_stay_in_one_class() {
        let possible: Vec<TypeId> = (0..5).map(TypeId).collect();
        let classes_after = |splits: &[&[usize]]| {
            let mut partition = Partition {
                possible: &possible,
                class_of: vec![0; possible.len()],
                count: 1,
            };
            for inside in splits {
                partition.split(inside);
            }
            partition.numbered()
        };
        assert_eq!(classes_after(&[]), [0, 0, 0, 0, 0]);
        assert_eq!(classes_after(&[&[0, 3]]), [0, 1, 1, 0, 1]);
        assert_eq!(classes_after(&[&[1, 2], &[2, 3]]), [0, 1, 2, 3, 0]);
        assert_eq!(classes_after(&[&[1, 2], &[1, 2]]), [0, 1, 1, 0, 0]);
    }
}
