//! An insertion-ordered map from names to values.

use std::sync::{Arc, OnceLock};

use hashbrown::HashTable;

/// Up to this many members, a linear search is faster than hashing.
const LINEAR: usize = 12;

/// Members with names, in the order in which they were inserted.
///
/// A small map, as most are, is one allocation. A larger one has an index, so that no document
/// makes look-ups or insertions slow. Equality ignores the order.
#[derive(Debug, Clone)]
pub struct OrderedMap<V> {
    members: Vec<(Arc<str>, V)>,
    index: Option<Box<HashTable<u32>>>,
}

/// One random state for the process: names come from upstreams, so hashes must not be predictable.
fn hash(name: &str) -> u64 {
    static STATE: OnceLock<ahash::RandomState> = OnceLock::new();
    STATE.get_or_init(ahash::RandomState::new).hash_one(name)
}

impl<V> OrderedMap<V> {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty map with room for `members`.
    pub fn with_capacity(members: usize) -> Self {
        OrderedMap {
            members: Vec::with_capacity(members),
            index: None,
        }
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    fn position(&self, name: &str) -> Option<usize> {
        match &self.index {
            None => self.members.iter().position(|(key, _)| &**key == name),
            Some(index) => index
                .find(hash(name), |&at| &*self.members[at as usize].0 == name)
                .map(|&at| at as usize),
        }
    }

    /// The value of a member.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.position(name).map(|at| &self.members[at].1)
    }

    /// The value of a member, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        self.position(name).map(|at| &mut self.members[at].1)
    }

    /// Whether there is a member of this name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// Sets a member, and returns its previous value. A member that exists keeps its position.
    pub fn insert(&mut self, name: Arc<str>, value: V) -> Option<V> {
        if let Some(at) = self.position(&name) {
            return Some(std::mem::replace(&mut self.members[at].1, value));
        }
        self.members.push((name, value));
        self.index_last();
        None
    }

    /// Removes a member; the order of the others stays.
    pub fn remove(&mut self, name: &str) -> Option<V> {
        let at = self.position(name)?;
        let (_, value) = self.members.remove(at);
        self.index = None;
        self.index_last();
        Some(value)
    }

    /// Adds the last member to the index, or builds the index if the map has become large enough.
    fn index_last(&mut self) {
        let members = &self.members;
        let rehash = |&at: &u32| hash(&members[at as usize].0);
        match &mut self.index {
            Some(index) => {
                let at = members.len() - 1;
                index.insert_unique(hash(&members[at].0), at as u32, rehash);
            }
            None if members.len() > LINEAR => {
                let mut index = HashTable::with_capacity(members.len() * 2);
                for (at, (name, _)) in members.iter().enumerate() {
                    index.insert_unique(hash(name), at as u32, rehash);
                }
                self.index = Some(Box::new(index));
            }
            None => {}
        }
    }

    /// The members in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &V)> + DoubleEndedIterator {
        self.members.iter().map(|(name, value)| (name, value))
    }

    /// The names in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Arc<str>> + DoubleEndedIterator {
        self.members.iter().map(|(name, _)| name)
    }

    /// The values in order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &V> + DoubleEndedIterator {
        self.members.iter().map(|(_, value)| value)
    }
}

impl<V> Default for OrderedMap<V> {
    fn default() -> Self {
        OrderedMap {
            members: Vec::new(),
            index: None,
        }
    }
}

impl<V: PartialEq> PartialEq for OrderedMap<V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self
                .iter()
                .all(|(name, value)| other.get(name) == Some(value))
    }
}

impl<K: Into<Arc<str>>, I: Into<V>, V> FromIterator<(K, I)> for OrderedMap<V> {
    fn from_iter<T: IntoIterator<Item = (K, I)>>(members: T) -> Self {
        let mut map = OrderedMap::new();
        for (name, value) in members {
            map.insert(name.into(), value.into());
        }
        map
    }
}

impl<V> IntoIterator for OrderedMap<V> {
    type Item = (Arc<str>, V);
    type IntoIter = std::vec::IntoIter<(Arc<str>, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.into_iter()
    }
}
