//! Attacks on a gateway by clients and by upstreams, as programs that can be run against any binary.
//!
//! - [`attack`]: the definition of an attack, and what must hold during it. [`attacks`] is the table, one file each.
//! - [`aim`]: the target of an attack, and its duration; [`wire`] and [`http2`]: clients that send bytes, because attacks
//!   send what no library would.
//! - [`honest`]: the clients that must not notice an attack.
//! - [`upstream`]: the stand-ins of the demonstration, and upstreams that misbehave; [`world`]: the files of the gateway.
//!
//! It uses the gateway only as a program that listens, and nothing of `src/`. `make prove-attacks` runs each
//! attack at length against a release build; `tests/process/attacks.rs` runs each with a few connections.

pub mod aim;
pub mod attack;
pub mod attacks;
pub mod honest;
pub mod http2;
pub mod upstream;
pub mod wire;
pub mod world;

pub use aim::{Aim, Extent, Phase};
pub use attack::{Attack, Class, Finding, Seen, World};
pub use attacks::ATTACKS;
