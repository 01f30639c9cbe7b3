//! Contextual arguments: a field whose argument comes from an ancestor is fetched by an entry of its own, which takes the
//! value from the ancestor's row. The value becomes a slot of the ancestor; where the client did not request it, a hidden
//! slot.
//!
//! The ancestor is the nearest one whose concrete type has the context in the field's subgraph. At an abstract position only
//! some types may have it; rows below others take the value from further up.

use super::Planner;
use crate::connector::{FieldSet, FieldSetItem};
use crate::graph::query::{ContextId, Edge, TypeId};
use crate::plan::PlanError;
use crate::plan::draft::EntryKey;
use crate::plan::inputs::{ContextInput, ContextSource, FilledArgument};
use crate::plan::requested::PositionId;

impl Planner<'_> {
    /// Whether the ancestors of a position have the contexts of a field.
    pub(super) fn has_contexts(&self, position: PositionId, edge: &Edge) -> bool {
        let mut arguments = edge.contextual.iter();
        arguments.all(|argument| self.ancestors_with(position, argument.context).is_some())
    }

    /// The ancestors that rows of a position take a context from, the nearest first, each with those of its types that have
    /// the context. `None` if some row may have no such ancestor.
    fn ancestors_with(
        &self,
        position: PositionId,
        context: ContextId,
    ) -> Option<Vec<(PositionId, Vec<TypeId>)>> {
        let selections = &self.graph.context(context).selections;
        let mut found = Vec::new();
        let mut below = position;
        while let Some((ancestor, slot)) = self.positions[below.0 as usize].parent {
            if self.is_mutation_root(ancestor) {
                return None;
            }
            let types = &self.slot(ancestor, slot).types;
            let with = types.iter().filter(|ty| selections.contains_key(ty));
            let with: Vec<TypeId> = with.copied().collect();
            let all = with.len() == types.len();
            if !with.is_empty() {
                found.push((ancestor, with));
            }
            if all {
                return Some(found);
            }
            below = ancestor;
        }
        None
    }

    /// The fields of a mutation are executed in order, and not for the sake of others.
    fn is_mutation_root(&self, position: PositionId) -> bool {
        let position = &self.positions[position.0 as usize];
        let mutation = &self.graph.merged.schema_definition.mutation;
        position.parent.is_none()
            && mutation
                .as_ref()
                .is_some_and(|root| root.name == *self.graph.types.name(position.ty))
    }

    /// Provides the contexts of the field that a lookup is entered for.
    pub(super) fn require_contexts(
        &mut self,
        position: PositionId,
        entry: &EntryKey,
    ) -> Result<(Vec<ContextInput>, Vec<FilledArgument>), PlanError> {
        let graph = self.graph;
        let node = graph.node(graph.lookup(entry.lookup).to);
        let field = entry.required.as_ref();
        let Some((field, edge)) = field.and_then(|field| node.fields.get_key_value(field)) else {
            return Ok(Default::default());
        };
        let (mut contexts, mut filled) = (Vec::<ContextInput>::new(), Vec::new());
        for argument in &edge.contextual {
            let same = |other: &ContextInput| {
                (other.context, &other.ty) == (argument.context, &argument.ty)
            };
            let index = match contexts.iter().position(same) {
                Some(index) => index,
                None => {
                    contexts.push(ContextInput {
                        context: argument.context,
                        variable: String::new(),
                        ty: argument.ty.clone(),
                        sources: self.context_sources(position, argument.context)?,
                    });
                    contexts.len() - 1
                }
            };
            filled.push(FilledArgument {
                field: field.clone(),
                argument: argument.name.clone(),
                context: index,
            });
        }
        Ok((contexts, filled))
    }

    fn context_sources(
        &mut self,
        position: PositionId,
        context: ContextId,
    ) -> Result<Vec<ContextSource>, PlanError> {
        let graph = self.graph;
        let selections = &graph.context(context).selections;
        // Satisfiability has checked that each path has such ancestors.
        let missing = || PlanError::Unsatisfiable(graph.context(context).name.clone());
        let ancestors = self.ancestors_with(position, context);
        let mut sources = Vec::new();
        for (ancestor, only) in ancestors.ok_or_else(missing)? {
            let ty = self.positions[ancestor.0 as usize].ty;
            let is_object = graph.types.info(ty).is_object;
            let fragments = only.iter().filter_map(|ty| {
                Some(FieldSetItem::Fragment {
                    on: graph.types.name(*ty).clone(),
                    children: selections.get(ty)?.clone(),
                })
            });
            let selection = match selections.get(&ty).filter(|_| is_object) {
                Some(selection) => selection.clone(),
                None => FieldSet {
                    items: fragments.collect(),
                },
            };
            sources.push(ContextSource {
                position: ancestor,
                depth: self.depth(ancestor),
                inputs: self.require(ancestor, ty, &selection)?,
                only: if is_object { Vec::new() } else { only },
            });
        }
        sources.reverse();
        Ok(sources)
    }

    /// The number of steps from the root to a position.
    fn depth(&self, mut position: PositionId) -> usize {
        let mut depth = 0;
        while let Some((parent, _)) = self.positions[position.0 as usize].parent {
            depth += 1;
            position = parent;
        }
        depth
    }
}
