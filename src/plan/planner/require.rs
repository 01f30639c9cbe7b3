//! Enters lookups. The key of a lookup, and the `@requires` fields of the field it is entered for, become slots of the
//! rows that it starts from; where the client did not request them, they are hidden slots.

use super::{Choice, Planner};
use crate::connector::{FieldSet, FieldSetItem};
use crate::graph::query::{NodeId, TypeId};
use crate::plan::PlanError;
use crate::plan::draft::{Draft, EntryKey, Provider, ProviderId, ReachedBy};
use crate::plan::inputs::{Input, Requirement, merge_input};
use crate::plan::requested::PositionId;
use apollo_compiler::Name;

impl Planner<'_> {
    /// Enters a lookup: provides its inputs, then adds the fetch and its provider to the level. A second entry with the
    /// same key returns the first provider.
    pub(super) fn enter(
        &mut self,
        position: PositionId,
        ty: TypeId,
        entry: EntryKey,
    ) -> Result<ProviderId, PlanError> {
        if let Some(level) = self.levels.get(&(position, ty))
            && let Some(&provider) = level.entered.get(&entry)
        {
            return Ok(provider);
        }
        let lookup = self.graph.lookup(entry.lookup);
        self.entering.push((position, entry.clone()));
        let key = self.require_key(position, ty, &entry);
        let required = key.and_then(|key| {
            let requirement = self.requirement(position, ty, &entry)?;
            Ok((key, requirement, self.require_contexts(position, &entry)?))
        });
        self.entering.pop();
        let (mut inputs, requirement, (contexts, filled)) = required?;
        for input in requirement
            .iter()
            .flat_map(|requirement| &requirement.inputs)
        {
            merge_input(&mut inputs, input.clone());
        }
        let tree = self.add_tree(position, lookup.to);
        self.fetches.push(Draft {
            lookup: entry.lookup,
            position,
            ty,
            arguments_of: entry.slot,
            inputs,
            requirements: requirement.into_iter().collect(),
            contexts,
            filled,
            tree,
            sequence: self.sequence,
            cases: self.current_case,
            tells_existence: false,
            merged_into: None,
        });
        let fetch = self.fetches.len() - 1;
        let provider = self.add_provider(Provider {
            fetch,
            node: lookup.to,
            position,
            origin: ReachedBy::Lookup,
            tree: Some(tree),
        });
        self.add_to_level(position, ty, provider);
        let level = self.levels.entry((position, ty)).or_default();
        level.entered.insert(entry, provider);
        let opened = &self.graph.node(lookup.to).fields;
        if let Some(reachable) = &level.reachable
            && reachable
                .cost_reducing
                .iter()
                .any(|name| opened.contains_key(name))
        {
            level.reachable = None;
        }
        Ok(provider)
    }

    fn require_key(
        &mut self,
        position: PositionId,
        ty: TypeId,
        entry: &EntryKey,
    ) -> Result<Vec<Input>, PlanError> {
        let lookup = self.graph.lookup(entry.lookup);
        let mut inputs = self.require(position, ty, &lookup.key)?;
        inputs.iter_mut().for_each(mark_key);
        Ok(inputs)
    }

    /// The `@requires` of the field that a lookup is entered for.
    fn requirement(
        &mut self,
        position: PositionId,
        ty: TypeId,
        entry: &EntryKey,
    ) -> Result<Option<Requirement>, PlanError> {
        let Some(field) = &entry.required else {
            return Ok(None);
        };
        let node = self.graph.node(self.graph.lookup(entry.lookup).to);
        let edge = node.fields.get(field);
        let set = edge.and_then(|edge| edge.requires.as_ref());
        // A field with contextual arguments may require nothing of its own object.
        let Some(set) = set.filter(|set| !set.is_empty()) else {
            return Ok(None);
        };
        Ok(Some(Requirement {
            field: field.clone(),
            inputs: self.require(position, ty, set)?,
            guard: 0,
        }))
    }

    /// Provides the fields of a field set for the rows of a level. Returns them as inputs of a fetch.
    pub(super) fn require(
        &mut self,
        position: PositionId,
        ty: TypeId,
        set: &FieldSet,
    ) -> Result<Vec<Input>, PlanError> {
        let mut inputs = Vec::new();
        for item in &set.items {
            match item {
                FieldSetItem::Field { name, .. } if name == "__typename" => {
                    merge_input(&mut inputs, typename())
                }
                FieldSetItem::Field {
                    name,
                    arguments,
                    children,
                } => {
                    for input in self.require_field(position, ty, name, arguments, children)? {
                        merge_input(&mut inputs, input);
                    }
                }
                FieldSetItem::Fragment { on, children } => {
                    for member in self.members_at(position, ty) {
                        if !self.graph.types.applies(on, member) {
                            continue;
                        }
                        self.enter_members(position, ty, member);
                        for mut input in self.require(position, member, children)? {
                            input.only = (member != ty).then_some(member);
                            merge_input(&mut inputs, input);
                        }
                    }
                }
            }
        }
        Ok(inputs)
    }

    pub(super) fn require_field(
        &mut self,
        position: PositionId,
        ty: TypeId,
        name: &Name,
        arguments: &[(Name, apollo_compiler::Node<apollo_compiler::ast::Value>)],
        children: &FieldSet,
    ) -> Result<Vec<Input>, PlanError> {
        let slot = self.hidden_slot(position, ty, name, arguments)?;
        let text = self.graph.types.info(ty).texts.contains(name);
        if let Some(children) = self.require_part(position, ty, slot, children)? {
            return Ok(vec![Input {
                name: name.clone(),
                slot: Some(slot),
                text,
                key: false,
                only: None,
                children,
            }]);
        }
        let level_type = self.level_type_for(position, ty, slot)?;
        if let Some(level_type) = level_type {
            if !self.served.contains_key(&(position, slot, level_type)) {
                self.serve_required(position, level_type, slot, children)?;
            }
            if !children.is_empty() {
                self.complete_required(position, level_type, slot, children)?;
            }
            let children = self.require_children(position, ty, slot, children)?;
            return Ok(vec![Input {
                name: name.clone(),
                slot: Some(slot),
                text,
                key: false,
                only: None,
                children,
            }]);
        }
        // No single provider serves the slot for all member types: serve it type by type.
        let mut inputs = Vec::new();
        for (member, slot) in self.split(position, ty, slot)? {
            let children = self.require_children(position, member, slot, children)?;
            inputs.push(Input {
                name: name.clone(),
                slot: Some(slot),
                text,
                key: false,
                only: Some(member),
                children,
            });
        }
        Ok(inputs)
    }

    /// Serves a slot, if possible from where what is required of its objects can be obtained too.
    fn serve_required(
        &mut self,
        position: PositionId,
        ty: TypeId,
        slot: u16,
        children: &FieldSet,
    ) -> Result<(), PlanError> {
        let choice = match children.is_empty() {
            true => None,
            false => self.choose_with(position, ty, slot, children)?,
        };
        match choice {
            Some(chosen) => self.serve_with(position, ty, slot, vec![chosen.choice]),
            None => self.serve_slot(position, ty, slot),
        }
    }

    /// Provides only the required part of a composite field, where a provider at hand offers this part but not all that
    /// the operation selects: the rest may need a lookup whose key is this part. Without it, `org { id name }`, where
    /// `name` is looked up by `org { id }`, would require itself.
    fn require_part(
        &mut self,
        position: PositionId,
        ty: TypeId,
        slot: u16,
        children: &FieldSet,
    ) -> Result<Option<Vec<Input>>, PlanError> {
        let is_object = self.graph.types.info(ty).is_object;
        let (true, false, Some(child)) = (
            is_object,
            children.is_empty(),
            self.slot(position, slot).child,
        ) else {
            return Ok(None);
        };
        if self.served.contains_key(&(position, slot, ty))
            || matches!(self.choose(position, ty, slot)?, Some(Choice::Here(_)))
        {
            return Ok(None);
        }
        let field = self.slot(position, slot).key.field.clone();
        for provider in self.offering(position, ty, slot) {
            let edge = self
                .reachability
                .free_edge(self.provider(provider).node, &field);
            let Some(to) = edge.and_then(|edge| edge.to) else {
                continue;
            };
            if self.offers(to, children) {
                self.add_field(provider, slot);
                let below = self.child_provider(provider, slot, to, child);
                let ty = self.positions[child.0 as usize].ty;
                self.join_level(child, ty, vec![below]);
                return self.require(child, ty, children).map(Some);
            }
        }
        Ok(None)
    }

    /// Whether a node offers all of a field set without another call.
    fn offers(&self, node: NodeId, set: &FieldSet) -> bool {
        set.items.iter().all(|item| match item {
            FieldSetItem::Field { name, .. } if name == "__typename" => true,
            FieldSetItem::Field { name, children, .. } => {
                let edge = self.reachability.readable_edge(node, name);
                edge.is_some_and(|edge| {
                    children.is_empty() || edge.to.is_some_and(|to| self.offers(to, children))
                })
            }
            FieldSetItem::Fragment { .. } => false,
        })
    }

    fn require_children(
        &mut self,
        position: PositionId,
        ty: TypeId,
        slot: u16,
        children: &FieldSet,
    ) -> Result<Vec<Input>, PlanError> {
        let (false, Some(child)) = (children.is_empty(), self.slot(position, slot).child) else {
            return Ok(Vec::new());
        };
        let providers = self.child_providers(position, slot);
        let static_type = self.positions[child.0 as usize].ty;
        self.join_level(child, static_type, providers);
        // Rows of `ty` may have a narrower type here than others of the position.
        let field = self.slot(position, slot).key.field.clone();
        let narrower = self.graph.field_type(ty, &field);
        let narrower = narrower.filter(|ty| self.graph.types.info(*ty).is_object);
        if let Some(member) = narrower {
            self.enter_members(child, static_type, member);
        }
        let mut inputs = self.require(child, narrower.unwrap_or(static_type), children)?;
        if !self.graph.types.info(static_type).is_object {
            // The subgraph that receives the object cannot know its type otherwise.
            merge_input(&mut inputs, typename());
        }
        Ok(inputs)
    }

    /// The type of the level that serves a slot as a whole: the position's own type, if that level serves it.
    pub(super) fn level_type_for(
        &mut self,
        position: PositionId,
        ty: TypeId,
        slot: u16,
    ) -> Result<Option<TypeId>, PlanError> {
        let whole = self.positions[position.0 as usize].ty;
        if self.served.contains_key(&(position, slot, whole)) {
            return Ok(Some(whole));
        }
        if self.graph.types.info(ty).is_object || self.served.contains_key(&(position, slot, ty)) {
            return Ok(Some(ty));
        }
        Ok(self.choose(position, ty, slot)?.map(|_| ty))
    }
}

/// The input for `__typename`, the concrete type of a row.
fn typename() -> Input {
    Input {
        name: apollo_compiler::name!("__typename"),
        slot: None,
        text: true,
        key: false,
        only: None,
        children: Vec::new(),
    }
}

/// Marks an input and its children as parts of a key: a key is known only when all its parts are.
fn mark_key(input: &mut Input) {
    input.key = true;
    input.children.iter_mut().for_each(mark_key);
}
