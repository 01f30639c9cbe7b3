//! The values that a fetch takes from ancestors of its rows, and the rows that have each value.
//!
//! The walk goes down the path of the fetch with groups of rows. At a position with a context, each group is divided by the
//! value of the ancestors: all rows below one of them have its value. A value from further down replaces one from further up.

use ahash::AHashMap;

use super::rows::rows_from;
use super::write_cell;
use crate::graph::query::TypeTable;
use crate::plan::{ContextInput, Input, PathStep};
use crate::response::inputs::NoCall;
use crate::response::store::{Cell, RowId, Store};

/// The value of a context.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) enum ContextValue {
    /// No ancestor has it: the type of one is not known.
    #[default]
    Unset,
    /// It could not be fetched.
    Failed(u32),
    Null,
    /// Its JSON text.
    Text(Vec<u8>),
}

/// The rows of a fetch, by the values of its contexts.
pub(crate) struct RowsByContext {
    /// A value for each context of the fetch.
    pub(crate) values: Vec<ContextValue>,
    pub(crate) rows: Vec<RowId>,
}

/// The rows at the end of a path, by the values of contexts.
pub(crate) fn rows_by_context(
    store: &Store,
    types: &TypeTable,
    root: RowId,
    path: &[PathStep],
    contexts: &[ContextInput],
) -> Vec<RowsByContext> {
    let mut groups = vec![RowsByContext {
        values: vec![ContextValue::Unset; contexts.len()],
        rows: vec![root],
    }];
    for (depth, step) in path.iter().enumerate() {
        let mut sources = contexts.iter().flat_map(|context| &context.sources);
        if sources.any(|source| source.depth == depth) {
            let mut divided = Groups::default();
            for group in groups {
                for row in group.rows {
                    let values = values_at(store, types, row, depth, contexts, &group.values);
                    divided.add(values, [row]);
                }
            }
            groups = divided.all;
        }
        for group in &mut groups {
            let rows = std::mem::take(&mut group.rows);
            group.rows = rows_from(store, rows, std::slice::from_ref(step));
        }
        groups.retain(|group| !group.rows.is_empty());
    }
    let mut united = Groups::default();
    for group in groups {
        united.add(group.values, group.rows);
    }
    united.all
}

/// Groups of rows with different values, in the order in which they are found.
#[derive(Default)]
struct Groups {
    all: Vec<RowsByContext>,
    indexes: AHashMap<Vec<ContextValue>, usize>,
}

impl Groups {
    fn add(&mut self, values: Vec<ContextValue>, rows: impl IntoIterator<Item = RowId>) {
        let index = match self.indexes.get(&values) {
            Some(&index) => index,
            None => {
                self.indexes.insert(values.clone(), self.all.len());
                self.all.push(RowsByContext {
                    values,
                    rows: Vec::new(),
                });
                self.all.len() - 1
            }
        };
        self.all[index].rows.extend(rows);
    }
}

/// The values of the rows below a row, which has `above` from its own ancestors.
fn values_at(
    store: &Store,
    types: &TypeTable,
    row: RowId,
    depth: usize,
    contexts: &[ContextInput],
    above: &[ContextValue],
) -> Vec<ContextValue> {
    let has = |only: &[_]| only.is_empty() || store.ty(row).is_some_and(|ty| only.contains(&ty));
    let values = contexts.iter().zip(above).map(|(context, above)| {
        let mut sources = context.sources.iter();
        match sources.find(|source| source.depth == depth && has(&source.only)) {
            Some(source) => value_of(store, types, row, &source.inputs),
            None => above.clone(),
        }
    });
    values.collect()
}

fn value_of(store: &Store, types: &TypeTable, row: RowId, inputs: &[Input]) -> ContextValue {
    let mut text = Vec::new();
    match write_value(store, types, row, inputs, &mut text) {
        Ok(()) if text == b"null" => ContextValue::Null,
        Ok(()) => ContextValue::Text(text),
        Err(NoCall::Failed(failure)) => ContextValue::Failed(failure),
        Err(NoCall::NoKey) => ContextValue::Null,
    }
}

/// Writes the only value that the inputs select of a row.
fn write_value(
    store: &Store,
    types: &TypeTable,
    row: RowId,
    inputs: &[Input],
    out: &mut Vec<u8>,
) -> Result<(), NoCall> {
    let mut inputs = inputs.iter().filter_map(|input| Some((input, input.slot?)));
    let applies =
        |(input, _): &(&Input, u16)| input.only.is_none_or(|only| store.ty(row) == Some(only));
    match inputs.find(applies) {
        Some((input, slot)) => write_part(store, types, store.cell(row, slot), input, out),
        None => {
            out.extend_from_slice(b"null");
            Ok(())
        }
    }
}

fn write_part(
    store: &Store,
    types: &TypeTable,
    cell: Cell,
    input: &Input,
    out: &mut Vec<u8>,
) -> Result<(), NoCall> {
    match cell {
        Cell::Row(row) => write_value(store, types, row, &input.children, out),
        Cell::List { at, len } => {
            out.push(b'[');
            for index in 0..len {
                if index > 0 {
                    out.push(b',');
                }
                write_part(store, types, store.item(at, index), input, out)?;
            }
            out.push(b']');
            Ok(())
        }
        leaf => write_cell(store, types, leaf, input, out),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use apollo_compiler::{Name, ast};

    use super::*;
    use crate::graph::query::ContextId;
    use crate::plan::ContextSource;
    use crate::plan::requested::PositionId;

    fn input(slot: u16) -> Input {
        Input {
            name: Name::new("unit").unwrap(),
            slot: Some(slot),
            text: false,
            key: false,
            only: None,
            children: Vec::new(),
        }
    }

    /// Root → shops → items: slot 0 leads down, slot 1 has the value.
    #[test]
    fn rows_below_ancestors_with_one_value_are_together() {
        let mut store = Store::new(Vec::new(), Default::default());
        let root = store.add_row(0, 2, None);
        let (mut shops, mut items) = (Vec::new(), Vec::new());
        for unit in ["\"kg\"", "null", "\"kg\"", "\"lb\""] {
            let shop = store.add_row(1, 2, None);
            let item = store.add_row(2, 0, None);
            store.set(shop, 0, Cell::Row(item));
            if unit != "null" {
                let text = store.add_text(|out| out.extend_from_slice(unit.as_bytes()));
                store.set(shop, 1, Cell::String(text));
            }
            shops.push(Cell::Row(shop));
            items.push(item);
        }
        let list = store.add_list(&shops);
        store.set(root, 0, list);
        let step = || PathStep {
            slot: 0,
            field: Name::new("down").unwrap(),
            only: Vec::new(),
        };
        let context = ContextInput {
            context: ContextId(0),
            variable: String::new(),
            ty: ast::Type::Named(Name::new("String").unwrap()),
            sources: vec![ContextSource {
                position: PositionId(1),
                depth: 1,
                only: Vec::new(),
                inputs: vec![input(1)],
            }],
        };
        let types = TypeTable::default();
        let groups = rows_by_context(&store, &types, root, &[step(), step()], &[context]);
        let groups: Vec<_> = groups
            .into_iter()
            .map(|group| (group.values, group.rows))
            .collect();
        let text = |text: &str| vec![ContextValue::Text(text.into())];
        let expected = [
            (text("\"kg\""), vec![items[0], items[2]]),
            (vec![ContextValue::Null], vec![items[1]]),
            (text("\"lb\""), vec![items[3]]),
        ];
        assert_eq!(groups, expected);
    }
}
