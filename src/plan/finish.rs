//! From drafts to the plan: duplicates merged, dependencies and guards worked out, operations for GraphQL services
//! written, all in a stable order.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;

use apollo_compiler::executable::OperationType;

use super::Call;
use super::Fetch;
use super::PlanError;
use super::Read;
use super::ReadField;
use super::ReadId;
use super::Step;
use super::arguments::arguments_of;
use super::batch;
use super::draft::Draft;
use super::draft::Input;
use super::draft::PosId;
use super::draft::Requirement;
use super::draft::TreeField;
use super::draft::TreeId;
use super::draft::merge_input;
use super::guard::Guard;
use super::need::NeedId;
use super::planner::Planner;
use super::planner::World;
use super::print;
use crate::graph::query::ConnectMode;
use crate::graph::query::LookupKind;
use crate::graph::query::TypeId;

pub(super) struct Finisher<'p, 'g> {
    planner: &'p mut Planner<'g>,
    /// Which fetches read a slot, in each world.
    readers: HashMap<(usize, NeedId, u16), BTreeSet<usize>>,
    pub(super) reads: Vec<Read>,
    /// When each field of each read is read.
    field_guards: Vec<Vec<Guard>>,
    pub(super) guards: Vec<Guard>,
}

impl<'p, 'g> Finisher<'p, 'g> {
    pub(super) fn new(planner: &'p mut Planner<'g>) -> Self {
        Finisher {
            planner,
            readers: HashMap::new(),
            reads: Vec::new(),
            field_guards: Vec::new(),
            guards: vec![Guard::always()],
        }
    }

    pub(super) fn finish(
        &mut self,
        operation: &print::Operation<'_>,
    ) -> Result<Vec<Fetch>, PlanError> {
        self.merge_duplicates()?;
        if self.planner.worlds.len() > 1 {
            self.merge_worlds()?;
        }
        self.note_readers();
        let before = self.dependencies()?;
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
        for (read, guards) in std::mem::take(&mut self.field_guards)
            .into_iter()
            .enumerate()
        {
            for (field, guard) in guards.into_iter().enumerate() {
                self.reads[read].fields[field].guard = self.guard(guard);
            }
        }
        Ok(fetches)
    }

    /// Two entries of one lookup at one place, made apart because one of them waited for `@requires` fields, are one
    /// fetch when neither needs the other.
    fn merge_duplicates(&mut self) -> Result<(), PlanError> {
        self.note_readers();
        let mut alike: HashMap<_, Vec<usize>> = HashMap::new();
        for second in 0..self.planner.fetches.len() {
            let own = &self.planner.fetches[second];
            let place = (own.lookup, own.need, own.ty, own.arguments_of);
            let key = (place, own.sequence, own.worlds);
            let earlier = alike.entry(key).or_default();
            earlier.push(second);
            for first in earlier[..earlier.len() - 1].iter().copied() {
                if self.planner.fetches[first].merged_into.is_some() {
                    continue;
                }
                let before = self.dependencies()?;
                let fetches = &self.planner.fetches;
                if depends(&before, second, first)
                    || depends(&before, first, second)
                    || contradict(&fetches[first].inputs, &fetches[second].inputs)
                {
                    continue;
                }
                self.merge(second, first);
                self.note_readers();
                break;
            }
        }
        Ok(())
    }

    /// What several worlds fetch in the same way is one fetch, and is guarded field by field. What they fetch with other
    /// inputs stays apart, and so do calls of connects that read other fields: their answers cannot be asked for less.
    fn merge_worlds(&mut self) -> Result<(), PlanError> {
        self.note_readers();
        let mut alike: HashMap<_, Vec<usize>> = HashMap::new();
        for second in 0..self.planner.fetches.len() {
            let own = &self.planner.fetches[second];
            if own.merged_into.is_some() {
                continue;
            }
            let place = (own.lookup, own.need, own.ty, own.arguments_of);
            let earlier = alike.entry((place, own.sequence)).or_default().clone();
            let mut into = None;
            for first in earlier {
                if !self.shares_answer(first, second) {
                    continue;
                }
                let before = self.dependencies()?;
                if !depends(&before, second, first) && !depends(&before, first, second) {
                    into = Some(first);
                    break;
                }
            }
            match into {
                Some(first) => {
                    self.merge(second, first);
                    self.note_readers();
                }
                None => {
                    let own = &self.planner.fetches[second];
                    let place = (own.lookup, own.need, own.ty, own.arguments_of);
                    alike.entry((place, own.sequence)).or_default().push(second);
                }
            }
        }
        Ok(())
    }

    /// Whether two fetches of different worlds can be one.
    fn shares_answer(&self, first: usize, second: usize) -> bool {
        let (first, second) = (&self.planner.fetches[first], &self.planner.fetches[second]);
        let connect = matches!(
            self.planner.graph.lookup(first.lookup).kind,
            LookupKind::Connect { .. }
        );
        same_inputs(&first.inputs, &second.inputs)
            && (!connect || self.reads_the_same(first.tree, second.tree))
    }

    fn reads_the_same(&self, first: TreeId, second: TreeId) -> bool {
        let (first, second) = (
            &self.planner.trees[first.0 as usize],
            &self.planner.trees[second.0 as usize],
        );
        let same = |a: Option<TreeId>, b: Option<TreeId>| match (a, b) {
            (None, None) => true,
            (Some(a), Some(b)) => self.reads_the_same(a, b),
            _ => false,
        };
        first.fields.len() == second.fields.len()
            && first.casts.len() == second.casts.len()
            && first.fields.iter().all(|a| {
                let mut others = second.fields.iter();
                others.any(|b| a.slot == b.slot && same(a.child, b.child))
            })
            && first.casts.iter().all(|(ty, a)| {
                let mut others = second.casts.iter();
                others.any(|(other, b)| ty == other && self.reads_the_same(*a, *b))
            })
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
        for requirement in self.planner.fetches[from].requirements.clone() {
            let known = &mut self.planner.fetches[into].requirements;
            if !known.contains(&requirement) {
                known.push(requirement);
            }
        }
        let worlds = self.planner.fetches[from].worlds;
        self.planner.fetches[into].worlds.add(worlds);
        self.planner.fetches[from].merged_into = Some(into);
        for position in &mut self.planner.positions {
            if position.fetch == from {
                position.fetch = into;
            }
        }
    }

    fn merge_trees(&mut self, from: TreeId, into: TreeId) {
        for field in self.planner.trees[from.0 as usize].fields.clone() {
            let fields = &mut self.planner.trees[into.0 as usize].fields;
            let Some(known) = fields.iter_mut().find(|known| known.slot == field.slot) else {
                fields.push(field);
                continue;
            };
            known.worlds.add(field.worlds);
            if let (Some(known), Some(child)) = (known.child, field.child) {
                self.merge_trees(child, known);
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
        readers: &mut HashMap<(usize, NeedId, u16), BTreeSet<usize>>,
    ) {
        let tree = &self.planner.trees[tree.0 as usize];
        for field in &tree.fields {
            for world in (0..self.planner.worlds.len()).filter(|world| field.worlds.has(*world)) {
                let read = (world, tree.need, field.slot);
                readers.entry(read).or_default().insert(fetch);
            }
            if let Some(child) = field.child {
                self.note_tree(fetch, child, readers);
            }
        }
        for (_, cast) in &tree.casts {
            self.note_tree(fetch, *cast, readers);
        }
    }

    /// The fetches that must have ended before each fetch begins: those that make its rows, and those that read its inputs.
    fn dependencies(&mut self) -> Result<Vec<BTreeSet<usize>>, PlanError> {
        let count = self.planner.fetches.len();
        self.planner.reach.spend(count)?;
        let mut all = vec![BTreeSet::new(); count];
        for (place, world) in self.planner.worlds.iter().enumerate() {
            self.dependencies_in(place, world, &mut all);
        }
        Ok(all)
    }

    fn dependencies_in(&self, place: usize, world: &World, all: &mut [BTreeSet<usize>]) {
        let resolve = |fetch: usize| self.planner.fetches[fetch].merged_into.unwrap_or(fetch);
        let fetch_of = |pos: &PosId| resolve(self.planner.positions[pos.0 as usize].fetch);
        let mut providers: HashMap<(NeedId, u16), BTreeSet<usize>> = HashMap::new();
        for ((need, slot, _), pos) in &world.served {
            let known = providers.entry((*need, *slot)).or_default();
            known.insert(fetch_of(pos));
        }
        for (index, draft) in self.planner.fetches.iter().enumerate() {
            if draft.merged_into.is_some() || !draft.worlds.has(place) {
                continue;
            }
            let before = &mut all[index];
            let mut need = draft.need;
            if self.starts_from_one_type(draft) {
                before.extend(world.typed_by.get(&need).map(fetch_of));
            }
            while let Some((parent, slot)) = self.planner.needs[need.0 as usize].parent {
                before.extend(providers.get(&(parent, slot)).into_iter().flatten());
                if !self.counts_for_all(parent, slot) {
                    before.extend(world.typed_by.get(&parent).map(fetch_of));
                }
                need = parent;
            }
            self.input_readers(place, draft.need, &draft.inputs, before);
            before.remove(&index);
        }
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

    fn input_readers(
        &self,
        world: usize,
        need: NeedId,
        inputs: &[Input],
        into: &mut BTreeSet<usize>,
    ) {
        for input in inputs {
            let Some(slot) = input.slot else { continue };
            let readers = self.readers.get(&(world, need, slot));
            let readers = readers.into_iter().flatten();
            let child = self.planner.needs[need.0 as usize].slots[slot as usize].child;
            let mut below = BTreeSet::new();
            if let Some(child) = child {
                self.input_readers(world, child, &input.children, &mut below);
            }
            // Whoever reads other parts of an object need not be waited for; it may even wait for this one.
            let parts = !input.children.is_empty()
                && input.children.iter().all(|input| input.slot.is_some())
                && readers.clone().any(|reader| below.contains(reader));
            if !parts {
                into.extend(readers);
            }
            into.extend(below);
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
            let requirements = draft.requirements.iter();
            let required: Vec<&Input> = requirements.flat_map(|own| &own.inputs).collect();
            let own = draft.inputs.iter();
            let own = own.filter(|input| input.key || !required.iter().any(|one| input.is(one)));
            self.want_inputs(draft.need, own, &guard);
            for requirement in &draft.requirements {
                let guard = self.guard_of_requirement(draft.tree, requirement);
                self.want_inputs(draft.need, &requirement.inputs, &guard);
            }
        }
    }

    /// What only one field requires is wanted when that field is.
    fn guard_of_requirement(&self, tree: TreeId, requirement: &Requirement) -> Guard {
        let tree = &self.planner.trees[tree.0 as usize];
        let mut guard = Guard::never();
        for field in &tree.fields {
            if self.slot(tree.need, field.slot).key.field == requirement.field {
                guard.or(&self.field_guard(tree.need, field));
            }
        }
        for (_, cast) in &tree.casts {
            guard.or(&self.guard_of_requirement(*cast, requirement));
        }
        guard
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
            .and_all(&self.planner.guard_of_worlds(draft.worlds))
    }

    fn tells_type(&self, draft: &Draft) -> bool {
        let fetches = &self.planner.fetches;
        self.planner.worlds.iter().any(|world| {
            world.typed_by.get(&draft.need).is_some_and(|pos| {
                let fetch = self.planner.positions[pos.0 as usize].fetch;
                let fetch = fetches[fetch].merged_into.unwrap_or(fetch);
                fetches[fetch].tree == draft.tree
            })
        })
    }

    fn settle_tree(&mut self, tree: TreeId) -> Guard {
        let tree = self.planner.trees[tree.0 as usize].clone();
        let mut total = Guard::never();
        for field in tree.fields {
            if let Some(child) = field.child {
                let below = self.settle_tree(child);
                self.planner.needs[tree.need.0 as usize].slots[field.slot as usize]
                    .guard
                    .or(&below);
            }
            total.or(&self.field_guard(tree.need, &field));
        }
        for (_, cast) in tree.casts {
            total.or(&self.settle_tree(cast));
        }
        total
    }

    /// When a fetch reads a field: when it is wanted, in the worlds in which it is read there.
    fn field_guard(&self, need: NeedId, field: &TreeField) -> Guard {
        let wanted = &self.slot(need, field.slot).guard;
        if self.planner.worlds.len() == 1 {
            return wanted.clone();
        }
        wanted.and_all(&self.planner.guard_of_worlds(field.worlds))
    }

    fn want_inputs<'i>(
        &mut self,
        need: NeedId,
        inputs: impl IntoIterator<Item = &'i Input>,
        guard: &Guard,
    ) {
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
        let mut draft = self.planner.fetches[index].clone();
        let guard = self.settle_fetch(&draft);
        for requirement in &mut draft.requirements {
            let guard = self.guard_of_requirement(draft.tree, requirement);
            requirement.guard = self.guard(guard);
        }
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
                Call::Operation(print::operation(self, operation, kind, read, &guard))
            }
            LookupKind::Entities { typename } => {
                let skips = &draft.requirements;
                let partial = self.has_parts(read, skips).then(|| {
                    let selected = print::selected(self, operation, read, &guard, skips);
                    Box::new(batch::alone(operation, typename, selected))
                });
                Call::Entities {
                    typename: typename.clone(),
                    selected: print::selected(self, operation, read, &guard, &[]),
                    batch: 0,
                    list: 0,
                    partial,
                }
            }
        };
        Fetch {
            service: lookup.service,
            call,
            need: draft.need,
            path: self.path(draft.need),
            only: (draft.ty != self.planner.needs[draft.need.0 as usize].ty).then_some(draft.ty),
            inputs: draft.inputs,
            requirements: draft.requirements,
            arguments,
            argument_slot: draft.arguments_of,
            after,
            guard: self.guard(guard),
            group: 0,
            sequence: draft.sequence,
            read,
            projection: Arc::default(),
            lifetime: None,
        }
    }

    /// Whether something remains to be asked for where one of the requirements cannot be met.
    fn has_parts(&self, read: ReadId, requirements: &[Requirement]) -> bool {
        let fields = &self.reads[read.0 as usize].fields;
        requirements
            .iter()
            .any(|own| fields.iter().any(|field| field.name != own.field))
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
                    guard: 0,
                    read: None,
                });
                self.field_guards[read.0 as usize].push(Guard::always());
                self.reads[read.0 as usize].fields.len() - 1
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
                    self.field_guards.push(Vec::new());
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
            guards.push(self.field_guard(tree.need, &field));
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
                guard: 0,
                read: None,
            });
            into[place].read = child.map(|child| self.read(child));
        }
        let mut casts = tree.casts;
        casts.sort_by_key(|(ty, _)| *ty);
        for (ty, cast) in casts {
            self.read_fields(cast, &[ty], into, guards);
        }
    }

    pub(super) fn slot(&self, need: NeedId, slot: u16) -> &super::need::Slot {
        &self.planner.needs[need.0 as usize].slots[slot as usize]
    }

    /// When each field of a read is read.
    pub(super) fn guards_of(&self, read: ReadId) -> &[Guard] {
        &self.field_guards[read.0 as usize]
    }

    pub(super) fn graph(&self) -> &crate::graph::query::QueryGraph {
        self.planner.graph
    }
}

/// Whether two fetches take the same of each row, in whatever order.
fn same_inputs(first: &[Input], second: &[Input]) -> bool {
    first.len() == second.len()
        && first.iter().all(|a| {
            second.iter().any(|b| {
                (&a.name, a.slot, a.key, a.only) == (&b.name, b.slot, b.key, b.only)
                    && same_inputs(&a.children, &b.children)
            })
        })
}

/// Whether two fetches take different values under one name: `@requires` of one field with different arguments. An object
/// has room for one of them.
fn contradict(first: &[Input], second: &[Input]) -> bool {
    first.iter().any(|a| {
        second.iter().any(|b| {
            let together = a.only.is_none() || b.only.is_none() || a.only == b.only;
            a.name == b.name
                && together
                && (a.slot != b.slot || contradict(&a.children, &b.children))
        })
    })
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
