//! Where a document came from, for figures, metrics and traces.

/// Where a document came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CacheState {
    /// From the cache.
    Hit,
    /// From the upstream, by a call whose document may be stored.
    Miss,
    /// From the upstream, by another request's call.
    Shared,
    /// From the upstream, without the caches.
    Bypass,
}

impl CacheState {
    /// Its name in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            CacheState::Hit => "hit",
            CacheState::Miss => "miss",
            CacheState::Shared => "shared",
            CacheState::Bypass => "bypass",
        }
    }
}
