//! The requested fields of each position of an operation.
//!
//! A [`Position`] is the root of the operation or a composite field in it. Its slots are the fields that are read of
//! each object there, addressed by (field, arguments) and never by response name: an alias of the client can neither
//! capture a key nor cause a second fetch of the same value. In
//!
//! ```graphql
//! { district { id: name  code: name  works(year: 2024) { spent }  old: works(year: 2023) { spent } } }
//! ```
//!
//! the position `district` has three slots: `name`, `works(year: 2024)` and `works(year: 2023)`; the last two lead to
//! positions of their own. The planner adds slots that no client requested, for keys and `@requires`.
//!
//! At an abstract position the possible types can request different fields. A slot lists the concrete types that it
//! applies to, and types that request the same share their slots.
//!
//! Each selection and each slot spends one step of [`PlanLimits::selections`](super::PlanLimits::selections), because
//! fragments that spread each other make the expanded operation exponentially larger than its text.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::ast;
use apollo_compiler::executable;
use indexmap::IndexMap;

use super::PlanError;
use super::guard::Guard;
use super::guard::Literal;
use super::nulls::Nullable;
use crate::connector::SubgraphKind;
use crate::graph::query::QueryGraph;
use crate::graph::query::TypeId;

/// A position, as an index into [`Plan::positions`](super::Plan::positions).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PositionId(pub u32);

/// One position and its requested fields.
#[derive(Debug, Clone)]
pub struct Position {
    /// The static type of the field that leads here.
    pub ty: TypeId,
    /// The parent position and the slot that leads here; `None` at the root.
    pub parent: Option<(PositionId, u16)>,
    /// What is read of each object. During execution an object is a row with a cell per slot.
    pub slots: Vec<Slot>,
    /// The slot of each field, by concrete type.
    pub index: BTreeMap<TypeId, BTreeMap<SlotKey, u16>>,
    /// Response fields that cannot share the slot of their field and arguments, because they select non-null fields
    /// that the others do not (see `separate_by_nullability`): by concrete type and response key, the response key in
    /// the [`SlotKey`].
    pub separated: BTreeMap<(TypeId, Name), Name>,
    /// The response depends on the concrete type: the operation selects `__typename`, or requests other fields of some
    /// types.
    pub needs_typename: bool,
    /// How many prerendered texts its rows have cells for, after the cells of the slots.
    pub prerendered: u16,
}

/// A field with its arguments in canonical text: the identity of a value at a position.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotKey {
    /// The field.
    pub field: Name,
    /// The arguments sorted by name, as GraphQL text; empty without arguments.
    pub arguments: Arc<str>,
    /// The response key, where a response field has a slot of its own: each root field of a mutation, which is an
    /// execution of its own, and the fields of [`Position::separated`].
    pub response: Option<Name>,
}

/// One value that is read of each object at a position.
#[derive(Debug, Clone)]
pub struct Slot {
    /// The field and its arguments.
    pub key: SlotKey,
    /// The arguments as written.
    pub arguments: Vec<Node<ast::Argument>>,
    /// The concrete types that it applies to, sorted.
    pub types: Vec<TypeId>,
    /// When it is read. During planning, `never` marks a slot that no client requested; lowering sets its guard.
    pub guard: Guard,
    /// The position it leads to, for a composite field.
    pub child: Option<PositionId>,
}

impl Position {
    /// How many cells a row has.
    pub fn width(&self) -> u32 {
        self.slots.len() as u32 + u32::from(self.prerendered)
    }

    /// The slot key of a response field on a concrete type.
    pub fn slot_key(&self, concrete: TypeId, field: &executable::Field) -> SlotKey {
        let mut key = slot_key(&field.name, &field.arguments);
        let response_field = (concrete, field.response_key().clone());
        key.response = self.separated.get(&response_field).cloned();
        key
    }
}

/// A response field that requests a slot, and when.
struct Contribution<'a> {
    field: &'a Node<executable::Field>,
    guard: Guard,
}

/// The requested slots of a position in the order of the operation, each with the response fields that request it. A
/// map, because a selection set may have a thousand fields.
type Contributions<'a> = IndexMap<SlotKey, Vec<Contribution<'a>>>;

/// The selection sets that apply at a position, each with the guard of the field or fragment around it.
type Sources<'a> = Vec<(&'a executable::SelectionSet, Guard)>;

/// Builds the positions of a validated operation.
pub(super) struct PositionBuilder<'a> {
    pub(super) graph: &'a QueryGraph,
    pub(super) document: &'a executable::ExecutableDocument,
    pub(super) nullable: &'a Nullable<'a>,
    /// The operation is a mutation.
    pub(super) serial: bool,
    pub(super) positions: Vec<Position>,
    /// Selections, slots and positions that may still be made before the operation is too complex.
    pub(super) budget: usize,
}

impl<'a> PositionBuilder<'a> {
    /// The position of the operation's root selection set.
    pub(super) fn root(
        &mut self,
        ty: TypeId,
        set: &'a executable::SelectionSet,
    ) -> Result<PositionId, PlanError> {
        self.build(ty, None, &vec![(set, Guard::always())])
    }

    fn spend(&mut self, amount: usize) -> Result<(), PlanError> {
        self.budget = self
            .budget
            .checked_sub(amount)
            .ok_or(PlanError::TooComplex)?;
        Ok(())
    }

    fn build(
        &mut self,
        ty: TypeId,
        parent: Option<(PositionId, u16)>,
        sources: &Sources<'a>,
    ) -> Result<PositionId, PlanError> {
        let id = PositionId(self.positions.len() as u32);
        let possible = self.graph.types.info(ty).possible.clone();
        self.positions.push(Position {
            ty,
            parent,
            slots: Vec::new(),
            index: BTreeMap::new(),
            separated: BTreeMap::new(),
            needs_typename: false,
            prerendered: 0,
        });
        // Types with the same contributions under the same guards share one slot: identity is that of the selections,
        // not of their texts.
        let mut made: BTreeMap<(SlotKey, Vec<(usize, Guard)>), u16> = BTreeMap::new();
        let mut pending: Vec<(u16, Vec<Contribution<'a>>)> = Vec::new();
        let mut typename = false;
        for &concrete in &possible {
            let mut collected = Contributions::new();
            let each = self.serial && parent.is_none();
            for (set, guard) in sources {
                self.collect(concrete, set, guard, each, &mut collected, &mut typename)?;
            }
            let collected = self.separate_by_nullability(id, concrete, collected)?;
            let mut index = BTreeMap::new();
            for (key, contributions) in collected {
                let identity = contributions
                    .iter()
                    .map(|c| (std::ptr::from_ref(c.field).addr(), c.guard.clone()))
                    .collect::<Vec<_>>();
                let slot = match made.get(&(key.clone(), identity.clone())) {
                    Some(&slot) => {
                        self.positions[id.0 as usize].slots[slot as usize]
                            .types
                            .push(concrete);
                        slot
                    }
                    None => {
                        let slot = self.add_slot(id, &key, concrete, &contributions)?;
                        made.insert((key.clone(), identity), slot);
                        pending.push((slot, contributions));
                        slot
                    }
                };
                index.insert(key, slot);
            }
            self.positions[id.0 as usize].index.insert(concrete, index);
        }
        let position = &mut self.positions[id.0 as usize];
        position.needs_typename = typename
            || position
                .slots
                .iter()
                .any(|slot| slot.types.len() != possible.len());
        for (slot, contributions) in pending {
            self.build_child(id, slot, &contributions)?;
        }
        Ok(id)
    }

    /// Gives response fields with the same field and arguments slots of their own where they differ in the non-null
    /// fields below. In `{ a: works { spent } b: works { spent owner } }`, where `owner` is non-null, a null `owner`
    /// nulls `b` only; a GraphQL service that is asked once for both selections would null the whole object, and `a`
    /// with it.
    fn separate_by_nullability(
        &mut self,
        position: PositionId,
        concrete: TypeId,
        collected: Contributions<'a>,
    ) -> Result<Contributions<'a>, PlanError> {
        let mut out = Contributions::new();
        for (key, contributions) in collected {
            let first = contributions
                .first()
                .map(|contribution| contribution.field.response_key());
            let alone = contributions
                .iter()
                .all(|contribution| Some(contribution.field.response_key()) == first);
            if alone || contributions[0].field.selection_set.is_empty() {
                out.insert(key, contributions);
                continue;
            }
            let mut by_response: IndexMap<Name, Vec<Contribution<'a>>> = IndexMap::new();
            for contribution in contributions {
                let response = contribution.field.response_key().clone();
                by_response.entry(response).or_default().push(contribution);
            }
            let mut groups: Vec<(BTreeSet<String>, SlotKey)> = Vec::new();
            for (response, contributions) in by_response {
                let mut non_null_paths = BTreeSet::new();
                for contribution in &contributions {
                    self.non_null_paths(
                        &contribution.field.selection_set,
                        "",
                        &mut non_null_paths,
                    )?;
                }
                let shared = groups.iter().find(|(other, _)| *other == non_null_paths);
                let slot_key = match shared {
                    Some((_, slot_key)) => slot_key.clone(),
                    None => {
                        let mut slot_key = key.clone();
                        slot_key.response = (!groups.is_empty()).then(|| response.clone());
                        groups.push((non_null_paths, slot_key.clone()));
                        slot_key
                    }
                };
                if let Some(name) = &slot_key.response {
                    let separated = &mut self.positions[position.0 as usize].separated;
                    separated.insert((concrete, response), name.clone());
                }
                out.entry(slot_key).or_default().extend(contributions);
            }
        }
        Ok(out)
    }

    /// Whether a GraphQL service may be asked for a field. A connect's document does not propagate nulls: the gateway
    /// completes it.
    fn is_from_graphql_service(&self, ty: &Name, field: &Name) -> bool {
        let types = &self.graph.types;
        let Some(ty) = types.id(ty) else { return false };
        let possible = types.info(ty).possible.iter().copied();
        let names: Vec<&Name> = std::iter::once(ty)
            .chain(possible)
            .map(|ty| types.name(ty))
            .collect();
        let services = self.graph.subgraphs.iter();
        let mut services =
            services.filter(|subgraph| !matches!(subgraph.kind, SubgraphKind::Connectors { .. }));
        services.any(|subgraph| {
            let mut names = names.iter();
            names.any(|name| subgraph.schema.type_field(name, field).is_ok())
        })
    }

    /// Whether a field is non-null on a type, or on an object type that the type's objects may have.
    fn is_non_null(&self, ty: &Name, field: &executable::Field) -> bool {
        let types = &self.graph.types;
        let possible = types.id(ty).map(|ty| types.info(ty).possible.as_slice());
        field.ty().is_non_null()
            || possible.unwrap_or_default().iter().any(|ty| {
                let merged = &self.graph.merged;
                let definition = merged.type_field(types.name(*ty), &field.name);
                definition.is_ok_and(|definition| definition.ty.is_non_null())
            })
    }

    /// Collects the paths to non-null fields of a selection set. A path includes the conditions on its way, since a
    /// field that is skipped nulls nothing.
    fn non_null_paths(
        &mut self,
        set: &'a executable::SelectionSet,
        way: &str,
        into: &mut BTreeSet<String>,
    ) -> Result<(), PlanError> {
        for selection in &set.selections {
            self.spend(1)?;
            let conditions = selection.directives().serialize().no_indent().to_string();
            let (step, below) = match selection {
                executable::Selection::Field(field) => {
                    let key = slot_key(&field.name, &field.arguments);
                    let step = format!("{way}/{}({}){conditions}", key.field, key.arguments);
                    if self.is_non_null(&set.ty, field)
                        && self.is_from_graphql_service(&set.ty, &field.name)
                    {
                        into.insert(step.clone());
                    }
                    (step, Some(&field.selection_set))
                }
                executable::Selection::InlineFragment(fragment) => {
                    let on = fragment.type_condition.as_ref();
                    let on = on.map(Name::as_str).unwrap_or_default();
                    (
                        format!("{way}/...{on}{conditions}"),
                        Some(&fragment.selection_set),
                    )
                }
                executable::Selection::FragmentSpread(spread) => {
                    let fragment = self.document.fragments.get(&spread.fragment_name);
                    let on = fragment.map(|fragment| fragment.selection_set.ty.as_str());
                    let step = format!("{way}/...{}{conditions}", on.unwrap_or_default());
                    (step, fragment.map(|fragment| &fragment.selection_set))
                }
            };
            if let Some(below) = below {
                self.non_null_paths(below, &step, into)?;
            }
        }
        Ok(())
    }

    fn add_slot(
        &mut self,
        position: PositionId,
        key: &SlotKey,
        concrete: TypeId,
        contributions: &[Contribution<'a>],
    ) -> Result<u16, PlanError> {
        self.spend(1)?;
        let mut guard = Guard::never();
        for contribution in contributions {
            guard.or(&contribution.guard);
        }
        let arguments = contributions
            .first()
            .map(|c| c.field.arguments.clone())
            .unwrap_or_default();
        let slots = &mut self.positions[position.0 as usize].slots;
        let slot = u16::try_from(slots.len()).map_err(|_| PlanError::TooComplex)?;
        slots.push(Slot {
            key: key.clone(),
            arguments,
            types: vec![concrete],
            guard,
            child: None,
        });
        Ok(slot)
    }

    fn build_child(
        &mut self,
        position: PositionId,
        slot: u16,
        contributions: &[Contribution<'a>],
    ) -> Result<(), PlanError> {
        let Some(first) = contributions.first() else {
            return Ok(());
        };
        let types = &self.positions[position.0 as usize].slots[slot as usize].types;
        let Some(ty) = self.child_type(types, first.field) else {
            return Ok(());
        };
        let sources = contributions
            .iter()
            .map(|c| (&c.field.selection_set, c.guard.clone()))
            .collect();
        let child = self.build(ty, Some((position, slot)), &sources)?;
        self.positions[position.0 as usize].slots[slot as usize].child = Some(child);
        Ok(())
    }

    /// The static type below a field of these concrete types: the type that all of them give the field, which may be
    /// narrower than that of the interface on which the operation mentions it; if they differ, the interface's.
    fn child_type(&self, parents: &[TypeId], field: &executable::Field) -> Option<TypeId> {
        let declared = self.graph.types.id(field.ty().inner_named_type())?;
        let mut narrower = parents
            .iter()
            .map(|parent| self.graph.field_type(*parent, &field.name));
        let first = narrower.next().flatten()?;
        let same = narrower.all(|other| other == Some(first));
        Some(if same { first } else { declared })
    }

    /// CollectFields (GraphQL specification, 6.3.2) for one concrete type, grouped by (field, arguments) instead of by
    /// response key; with `each`, by all three.
    fn collect(
        &mut self,
        concrete: TypeId,
        set: &'a executable::SelectionSet,
        guard: &Guard,
        each: bool,
        into: &mut Contributions<'a>,
        typename: &mut bool,
    ) -> Result<(), PlanError> {
        for selection in &set.selections {
            self.spend(1)?;
            let Some(guard) = guard_of(selection.directives(), guard) else {
                continue;
            };
            match selection {
                executable::Selection::Field(field) if field.name.starts_with("__") => {
                    *typename |= field.name == "__typename";
                }
                executable::Selection::Field(field) => {
                    let mut key = slot_key(&field.name, &field.arguments);
                    key.response = each.then(|| field.response_key().clone());
                    let mut guard = guard;
                    for null_use in self.nullable.uses(field) {
                        self.spend(1)?;
                        guard = guard.and(&Literal::null(null_use.variable, false));
                    }
                    let contribution = Contribution { field, guard };
                    into.entry(key).or_default().push(contribution);
                }
                executable::Selection::InlineFragment(fragment) => {
                    if self.applies(fragment.type_condition.as_ref(), concrete) {
                        let selections = &fragment.selection_set;
                        self.collect(concrete, selections, &guard, each, into, typename)?;
                    }
                }
                executable::Selection::FragmentSpread(spread) => {
                    let fragment = self.document.fragments.get(&spread.fragment_name);
                    let Some(selections) = fragment.map(|fragment| &fragment.selection_set) else {
                        continue;
                    };
                    if self.applies(Some(&selections.ty), concrete) {
                        self.collect(concrete, selections, &guard, each, into, typename)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn applies(&self, condition: Option<&Name>, concrete: TypeId) -> bool {
        type_applies(self.graph, condition, concrete)
    }
}

/// DoesFragmentTypeApply (GraphQL specification, 6.3.2).
pub(super) fn type_applies(graph: &QueryGraph, condition: Option<&Name>, concrete: TypeId) -> bool {
    let Some(condition) = condition else {
        return true;
    };
    let Some(condition) = graph.types.id(condition) else {
        return false;
    };
    condition == concrete
        || graph
            .types
            .info(condition)
            .possible
            .binary_search(&concrete)
            .is_ok()
}

/// The guard of a selection whose surroundings have the guard `outer`; `None` when it can never hold.
pub(super) fn guard_of(directives: &ast::DirectiveList, outer: &Guard) -> Option<Guard> {
    let mut guard = outer.clone();
    for (name, value) in [("skip", false), ("include", true)] {
        let Some(directive) = directives.get(name) else {
            continue;
        };
        let Some(condition) = directive.specified_argument_by_name("if") else {
            continue;
        };
        match condition.as_ref() {
            ast::Value::Boolean(constant) if *constant == value => {}
            ast::Value::Boolean(_) => return None,
            ast::Value::Variable(variable) => {
                guard = guard.and(&Literal::variable(variable, value));
            }
            _ => {}
        }
    }
    (!guard.is_never()).then_some(guard)
}

/// The slot key of a field, independent of the order of its arguments.
pub(super) fn slot_key(field: &Name, arguments: &[Node<ast::Argument>]) -> SlotKey {
    if arguments.is_empty() {
        return SlotKey {
            field: field.clone(),
            arguments: Arc::from(""),
            response: None,
        };
    }
    let mut texts: Vec<String> = arguments
        .iter()
        .map(|argument| {
            format!(
                "{}: {}",
                argument.name,
                argument.value.serialize().no_indent()
            )
        })
        .collect();
    texts.sort();
    SlotKey {
        field: field.clone(),
        arguments: Arc::from(texts.join(", ")),
        response: None,
    }
}
