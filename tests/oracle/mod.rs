//! Programs of others that do the same as a part of Sangam, as black boxes to hold that part against.
//!
//! They come from a package registry, so these tests are ignored unless asked for: the scripts
//! `scripts/oracle-*` install what they need and run them, and say loudly what is missing where they cannot.

mod composition;
mod graphql;
