//! The grievance cell: a department that runs a GraphQL service of its own, as a Federation subgraph.
//!
//! `POST /graphql` with `{query, variables}` and an `x-api-key`. It answers `_service { sdl }` and `_entities`, owns
//! `Grievance`, and adds to `District` and `Department` what it knows about them. The SDL that it prints is what
//! `connectors/grievances/connector.graphql` holds.
//!
//! The day is an argument, so that ages can be reproduced.

mod register;
mod schema;
mod service;
mod summary;

pub use service::router;

/// Its part of `sangam.toml`.
pub const SETTINGS: &str = r#"
base_url = "{url}/graphql"
config = { api_key = "sample-key" }
"#;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
