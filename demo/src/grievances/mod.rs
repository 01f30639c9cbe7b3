//! The grievance cell: a department with its own GraphQL service, which is a Federation subgraph.
//!
//! `POST /graphql` with `{query, variables}` and an `x-api-key`. It resolves `_service { sdl }` and `_entities`, owns
//! `Grievance`, and adds fields to `District`, `Department` and `Area`. `connectors/grievances/connector.graphql` contains
//! its SDL.
//!
//! The day is an argument, so that ages can be reproduced.

mod connection;
mod kind;
mod labels;
mod register;
mod reminder;
mod scalars;
mod schema;
mod service;
mod summary;

pub use service::router;

/// Its part of `sangam.toml`.
pub const SETTINGS: &str = r#"
base_url = "{url}/graphql"
config = { api_key = { sample = "sample-key" } }
"#;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
