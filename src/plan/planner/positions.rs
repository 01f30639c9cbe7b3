//! Where the planner stands, and what each fetch reads there.

use super::Planner;
use crate::graph::query::NodeId;
use crate::plan::draft::Origin;
use crate::plan::draft::PosId;
use crate::plan::draft::Position;
use crate::plan::draft::Tree;
use crate::plan::draft::TreeField;
use crate::plan::draft::TreeId;
use crate::plan::need::NeedId;

impl Planner<'_> {
    /// Where the planner stands for the rows of a composite slot: its provider first, then every other position of the
    /// level that offers the field as well.
    pub(super) fn child_positions(&mut self, need: NeedId, slot: u16) -> Vec<PosId> {
        let (field, types) = (
            self.slot(need, slot).key.field.clone(),
            self.slot(need, slot).types.clone(),
        );
        let Some(child) = self.slot(need, slot).child else {
            return Vec::new();
        };
        let static_type = self.needs[need.0 as usize].ty;
        let mut parents = Vec::new();
        for ty in std::iter::once(static_type).chain(types) {
            let Some(&provider) = self.served.get(&(need, slot, ty)) else {
                continue;
            };
            parents.push(provider);
            // Behind `@requires` only the fetch that was entered for the field can be asked for it.
            let others = self.offering(need, ty, slot).into_iter();
            parents.extend(others.filter(|pos| {
                let node = self.position(*pos).node;
                self.reach.free_edge(node, &field).is_some()
            }));
        }
        let mut positions = Vec::new();
        for parent in parents {
            let edge = self.reach.edge(self.position(parent).node, &field);
            let Some(to) = edge.and_then(|edge| edge.to) else {
                continue;
            };
            let pos = self.child_position(parent, slot, to, child);
            if !positions.contains(&pos) {
                positions.push(pos);
            }
        }
        positions
    }

    pub(super) fn child_position(
        &mut self,
        parent: PosId,
        slot: u16,
        node: NodeId,
        need: NeedId,
    ) -> PosId {
        if let Some(&known) = self.children.get(&(parent, slot)) {
            return known;
        }
        let fetch = self.position(parent).fetch;
        let origin = Origin::Field(parent, slot);
        let pos = self.add_position(Position {
            fetch,
            node,
            need,
            origin,
            tree: None,
        });
        self.children.insert((parent, slot), pos);
        pos
    }

    pub(super) fn add_position(&mut self, position: Position) -> PosId {
        self.positions.push(position);
        PosId((self.positions.len() - 1) as u32)
    }

    pub(super) fn add_tree(&mut self, need: NeedId, node: NodeId) -> TreeId {
        self.trees.push(Tree {
            need,
            node,
            fields: Vec::new(),
            casts: Vec::new(),
        });
        TreeId((self.trees.len() - 1) as u32)
    }

    /// The tree of a position; it is made, and its parents with it, when the position is first used.
    pub(super) fn tree_of(&mut self, pos: PosId) -> TreeId {
        if let Some(tree) = self.position(pos).tree {
            return tree;
        }
        let Position {
            node, need, origin, ..
        } = *self.position(pos);
        let tree = match origin {
            Origin::Field(parent, slot) => {
                let parent = self.tree_of(parent);
                self.field_tree(parent, slot, node)
            }
            Origin::Cast(parent, ty) => {
                let parent = self.tree_of(parent);
                let tree = self.add_tree(need, node);
                self.trees[parent.0 as usize].casts.push((ty, tree));
                tree
            }
            Origin::Entry => self.add_tree(need, node),
        };
        self.positions[pos.0 as usize].tree = Some(tree);
        tree
    }

    pub(super) fn field_tree(&mut self, parent: TreeId, slot: u16, node: NodeId) -> TreeId {
        let known = self.trees[parent.0 as usize]
            .fields
            .iter()
            .find(|field| field.slot == slot)
            .and_then(|field| field.child);
        if let Some(tree) = known {
            return tree;
        }
        let need = self.trees[parent.0 as usize].need;
        let child = self.slot(need, slot).child.unwrap_or(need);
        let tree = self.add_tree(child, node);
        self.push_field(parent, slot, Some(tree));
        tree
    }

    fn push_field(&mut self, tree: TreeId, slot: u16, child: Option<TreeId>) {
        let worlds = self.here;
        self.trees[tree.0 as usize].fields.push(TreeField {
            slot,
            child,
            worlds,
        });
    }

    pub(super) fn add_field(&mut self, pos: PosId, slot: u16) {
        let tree = self.tree_of(pos);
        let need = self.trees[tree.0 as usize].need;
        if self.trees[tree.0 as usize]
            .fields
            .iter()
            .any(|known| known.slot == slot)
        {
            return;
        }
        match self.slot(need, slot).child {
            None => self.push_field(tree, slot, None),
            Some(child) => {
                let field = self.slot(need, slot).key.field.clone();
                let to = self
                    .reach
                    .edge(self.position(pos).node, &field)
                    .and_then(|edge| edge.to);
                let Some(to) = to else { return };
                let below = self.child_position(pos, slot, to, child);
                self.tree_of(below);
            }
        }
    }
}
