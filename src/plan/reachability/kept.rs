//! Closures that are kept for the operations to come.
//!
//! A closure depends on the graph and on the nodes it starts from. If it met no `@override` label and needed no other closure,
//! it depends on nothing else, and the steps that it took are always the same: an operation that gets it from here spends them
//! too, so that which operations are too complex does not depend on what was planned before.

use std::sync::{Arc, RwLock};

use ahash::HashMap;

use super::closure::Reachable;
use crate::graph::query::{NodeId, TypeId};

/// The most closures that are kept. A graph has some for each type; operations that combine services add others.
const MOST: usize = 4_096;

type Kept = HashMap<(TypeId, Vec<NodeId>), (Arc<Reachable>, usize)>;

/// The closures of one graph.
#[derive(Debug, Default)]
pub(crate) struct KeptClosures(RwLock<Kept>);

impl KeptClosures {
    /// A closure, and the steps that it took.
    pub(super) fn get(&self, key: &(TypeId, Vec<NodeId>)) -> Option<(Arc<Reachable>, usize)> {
        let kept = self.0.read().ok()?;
        kept.get(key).cloned()
    }

    /// Keeps a closure that took so many steps.
    pub(super) fn keep(&self, key: (TypeId, Vec<NodeId>), closure: &Arc<Reachable>, steps: usize) {
        if let Ok(mut kept) = self.0.write()
            && kept.len() < MOST
        {
            kept.insert(key, (Arc::clone(closure), steps));
        }
    }
}
