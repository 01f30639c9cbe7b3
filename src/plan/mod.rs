//! An operation compiled against the graph.
