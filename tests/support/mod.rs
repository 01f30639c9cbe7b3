//! What test modules share.

pub(crate) mod harness;
pub(crate) mod markdown;
pub(crate) mod server;
