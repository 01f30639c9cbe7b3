//! Batches: entity fetches from one GraphQL service become one call of `_entities` where that delays nothing.
//!
//! For example, `District.works` and `Scheme.works` of one service, both fetched after the same root call, are sent as
//!
//! ```graphql
//! query ($representations: [_Any!]!) {
//!   _entities(representations: $representations) { ... on District { works } ... on Scheme { works } }
//! }
//! ```
//!
//! All fetches of a call start and end together. [`groups`] joins two fetches if no result comes later for it, however
//! long each call takes; [`joined`] then joins calls of one service if no path of the plan becomes longer when they take
//! equally long.
//!
//! Types share a list as fragments. A selection that cannot be in the same selection set, because the type is the same
//! and the selection is not, or because response keys have values of different shapes (GraphQL specification, 5.3.2),
//! gets a list of its own under an alias: `_entities_2: _entities(...)`.
//!
//! Walks over dependencies and selections spend from the budget of the plan.

mod groups;
mod joined;

use std::collections::{BTreeSet, HashSet};

use apollo_compiler::schema::Type;
use apollo_compiler::{Name, Schema};

use super::guard::Guard;
use super::print::ENTITIES;
use super::requested::Position;
use super::{
    Batch, EntityList, Fetch, FetchCall, Partial, PlanError, Read, ReadField, ReadId, Selected,
    print,
};
use crate::graph::query::{QueryGraph, SubgraphId};

/// Spends steps of the budget.
type Spend<'s> = dyn FnMut(usize) -> Result<(), PlanError> + 's;

/// The parts of the plan that batches are formed from.
pub(super) struct Batches<'a> {
    pub(super) graph: &'a QueryGraph,
    pub(super) reads: &'a [Read],
    pub(super) positions: &'a [Position],
    pub(super) guards: &'a [Guard],
    /// Subgraphs whose calls take unequally long.
    pub(super) varying: &'a HashSet<SubgraphId>,
    pub(super) client: &'a print::ClientOperation<'a>,
}

impl Batches<'_> {
    /// Forms the batches, and reorders the fetches so that each follows those that it waits for and a batch's are
    /// adjacent.
    pub(super) fn form(
        &self,
        fetches: &mut Vec<Fetch>,
        spend: &mut Spend<'_>,
    ) -> Result<Vec<Batch>, PlanError> {
        let mut groups = self.groups(fetches, spend)?;
        joined::join(fetches, self.varying, &mut groups);
        let mut lists = Vec::new();
        for group in groups {
            lists.push(self.lists(fetches, &group, spend)?);
        }
        let order = wait_together(fetches, &lists)?;
        let mut new_index = vec![0; fetches.len()];
        for (new, old) in order.iter().enumerate() {
            new_index[*old] = new;
        }
        for fetch in fetches.iter_mut() {
            for before in &mut fetch.after {
                *before = new_index[*before];
            }
            fetch.after.sort_unstable();
            fetch.absent_from = fetch.absent_from.map(|list| new_index[list]);
        }
        let mut ordered: Vec<(usize, Fetch)> =
            new_index.iter().copied().zip(fetches.drain(..)).collect();
        ordered.sort_by_key(|(index, _)| *index);
        fetches.extend(ordered.into_iter().map(|(_, fetch)| fetch));
        for lists in &mut lists {
            for fetch in lists.iter_mut().flatten() {
                *fetch = new_index[*fetch];
            }
        }
        // Batches are numbered in the order of their first fetches.
        lists.sort_by_key(|lists| lists.iter().flatten().next().copied());
        Ok(lists
            .iter()
            .enumerate()
            .map(|(batch, lists)| self.batch(fetches, batch, lists))
            .collect())
    }

    /// Distributes the fetches of a call over lists.
    fn lists(
        &self,
        fetches: &[Fetch],
        group: &[usize],
        spend: &mut Spend<'_>,
    ) -> Result<Vec<Vec<usize>>, PlanError> {
        let mut lists: Vec<Vec<usize>> = Vec::new();
        for &index in group {
            let mut fitting = None;
            for (list_index, list) in lists.iter().enumerate() {
                if self.fits(fetches, list, index, spend)? {
                    fitting = Some(list_index);
                    break;
                }
            }
            match fitting {
                Some(list_index) => lists[list_index].push(index),
                None => lists.push(vec![index]),
            }
        }
        Ok(lists)
    }

    /// Whether the selection of a fetch can share a list with those that are in it.
    fn fits(
        &self,
        fetches: &[Fetch],
        list: &[usize],
        index: usize,
        spend: &mut Spend<'_>,
    ) -> Result<bool, PlanError> {
        for other in list {
            spend(1)?;
            if !self.side_by_side(&fetches[*other], &fetches[index], spend)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn side_by_side(
        &self,
        first: &Fetch,
        second: &Fetch,
        spend: &mut Spend<'_>,
    ) -> Result<bool, PlanError> {
        let (Some((name, selected)), Some((other, others))) = (entities(first), entities(second))
        else {
            return Ok(false);
        };
        if name == other {
            return Ok(selected.canonical == others.canonical);
        }
        // Entities of an interface have a concrete type each, which may be the other fetch's type: fragments would
        // overlap.
        let schema = &self.graph.subgraph(first.subgraph).schema;
        if schema.get_object(name).is_none() || schema.get_object(other).is_none() {
            return Ok(false);
        }
        self.same_shapes(schema, first.read, second.read, spend)
    }

    /// Whether the response keys that two reads share have values of the same shape.
    fn same_shapes(
        &self,
        schema: &Schema,
        first: ReadId,
        second: ReadId,
        spend: &mut Spend<'_>,
    ) -> Result<bool, PlanError> {
        let read = |id: ReadId| &self.reads[id.0 as usize];
        let (first, second) = (read(first), read(second));
        for a in &first.fields {
            spend(second.fields.len())?;
            for b in second.fields.iter().filter(|b| a.key == b.key) {
                let (ty, other) = (self.ty(schema, first, a), self.ty(schema, second, b));
                let same = match (ty, other, a.read, b.read) {
                    (Some(ty), Some(other), None, None) => ty == other,
                    (Some(ty), Some(other), Some(a), Some(b)) => {
                        same_wrappers(ty, other) && self.same_shapes(schema, a, b, spend)?
                    }
                    _ => false,
                };
                if !same {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn ty<'s>(&self, schema: &'s Schema, read: &Read, field: &ReadField) -> Option<&'s Type> {
        let static_type = self.positions[read.position.0 as usize].ty;
        let parent = field
            .only
            .first()
            .copied()
            .or(read.ty)
            .unwrap_or(static_type);
        let definition = schema.type_field(self.graph.types.name(parent), &field.name);
        definition.ok().map(|definition| &definition.ty)
    }

    fn batch(&self, fetches: &mut [Fetch], number: usize, members: &[Vec<usize>]) -> Batch {
        for (list_index, fetch_indices) in members.iter().enumerate() {
            for index in fetch_indices {
                if let FetchCall::Entities { batch, list, .. } = &mut fetches[*index].call {
                    (*batch, *list) = (number, list_index);
                }
            }
        }
        let fetches_of: Vec<Vec<(&Name, &Selected)>> = members
            .iter()
            .map(|list| {
                let mut typenames = BTreeSet::new();
                let all = list.iter().filter_map(|index| entities(&fetches[*index]));
                // All fetches of one type in a list have the same selection.
                all.filter(|(name, _)| typenames.insert(name.as_str()))
                    .collect()
            })
            .collect();
        let lists: Vec<EntityList> = (0..members.len())
            .map(|list_index| names(self.client, list_index))
            .collect();
        let parts: Vec<_> = lists.iter().zip(fetches_of).collect();
        let mut all = members.iter().flatten();
        let client = match all.next() {
            Some(first) => {
                let subgraph = self.graph.subgraph(fetches[*first].subgraph);
                self.client.for_subgraph(subgraph)
            }
            None => *self.client,
        };
        Batch {
            operation: print::entities(&client, &parts),
            lists,
            fetches: members.iter().flatten().copied().collect(),
        }
    }
}

/// The response key and variable of a list. The variable differs from all variables of the client.
fn names(client: &print::ClientOperation<'_>, list_index: usize) -> EntityList {
    let suffix = match list_index {
        0 => String::new(),
        list_index => format!("_{}", list_index + 1),
    };
    let mut variable = format!("representations{suffix}");
    let taken = |name: &str| {
        let mut variables = client.variables.iter();
        variables.any(|variable| variable.name == name)
    };
    while taken(&variable) {
        variable.push('_');
    }
    EntityList {
        key: format!("{ENTITIES}{suffix}"),
        variable,
    }
}

/// A call of `_entities` for one fetch.
pub(super) fn single_call(
    client: &print::ClientOperation<'_>,
    typename: &Name,
    selected: Selected,
) -> Partial {
    let list = names(client, 0);
    let operation = print::entities(client, &[(&list, vec![(typename, &selected)])]);
    Partial {
        selected,
        batch: Batch {
            operation,
            lists: vec![list],
            fetches: Vec::new(),
        },
    }
}

/// Makes all fetches of a call wait for the same fetches. Returns an order in which the fetches of a call are adjacent.
fn wait_together(
    fetches: &mut [Fetch],
    batches: &[Vec<Vec<usize>>],
) -> Result<Vec<usize>, PlanError> {
    let mut batch_of = vec![None; fetches.len()];
    let batches: Vec<Vec<usize>> = batches.iter().map(|lists| lists.concat()).collect();
    for (batch, members) in batches.iter().enumerate() {
        let all = members
            .iter()
            .flat_map(|index| fetches[*index].after.clone());
        let mut after: Vec<usize> = all.collect();
        after.sort_unstable();
        after.dedup();
        for index in members {
            fetches[*index].after.clone_from(&after);
            batch_of[*index] = Some(batch);
        }
    }
    let mut order: Vec<usize> = Vec::with_capacity(fetches.len());
    let mut done = vec![false; fetches.len()];
    while order.len() < fetches.len() {
        let is_ready = |index: &usize| {
            !done[*index] && fetches[*index].after.iter().all(|before| done[*before])
        };
        // `may_join` admits no cycle: one would be a bug there.
        let next = (0..fetches.len())
            .find(is_ready)
            .ok_or_else(|| PlanError::Unsatisfiable("circular batches".to_owned()))?;
        let alone = [next];
        let together = batch_of[next].map_or(&alone[..], |batch| batches[batch].as_slice());
        for &index in together {
            done[index] = true;
            order.push(index);
        }
    }
    Ok(order)
}

fn entities(fetch: &Fetch) -> Option<(&Name, &Selected)> {
    match &fetch.call {
        FetchCall::Entities {
            typename, selected, ..
        } => Some((typename, selected)),
        _ => None,
    }
}

/// The index of the list with a response key.
pub(crate) fn list_of_key(key: &str) -> Option<u16> {
    match key.strip_prefix(ENTITIES)? {
        "" => Some(0),
        suffix => suffix
            .strip_prefix('_')?
            .parse()
            .ok()
            .and_then(|number: u16| number.checked_sub(1)),
    }
}

fn same_wrappers(first: &Type, second: &Type) -> bool {
    match (first, second) {
        (Type::Named(_), Type::Named(_)) | (Type::NonNullNamed(_), Type::NonNullNamed(_)) => true,
        (Type::List(first), Type::List(second))
        | (Type::NonNullList(first), Type::NonNullList(second)) => same_wrappers(first, second),
        _ => false,
    }
}
