//! From drafts to the plan: duplicates merged, dependencies and guards worked out, operations for GraphQL services
//! written, all in a stable order.

use std::collections::BTreeSet;
use std::collections::HashMap;

use apollo_compiler::executable::OperationType;

use super::Call;
use super::Fetch;
use super::PlanError;
use super::Read;
use super::ReadField;
use super::ReadId;
use super::Step;
use super::arguments::arguments_of;
use super::draft::Draft;
use super::draft::Input;
use super::draft::PosId;
use super::draft::TreeId;
use super::draft::merge_input;
use super::guard::Guard;
use super::need::NeedId;
use super::planner::Planner;
use super::print;
use super::projection::Projection;
use crate::graph::query::ConnectMode;
use crate::graph::query::LookupKind;
use crate::graph::query::TypeId;

pub(super) struct Finisher<'p, 'g> {
    planner: &'p mut Planner<'g>,
    /// Which fetches read a slot.
    readers: HashMap<(NeedId, u16), BTreeSet<usize>>,
    pub(super) reads: Vec<Read>,
    pub(super) guards: Vec<Guard>,
}

impl<'p, 'g> Finisher<'p, 'g> {
    pub(super) fn new(planner: &'p mut Planner<'g>) -> Self {
        Finisher {
            planner,
            readers: HashMap::new(),
            reads: Vec::new(),
            guards: vec![Guard::always()],
        }
    }

    pub(super) fn finish(
        &mut self,
        operation: &print::Operation<'_>,
    ) -> Result<Vec<Fetch>, PlanError> {
        self.merge_duplicates();
        self.note_readers();
        let before = self.dependencies();
        let order = self.order(&before)?;
        self.settle_guards(&order);
        let mut place = HashMap::new();
        for (index, draft) in order.iter().enumerate() {
            place.insert(*draft, index);
        }
        let mut fetches = Vec::with_capacity(order.len());
        for &draft in &order {
            let mut after: Vec<usize> = before[draft]
                .iter()
                .filter_map(|dependency| place.get(dependency).copied())
                .collect();
            after.sort_unstable();
            fetches.push(self.fetch(draft, after, operation));
        }
        Ok(fetches)
    }

    /// Two entries of one lookup at one place, made apart because one of them waited for `@requires` fields, are one
    /// fetch when neither needs the other.
    fn merge_duplicates(&mut self) {
        self.note_readers();
        let mut alike: HashMap<_, Vec<usize>> = HashMap::new();
        for second in 0..self.planner.fetches.len() {
            let own = &self.planner.fetches[second];
            let key = (own.lookup, own.need, own.ty, own.arguments_of, own.sequence);
            let earlier = alike.entry(key).or_default();
            earlier.push(second);
            for first in earlier[..earlier.len() - 1].iter().copied() {
                if self.planner.fetches[first].merged_into.is_some() {
                    continue;
                }
                let before = self.dependencies();
                if depends(&before, second, first) || depends(&before, first, second) {
                    continue;
                }
                self.merge(second, first);
                self.note_readers();
                break;
            }
        }
    }

    fn merge(&mut self, from: usize, into: usize) {
        let (source, target) = (
            self.planner.fetches[from].tree,
            self.planner.fetches[into].tree,
        );
        self.merge_trees(source, target);
        for input in self.planner.fetches[from].inputs.clone() {
            merge_input(&mut self.planner.fetches[into].inputs, input);
        }
        self.planner.fetches[from].merged_into = Some(into);
        for position in &mut self.planner.positions {
            if position.fetch == from {
                position.fetch = into;
            }
        }
    }

    fn merge_trees(&mut self, from: TreeId, into: TreeId) {
        for (slot, child) in self.planner.trees[from.0 as usize].fields.clone() {
            let fields = &mut self.planner.trees[into.0 as usize].fields;
            match (
                fields
                    .iter()
                    .find(|(known, _)| *known == slot)
                    .map(|(_, tree)| *tree),
                child,
            ) {
                (None, child) => fields.push((slot, child)),
                (Some(Some(known)), Some(child)) => self.merge_trees(child, known),
                _ => {}
            }
        }
        for (ty, tree) in self.planner.trees[from.0 as usize].casts.clone() {
            let casts = &mut self.planner.trees[into.0 as usize].casts;
            match casts
                .iter()
                .find(|(known, _)| *known == ty)
                .map(|(_, tree)| *tree)
            {
                None => casts.push((ty, tree)),
                Some(known) => self.merge_trees(tree, known),
            }
        }
    }

    fn note_readers(&mut self) {
        let mut readers = HashMap::new();
        for (index, draft) in self.planner.fetches.iter().enumerate() {
            if draft.merged_into.is_none() {
                self.note_tree(index, draft.tree, &mut readers);
            }
        }
        self.readers = readers;
    }

    fn note_tree(
        &self,
        fetch: usize,
        tree: TreeId,
        readers: &mut HashMap<(NeedId, u16), BTreeSet<usize>>,
    ) {
        let tree = &self.planner.trees[tree.0 as usize];
        for (slot, child) in &tree.fields {
            readers.entry((tree.need, *slot)).or_default().insert(fetch);
            if let Some(child) = child {
                self.note_tree(fetch, *child, readers);
            }
        }
        for (_, cast) in &tree.casts {
            self.note_tree(fetch, *cast, readers);
        }
    }

    /// The fetches that must have ended before each fetch begins: those that make its rows, and those that read its inputs.
    fn dependencies(&self) -> Vec<BTreeSet<usize>> {
        let resolve = |fetch: usize| self.planner.fetches[fetch].merged_into.unwrap_or(fetch);
        let fetch_of = |pos: &PosId| resolve(self.planner.positions[pos.0 as usize].fetch);
        let mut providers: HashMap<(NeedId, u16), BTreeSet<usize>> = HashMap::new();
        for ((need, slot, _), pos) in &self.planner.served {
            let known = providers.entry((*need, *slot)).or_default();
            known.insert(fetch_of(pos));
        }
        let mut all = Vec::with_capacity(self.planner.fetches.len());
        for (index, draft) in self.planner.fetches.iter().enumerate() {
            let mut before = BTreeSet::new();
            if draft.merged_into.is_none() {
                let mut need = draft.need;
                if self.starts_from_one_type(draft) {
                    before.extend(self.planner.typed_by.get(&need).map(fetch_of));
                }
                while let Some((parent, slot)) = self.planner.needs[need.0 as usize].parent {
                    before.extend(providers.get(&(parent, slot)).into_iter().flatten());
                    if !self.counts_for_all(parent, slot) {
                        before.extend(self.planner.typed_by.get(&parent).map(fetch_of));
                    }
                    need = parent;
                }
                self.input_readers(draft.need, &draft.inputs, &mut before);
                before.remove(&index);
            }
            all.push(before);
        }
        all
    }

    /// Whether which rows a fetch starts from, or what it takes of them, depends on their concrete type.
    fn starts_from_one_type(&self, draft: &Draft) -> bool {
        draft.ty != self.planner.needs[draft.need.0 as usize].ty
            || draft.inputs.iter().any(|input| input.only.is_some())
    }

    fn counts_for_all(&self, need: NeedId, slot: u16) -> bool {
        let own = &self.planner.needs[need.0 as usize];
        let all = self.planner.graph.types.info(own.ty).possible.len();
        own.slots[slot as usize].types.len() >= all
    }

    fn input_readers(&self, need: NeedId, inputs: &[Input], into: &mut BTreeSet<usize>) {
        for input in inputs {
            let Some(slot) = input.slot else { continue };
            if let Some(readers) = self.readers.get(&(need, slot)) {
                into.extend(readers);
            }
            if let Some(child) = self.planner.needs[need.0 as usize].slots[slot as usize].child {
                self.input_readers(child, &input.children, into);
            }
        }
    }

    fn order(&self, before: &[BTreeSet<usize>]) -> Result<Vec<usize>, PlanError> {
        let fetches = &self.planner.fetches;
        let mut open: Vec<usize> = (0..fetches.len())
            .filter(|index| fetches[*index].merged_into.is_none())
            .collect();
        open.sort_by_key(|index| (fetches[*index].sequence, *index));
        let mut done: Vec<usize> = Vec::with_capacity(open.len());
        let mut is_done = vec![false; fetches.len()];
        while !open.is_empty() {
            let ready = open
                .iter()
                .position(|index| before[*index].iter().all(|b| is_done[*b]));
            // Entries are made after what they need: a circle would be a fault of the planner's own.
            let ready = ready
                .ok_or_else(|| PlanError::Unsatisfiable("circular requirements".to_owned()))?;
            let next = open.remove(ready);
            is_done[next] = true;
            done.push(next);
        }
        Ok(done)
    }

    /// A fetch runs when any of the slots that it serves is wanted; what it takes is then wanted as well.
    fn settle_guards(&mut self, order: &[usize]) {
        for &index in order.iter().rev() {
            let draft = self.planner.fetches[index].clone();
            let guard = self.settle_fetch(&draft);
            self.want_inputs(draft.need, &draft.inputs, &guard);
        }
    }

    /// When a fetch is wanted. One that tells the concrete type is wanted whenever its rows are, whatever it reads besides.
    fn settle_fetch(&mut self, draft: &Draft) -> Guard {
        let guard = self.settle_tree(draft.tree);
        if !guard.is_never() && !self.tells_type(draft) {
            return guard;
        }
        let holder = self.planner.needs[draft.need.0 as usize].parent;
        let rows = holder.map(|(need, slot)| self.slot(need, slot).guard.clone());
        rows.filter(|guard| !guard.is_never())
            .unwrap_or_else(Guard::always)
    }

    fn tells_type(&self, draft: &Draft) -> bool {
        let fetches = &self.planner.fetches;
        let told = self.planner.typed_by.get(&draft.need);
        told.is_some_and(|pos| {
            let fetch = self.planner.positions[pos.0 as usize].fetch;
            let fetch = fetches[fetch].merged_into.unwrap_or(fetch);
            fetches[fetch].tree == draft.tree
        })
    }

    fn settle_tree(&mut self, tree: TreeId) -> Guard {
        let tree = self.planner.trees[tree.0 as usize].clone();
        let mut total = Guard::never();
        for (slot, child) in tree.fields {
            if let Some(child) = child {
                let below = self.settle_tree(child);
                self.planner.needs[tree.need.0 as usize].slots[slot as usize]
                    .guard
                    .or(&below);
            }
            total.or(&self.planner.needs[tree.need.0 as usize].slots[slot as usize].guard);
        }
        for (_, cast) in tree.casts {
            total.or(&self.settle_tree(cast));
        }
        total
    }

    fn want_inputs(&mut self, need: NeedId, inputs: &[Input], guard: &Guard) {
        for input in inputs {
            let Some(slot) = input.slot else { continue };
            self.planner.needs[need.0 as usize].slots[slot as usize]
                .guard
                .or(guard);
            if let Some(child) = self.planner.needs[need.0 as usize].slots[slot as usize].child {
                self.want_inputs(child, &input.children, guard);
            }
        }
    }

    fn fetch(
        &mut self,
        index: usize,
        after: Vec<usize>,
        operation: &print::Operation<'_>,
    ) -> Fetch {
        let draft = self.planner.fetches[index].clone();
        let guard = self.settle_fetch(&draft);
        let read = self.read(draft.tree);
        let lookup = self.planner.graph.lookup(draft.lookup).clone();
        if let LookupKind::Connect {
            mode: ConnectMode::Batch,
            ..
        } = lookup.kind
        {
            self.read_keys(read, &draft.inputs);
        }
        let arguments = self.arguments(&draft.arguments_of, draft.need, draft.ty);
        let call = match &lookup.kind {
            LookupKind::Connect { connect, mode } => Call::Connect {
                connect: *connect,
                mode: *mode,
            },
            LookupKind::Operation => {
                let kind = self.root_kind(lookup.on);
                Call::Operation(print::operation(self, operation, kind, read, &guard, None))
            }
            LookupKind::Entities { typename } => Call::Entities {
                typename: typename.clone(),
                operation: print::operation(
                    self,
                    operation,
                    OperationType::Query,
                    read,
                    &guard,
                    Some(typename),
                ),
            },
        };
        Fetch {
            service: lookup.service,
            call,
            need: draft.need,
            path: self.path(draft.need),
            only: (draft.ty != self.planner.needs[draft.need.0 as usize].ty).then_some(draft.ty),
            inputs: draft.inputs,
            arguments,
            argument_slot: draft.arguments_of,
            after,
            guard: self.guard(guard),
            group: 0,
            sequence: draft.sequence,
            read,
            projection: Projection::default(),
            lifetime: None,
        }
    }

    /// Which kind of operation a root type answers.
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

    /// A batch's elements are matched by key, so the key is read of each.
    fn read_keys(&mut self, read: ReadId, inputs: &[Input]) {
        for input in inputs {
            let Some(slot) = input.slot else { continue };
            let need = self.reads[read.0 as usize].need;
            let known = self.reads[read.0 as usize]
                .fields
                .iter()
                .position(|field| field.slot == slot);
            let place = known.unwrap_or_else(|| {
                let fields = &mut self.reads[read.0 as usize].fields;
                let name = input.name.clone();
                fields.push(ReadField {
                    slot,
                    key: name.to_string(),
                    name,
                    only: Vec::new(),
                    read: None,
                });
                fields.len() - 1
            });
            if let (false, Some(child)) = (input.children.is_empty(), self.slot(need, slot).child) {
                let known = self.reads[read.0 as usize].fields[place].read;
                let below = known.unwrap_or_else(|| {
                    let ty = self.planner.needs[child.0 as usize].ty;
                    self.reads.push(Read {
                        need: child,
                        ty: Some(ty),
                        typename: false,
                        fields: Vec::new(),
                    });
                    ReadId((self.reads.len() - 1) as u32)
                });
                self.reads[read.0 as usize].fields[place].read = Some(below);
                self.read_keys(below, &input.children);
            }
        }
    }

    fn arguments(
        &self,
        slot: &Option<u16>,
        need: NeedId,
        ty: TypeId,
    ) -> Vec<super::arguments::Argument> {
        let Some(slot) = slot else { return Vec::new() };
        let slot = &self.planner.needs[need.0 as usize].slots[*slot as usize];
        let graph = self.planner.graph;
        match graph
            .merged
            .type_field(graph.types.name(ty), &slot.key.field)
        {
            Ok(definition) => arguments_of(&graph.merged, definition, &slot.arguments),
            Err(_) => Vec::new(),
        }
    }

    pub(super) fn guard(&mut self, guard: Guard) -> u32 {
        if let Some(known) = self.guards.iter().position(|known| *known == guard) {
            return known as u32;
        }
        self.guards.push(guard);
        (self.guards.len() - 1) as u32
    }

    fn path(&self, mut need: NeedId) -> Vec<Step> {
        let mut steps = Vec::new();
        while let Some((parent, slot)) = self.planner.needs[need.0 as usize].parent {
            let own = &self.planner.needs[parent.0 as usize];
            let types = &own.slots[slot as usize].types;
            let all = self.planner.graph.types.info(own.ty).possible.len();
            let only = if types.len() < all {
                types.clone()
            } else {
                Vec::new()
            };
            steps.push(Step {
                slot,
                only,
                field: own.slots[slot as usize].key.field.clone(),
            });
            need = parent;
        }
        steps.reverse();
        steps
    }

    /// The tree of a draft as what is read of an answer: response keys are unique among all concrete types of a position.
    fn read(&mut self, tree: TreeId) -> ReadId {
        let id = ReadId(self.reads.len() as u32);
        let need = self.planner.trees[tree.0 as usize].need;
        let node = self
            .planner
            .graph
            .node(self.planner.trees[tree.0 as usize].node);
        let is_abstract = !self.planner.graph.types.info(node.ty).is_object;
        let ty = (!is_abstract && !node.interface_object).then_some(node.ty);
        self.reads.push(Read {
            need,
            ty,
            fields: Vec::new(),
            typename: is_abstract,
        });
        let mut fields = Vec::new();
        self.read_fields(tree, &[], &mut fields);
        self.reads[id.0 as usize].fields = fields;
        id
    }

    fn read_fields(&mut self, tree: TreeId, only: &[TypeId], into: &mut Vec<ReadField>) {
        let tree = self.planner.trees[tree.0 as usize].clone();
        let mut fields = tree.fields;
        fields.sort_by_key(|(slot, _)| *slot);
        for (slot, child) in fields {
            let name = self.planner.needs[tree.need.0 as usize].slots[slot as usize]
                .key
                .field
                .clone();
            let mut key = name.to_string();
            let mut count = 1;
            while into.iter().any(|field| field.key == key) {
                count += 1;
                key = format!("{name}_{count}");
            }
            // Its place is taken before its children are read.
            let place = into.len();
            into.push(ReadField {
                slot,
                name,
                key,
                only: only.to_vec(),
                read: None,
            });
            into[place].read = child.map(|child| self.read(child));
        }
        let mut casts = tree.casts;
        casts.sort_by_key(|(ty, _)| *ty);
        for (ty, cast) in casts {
            self.read_fields(cast, &[ty], into);
        }
    }

    pub(super) fn slot(&self, need: NeedId, slot: u16) -> &super::need::Slot {
        &self.planner.needs[need.0 as usize].slots[slot as usize]
    }

    pub(super) fn graph(&self) -> &crate::graph::query::QueryGraph {
        self.planner.graph
    }
}

fn depends(before: &[BTreeSet<usize>], fetch: usize, on: usize) -> bool {
    let mut open = vec![fetch];
    let mut seen = BTreeSet::new();
    while let Some(next) = open.pop() {
        for &dependency in &before[next] {
            if dependency == on {
                return true;
            }
            if seen.insert(dependency) {
                open.push(dependency);
            }
        }
    }
    false
}
