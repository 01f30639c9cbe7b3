//! One serving generation: graph, plans, caches.
