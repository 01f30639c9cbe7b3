//! What clients can rely on in an error: its code and its kind.
//!
//! `extensions.code` says what happened; [`ErrorCode`] is the table of all codes, in the names that Apollo's connectors use
//! where they have one. `extensions.sangam.kind` says in one of ten words what a program may do; [`ErrorKind`] lists them.
//! Both are stable: a client may compare them. `docs/errors.md` has its tables from here.
//!
//! Everything that makes an error takes these types and no text, so that no code exists outside the table. Only a connector's
//! own `errors.extensions` can put another text into `code`.

pub mod code;
mod kind;
mod table;

pub use code::ErrorCode;
pub use kind::ErrorKind;
pub use table::markdown;
