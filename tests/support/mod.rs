//! What test modules share.

pub(crate) mod markdown;
