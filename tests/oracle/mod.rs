//! Programs of others that do the same as a part of Sangam, as black boxes to hold that part against.
//!
//! They come from a package registry, so these tests are ignored unless asked for: `scripts/oracle-composition` installs
//! what they need and runs them, and says loudly what is missing where it cannot.

mod composition;
