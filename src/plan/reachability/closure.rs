//! What can be entered from a set of nodes: the result of a closure.

use std::collections::{BTreeMap, HashSet};

use ahash::HashMap;
use apollo_compiler::Name;

use crate::graph::query::LookupId;

/// What can be entered from a set of nodes of one type.
#[derive(Debug, Default)]
pub(in crate::plan) struct Reachable {
    /// The lookups, with the least cost of entering them, keys included.
    pub(in crate::plan) lookups: BTreeMap<LookupId, u32>,
    /// Fields with `@requires`, by name and lookup, with the cost of the lookup and of what is required.
    pub(super) required: BTreeMap<Name, BTreeMap<LookupId, u32>>,
    /// The lookups by the fields that they lead to, in their order.
    pub(super) by_field: HashMap<Name, Vec<LookupId>>,
    /// Key and `@requires` fields that no start node offers. A new provider with one of them makes something cheaper.
    pub(in crate::plan) cost_reducing: HashSet<Name>,
}

impl Reachable {
    /// The lookups that lead to a field.
    pub(in crate::plan) fn offering(&self, field: &Name) -> &[LookupId] {
        self.by_field
            .get(field)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The cost of a field with `@requires` by a lookup; `None` when it cannot be resolved.
    pub(in crate::plan) fn required_cost(&self, lookup: LookupId, field: &Name) -> Option<u32> {
        self.required.get(field)?.get(&lookup).copied()
    }
}
