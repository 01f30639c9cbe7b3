//! The service desk: five services from application to certificate, as a REST API behind an API-Setu-like door.
//!
//! It has a register in memory, which starts with the sample applications of `demo/data/services` and is lost when the
//! process ends. It does not read the clock: the day is an argument, so that a recorded exchange can be replayed.
//!
//! The reference of an application is random: whoever has it sees who applied. So it is in no list and in no address, only in
//! bodies, which are not to be stored (`Cache-Control: no-store`). Offices and lists use the number of the file, which
//! shows no more than the lists do.
//!
//! | request | what |
//! |---|---|
//! | `GET /services[?ids=a,b]`, `GET /services/{id}` | the catalogue |
//! | `GET /services/{id}/requirements[?lang=hi]` | documents, questions, and what happens after applying, in a language |
//! | `GET /departments?codes=a,b` | the services of departments |
//! | `POST /applications` (`Idempotency-Key`) | apply |
//! | `POST /applications/track` | the whole application, by its reference |
//! | `POST /applications/documents` | attach a document: its id (JSON), or the file itself (`multipart/form-data`, the part `file`) |
//! | `GET /download/{key}.pdf` | an issued certificate, by the key in its link |
//! | `POST /applications/payments` (`Idempotency-Key`) | pay the fee |
//! | `GET /applications[?district&service&status&overdue&limit&offset]`, `POST /applications/files` | lines of the list, masked |
//! | `POST /summary` | counts of districts, areas and departments, by service and status |
//! | `PUT /callback` | registers where changes of applications are posted |
//! | `GET /summary[?district&service&status&overdue]` | the same counts of what a search lists |

mod api;
mod callback;
mod catalogue;
mod certificate;
mod intake;
mod questions;
mod refusal;
mod register;
mod remarks;
mod summary;
mod texts;
mod upload;
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
