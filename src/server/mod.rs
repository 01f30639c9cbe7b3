//! GraphQL over HTTP towards clients; health and metrics.
