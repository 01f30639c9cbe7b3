//! The HTTP server: GraphQL over HTTP for clients, health checks, and metrics for operators.
//!
//! Only this module handles HTTP towards clients. It passes GraphQL requests to an [`Executor`].
//!
//! [`accept`] accepts a connection, [`protocol`] serves it, [`sweep`] enforces its limits of time, and [`response_memory`]
//! the limit on the memory of responses.
//! [`dispatch`] receives a request, checks its [`head`], and calls [`graphql::respond`] for `/graphql`. That function assigns
//! the request id, negotiates the media type, reads the body ([`request_body`]), takes a permit, parses the request, calls
//! the executor, compares the response with the one that the client has ([`etag`]), compresses it and writes the log line. The
//! only layer around it is CORS, if the settings allow an origin. [`batch`] executes a list of requests. [`operations`] does the
//! same for operations that have a URL of their own. [`response_body`] hands the response to the socket. [`streaming`] serves clients
//! that accept responses with several payloads. [`files`] passes files of upstreams on, and [`uploads`] those of clients.

mod accept;
mod active_request;
mod admin;
mod batch;
mod client_body;
mod client_stream;
mod coded_body;
mod compression;
mod connection;
mod connections;
mod cors;
mod decompression;
mod descriptors;
mod dispatch;
mod etag;
mod executor;
mod files;
mod graphql;
mod head;
mod health;
mod hooks;
mod landing_page;
mod listen;
mod listener_state;
mod many_streams;
mod measure;
mod media;
mod observe_request;
mod operation_origins;
mod operations;
pub mod probe;
mod protocol;
mod query_string;
mod refusal;
mod request;
mod request_body;
mod response;
mod response_body;
mod response_memory;
mod schema;
mod socket;
mod start;
mod start_error;
mod state;
mod stop;
mod streaming;
mod sweep;
mod upgrade;
mod uploads;

pub use executor::Executor;
pub use start::Server;
pub use start_error::StartError;

#[cfg(test)]
mod tests;
