//! What the programs that measure the gateway share: they start it and what it calls as processes of their own, on free
//! loopback ports, and watch them through `/proc`.
//!
//! It knows the gateway only as a program: nothing of `src/` is used here.

pub mod files;
pub mod listen;
pub mod machine;
pub mod process;

pub use files::Files;
pub use process::{Log, Process};
