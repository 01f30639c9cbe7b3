//! Lowering: from the draft of the search to the fetches of the plan.
//!
//! In this order: [`merge`] joins fetches that make the same call for the same rows, [`order`] derives what each fetch
//! waits for and a stable order, [`guards`] computes when each fetch runs, from the last fetch to the first, and the
//! trees of what fetches read become [`Read`]s and operations for GraphQL services. [`ids`] takes out the lookups of ids, which
//! are no calls.

mod absent;
mod guards;
mod ids;
mod merge;
mod order;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use ahash::{HashMap, HashMapExt};
use apollo_compiler::executable::OperationType;

use super::arguments::arguments_of;
use super::draft::{TreeField, TreeId};
use super::guard::{Guard, GuardList};
use super::inputs::{Input, Requirement};
use super::output::MadeIds;
use super::planner::Planner;
use super::requested::PositionId;
use super::{Fetch, FetchCall, PathStep, PlanError, Read, ReadField, ReadId, batch, print};
use crate::connector::{Connection, Site};
use crate::graph::query::{ConnectMode, Lookup, LookupKind, SubgraphId, TypeId};

pub(super) struct Lowering<'p, 'g> {
    planner: &'p mut Planner<'g>,
    /// The fetches that read a slot of a position, by case.
    readers: HashMap<(usize, PositionId, u16), BTreeSet<usize>>,
    pub(super) reads: Vec<Read>,
    /// The guards of the fields of each read.
    field_guards: Vec<Vec<Guard>>,
    pub(super) guards: GuardList,
    pub(super) ids: MadeIds,
}

impl<'p, 'g> Lowering<'p, 'g> {
    pub(super) fn new(planner: &'p mut Planner<'g>) -> Self {
        Lowering {
            planner,
            readers: HashMap::new(),
            reads: Vec::new(),
            field_guards: Vec::new(),
            guards: GuardList::new(),
            ids: MadeIds::new(),
        }
    }

    pub(super) fn lower(
        &mut self,
        operation: &print::ClientOperation<'_>,
    ) -> Result<Vec<Fetch>, PlanError> {
        self.merge_duplicates()?;
        if self.planner.cases.len() > 1 {
            self.merge_cases()?;
        }
        self.note_readers();
        let before = self.dependencies()?;
        let mut order = self.order(&before)?;
        self.compute_guards(&mut order);
        self.take_ids(&mut order);
        // A draft becomes one fetch, or two: for the rows in a list, and for those that are not in it.
        let mut indexes: HashMap<usize, Range<usize>> = HashMap::new();
        let mut fetches = Vec::with_capacity(order.len());
        for &draft in &order {
            let mut after: Vec<usize> = before[draft]
                .iter()
                .filter_map(|dependency| indexes.get(dependency).cloned())
                .flatten()
                .collect();
            after.sort_unstable();
            let index = fetches.len();
            let fetch = self.fetch(draft, after, operation);
            let absent = self.fetch_of_absent(draft, &fetch, index);
            fetches.push(fetch);
            fetches.extend(absent);
            indexes.insert(draft, index..fetches.len());
        }
        self.keep_rows_apart(&mut fetches);
        for (read, guards) in std::mem::take(&mut self.field_guards)
            .into_iter()
            .enumerate()
        {
            for (field, guard) in guards.into_iter().enumerate() {
                self.reads[read].fields[field].guard = self.guards.index(&guard);
            }
        }
        Ok(fetches)
    }

    fn fetch(
        &mut self,
        index: usize,
        after: Vec<usize>,
        operation: &print::ClientOperation<'_>,
    ) -> Fetch {
        let mut draft = self.planner.fetches[index].clone();
        let guard = self.fetch_guard(&draft);
        for requirement in &mut draft.requirements {
            let guard = self.guard_of_requirement(draft.tree, requirement);
            requirement.guard = self.guards.index(&guard);
        }
        let read = self.read(draft.tree);
        let reads_fields = !self.reads[read.0 as usize].fields.is_empty();
        let lookup = self.planner.graph.lookup(draft.lookup).clone();
        if let LookupKind::Connect {
            mode: ConnectMode::Batch | ConnectMode::List,
            ..
        } = lookup.kind
        {
            self.read_keys(read, &draft.inputs);
        }
        let operation = operation.for_subgraph(self.planner.graph.subgraph(lookup.subgraph));
        let prefix = operation.prefix();
        for (index, context) in draft.contexts.iter_mut().enumerate() {
            context.variable = format!("{prefix}c{index}");
        }
        let filled = print::Filled {
            arguments: &draft.filled,
            contexts: &draft.contexts,
        };
        let arguments = match &lookup.kind {
            LookupKind::Connect {
                connect,
                mode: ConnectMode::List,
            } => self.default_arguments(lookup.subgraph, *connect),
            _ => self.arguments(&draft.arguments_of, draft.position, draft.ty),
        };
        let call = match &lookup.kind {
            LookupKind::Connect { connect, mode } => FetchCall::Connect {
                connect: *connect,
                mode: *mode,
            },
            LookupKind::Operation => {
                let kind = self.root_kind(lookup.on);
                FetchCall::Operation(print::operation(
                    self.printed(),
                    &operation,
                    kind,
                    read,
                    &guard,
                ))
            }
            LookupKind::Entities { typename } => {
                let skips = &draft.requirements;
                let has_parts = draft.contexts.is_empty() && self.has_parts(read, skips);
                let mut selected = |skips| {
                    let kind = OperationType::Query;
                    let guarded = (read, &guard);
                    print::selected(self.printed(), &operation, kind, guarded, skips, filled)
                };
                let partial = has_parts
                    .then(|| Box::new(batch::single_call(&operation, typename, selected(skips))));
                FetchCall::Entities {
                    typename: typename.clone(),
                    selected: selected(&[]),
                    batch: 0,
                    list: 0,
                    partial,
                }
            }
        };
        Fetch {
            subgraph: lookup.subgraph,
            call,
            position: draft.position,
            path: self.path(draft.position),
            only: (draft.ty != self.planner.positions[draft.position.0 as usize].ty)
                .then_some(draft.ty),
            inputs: draft.inputs,
            requirements: draft.requirements,
            contexts: draft.contexts,
            absent_from: None,
            tells_existence: draft.tells_existence,
            only_existence: draft.tells_existence && !reads_fields,
            unshared: false,
            arguments,
            argument_slot: draft.arguments_of,
            connection: self.is_connection(&lookup),
            after,
            guard: self.guards.index(&guard),
            sequence: draft.sequence,
            read,
            projection: Arc::default(),
            refusal: None,
            lifetime: None,
        }
    }

    fn is_connection(&self, lookup: &Lookup) -> bool {
        let LookupKind::Connect { connect, .. } = lookup.kind else {
            return false;
        };
        let connect = self.planner.graph.connect(lookup.subgraph, connect);
        connect.is_some_and(|connect| connect.options.get::<Connection>().is_some())
    }

    /// Marks the fetches whose rows must not share the objects that they get: an object below two ancestors may get different
    /// values from the contexts of these.
    fn keep_rows_apart(&self, fetches: &mut [Fetch]) {
        let mut apart = BTreeSet::new();
        for fetch in fetches.iter() {
            let sources = fetch.contexts.iter().flat_map(|context| &context.sources);
            for source in sources {
                let mut position = fetch.position;
                while let Some((parent, _)) = self.planner.positions[position.0 as usize].parent {
                    apart.insert(parent);
                    if parent == source.position {
                        break;
                    }
                    position = parent;
                }
            }
        }
        for fetch in fetches {
            fetch.unshared = apart.contains(&fetch.position);
        }
    }

    /// Whether a field remains to be selected if one of the requirements is not met.
    fn has_parts(&self, read: ReadId, requirements: &[Requirement]) -> bool {
        let fields = &self.reads[read.0 as usize].fields;
        requirements
            .iter()
            .any(|requirement| fields.iter().any(|field| field.name != requirement.field))
    }

    /// What operations for GraphQL services are printed from.
    fn printed(&mut self) -> print::PrintedReads<'_> {
        print::PrintedReads {
            graph: self.planner.graph,
            positions: &self.planner.positions,
            reads: &self.reads,
            field_guards: &self.field_guards,
            guards: &mut self.guards,
        }
    }

    /// The kind of operation of a root type.
    fn root_kind(&self, root: TypeId) -> OperationType {
        let graph = self.planner.graph;
        let (name, roots) = (graph.types.name(root), &graph.merged.schema_definition);
        let is = |root: &Option<_>| {
            let root: &Option<apollo_compiler::schema::ComponentName> = root;
            root.as_ref().is_some_and(|root| root.name == *name)
        };
        if is(&roots.mutation) {
            OperationType::Mutation
        } else if is(&roots.subscription) {
            OperationType::Subscription
        } else {
            OperationType::Query
        }
    }

    /// Reads the key of each element of a batch: elements are matched to rows by key.
    fn read_keys(&mut self, read: ReadId, inputs: &[Input]) {
        for input in inputs {
            let Some(slot) = input.slot else { continue };
            let position = self.reads[read.0 as usize].position;
            let existing = self.reads[read.0 as usize]
                .fields
                .iter()
                .position(|field| field.slot == slot);
            let field_index = existing.unwrap_or_else(|| {
                let fields = &mut self.reads[read.0 as usize].fields;
                let name = input.name.clone();
                fields.push(ReadField {
                    slot,
                    key: name.to_string(),
                    name,
                    only: Vec::new(),
                    guard: 0,
                    read: None,
                });
                self.field_guards[read.0 as usize].push(Guard::always());
                self.reads[read.0 as usize].fields.len() - 1
            });
            if let (false, Some(child)) =
                (input.children.is_empty(), self.slot(position, slot).child)
            {
                let existing = self.reads[read.0 as usize].fields[field_index].read;
                let below = existing.unwrap_or_else(|| {
                    let ty = self.planner.positions[child.0 as usize].ty;
                    self.reads.push(Read {
                        position: child,
                        ty: Some(ty),
                        typename: false,
                        fields: Vec::new(),
                    });
                    self.field_guards.push(Vec::new());
                    ReadId((self.reads.len() - 1) as u32)
                });
                self.reads[read.0 as usize].fields[field_index].read = Some(below);
                self.read_keys(below, &input.children);
            }
        }
    }

    fn arguments(
        &self,
        slot: &Option<u16>,
        position: PositionId,
        ty: TypeId,
    ) -> Vec<super::arguments::Argument> {
        let Some(slot) = slot else { return Vec::new() };
        let slot = &self.planner.positions[position.0 as usize].slots[*slot as usize];
        let graph = self.planner.graph;
        match graph
            .merged
            .type_field(graph.types.name(ty), &slot.key.field)
        {
            Ok(definition) => arguments_of(&graph.merged, definition, &slot.arguments),
            Err(_) => Vec::new(),
        }
    }

    /// The arguments of a connect's field that have a default.
    fn default_arguments(
        &self,
        subgraph: SubgraphId,
        connect: usize,
    ) -> Vec<super::arguments::Argument> {
        let graph = self.planner.graph;
        let Some(Site::Field { parent, field }) = graph
            .connect(subgraph, connect)
            .map(|connect| &connect.site)
        else {
            return Vec::new();
        };
        let schema = &graph.subgraph(subgraph).schema;
        match schema.type_field(parent, field) {
            Ok(definition) => arguments_of(schema, definition, &[]),
            Err(_) => Vec::new(),
        }
    }

    fn path(&self, mut position: PositionId) -> Vec<PathStep> {
        let mut steps = Vec::new();
        while let Some((parent, slot)) = self.planner.positions[position.0 as usize].parent {
            let holder = &self.planner.positions[parent.0 as usize];
            let types = &holder.slots[slot as usize].types;
            let all = self.planner.graph.types.info(holder.ty).possible.len();
            let only = if types.len() < all {
                types.clone()
            } else {
                Vec::new()
            };
            steps.push(PathStep {
                slot,
                only,
                field: holder.slots[slot as usize].key.field.clone(),
            });
            position = parent;
        }
        steps.reverse();
        steps
    }

    /// Makes a read of a tree. Response keys are unique among all concrete types of a position, because fields of
    /// several types may have values of different shapes.
    fn read(&mut self, tree: TreeId) -> ReadId {
        let id = ReadId(self.reads.len() as u32);
        let position = self.planner.trees[tree.0 as usize].position;
        let node = self
            .planner
            .graph
            .node(self.planner.trees[tree.0 as usize].node);
        let is_abstract = !self.planner.graph.types.info(node.ty).is_object;
        let ty = (!is_abstract && !node.interface_object).then_some(node.ty);
        self.reads.push(Read {
            position,
            ty,
            fields: Vec::new(),
            typename: is_abstract,
        });
        self.field_guards.push(Vec::new());
        let (mut fields, mut guards) = (Vec::new(), Vec::new());
        self.read_fields(tree, &[], &mut fields, &mut guards);
        self.reads[id.0 as usize].fields = fields;
        self.field_guards[id.0 as usize] = guards;
        id
    }

    fn read_fields(
        &mut self,
        tree: TreeId,
        only: &[TypeId],
        into: &mut Vec<ReadField>,
        guards: &mut Vec<Guard>,
    ) {
        let tree = self.planner.trees[tree.0 as usize].clone();
        let mut fields = tree.fields;
        fields.sort_by_key(|field| field.slot);
        for field in fields {
            let TreeField { slot, child, .. } = field;
            guards.push(self.field_guard(tree.position, &field));
            let name = self.planner.positions[tree.position.0 as usize].slots[slot as usize]
                .key
                .field
                .clone();
            let mut key = name.to_string();
            let mut count = 1;
            while into.iter().any(|field| field.key == key) {
                count += 1;
                key = format!("{name}_{count}");
            }
            // The field is added before its children are read, so that fields keep the order of their slots.
            let field_index = into.len();
            into.push(ReadField {
                slot,
                name,
                key,
                only: only.to_vec(),
                guard: 0,
                read: None,
            });
            into[field_index].read = child.map(|child| self.read(child));
        }
        let mut casts = tree.casts;
        casts.sort_by_key(|(ty, _)| *ty);
        for (ty, cast) in casts {
            self.read_fields(cast, &[ty], into, guards);
        }
    }

    pub(super) fn slot(&self, position: PositionId, slot: u16) -> &super::requested::Slot {
        &self.planner.positions[position.0 as usize].slots[slot as usize]
    }
}
