//! The keys in `files.key`.

use super::sections::Files;

/// The fewest characters of a key.
pub(super) const SHORTEST_KEY: usize = 32;

impl Files {
    /// The keys of download URLs, one a line: the first makes URLs, all are accepted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let text = self.key.as_ref().map(|key| key.expose());
        let lines = text.unwrap_or_default().lines().map(str::trim);
        lines.filter(|line| !line.is_empty())
    }

    pub(super) fn has_short_key(&self) -> bool {
        let mut keys = self.keys();
        let is_empty = self.key.is_some() && self.keys().next().is_none();
        is_empty || keys.any(|key| key.len() < SHORTEST_KEY)
    }
}
