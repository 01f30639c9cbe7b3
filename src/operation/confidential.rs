//! Finds the arguments of an operation whose values must not be in a URL (`@confidential`).

use std::collections::HashSet;

use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Name};

use crate::graph::Confidential;

/// The first of them that the operation gives, as `Type.field(argument:)`.
pub(super) fn first(
    confidential: &Confidential,
    document: &ExecutableDocument,
    operation: &Operation,
) -> Option<Box<str>> {
    if confidential.is_empty() {
        return None;
    }
    let mut search = Search {
        confidential,
        document,
        spread: HashSet::new(),
    };
    search.selections(&operation.selection_set)
}

struct Search<'d> {
    confidential: &'d Confidential,
    document: &'d ExecutableDocument,
    /// The fragments that have been visited.
    spread: HashSet<&'d Name>,
}

impl<'d> Search<'d> {
    fn selections(&mut self, set: &'d SelectionSet) -> Option<Box<str>> {
        set.selections.iter().find_map(|selection| match selection {
            Selection::Field(field) => {
                let own = self.arguments(&set.ty, field);
                own.or_else(|| self.selections(&field.selection_set))
            }
            Selection::InlineFragment(inline) => self.selections(&inline.selection_set),
            Selection::FragmentSpread(spread) => {
                let fragment = self.document.fragments.get(&spread.fragment_name)?;
                let is_new = self.spread.insert(&spread.fragment_name);
                is_new.then(|| self.selections(&fragment.selection_set))?
            }
        })
    }

    fn arguments(&self, ty: &Name, field: &Field) -> Option<Box<str>> {
        let found = field.arguments.iter().find(|given| {
            let definition = field.definition.argument_by_name(&given.name);
            definition.is_some_and(|definition| {
                let of = definition.ty.inner_named_type();
                self.confidential
                    .is_argument(ty, &field.name, &given.name, of)
            })
        })?;
        Some(format!("{ty}.{}({}:)", field.name, found.name).into())
    }
}
