//! What test modules share.

pub(crate) mod markdown;
pub(crate) mod server;
