//! Random operations on a small graph, as the tree of their positions.

use crate::monolith::random::Random;

use super::graph::{Graph, KEYS, ROOT};

/// A position with what is selected there.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The number of its type.
    pub(super) ty: usize,
    pub(super) leaves: Vec<String>,
    /// The fields that lead to the positions below.
    pub(super) below: Vec<(String, Node)>,
}

/// The number of fields of an operation, and its depth.
const MOST: usize = 9;
const DEEPEST: usize = 4;

pub(super) fn operation(graph: &Graph, random: &mut Random) -> Node {
    let mut left = MOST;
    node(graph, random, ROOT, 0, &mut left)
}

fn node(graph: &Graph, random: &mut Random, ty: usize, depth: usize, left: &mut usize) -> Node {
    let own = &graph.types[ty];
    let mut out = Node {
        ty,
        ..Node::default()
    };
    let wanted = if ty == ROOT { 2 } else { 4 };
    for field in random.some(&own.fields.iter().collect::<Vec<_>>(), wanted) {
        if *left == 0 {
            break;
        }
        *left -= 1;
        match field.to {
            None => out.leaves.push(field.name.clone()),
            Some(_) if depth >= DEEPEST => {}
            Some(to) => {
                let below = node(graph, random, to, depth + 1, left);
                out.below.push((field.name.clone(), below));
            }
        }
    }
    if out.leaves.is_empty() && out.below.is_empty() {
        let leaf = own.fields.iter().find(|field| field.to.is_none());
        let key = || KEYS[own.reference].to_owned();
        out.leaves
            .push(leaf.map_or_else(key, |leaf| leaf.name.clone()));
    }
    out
}

impl Node {
    pub(super) fn text(&self) -> String {
        let below = self.below.iter();
        let below = below.map(|(name, node)| format!("{name} {}", node.text()));
        let all: Vec<String> = self.leaves.iter().cloned().chain(below).collect();
        format!("{{ {} }}", all.join(" "))
    }
}
