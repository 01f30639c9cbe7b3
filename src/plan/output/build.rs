//! Builds the output from the selection sets of an operation and the slots of its positions.

use std::collections::hash_map::Entry;
use std::num::NonZero;
use std::sync::Arc;

use ahash::{HashMap, HashMapExt, HashSet, HashSetExt};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, ast};

use super::super::bounds::{PlanError, Steps};
use super::super::deferred::{Deferred, DeferredFragment, Place};
use super::super::guard::{Guard, Literal};
use super::super::location::location;
use super::super::normalised::{
    DeferredId, Field, GuardId, NormalisedOperation, ResponseId, SelectionSetId,
};
use super::super::requested::{Position, PositionId};
use super::super::streamed::StreamedField;
use super::{
    FieldSource, Leaf, MadeId, MadeIds, Output, OutputField, OutputObject, OutputOfType,
    OutputType, Plain,
};
use crate::graph::query::{QueryGraph, TypeId};

/// The most locations of one response field that an error lists: a client may write the same field thousands of times.
const MOST_PLACES: usize = 20;

/// The identity of an output field: a response field, and the source, the type and the file that it has for a concrete type.
type Identity<'a> = (ResponseId, Option<SlotOrId>, &'a ast::Type, Option<u32>);

/// The source of a field's value in the row: a slot, or what an id is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum SlotOrId {
    Slot(u16),
    Id(u32),
}

pub(in crate::plan) struct OutputBuilder<'o, 'a> {
    pub(in crate::plan) graph: &'a QueryGraph,
    pub(in crate::plan) api: &'a apollo_compiler::Schema,
    pub(in crate::plan) operation: &'o NormalisedOperation<'a>,
    pub(in crate::plan) positions: &'o [Position],
    /// What ids are made from.
    pub(in crate::plan) ids: &'o MadeIds,
    /// The operation is a mutation.
    pub(in crate::plan) serial: bool,
    pub(in crate::plan) output: Output,
    pub(in crate::plan) steps: Steps,
    /// What the deferred fragments around the object that is being built are numbered.
    pub(in crate::plan) fragments: HashMap<DeferredId, u32>,
    /// The response names that lead to this object.
    pub(in crate::plan) path: Vec<Name>,
}

impl<'a> OutputBuilder<'_, 'a> {
    pub(in crate::plan) fn build(mut self, root: PositionId) -> Result<Output, PlanError> {
        self.output.guards.push(Guard::always());
        if self.operation.may_defer() || self.operation.may_stream() {
            let mut deferred = Box::<Deferred>::default();
            deferred.places.push(Vec::new());
            self.output.deferred = Some(deferred);
        }
        self.object(root, self.operation.root)?;
        Ok(self.output)
    }

    fn object(&mut self, position: PositionId, set: SelectionSetId) -> Result<u32, PlanError> {
        let index = self.output.objects.len();
        self.output.objects.push(OutputObject {
            position,
            ..OutputObject::default()
        });
        self.number_fragments(set)?;
        let (operation, graph, positions) = (self.operation, self.graph, self.positions);
        let planned = &positions[position.0 as usize];
        let each = self.serial && planned.parent.is_none();
        let mut made: HashMap<Identity<'a>, OutputField> = HashMap::new();
        let mut placed: HashMap<(Identity<'a>, u32), u16> = HashMap::new();
        for &concrete in &graph.types.info(planned.ty).possible {
            // An `@inaccessible` type has no class: its objects are not part of the response.
            let name = graph.types.name(concrete);
            if !self.api.types.contains_key(name.as_str()) {
                continue;
            }
            let class = operation.class_of(set, concrete);
            let class = class.and_then(|class| operation.set(set).classes.get(class));
            let order = class.map_or(&[][..], |class| class.order.as_slice());
            let mut fields = Vec::with_capacity(order.len());
            for &(response, guard) in order {
                self.steps.spend(1)?;
                let first = operation.first_field(response);
                let slot = planned.slot_of(concrete, operation, response, each);
                let source = slot.map(|slot| self.slot_or_id(position, slot, concrete));
                let file = self.file(concrete, &first.key.field);
                let identity = (response, source, self.type_of(concrete, first), file);
                let made = match made.entry(identity) {
                    Entry::Occupied(made) => made.into_mut(),
                    Entry::Vacant(new) => new.insert(self.field(position, concrete, identity)?),
                };
                let places = self.places(response)?;
                let is_deferred = places.iter().any(|place| place.fragment.is_some());
                if is_deferred {
                    self.output.objects[index].split = NonZero::new(index as u32 + 1);
                }
                for (guard, field) in self.by_nulls(first, guard, &places, made)? {
                    let field_index = *placed.entry((identity, guard)).or_insert_with(|| {
                        let number = self.output.objects[index].fields.len() as u16;
                        let stream = self.streamed(first, &field, (index, number));
                        let fields = &mut self.output.objects[index].fields;
                        fields.push(OutputField {
                            guard,
                            stream,
                            ..field
                        });
                        number
                    });
                    fields.push(field_index);
                }
            }
            self.output.objects[index].classes.push(OutputOfType {
                ty: concrete,
                fields,
                prerendered: Vec::new(),
            });
        }
        Ok(index as u32)
    }

    /// Numbers the deferred fragments of a set, for the object that is being built: a set may describe several.
    fn number_fragments(&mut self, set: SelectionSetId) -> Result<(), PlanError> {
        let operation = self.operation;
        if !operation.may_defer() {
            return Ok(());
        }
        let set = operation.set(set);
        let mut numbered = HashSet::new();
        let responses = set.classes.iter().flat_map(|class| &class.responses);
        let guards = responses.flat_map(|response| &operation.response(*response).fields);
        for (_, guard) in guards {
            self.steps.spend(1)?;
            if let Some(fragment) = operation.fragment_of(*guard) {
                self.number_fragment(fragment, set.number, &mut numbered);
            }
        }
        Ok(())
    }

    /// Numbers a deferred fragment and those around it, if they are of the set with this number.
    fn number_fragment(&mut self, id: DeferredId, set: u32, numbered: &mut HashSet<DeferredId>) {
        let fragment = self.operation.fragment(id);
        if fragment.set != set || !numbered.insert(id) {
            return;
        }
        if let Some(parent) = fragment.parent {
            self.number_fragment(parent, set, numbered);
        }
        let defer = self.operation.defer(fragment);
        let parent = fragment.parent.map(|parent| self.fragments[&parent]);
        let deferred = self.output.deferred.get_or_insert_default();
        deferred.fragments.push(DeferredFragment {
            parent,
            label: defer.label.map(str::to_owned),
            condition: defer.condition.cloned(),
            path: self.path.clone(),
        });
        let number = (deferred.fragments.len() - 1) as u32;
        self.fragments.insert(id, number);
    }

    /// Where a response field is selected. Empty if the operation defers nothing.
    fn places(&mut self, response: ResponseId) -> Result<Vec<Place>, PlanError> {
        let operation = self.operation;
        if !operation.may_defer() {
            return Ok(Vec::new());
        }
        let mut places: Vec<Place> = Vec::new();
        for (_, guard) in &operation.response(response).fields {
            self.steps.spend(1)?;
            let fragment = operation.fragment_of(*guard);
            let fragment = fragment.map(|fragment| self.fragments[&fragment]);
            let guard = self.guard(operation.guard(*guard).clone(), &[]);
            let place = Place { guard, fragment };
            if !places.contains(&place) {
                places.push(place);
            }
        }
        Ok(places)
    }

    /// The number of a field among those with `@stream`, if it is one: it has this index in the object with this one.
    fn streamed(
        &mut self,
        first: &Field<'a>,
        field: &OutputField,
        (object, number): (usize, u16),
    ) -> Option<NonZero<u32>> {
        let stream = self.operation.stream(first)?;
        if !matches!(field.source, FieldSource::Slot(_)) {
            return None;
        }
        let streamed = self.output.streamed.get_or_insert_default();
        let path = self.path.iter().chain([first.response]);
        streamed.fields.push(StreamedField {
            object: object as u32,
            field: number,
            label: stream.label.map(str::to_owned),
            condition: stream.condition.cloned(),
            first: stream.first.clone(),
            path: path.cloned().collect(),
        });
        NonZero::new(streamed.fields.len() as u32)
    }

    /// The file that a field yields, as an index into those of the output.
    fn file(&mut self, concrete: TypeId, field: &Name) -> Option<u32> {
        let file = self.graph.file(concrete, field)?;
        let files = &mut self.output.files;
        let mut listed = files.iter();
        let index = listed.position(|listed| Arc::ptr_eq(&listed.field, &file.field));
        let index = index.unwrap_or_else(|| {
            files.push(file.clone());
            files.len() - 1
        });
        Some(index as u32)
    }

    /// The type of a field on a concrete type. It may be narrower than that of the interface on which the operation
    /// mentions the field.
    fn type_of(&self, concrete: TypeId, field: &Field<'a>) -> &'a ast::Type {
        let concrete = self.graph.types.name(concrete);
        let definition = self.api.type_field(concrete, &field.key.field);
        definition.map_or(field.ty, |definition| &definition.ty)
    }

    fn slot_or_id(&mut self, position: PositionId, slot: u16, concrete: TypeId) -> SlotOrId {
        let Some(key) = self.ids.get(&(position, slot, concrete)) else {
            return SlotOrId::Slot(slot);
        };
        let ty = self.graph.types.name(concrete);
        let ids = &mut self.output.ids;
        let existing = ids
            .iter()
            .position(|made| made.ty == *ty && made.key == *key);
        let index = existing.unwrap_or_else(|| {
            ids.push(MadeId {
                ty: ty.clone(),
                key: key.clone(),
            });
            ids.len() - 1
        });
        SlotOrId::Id(index as u32)
    }

    fn source(&self, source: Option<SlotOrId>, field: &Name) -> Result<FieldSource, PlanError> {
        match (field.as_str(), source) {
            ("__typename", _) => Ok(FieldSource::Typename),
            ("__schema" | "__type" | "__service", _) => Ok(FieldSource::Introspection),
            (_, Some(SlotOrId::Slot(slot))) => Ok(FieldSource::Slot(slot)),
            (_, Some(SlotOrId::Id(id))) => Ok(FieldSource::Id(id)),
            (_, None) => Err(PlanError::Unsatisfiable(field.to_string())),
        }
    }

    fn field(
        &mut self,
        position: PositionId,
        concrete: TypeId,
        (response, source, ty, file): Identity<'a>,
    ) -> Result<OutputField, PlanError> {
        let operation = self.operation;
        let first = operation.first_field(response);
        let response = operation.response(response);
        let source = self.source(source, &first.key.field)?;
        let child = match source {
            FieldSource::Slot(slot) => {
                self.positions[position.0 as usize].slots[slot as usize].child
            }
            _ => None,
        };
        let object = match (child, response.set) {
            (Some(child), Some(set)) => {
                self.path.push(first.response.clone());
                let object = self.object(child, set)?;
                self.path.pop();
                Some(object)
            }
            _ => None,
        };
        let mut ty = self.output_type(ty, object);
        if let Some(file) = file {
            *leaf_of(&mut ty) = OutputType::Leaf(Leaf::File(file));
        }
        let locations: Vec<(usize, usize)> = response
            .fields
            .iter()
            .take(MOST_PLACES)
            .filter_map(|(field, _)| location(operation.field(*field).span, operation.sources))
            .collect();
        let mut key = Vec::with_capacity(first.response.len() + 4);
        key.extend_from_slice(b",\"");
        key.extend_from_slice(first.response.as_bytes());
        key.extend_from_slice(b"\":");
        let concrete = self.graph.types.name(concrete);
        Ok(OutputField {
            name: first.response.clone(),
            key: Arc::from(key),
            source,
            guard: 0,
            stream: None,
            plain: Plain::of(source, &ty),
            ty,
            coordinate: Arc::from(format!("{concrete}.{}", first.key.field)),
            locations: Arc::from(locations),
        })
    }

    /// A field under a guard: an error for each variable that is null where it must not be, and otherwise the field.
    fn by_nulls(
        &mut self,
        field: &Field<'a>,
        within: GuardId,
        places: &[Place],
        made: &OutputField,
    ) -> Result<Vec<(u32, OutputField)>, PlanError> {
        let mut rest = self.operation.guard(within).clone();
        let mut all = Vec::with_capacity(1);
        for null_use in &field.null_uses {
            // Each guard contains all variables before it.
            self.steps.spend(rest.conjunctions() + all.len())?;
            let location = location(null_use.argument.value.location(), self.operation.sources);
            self.output.refusals.push(format!(
                "${} must not be null in the argument {}: the type there is {}",
                null_use.variable, null_use.argument.name, null_use.expected
            ));
            let refused = OutputField {
                source: FieldSource::Refused((self.output.refusals.len() - 1) as u32),
                plain: None,
                locations: location.into_iter().collect(),
                ..made.clone()
            };
            let null = rest.and(&Literal::null(null_use.variable, true));
            rest = rest.and(&Literal::null(null_use.variable, false));
            all.push((self.guard(null, places), refused));
        }
        all.push((self.guard(rest, places), made.clone()));
        Ok(all)
    }

    /// The index of a guard, of fields at these places.
    fn guard(&mut self, guard: Guard, places: &[Place]) -> u32 {
        let Output {
            guards, deferred, ..
        } = &mut self.output;
        let is_same = |(index, existing): (usize, &Guard)| {
            let there = deferred.as_ref().map(|deferred| &deferred.places[index]);
            *existing == guard && there.is_none_or(|there| there == places)
        };
        if let Some(existing) = guards.iter().enumerate().position(is_same) {
            return existing as u32;
        }
        guards.push(guard);
        if let Some(deferred) = deferred {
            deferred.places.push(places.to_vec());
        }
        (guards.len() - 1) as u32
    }

    fn output_type(&self, ty: &ast::Type, object: Option<u32>) -> OutputType {
        match ty {
            ast::Type::NonNullNamed(name) => {
                OutputType::NonNull(Box::new(self.named(name, object)))
            }
            ast::Type::Named(name) => self.named(name, object),
            ast::Type::NonNullList(item) => OutputType::NonNull(Box::new(OutputType::List(
                Box::new(self.output_type(item, object)),
            ))),
            ast::Type::List(item) => OutputType::List(Box::new(self.output_type(item, object))),
        }
    }

    fn named(&self, name: &Name, object: Option<u32>) -> OutputType {
        if let Some(object) = object {
            return OutputType::Object(object);
        }
        let leaf = match name.as_str() {
            "Int" => Leaf::Int,
            "Float" => Leaf::Float,
            "String" => Leaf::String,
            "Boolean" => Leaf::Boolean,
            "ID" => Leaf::Id,
            _ => match self.api.types.get(name) {
                Some(ExtendedType::Enum(definition)) => {
                    let quoted = |value: &Name| format!("\"{value}\"").into_bytes().into();
                    let mut values: Vec<Box<[u8]>> = definition.values.keys().map(quoted).collect();
                    values.sort();
                    Leaf::Enum(values.into())
                }
                _ => Leaf::Custom,
            },
        };
        OutputType::Leaf(leaf)
    }
}

/// The type below lists and non-null types.
fn leaf_of(ty: &mut OutputType) -> &mut OutputType {
    match ty {
        OutputType::NonNull(inner) | OutputType::List(inner) => leaf_of(inner),
        ty => ty,
    }
}
