//! Providers, and the tree of what each fetch reads.

use super::Planner;
use crate::graph::query::NodeId;
use crate::plan::draft::{Provider, ProviderId, ReachedBy, Tree, TreeField, TreeId};
use crate::plan::requested::PositionId;

impl Planner<'_> {
    /// The providers of the rows below a composite slot: first the one that serves the slot, then every other provider
    /// of the level that offers the field.
    pub(super) fn child_providers(&mut self, position: PositionId, slot: u16) -> Vec<ProviderId> {
        let (field, types) = (
            self.slot(position, slot).key.field.clone(),
            self.slot(position, slot).types.clone(),
        );
        let Some(child) = self.slot(position, slot).child else {
            return Vec::new();
        };
        let static_type = self.positions[position.0 as usize].ty;
        let mut parents = Vec::new();
        for ty in std::iter::once(static_type).chain(types) {
            let Some(&provider) = self.served.get(&(position, slot, ty)) else {
                continue;
            };
            parents.push(provider);
            // A field with `@requires` can be read only by the fetch that was entered for it. A field of an interface may
            // be external in a member type.
            let others = self.offering(position, ty, slot).into_iter();
            parents.extend(others.filter(|provider| {
                let node = self.provider(*provider).node;
                self.reachability.readable_edge(node, &field).is_some()
            }));
        }
        let mut providers = Vec::new();
        for parent in parents {
            let edge = self.reachability.edge(self.provider(parent).node, &field);
            let Some(to) = edge.and_then(|edge| edge.to) else {
                continue;
            };
            let provider = self.child_provider(parent, slot, to, child);
            if !providers.contains(&provider) {
                providers.push(provider);
            }
        }
        providers
    }

    pub(super) fn child_provider(
        &mut self,
        parent: ProviderId,
        slot: u16,
        node: NodeId,
        position: PositionId,
    ) -> ProviderId {
        if let Some(&child) = self.children.get(&(parent, slot)) {
            return child;
        }
        let fetch = self.provider(parent).fetch;
        let origin = ReachedBy::Field(parent, slot);
        let provider = self.add_provider(Provider {
            fetch,
            node,
            position,
            origin,
            tree: None,
        });
        self.children.insert((parent, slot), provider);
        provider
    }

    pub(super) fn add_provider(&mut self, provider: Provider) -> ProviderId {
        self.providers.push(provider);
        ProviderId((self.providers.len() - 1) as u32)
    }

    pub(super) fn add_tree(&mut self, position: PositionId, node: NodeId) -> TreeId {
        self.trees.push(Tree {
            position,
            node,
            fields: Vec::new(),
            casts: Vec::new(),
        });
        TreeId((self.trees.len() - 1) as u32)
    }

    /// The tree of a provider. It is made on first use, with its parents, so that a fetch reads only what the plan
    /// uses.
    pub(super) fn tree_of(&mut self, provider: ProviderId) -> TreeId {
        if let Some(tree) = self.provider(provider).tree {
            return tree;
        }
        let Provider {
            node,
            position,
            origin,
            ..
        } = *self.provider(provider);
        let tree = match origin {
            ReachedBy::Field(parent, slot) => {
                let parent = self.tree_of(parent);
                self.field_tree(parent, slot, node)
            }
            ReachedBy::Cast(parent, ty) => {
                let parent = self.tree_of(parent);
                let tree = self.add_tree(position, node);
                self.trees[parent.0 as usize].casts.push((ty, tree));
                tree
            }
            ReachedBy::Lookup => self.add_tree(position, node),
        };
        self.providers[provider.0 as usize].tree = Some(tree);
        tree
    }

    pub(super) fn field_tree(&mut self, parent: TreeId, slot: u16, node: NodeId) -> TreeId {
        let existing = self.trees[parent.0 as usize]
            .fields
            .iter()
            .find(|field| field.slot == slot)
            .and_then(|field| field.child);
        if let Some(tree) = existing {
            return tree;
        }
        let position = self.trees[parent.0 as usize].position;
        let child = self.slot(position, slot).child.unwrap_or(position);
        let tree = self.add_tree(child, node);
        self.push_field(parent, slot, Some(tree));
        tree
    }

    fn push_field(&mut self, tree: TreeId, slot: u16, child: Option<TreeId>) {
        let cases = self.current_case;
        self.trees[tree.0 as usize]
            .fields
            .push(TreeField { slot, child, cases });
    }

    pub(super) fn add_field(&mut self, provider: ProviderId, slot: u16) {
        let tree = self.tree_of(provider);
        let position = self.trees[tree.0 as usize].position;
        if self.trees[tree.0 as usize]
            .fields
            .iter()
            .any(|field| field.slot == slot)
        {
            return;
        }
        match self.slot(position, slot).child {
            None => self.push_field(tree, slot, None),
            Some(child) => {
                let field = self.slot(position, slot).key.field.clone();
                let to = self
                    .reachability
                    .edge(self.provider(provider).node, &field)
                    .and_then(|edge| edge.to);
                let Some(to) = to else { return };
                let below = self.child_provider(provider, slot, to, child);
                self.tree_of(below);
            }
        }
    }
}
