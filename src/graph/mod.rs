//! Composition of all connectors into one schema, and the query graph.
