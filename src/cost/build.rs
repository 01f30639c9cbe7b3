//! Makes a program from the output of a plan and the merged schema.
//!
//! The output is a tree of selection sets within the planner's budget. For each concrete type its own definitions
//! count, not those of the interface that the operation names: only so is the maximum over possible types exact.

use std::sync::Arc;

use apollo_compiler::ast;
use apollo_compiler::executable::OperationType;

use super::inputs::{InputCost, InputCosts, InputVariable};
use super::objects::{CostClass, CostField, CostList, CostObject, CostSize};
use super::program::{Program, SlicingProblem};
use super::schema;
use super::schema::ListSize;
use crate::document::Value;
use crate::graph::query::{QueryGraph, TypeId};
use crate::plan::arguments::{Argument, Expression, arguments_of};
use crate::plan::output::{FieldSource, OutputField, OutputType};
use crate::plan::{Conditions, Plan};

/// The size that a field's `sizedFields` gives to lists directly below it.
#[derive(Debug, Clone, PartialEq)]
struct SizedBelow {
    fields: Vec<String>,
    size: CostSize,
}

/// The sizes that the fields leading to an object give to lists below it. Several fields can lead there, one per
/// concrete type of the parent; `None` stands for one without `sizedFields`.
type Contexts = Vec<Option<SizedBelow>>;

struct ProgramBuilder<'a> {
    plan: &'a Plan,
    graph: &'a QueryGraph,
    /// The assumed size of a list without `@listSize`.
    list_size: u64,
    contexts: Vec<Contexts>,
    inputs: Vec<InputVariable>,
    problems: Vec<SlicingProblem>,
    fields: usize,
}

impl Program {
    /// The program of a plan's operation. A list without `@listSize` is assumed to have `list_size` items.
    pub fn new(plan: &Plan, graph: &QueryGraph, list_size: u64) -> Program {
        let objects = plan.output.objects.len();
        let mut builder = ProgramBuilder {
            plan,
            graph,
            list_size,
            contexts: vec![Contexts::new(); objects],
            inputs: Vec::new(),
            problems: Vec::new(),
            fields: 0,
        };
        // Parents come before their children, which read the sizes that parents give.
        let objects = (0..objects).map(|index| builder.object(index)).collect();
        let mut program = Program {
            schema: Arc::clone(&graph.merged),
            objects,
            guards: plan.output.guards.clone(),
            conditions: Conditions::of(&plan.output.guards),
            inputs: builder.inputs,
            problems: builder.problems,
            constant: None,
            fields: builder.fields,
        };
        if program.is_constant() {
            program.constant = Some(Arc::new(program.evaluate(&Default::default())));
        }
        program
    }

    /// Whether the cost is independent of variables.
    fn is_constant(&self) -> bool {
        let classes = self.objects.iter().flat_map(|object| &object.classes);
        let mut fields = classes.flat_map(|class| &class.fields);
        self.inputs.is_empty()
            && fields.all(|field| {
                let sizes = field.list.iter().flat_map(|list| &list.sizes);
                let mut slicing = sizes.flat_map(|size| &size.slicing);
                field.guard == 0 && slicing.all(|argument| !reads_variables(argument))
            })
    }
}

fn reads_variables(argument: &Argument) -> bool {
    let mut variables = Vec::new();
    if let Some(given) = &argument.given {
        given.variables(&mut variables);
    }
    !variables.is_empty()
}

impl ProgramBuilder<'_> {
    fn object(&mut self, index: usize) -> CostObject {
        let plan = self.plan;
        let output = &plan.output.objects[index];
        let mut object = CostObject::default();
        for class in &output.classes {
            let name = self.graph.types.name(class.ty);
            let weight = schema::type_weight(&self.graph.merged, name);
            let mut fields = Vec::new();
            for field_index in &class.fields {
                let field = &output.fields[usize::from(*field_index)];
                fields.extend(self.field(index, class.ty, field));
            }
            // Adjacent types with the same cost share one class: an interface may have hundreds.
            match object.classes.last_mut() {
                Some(last) if last.weight == weight && last.fields == fields => {
                    last.types.push(class.ty);
                }
                _ => {
                    self.fields += fields.len();
                    object.classes.push(CostClass {
                        types: vec![class.ty],
                        weight,
                        fields,
                    });
                }
            }
        }
        object
    }

    /// A response field of objects of a concrete type; `None` if it costs nothing.
    fn field(&mut self, object: usize, ty: TypeId, field: &OutputField) -> Option<CostField> {
        let FieldSource::Slot(slot) = field.source else {
            return None;
        };
        let (plan, merged) = (self.plan, &self.graph.merged);
        let position = plan.position(plan.output.objects[object].position);
        let planned_slot = &position.slots[usize::from(slot)];
        let (ty, name) = (self.graph.types.name(ty), &planned_slot.key.field);
        let definition = merged.type_field(ty, name).ok()?;
        let arguments = arguments_of(merged, definition, &planned_slot.arguments);
        let arguments_cost = self.arguments(definition, &arguments);
        let below = object_of(&field.ty);
        let sizes = schema::list_sizes(merged, ty, name);
        let list = definition.ty.is_list();
        let list = list.then(|| self.list(object, &definition.ty, name, &sizes, &arguments));
        if let Some(below) = below {
            let context = self.sized_below(&sizes, &arguments);
            let contexts = &mut self.contexts[below as usize];
            if !contexts.contains(&context) {
                contexts.push(context);
            }
        }
        for size in &sizes {
            let message = slicing_problem(size, ty, name, definition, &arguments);
            self.add_problem(message, field);
        }
        let named = definition.ty.inner_named_type();
        let weight = schema::field_weight(merged, ty, name);
        let is_mutation = object == 0 && plan.kind == OperationType::Mutation;
        let once = match weight {
            None if is_mutation => schema::MUTATION,
            _ => 0,
        };
        let weight = match below {
            Some(_) => weight,
            None => Some(weight.unwrap_or_else(|| schema::type_weight(merged, named))),
        };
        let is_free = below.is_none()
            && weight == Some(0)
            && once == 0
            && arguments_cost == InputCost::default();
        (!is_free).then(|| CostField {
            name: field.name.clone(),
            guard: field.guard,
            slot,
            once,
            arguments: arguments_cost,
            weight,
            list,
            below,
        })
    }

    /// The cost of the given arguments of a field.
    fn arguments(
        &mut self,
        definition: &ast::FieldDefinition,
        arguments: &[Argument],
    ) -> InputCost {
        let mut inputs = InputCosts {
            schema: &self.graph.merged,
            variables: &mut self.inputs,
            cost: InputCost::default(),
        };
        for argument in arguments {
            let input = definition.argument_by_name(&argument.name);
            if let (Some(input), Some(given)) = (input, &argument.given) {
                inputs.add(input, given);
            }
        }
        inputs.cost
    }

    /// Adds a problem with the slicing arguments of a field, once.
    fn add_problem(&mut self, message: Option<String>, field: &OutputField) {
        let problem = message.map(|message| SlicingProblem {
            message,
            locations: Arc::clone(&field.locations),
        });
        let problem = problem.filter(|problem| !self.problems.contains(problem));
        self.problems.extend(problem);
    }

    /// The assumed size of a list. The `sizedFields` of its parent take precedence over its own directive.
    fn list(
        &self,
        object: usize,
        ty: &ast::Type,
        name: &str,
        list_sizes: &[ListSize],
        arguments: &[Argument],
    ) -> CostList {
        let of_parents = |context: &Option<SizedBelow>| {
            let sized = context.as_ref()?;
            let is_sized = sized.fields.iter().any(|field| field == name);
            is_sized.then(|| sized.size.clone())
        };
        let contexts = &self.contexts[object];
        let mut sizes: Vec<CostSize> = contexts.iter().filter_map(of_parents).collect();
        if sizes.len() < contexts.len() || contexts.is_empty() {
            let mut of_field: Vec<CostSize> = list_sizes
                .iter()
                .filter(|size| size.sized_fields.is_empty())
                .map(|size| self.size(size, arguments))
                .collect();
            if of_field.is_empty() {
                of_field.push(CostSize {
                    slicing: Vec::new(),
                    assumed: self.list_size,
                });
            }
            sizes.extend(of_field);
        }
        let mut within: u64 = 1;
        let mut item = ty.item_type();
        while item.is_list() {
            within = within.saturating_mul(self.list_size);
            item = item.item_type();
        }
        CostList { sizes, within }
    }

    /// The size that a field gives to the lists directly below it.
    fn sized_below(&self, sizes: &[ListSize], arguments: &[Argument]) -> Option<SizedBelow> {
        let list_size = sizes.iter().find(|size| !size.sized_fields.is_empty())?;
        Some(SizedBelow {
            fields: list_size.sized_fields.clone(),
            size: self.size(list_size, arguments),
        })
    }

    fn size(&self, size: &ListSize, arguments: &[Argument]) -> CostSize {
        let slices = |argument: &&Argument| {
            let mut names = size.slicing.iter();
            names.any(|name| **name == *argument.name)
        };
        CostSize {
            slicing: arguments.iter().filter(slices).cloned().collect(),
            assumed: size.assumed.unwrap_or(self.list_size),
        }
    }
}

/// The selection set below a field.
fn object_of(ty: &OutputType) -> Option<u32> {
    match ty {
        OutputType::NonNull(inner) | OutputType::List(inner) => object_of(inner),
        OutputType::Object(object) => Some(*object),
        OutputType::Leaf(_) => None,
    }
}

/// The error if not exactly one slicing argument is given. An argument in the operation counts, unless it is the
/// literal null; without one, an argument with a default counts.
fn slicing_problem(
    size: &ListSize,
    ty: &str,
    name: &str,
    definition: &ast::FieldDefinition,
    arguments: &[Argument],
) -> Option<String> {
    if !size.require_one || size.slicing.is_empty() {
        return None;
    }
    let null = Expression::Constant(Value::Null);
    let is_given = |slicing: &&String| {
        let mut given = arguments
            .iter()
            .filter(|argument| *argument.name == ***slicing);
        given.any(|argument| argument.given.as_ref().is_some_and(|given| *given != null))
    };
    let has_default = |slicing: &String| {
        let argument = definition.argument_by_name(slicing);
        let default = argument.and_then(|argument| argument.default_value.as_ref());
        default.is_some_and(|value| !value.is_null())
    };
    let names: Vec<String> = size
        .slicing
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    let names = names.join(", ");
    match size.slicing.iter().filter(is_given).count() {
        0 if size.slicing.iter().any(has_default) => None,
        0 => Some(format!(
            "{ty}.{name} needs one of the arguments {names}: its size is not known"
        )),
        1 => None,
        _ => Some(format!(
            "{ty}.{name} takes only one of the arguments {names} at a time"
        )),
    }
}
