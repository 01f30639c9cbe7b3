//! What strangers, bad weather and bad departments do to a gateway, as programs that can be run against any binary.
//!
//! - [`attack`]: what an attack is, and what must hold while it goes on. [`attacks`] is the table, one file each.
//! - [`aim`]: where an attack goes and how long; [`wire`] and [`http2`] are its clients: they speak bytes, since what no
//!   library would send is what matters here.
//! - [`honest`]: the clients that must not notice.
//! - [`upstream`]: the departments that are called, and those that misbehave; [`world`]: the gateway's files.
//!
//! It knows the gateway only as a program that listens: nothing of `src/` is used here. `make prove-attacks` runs each
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
