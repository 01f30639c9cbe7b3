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

/// The ancestors at one position that have a context.
struct Ancestor {
    position: PositionId,
    /// The types that have it.
    types: Vec<TypeId>,
    /// All types that rows have there.
    all: bool,
}

impl Planner<'_> {
    /// Whether the ancestors of a position have the contexts of a field.
    pub(super) fn has_contexts(&self, position: PositionId, edge: &Edge) -> bool {
        let mut arguments = edge.contextual.iter();
        arguments.all(|argument| self.ancestors_with(position, argument.context).is_some())
    }

    /// The ancestors that rows of a position take a context from, the nearest first. `None` if some row may have no such
    /// ancestor.
    fn ancestors_with(&self, position: PositionId, context: ContextId) -> Option<Vec<Ancestor>> {
        let selections = &self.graph.context(context).selections;
        let mut found = Vec::new();
        let mut below = position;
        while let Some((position, slot)) = self.positions[below.0 as usize].parent {
            if self.is_mutation_root(position) {
                return None;
            }
            // A type that no provider knows has no rows.
            let mut types = self.members_at(position, self.positions[position.0 as usize].ty);
            types.retain(|ty| self.slot(position, slot).types.contains(ty));
            let with = types.iter().filter(|ty| selections.contains_key(ty));
            let with: Vec<TypeId> = with.copied().collect();
            let all = with.len() == types.len();
            if !with.is_empty() {
                found.push(Ancestor {
                    position,
                    types: with,
                    all,
                });
            }
            if all {
                return Some(found);
            }
            below = position;
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
        for ancestor in ancestors.ok_or_else(missing)? {
            let position = ancestor.position;
            let ty = self.positions[position.0 as usize].ty;
            let (selection, only) = match self.selection_for_all(ty, &ancestor, context) {
                Some(selection) => (selection, Vec::new()),
                None => {
                    self.ensure_typename(position, ty)?;
                    let fragments = ancestor.types.iter().filter_map(|ty| {
                        Some(FieldSetItem::Fragment {
                            on: graph.types.name(*ty).clone(),
                            children: selections.get(ty)?.clone(),
                        })
                    });
                    let items = fragments.collect();
                    (FieldSet { items }, ancestor.types)
                }
            };
            sources.push(ContextSource {
                position,
                depth: self.depth(position),
                inputs: self.require(position, ty, &selection)?,
                only,
            });
        }
        sources.reverse();
        Ok(sources)
    }

    /// What is selected of all rows of a position, if that does not depend on their concrete types.
    fn selection_for_all(
        &self,
        ty: TypeId,
        ancestor: &Ancestor,
        context: ContextId,
    ) -> Option<FieldSet> {
        let selections = &self.graph.context(context).selections;
        let mut of_types = ancestor.types.iter().map(|ty| selections.get(ty));
        let first = of_types.next()??;
        let has = |item: &FieldSetItem| match item {
            FieldSetItem::Field { name, .. } => {
                let name_of_type = self.graph.types.name(ty);
                self.graph.merged.type_field(name_of_type, name).is_ok()
            }
            FieldSetItem::Fragment { .. } => false,
        };
        let same = ancestor.all
            && of_types.all(|other| other == Some(first))
            && first.items.iter().all(has);
        same.then(|| first.clone())
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
