//! Code that test modules share.

pub(crate) mod backend;
pub(crate) mod cases;
pub(crate) mod harness;
pub(crate) mod incremental;
pub(crate) mod operations;
pub(crate) mod server;
