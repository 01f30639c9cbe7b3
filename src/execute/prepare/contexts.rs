//! Prepares the `_entities` calls of a fetch that takes values from ancestors: one call for each combination of values, which
//! it carries as variables. The number of calls is bounded by the limit of calls of an operation.

use super::entities::Gathered;
use super::operations::UsedVariables;
use super::prepared::Preparation;
use super::preparer::Preparer;
use crate::plan::{Batch, Fetch, Selected};
use crate::response::inputs::{ContextValue, RowsByContext, rows_by_context};

impl Preparer<'_> {
    /// Prepares the calls of a fetch, `index` in the plan.
    pub(super) fn contextual_entities(
        &self,
        index: usize,
        typename: &str,
        selected: &Selected,
        batch: &Batch,
    ) -> Preparation {
        let fetch = &self.plan.fetches[index];
        let mut preparation = Preparation::default();
        for RowsByContext { values, rows } in self.rows_by_context(fetch, &mut preparation) {
            let failed = values.iter().find_map(|value| match value {
                ContextValue::Failed(failure) => Some(*failure),
                _ => None,
            });
            if let Some(failure) = failed {
                let rows = rows.into_iter().map(|row| (row, failure));
                preparation.failed.extend(rows);
                continue;
            }
            let Some(values) = texts(fetch, &values) else {
                continue;
            };
            let groups = self.groups(fetch, rows, Some(typename), &mut preparation);
            if groups.is_empty() {
                continue;
            }
            let used = UsedVariables::of(selected).with_contexts(&values);
            let variables = self.operation_variables(used, &[]);
            let mut gathered = Gathered::default();
            gathered.add_groups(index, 0, selected, variables, groups, false);
            let used = UsedVariables::by(&batch.operation).with_contexts(&values);
            preparation.push(self.entities(fetch, gathered, used, &[]));
        }
        preparation
    }

    fn rows_by_context(&self, fetch: &Fetch, preparation: &mut Preparation) -> Vec<RowsByContext> {
        let types = &self.runtime.graph.types;
        let (path, contexts) = (&fetch.path, &fetch.contexts);
        let mut groups = rows_by_context(self.store, types, self.root, path, contexts);
        if let Some(only) = fetch.only {
            for group in &mut groups {
                group.rows.retain(|row| self.store.ty(*row) == Some(only));
            }
        }
        let count: usize = groups.iter().map(|group| group.rows.len()).sum();
        if count > self.runtime.limits.list_fan_out {
            let rows = groups.drain(..).flat_map(|group| group.rows);
            preparation.too_many = rows.collect();
        }
        groups
    }
}

/// The JSON text of each value; `None` if one is not known, or null although the argument is not nullable: then the field
/// cannot be requested.
fn texts<'v>(fetch: &Fetch, values: &'v [ContextValue]) -> Option<Vec<&'v [u8]>> {
    let contexts = fetch.contexts.iter().zip(values);
    let texts = contexts.map(|(context, value)| match value {
        ContextValue::Text(text) => Some(text.as_slice()),
        ContextValue::Null if !context.ty.is_non_null() => Some(&b"null"[..]),
        ContextValue::Null | ContextValue::Unset | ContextValue::Failed(_) => None,
    });
    texts.collect()
}
