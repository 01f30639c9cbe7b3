//! Comparison with independent programs that do the same as a part of Sangam, used as black boxes.
//!
//! They come from a package registry, so these tests are ignored by default. The scripts `scripts/oracle-*` install the
//! programs and run the tests; if something is missing, they print what.

mod clients;
mod composition;
mod formats;
mod graphql;
mod openapi;
mod streams;
