//! The contexts that the fields of services use.

use std::collections::BTreeMap;

use apollo_compiler::Schema;
use apollo_compiler::ast::FieldDefinition;

use super::builder::GraphBuilder;
use super::graph::{Context, ContextId, ContextualArgument, SubgraphId};
use crate::graph::context::{contextual_arguments, objects_of, selected_of, types_with};

impl GraphBuilder<'_> {
    /// The contextual arguments of a field of a service.
    pub(super) fn contextual(
        &mut self,
        subgraph: SubgraphId,
        schema: &Schema,
        field: &FieldDefinition,
    ) -> Vec<ContextualArgument> {
        let arguments = contextual_arguments(field).into_iter().map(|argument| {
            let mut selections = BTreeMap::new();
            for ty in types_with(schema, &argument.context) {
                for object in objects_of(schema, ty) {
                    let selection = selected_of(schema, &argument.selection, object);
                    let id = self.types.id(object).filter(|_| !selection.is_empty());
                    // An interface object stands for all implementations of its interface.
                    let possible = id.map(|id| &self.types.info(id).possible);
                    for ty in possible.into_iter().flatten() {
                        selections.insert(*ty, selection.clone());
                    }
                }
            }
            let context = Context {
                subgraph,
                name: argument.context,
                selections,
            };
            ContextualArgument {
                name: argument.name,
                ty: argument.ty,
                context: self.context(context),
            }
        });
        arguments.collect()
    }

    /// The number of a context, which is added if it is new.
    fn context(&mut self, context: Context) -> ContextId {
        let existing = self.contexts.iter().position(|other| *other == context);
        let index = existing.unwrap_or_else(|| {
            self.contexts.push(context);
            self.contexts.len() - 1
        });
        ContextId(index as u32)
    }
}
