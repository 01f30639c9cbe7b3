//! Builds the output from the selections of an operation and the slots of its positions.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::ast;
use apollo_compiler::executable;
use apollo_compiler::schema::ExtendedType;
use indexmap::IndexMap;

use super::super::PlanError;
use super::super::guard::Guard;
use super::super::guard::Literal;
use super::super::location::location;
use super::super::nulls::Nullable;
use super::super::requested::Position;
use super::super::requested::PositionId;
use super::super::requested::guard_of;
use super::super::requested::type_applies;
use super::FieldSource;
use super::Leaf;
use super::Output;
use super::OutputClass;
use super::OutputField;
use super::OutputObject;
use super::OutputType;
use super::Plain;
use crate::graph::query::QueryGraph;
use crate::graph::query::TypeId;

/// The most locations of one response field that an error lists: a client may write the same field thousands of times.
const MOST_PLACES: usize = 20;

/// The selection sets that apply at a position, each with the guard of the field or fragment around it.
type Sources<'a> = Vec<(&'a executable::SelectionSet, Guard)>;

/// The identity of a response field: its name, its slot, its type, and the selections that it merges, with their guards.
type Identity<'a> = (Name, Option<u16>, &'a ast::Type, Vec<(usize, Guard)>);

/// A response field during collection.
#[derive(Default)]
struct Collected<'a> {
    fields: Vec<(&'a Node<executable::Field>, Guard)>,
    /// For each of `fields`: its index among all fields of the selection set.
    field_indices: Vec<usize>,
}

/// All response fields of a selection set for one concrete type.
#[derive(Default)]
struct Collection<'a> {
    /// By response name, in the order of their first selections.
    responses: IndexMap<Name, Collected<'a>>,
    count: usize,
}

impl Collection<'_> {
    /// The response fields in the order of the response, each with its guard. A response field takes the position of
    /// its first included selection (GraphQL specification, 6.3.2), so with conditions it can appear at several
    /// positions, with guards that exclude each other.
    fn in_order(&self, budget: &mut usize) -> Result<Vec<(usize, Guard)>, PlanError> {
        let mut order = Vec::with_capacity(self.responses.len());
        for (index, response) in self.responses.values().enumerate() {
            let mut before = Guard::never();
            for ((_, guard), field_index) in response.fields.iter().zip(&response.field_indices) {
                if before.is_always() {
                    break;
                }
                let first = guard.and_not(&before);
                before.or(guard);
                *budget = budget
                    .checked_sub(first.conjunctions() + before.conjunctions())
                    .ok_or(PlanError::TooComplex)?;
                if !first.is_never() {
                    order.push((*field_index, index, first));
                }
            }
        }
        order.sort_by_key(|(field_index, ..)| *field_index);
        let mut joined: Vec<(usize, Guard)> = Vec::with_capacity(order.len());
        for (_, index, guard) in order {
            match joined.last_mut() {
                Some((last, known)) if *last == index => known.or(&guard),
                _ => joined.push((index, guard)),
            }
        }
        Ok(joined)
    }
}

pub(in crate::plan) struct OutputBuilder<'a> {
    pub(in crate::plan) graph: &'a QueryGraph,
    pub(in crate::plan) api: &'a apollo_compiler::Schema,
    pub(in crate::plan) document: &'a executable::ExecutableDocument,
    pub(in crate::plan) nullable: &'a Nullable<'a>,
    pub(in crate::plan) positions: &'a [Position],
    /// The operation is a mutation.
    pub(in crate::plan) serial: bool,
    pub(in crate::plan) output: Output,
    pub(in crate::plan) budget: usize,
}

impl<'a> OutputBuilder<'a> {
    pub(in crate::plan) fn build(
        mut self,
        root: PositionId,
        set: &'a executable::SelectionSet,
    ) -> Result<Output, PlanError> {
        self.output.guards.push(Guard::always());
        self.object(root, &vec![(set, Guard::always())])?;
        Ok(self.output)
    }

    fn object(&mut self, position: PositionId, sources: &Sources<'a>) -> Result<u32, PlanError> {
        let index = self.output.objects.len();
        self.output.objects.push(OutputObject {
            position,
            ..OutputObject::default()
        });
        let ty = self.positions[position.0 as usize].ty;
        // An `@inaccessible` type has no class: its objects are not part of the response.
        let mut possible = self.graph.types.info(ty).possible.clone();
        possible.retain(|ty| {
            let name = self.graph.types.name(*ty);
            self.api.types.contains_key(name.as_str())
        });
        let each = self.serial && self.positions[position.0 as usize].parent.is_none();
        let mut made: HashMap<Identity<'a>, OutputField> = HashMap::new();
        let mut placed: HashMap<(Identity<'a>, u32), u16> = HashMap::new();
        for concrete in possible {
            let mut collected = Collection::default();
            for (set, guard) in sources {
                self.collect(concrete, set, guard, &mut collected)?;
            }
            let order = collected.in_order(&mut self.budget)?;
            let mut class = Vec::with_capacity(order.len());
            for (response, guard) in order {
                let Some((name, response)) = collected.responses.get_index(response) else {
                    continue;
                };
                let Some((first, _)) = response.fields.first() else {
                    continue;
                };
                let own = &self.positions[position.0 as usize];
                let mut key = own.slot_key(concrete, first);
                if each {
                    key.response = Some(name.clone());
                }
                let slots = own.index.get(&concrete);
                let slot = slots.and_then(|slots| slots.get(&key)).copied();
                let all = response.fields.iter();
                let all = all.map(|(field, guard)| {
                    let address = std::ptr::from_ref(*field).addr();
                    (address, guard.clone())
                });
                let ty = self.type_of(concrete, first);
                let identity = (name.clone(), slot, ty, all.collect());
                let made = match made.entry(identity.clone()) {
                    Entry::Occupied(made) => made.into_mut(),
                    Entry::Vacant(new) => {
                        let source = self.source(slot, first)?;
                        let mut field = self.field(position, source, ty, name, response)?;
                        let concrete = self.graph.types.name(concrete);
                        field.coordinate = Arc::from(format!("{concrete}.{}", first.name));
                        new.insert(field)
                    }
                };
                for (guard, field) in self.by_nulls(first, guard, made)? {
                    let field_index =
                        *placed.entry((identity.clone(), guard)).or_insert_with(|| {
                            let fields = &mut self.output.objects[index].fields;
                            fields.push(OutputField { guard, ..field });
                            (fields.len() - 1) as u16
                        });
                    class.push(field_index);
                }
            }
            self.output.objects[index].classes.push(OutputClass {
                ty: concrete,
                fields: class,
                prerendered: Vec::new(),
            });
        }
        Ok(index as u32)
    }

    /// The type of a field on a concrete type. It may be narrower than that of the interface on which the operation
    /// mentions the field.
    fn type_of(&self, concrete: TypeId, field: &'a executable::Field) -> &'a ast::Type {
        let definition = self
            .api
            .type_field(self.graph.types.name(concrete), &field.name);
        definition.map_or(field.ty(), |definition| &definition.ty)
    }

    fn source(
        &self,
        slot: Option<u16>,
        field: &executable::Field,
    ) -> Result<FieldSource, PlanError> {
        match (field.name.as_str(), slot) {
            ("__typename", _) => Ok(FieldSource::Typename),
            ("__schema" | "__type", _) => Ok(FieldSource::Introspection),
            (_, Some(slot)) => Ok(FieldSource::Slot(slot)),
            (_, None) => Err(PlanError::Unsatisfiable(field.name.to_string())),
        }
    }

    fn field(
        &mut self,
        position: PositionId,
        source: FieldSource,
        ty: &ast::Type,
        name: &Name,
        response: &Collected<'a>,
    ) -> Result<OutputField, PlanError> {
        let child = match source {
            FieldSource::Slot(slot) => {
                self.positions[position.0 as usize].slots[slot as usize].child
            }
            _ => None,
        };
        let ty = match child {
            Some(child) => {
                let below = response
                    .fields
                    .iter()
                    .map(|(f, guard)| (&f.selection_set, guard.clone()))
                    .collect();
                let object = self.object(child, &below)?;
                self.output_type(ty, Some(object))
            }
            None => self.output_type(ty, None),
        };
        let sources = &self.document.sources;
        let locations: Vec<(usize, usize)> = response
            .fields
            .iter()
            .take(MOST_PLACES)
            .filter_map(|(field, _)| location(field.location(), sources))
            .collect();
        let mut key = Vec::with_capacity(name.len() + 4);
        key.extend_from_slice(b",\"");
        key.extend_from_slice(name.as_bytes());
        key.extend_from_slice(b"\":");
        Ok(OutputField {
            name: name.clone(),
            key: Arc::from(key),
            source,
            guard: 0,
            plain: Plain::of(source, &ty),
            ty,
            coordinate: Arc::from(""),
            locations: Arc::from(locations),
        })
    }

    /// A field under a guard: an error for each variable that is null where it must not be, and otherwise the field.
    fn by_nulls(
        &mut self,
        field: &'a executable::Field,
        within: Guard,
        made: &OutputField,
    ) -> Result<Vec<(u32, OutputField)>, PlanError> {
        let (nullable, mut rest) = (self.nullable, within);
        let mut all = Vec::with_capacity(1);
        for found in nullable.uses(field) {
            // Each guard contains all variables before it.
            self.budget = self
                .budget
                .checked_sub(rest.conjunctions() + all.len())
                .ok_or(PlanError::TooComplex)?;
            let location = location(found.argument.value.location(), &self.document.sources);
            self.output.refusals.push(format!(
                "${} must not be null in the argument {}: the type there is {}",
                found.variable, found.argument.name, found.expected
            ));
            let refused = OutputField {
                source: FieldSource::Refused((self.output.refusals.len() - 1) as u32),
                plain: None,
                locations: location.into_iter().collect(),
                ..made.clone()
            };
            let null = rest.and(&Literal::null(found.variable, true));
            rest = rest.and(&Literal::null(found.variable, false));
            all.push((self.guard(null), refused));
        }
        all.push((self.guard(rest), made.clone()));
        Ok(all)
    }

    fn guard(&mut self, guard: Guard) -> u32 {
        if let Some(known) = self.output.guards.iter().position(|known| *known == guard) {
            return known as u32;
        }
        self.output.guards.push(guard);
        (self.output.guards.len() - 1) as u32
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

    /// CollectFields (GraphQL specification, 6.3.2) for one concrete type.
    fn collect(
        &mut self,
        concrete: TypeId,
        set: &'a executable::SelectionSet,
        guard: &Guard,
        into: &mut Collection<'a>,
    ) -> Result<(), PlanError> {
        for selection in &set.selections {
            self.budget = self.budget.checked_sub(1).ok_or(PlanError::TooComplex)?;
            let Some(guard) = guard_of(selection.directives(), guard) else {
                continue;
            };
            match selection {
                executable::Selection::Field(field) => {
                    let name = field.response_key();
                    let field_index = into.count;
                    into.count += 1;
                    let known = into.responses.entry(name.clone()).or_default();
                    known.fields.push((field, guard));
                    known.field_indices.push(field_index);
                }
                executable::Selection::InlineFragment(fragment) => {
                    if type_applies(self.graph, fragment.type_condition.as_ref(), concrete) {
                        self.collect(concrete, &fragment.selection_set, &guard, into)?;
                    }
                }
                executable::Selection::FragmentSpread(spread) => {
                    let document = self.document;
                    let Some(fragment) = document.fragments.get(&spread.fragment_name) else {
                        continue;
                    };
                    if type_applies(self.graph, Some(&fragment.selection_set.ty), concrete) {
                        self.collect(concrete, &fragment.selection_set, &guard, into)?;
                    }
                }
            }
        }
        Ok(())
    }
}
