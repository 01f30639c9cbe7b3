//! The service desk: five services from application to certificate, as a REST API behind an API-Setu-like door.
//!
//! It has a register in memory, which starts with the sample applications of `demo/data/services` and is lost when the
//! process ends. It does not read the clock: the day is an argument, so that a recorded exchange can be replayed. For the
//! same reason, the references of new applications follow from the idempotency key.
//!
//! | request | what |
//! |---|---|
//! | `GET /services[?ids=a,b]`, `GET /services/{id}` | the catalogue |
//! | `GET /services/{id}/requirements` | documents and questions |
//! | `POST /applications` (`Idempotency-Key`) | apply |
//! | `GET /applications[?district&service&status&overdue&limit&offset]`, `GET /applications/{ref}` | track |
//! | `POST /applications/{ref}/documents` | attach a document by its id |
//! | `POST /applications/{ref}/payments` (`Idempotency-Key`) | pay the fee |
//! | `GET /applications/{ref}/certificate` | the link to the certificate |
//! | `POST /backlog` | pending and overdue applications of districts |

mod api;
mod catalogue;
mod intake;
mod refusal;
mod register;
mod view;

pub use api::router;

/// Its part of `sangam.toml`.
pub const SETTINGS: &str = r#"
base_url = "{url}/eunnat/v1"
config = { client_id = "sample-client", api_key = { sample = "sample-key" } }
"#;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
