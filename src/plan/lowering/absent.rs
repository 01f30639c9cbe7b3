//! `@entityList(absent: LOOKUP)`: objects that are not in the list are looked up without it.
//!
//! The planner decides for the list as for any lookup. The fetch of the list is then followed by another one, for the same
//! rows and slots, by the connect of another lookup with the same key. During execution, it starts from the rows that were
//! not found in the list; usually there are none, and it makes no call. Fetches that wait for one of the two wait for both.

use super::Lowering;
use crate::connector::{AbsentKey, EntityList, FieldSet, FieldSetItem};
use crate::graph::query::{ConnectMode, Lookup, LookupKind, NodeId};
use crate::plan::draft::TreeId;
use crate::plan::{Fetch, FetchCall};

impl Lowering<'_, '_> {
    /// The fetch for the rows that the fetch of a list does not find; `index` is that of the list's fetch.
    pub(super) fn fetch_of_absent(
        &self,
        draft: usize,
        list: &Fetch,
        index: usize,
    ) -> Option<Fetch> {
        let draft = &self.planner.fetches[draft];
        let lookup = self.lookup_of_absent(self.planner.graph.lookup(draft.lookup), draft.tree)?;
        let LookupKind::Connect { connect, mode } = lookup.kind else {
            return None;
        };
        Some(Fetch {
            call: FetchCall::Connect { connect, mode },
            arguments: Vec::new(),
            after: vec![index],
            absent_from: Some(index),
            ..list.clone()
        })
    }

    /// The lookup that serves what is read of a list's objects, if those that are not in the list are looked up. The check
    /// of the directive ensures that there is one. A batch is preferred.
    fn lookup_of_absent(&self, list: &Lookup, tree: TreeId) -> Option<&Lookup> {
        let graph = self.planner.graph;
        let LookupKind::Connect {
            connect,
            mode: ConnectMode::List,
        } = list.kind
        else {
            return None;
        };
        let connect = graph.connect(list.subgraph, connect)?;
        let entity_list: &EntityList = connect.options.get()?;
        if entity_list.absent == AbsentKey::Null {
            return None;
        }
        let by_key = graph.lookups_on(list.on).iter().map(|id| graph.lookup(*id));
        let serving = by_key.filter(|lookup| {
            let is_by_key = matches!(
                lookup.kind,
                LookupKind::Connect {
                    mode: ConnectMode::Explicit | ConnectMode::Single | ConnectMode::Batch,
                    ..
                }
            );
            is_by_key
                && !self.planner.serves_one_field_of(lookup)
                && lookup.subgraph == list.subgraph
                && is_same_key(&lookup.key, &list.key)
                && self.offers(lookup.to, tree)
        });
        serving.min_by_key(|lookup| lookup.cost)
    }

    /// Whether a node offers everything that a tree reads at another node.
    fn offers(&self, node: NodeId, tree: TreeId) -> bool {
        let graph = self.planner.graph;
        let tree = &self.planner.trees[tree.0 as usize];
        let mut fields = tree.fields.iter();
        let offers_fields = fields.all(|field| {
            let name = &self.slot(tree.position, field.slot).key.field;
            let Some(edge) = graph.node(node).fields.get(name) else {
                return false;
            };
            match (field.child, edge.to) {
                (Some(child), Some(to)) => self.offers(to, child),
                (child, _) => child.is_none(),
            }
        });
        let mut casts = tree.casts.iter();
        offers_fields
            && casts.all(|(ty, cast)| {
                let narrowed = graph.narrowed(node, *ty);
                narrowed.is_some_and(|narrowed| self.offers(narrowed, *cast))
            })
    }
}

/// Whether two keys have the same fields, in any order.
fn is_same_key(key: &FieldSet, other: &FieldSet) -> bool {
    let has = |items: &[FieldSetItem], item: &FieldSetItem| {
        items.iter().any(|other| match (item, other) {
            (
                FieldSetItem::Field { name, children, .. },
                FieldSetItem::Field {
                    name: other,
                    children: others,
                    ..
                },
            ) => name == other && is_same_key(children, others),
            (item, other) => item == other,
        })
    };
    key.items.iter().all(|item| has(&other.items, item))
        && other.items.iter().all(|item| has(&key.items, item))
}
